/** A web site of its own, as the customer's bank or shop would be: static files with the script tag injected. */
import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.gif': 'image/gif',
  '.webp': 'image/webp', '.woff': 'font/woff', '.woff2': 'font/woff2', '.ttf': 'font/ttf', '.ico': 'image/x-icon', '.map': 'application/json',
};

export interface SiteOptions {
  /** Folder with the files. */
  folder: string;
  host: string;
  /** Inserted before </head> (or at the start). */
  tag: () => string;
  /** Pages of the test's own: path → HTML. */
  pages?: Record<string, string>;
  /** Changes a page's HTML before it is sent. */
  edit?: (html: string, path: string) => string;
}

export class Site {
  private constructor(private readonly server: Server, readonly origin: string) {}

  static async start(options: SiteOptions): Promise<Site> {
    const base = path.resolve(options.folder);
    const server = createServer((request, response) => {
      void (async () => {
        const name = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
        let type = types[path.extname(name)] ?? 'application/octet-stream';
        let body: Buffer | string;
        const own = options.pages?.[name];
        try {
          if (own !== undefined) {
            type = types['.html']!;
            body = own;
          } else {
            const file = path.join(base, name.endsWith('/') ? `${name}index.html` : name);
            if (!file.startsWith(base)) throw new Error('outside');
            if (name.endsWith('/')) type = types['.html']!;
            body = await readFile(file);
          }
        } catch {
          response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
          return;
        }
        if (type.startsWith('text/html')) {
          let html = body.toString();
          html = options.edit?.(html, name) ?? html;
          const at = html.search(/<\/head>/i);
          body = at >= 0 ? html.slice(0, at) + options.tag() + html.slice(at) : options.tag() + html;
        }
        response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-cache' }).end(body);
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return new Site(server, `http://${options.host}:${port}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
