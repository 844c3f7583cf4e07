/// <reference types="node" />
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { TestServer } from './server.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The script as it is shipped; with `double`, capture is replaced by the double beside this file. */
export async function buildScript(double: boolean): Promise<Uint8Array> {
  const out = await mkdtemp(path.join(tmpdir(), 'twinpane-'));
  try {
    const esbuild = await import('esbuild');
    const { build } = (await import(path.join(root, 'build.mjs'))) as { build: (o: object) => Promise<{ size: number }> };
    await build({ out, esbuild, dev: false, root, ...(double && { alias: { '@twinpane/capture': path.join(root, 'test/page-double.ts') } }) });
    return await readFile(path.join(out, 'js/twinpane.min.js'));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--disable-quic', '--no-first-run', '--disable-background-networking', '--test-third-party-cookie-phaseout'] });
}

export interface Visit {
  page: Page;
  /** Messages of the console at level error, and exceptions. */
  errors: string[];
  close(): Promise<void>;
}

/** Opens a page of the site in a profile of its own. The closed root is made an open one, so that tests can look in. */
export async function visit(browser: Browser, server: TestServer, at = '/', options: BrowserContextOptions & { open?: boolean } = {}): Promise<Visit> {
  const { open = true, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...rest });
  if (open) {
    await context.addInitScript(() => {
      const attach = Element.prototype.attachShadow;
      Element.prototype.attachShadow = function (init) { return attach.call(this, { ...init, mode: 'open' }); };
    });
  }
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (m) => { if (m.type() === 'error') errors.push(m.text()); });
  page.on('pageerror', (e) => { errors.push(String(e)); });
  await page.goto(server.site + at);
  return { page, errors, close: () => context.close() };
}

export const sitePages: [string, string][] = [
  ['/site.css', `*{box-sizing:border-box}body{margin:0;font:15px/24px system-ui;color:#221F1A;background:#FBF9F5}main{max-width:1100px;margin:0 auto;padding:24px}
h1{font:400 32px/44px Georgia,serif}label{display:block;margin:0 0 18px;font-size:13px;color:#6B645A}input,select{display:block;width:100%;max-width:420px;height:46px;padding:0 14px;font:15px system-ui;border:1px solid #E6DED0;border-radius:3px;background:#fff}
button{height:46px;padding:0 18px}.grid{display:grid;grid-template-columns:1fr 1fr;gap:0 40px}.tall{height:1600px}twinpane-ui,div{outline-color:red}dialog{padding:40px}
@media(max-width:640px){.grid{grid-template-columns:1fr}}@media(prefers-color-scheme:dark){body{background:#191714;color:#F1ECE3}input,select{background:#221F1B;color:#F1ECE3;border-color:#3A352D}}`],
  ['/', page('Checkout', `<h1>Delivery and payment</h1><p><a href="/next">Next page</a></p><div class="grid">
<div><label>Email<input id="email" type="email" value="marta@lindqvist.example"></label><label>Phone<input value="+46 70 555 01 42"></label>
<label>Street and number<input value="Kungsgatan 41, 3 tr"></label><label>Password<input id="password" type="password" value="secret"></label></div>
<div><label>Discount code<input id="code" class="open" value="AUTUMN15"></label><label>Country<select class="open"><option>Sweden</option></select></label>
<button id="apply" type="button">Apply</button></div></div><button id="ask" type="button">Terms</button><dialog id="terms">Our terms <button id="close">Close</button></dialog><div class="tall"></div>`)],
  ['/next', page('Next', '<h1>Thank you</h1><p><a href="/">Back</a></p><label>Note<input id="note"></label>')],
  ['/plain', page('Plain', '<h1>Plain</h1><p>Text</p>', false)],
  ['/tagged', page('Plain', '<h1>Plain</h1><p>Text</p>')],
  ['/page.js', `document.getElementById('ask')?.addEventListener('click',()=>document.getElementById('terms').showModal());
document.getElementById('close')?.addEventListener('click',()=>document.getElementById('terms').close());
document.getElementById('apply')?.addEventListener('click',()=>{document.body.dataset.applied=(Number(document.body.dataset.applied||0)+1)});
window.seen=[];for(const t of ['click','mousedown','keydown','focusin'])document.addEventListener(t,e=>seen.push(t+':'+(e.target.localName||'')+':'+(e.key||'')));`],
];

function page(title: string, body: string, tag = true): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><link rel="stylesheet" href="/site.css">` +
    `<script nonce="n1" defer src="/page.js"></script>${tag ? '{tag}' : ''}</head><body><main>${body}</main></body></html>`;
}
