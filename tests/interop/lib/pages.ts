/** Pages with the stock clients in a real Chromium, served from origins of their own. */
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { PageApi, Party, Wish } from '../page/clients.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** The parties of one page, called from outside of it. */
export class Tab {
  constructor(readonly page: Page) {}

  open(name: string, wish: Wish): Promise<string> {
    return this.page.evaluate(([n, w]) => (window as unknown as { bayeux: PageApi }).bayeux.open(n, w), [name, wish] as const);
  }

  /** Calls a method of a party, or reads one of its lists. */
  async ask<Name extends keyof Party>(name: string, what: Name, ...args: unknown[]): Promise<unknown> {
    return this.page.evaluate(([n, w, a]) => {
      const party = (window as unknown as { bayeux: PageApi }).bayeux.parties[n] as unknown as Record<string, unknown>;
      const member = party[w];
      return typeof member === 'function' ? (member as (...all: unknown[]) => unknown).apply(party, a) : member;
    }, [name, what as string, args] as const);
  }

  got(name: string): Promise<unknown[]> { return this.ask(name, 'got') as Promise<unknown[]>; }
}

export class Pages {
  private readonly contexts: BrowserContext[] = [];

  private constructor(private readonly browser: Browser, private readonly server: http.Server, readonly port: number) {}

  static async start(): Promise<Pages> {
    const bundle = await build({
      entryPoints: [path.join(here, '../page/clients.ts')], bundle: true, write: false, format: 'iife', platform: 'browser', target: 'chrome120', define: { global: 'window' }, logLevel: 'error',
    });
    const script = bundle.outputFiles[0]?.text ?? '';
    const server = http.createServer((request, response) => {
      const isScript = request.url === '/clients.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><meta charset="utf-8"><title>clients</title><script src="/clients.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium' });
    return new Pages(browser, server, typeof address === 'object' && address ? address.port : 0);
  }

  /** The origin of pages under that host name; *.localhost is this machine, each name a site of its own. */
  origin(host = 'pages.localhost'): string { return `http://${host}:${this.port}`; }

  /** A browser with nothing in it: its tabs share cookies, others do not. */
  async person(): Promise<BrowserContext> {
    const context = await this.browser.newContext();
    this.contexts.push(context);
    return context;
  }

  async tab(person?: BrowserContext, host?: string): Promise<Tab> {
    const page = await (person ?? (await this.person())).newPage();
    const broken: string[] = [];
    page.on('pageerror', (error) => broken.push(error.message));
    await page.goto(`${this.origin(host)}/`);
    if (broken.length > 0) throw new Error(`the page is broken: ${broken.join('; ')}`);
    return new Tab(page);
  }

  /** Closes all pages. */
  async clear(): Promise<void> { await Promise.all(this.contexts.splice(0).map((context) => context.close())); }

  async close(): Promise<void> {
    await this.clear();
    await this.browser.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
