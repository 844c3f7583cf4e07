/// <reference types="node" />
import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import type * as entry from './page-entry.ts';

export type Entry = typeof entry;

export const here = path.dirname(fileURLToPath(import.meta.url));

/** The policy that the README asks the server for, without the desk's origin. */
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
  + "media-src 'self'; frame-src 'self'; connect-src 'none'; base-uri 'none'; form-action 'none'";

/** 2 × 1 red pixels. */
export const RED_PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4z8AARAAI/gH/xp559wAAAABJRU5ErkJggg==', 'base64');
export const hash = (c: string): string => c.repeat(64);

export interface Harness {
  browser: Browser;
  origin: string;
  /** Everything that any page asked for since the last {@link Harness.forget}, data: and blob: apart. */
  requests: string[];
  forget(): void;
  /** A blank page with the test's code in it: `/` under the viewer's policy, `/bare` without. */
  open(path?: string): Promise<Page>;
  /** More files: path to content. */
  files: Map<string, { type: string; body: string | Buffer; headers?: Record<string, string> }>;
  stop(): Promise<void>;
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--disable-quic', '--no-first-run', '--disable-background-networking', '--host-resolver-rules=MAP *.localhost 127.0.0.1'],
  });
}

export async function startHarness(): Promise<Harness> {
  const bundle = await esbuild.build({
    entryPoints: [path.join(here, 'page-entry.ts')], bundle: true, write: false, format: 'iife', globalName: 'TP', target: 'es2022',
  });
  const files: Harness['files'] = new Map([
    ['/', { type: 'text/html', body: '<!doctype html><title>test</title><body><script src="/test.js"></script></body>', headers: { 'Content-Security-Policy': CSP } }],
    // Without the policy: what the sanitiser alone is worth.
    ['/bare', { type: 'text/html', body: '<!doctype html><title>test</title><body><script src="/test.js"></script></body>' }],
    ['/test.js', { type: 'text/javascript', body: bundle.outputFiles[0]!.text }],
    [`/res/${hash('a')}`, { type: 'image/png', body: RED_PNG }],
    [`/res/${hash('b')}`, { type: 'text/css', body: 'b{color:rgb(1,2,3)}' }],
  ]);
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const file = files.get(request.url!.split('?')[0]!);
    response.writeHead(file ? 200 : 404, { 'Content-Type': file?.type ?? 'text/plain', ...file?.headers });
    response.end(file?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const browser = await launch();
  return {
    browser, origin, requests, files,
    forget: () => void requests.splice(0),
    open: async (at = '/') => {
      const page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
      page.on('request', (r) => {
        if (!/^(?:data|blob):/.test(r.url())) requests.push(r.url());
      });
      await page.goto(origin + at);
      return page;
    },
    stop: async () => {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
