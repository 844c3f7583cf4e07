/// <reference types="node" />
/** The built desk in a real Chromium against the fake node. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import * as esbuild from 'esbuild';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Joined } from '@twinpane/protocol';
import { FakeNode } from './fake-node.ts';
import { joined, record } from './fakes.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** Set to a folder to keep pictures of every screen. */
const shots = process.env['TWINPANE_SHOTS'];

export class DeskBench {
  node!: FakeNode;
  #browser!: Browser;
  #dist!: string;
  #contexts: BrowserContext[] = [];
  readonly problems: string[] = [];

  async open(): Promise<void> {
    this.#dist = await mkdtemp(path.join(os.tmpdir(), 'twinpane-desk-'));
    const { build } = await import(path.join(root, 'build.mjs')) as { build(options: object): Promise<void> };
    await build({ out: this.#dist, esbuild, dev: false, root });
    this.#browser = await chromium.launch({
      executablePath: '/usr/bin/chromium', headless: true,
      args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    });
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await rm(this.#dist, { recursive: true, force: true });
  }

  async before(): Promise<void> {
    this.problems.length = 0;
    this.node = new FakeNode(this.#dist);
    await this.node.start();
    this.node.record = { ...record({ creationTime: Date.now() - 522_000, site: 'fennhus.example', pages: [{ url: 'https://fennhus.example/basket', title: 'Basket', enteredTimestamp: Date.now() - 400_000, duration: 90 }] }) };
    this.node.verbs['/service/session/join'] = () => ({ ...this.joined() });
    this.node.verbs['/service/session/rejoin'] = () => ({ ...this.joined() });
    this.node.verbs['/service/session/exit'] = () => ({});
    this.node.verbs['/service/session/mode'] = (data) => (data['want'] === 'write' ? { requestId: 'r1' } : {});
    this.node.snapshot = () => this.page(1, 1);
  }

  async after(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close();
    await this.node.kill();
  }

  joined(over: Partial<Joined> = {}): Joined {
    return joined({ page: { e: 1, s: 1, complete: true }, resources: `${this.node.viewerOrigin}/cobrowse/resource/x/`, sessionHistoryId: '2f6c1f3e-9d0b-4a51-8a7f-0c2f4f2f7d11', ...over });
  }

  page(e: number, s: number, title = 'Delivery and payment'): { lines: string[] } {
    return { lines: [
      JSON.stringify({ v: 1, e, s, o: [[0, { u: 'https://fennhus.example/checkout/payment', t: title, w: 1280, h: 880, d: 1, q: 0, l: 'en' }]] }),
      JSON.stringify({ v: 1, e, s, o: [[1], [22, 1, 0]] }),
    ] };
  }

  async tab(options: { dark?: boolean; width?: number; height?: number; context?: BrowserContext } = {}): Promise<Page> {
    const context = options.context ?? await this.#browser.newContext({
      viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
      colorScheme: options.dark ? 'dark' : 'light', reducedMotion: 'reduce',
    });
    if (!options.context) this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('console', (message) => {
      const text = message.text();
      // Answers with a status are part of the play; everything else on the console is a fault of ours.
      if (message.type() === 'error' && !/Failed to load resource|WebSocket connection to/.test(text)) this.problems.push(text);
    });
    return page;
  }

  async login(page: Page): Promise<void> {
    await page.goto(this.node.desk);
    await page.getByLabel('Name', { exact: true }).fill('ines');
    await page.getByLabel('Password', { exact: true }).fill(this.node.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Enter the customer’s code' }).waitFor();
  }

  async join(page: Page, code = '481302977'): Promise<void> {
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Marta Lindqvist' }).waitFor();
  }

  async live(page: Page): Promise<void> {
    await this.login(page);
    await this.join(page);
    await this.says(page, 'You look and point.');
  }

  /** Waits until the strip of the session on the screen says that. */
  async says(page: Page, text: string): Promise<void> {
    await page.locator('tp-session[current] tp-strip').getByText(text).waitFor();
  }

  /** No accessibility violation, nothing scrolls sideways; a picture if wanted. */
  async check(page: Page, name: string, axe = true): Promise<void> {
    await page.evaluate(() => document.fonts.ready);
    if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`) });
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(sideways, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
    if (!axe) return;
    // What the viewer shows is the viewer's matter (and greyed on purpose while reconnecting).
    const result = await new AxeBuilder({ page }).exclude({ fromShadowDom: ['tp-app', 'tp-session', 'tp-stage', 'iframe'] }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
    expect(result.violations.map((violation) => `${violation.id}: ${violation.nodes.map((n) => `${n.target} ${n.failureSummary}`).join(' | ')}`), name).toEqual([]);
  }
}
