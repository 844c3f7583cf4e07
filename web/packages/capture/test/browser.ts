/// <reference types="node" />
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';

export type Route = (req: IncomingMessage, res: ServerResponse) => void;

/** Real Chromium, and a server on a port of the system's choice that hands out pages with the harness in them. */
export class Bench {
  private constructor(readonly browser: Browser, readonly origin: string, private readonly close: () => Promise<void>, readonly routes: Map<string, Route>) {}

  static async start(): Promise<Bench> {
    const bundle = await esbuild.build({
      entryPoints: [fileURLToPath(new URL('./entry.ts', import.meta.url))], bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'error',
    });
    const script = bundle.outputFiles[0]!.text;
    const routes = new Map<string, Route>();
    const server = createServer((req, res) => {
      const path = new URL(req.url!, 'http://x').pathname;
      const route = routes.get(path);
      if (route) return route(req, res);
      if (path === '/harness.js') {
        res.setHeader('content-type', 'text/javascript; charset=utf-8');
        return res.end(script);
      }
      res.statusCode = 404;
      res.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--disable-quic', '--no-first-run', '--disable-background-networking'] });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new Bench(browser, origin, async () => {
      await browser.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }, routes);
  }

  serve(path: string, body: string | Buffer, type = 'text/html; charset=utf-8', headers: Record<string, string> = {}): void {
    this.routes.set(path, (_req, res) => {
      res.writeHead(200, { 'content-type': type, ...headers });
      res.end(body);
    });
  }

  /** A fresh page with this body, the harness loaded. Exceptions of the page fail the test by {@link Page} event `pageerror`. */
  async open(body: string, head = ''): Promise<Page> {
    const path = `/page-${this.routes.size}`;
    this.serve(path, `<!doctype html><html lang=en><head><meta charset=utf-8><title>Test</title>${head}<script src=/harness.js></script></head><body>${body}</body></html>`);
    const page = await this.browser.newPage({ viewport: { width: 800, height: 600 } });
    page.on('pageerror', (error) => this.errors.push(error.message));
    await page.goto(this.origin + path);
    return page;
  }

  /** What pages threw. */
  readonly errors: string[] = [];

  stop(): Promise<void> {
    return this.close();
  }
}
