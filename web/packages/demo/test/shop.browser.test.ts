/// <reference types="node" />
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const types: Record<string, string> = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' };

let out: string;
let server: Server;
let browser: Browser;
let page: Page;
let problems: string[];
let base: string;

beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'fennhus-'));
  const { build } = (await import(path.join(root, 'build.mjs'))) as { build: (o: { out: string; root: string }) => Promise<void> };
  await build({ out, root });
  server = createServer((request, answer) => {
    const name = new URL(request.url!, 'http://x').pathname;
    readFile(path.join(out, 'demo', name === '/' ? 'index.html' : name)).then(
      (body) => answer.writeHead(200, { 'Content-Type': types[path.extname(name) || '.html'] }).end(body),
      () => answer.writeHead(404).end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
}, 60_000);
afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
  await rm(out, { recursive: true });
});
beforeEach(async () => {
  page = await browser.newPage();
  problems = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  // The customer script is not there: its placeholder has not been replaced.
  page.on('response', (r) => { if (r.status() >= 400 && !r.url().includes('COBROWSE')) problems.push(r.url()); });
});
afterEach(async () => {
  expect(problems).toEqual([]);
  await page.context().close();
  await page.close();
});

describe('the shop', () => {
  it('carries the tag with its placeholder on every page, and links only to what is there', async () => {
    const files = await readdir(path.join(out, 'demo'));
    const pages = files.filter((f) => f.endsWith('.html'));
    expect(pages.length).toBeGreaterThanOrEqual(5);
    for (const name of pages) {
      const html = await readFile(path.join(out, 'demo', name), 'utf8');
      expect(html).toContain('<script async src="{{COBROWSE_URL}}/js/twinpane.min.js" data-url="{{COBROWSE_URL}}"></script>');
      expect(html).not.toMatch(/\[(title|script|content)\]/);
      for (const [, href] of html.matchAll(/(?:href|src)="([^"{#?]+)/g)) {
        const target = await readFile(path.join(out, 'demo', href!)).catch(() => undefined);
        expect(target, `${name} → ${href!}`).toBeDefined();
      }
    }
  });

  it('filters, sorts and finds', async () => {
    await page.goto(base);
    const names = () => page.locator('#list b').allInnerTexts();
    expect((await names()).length).toBe(12);
    await page.getByLabel('Pendant').check();
    await page.getByLabel('Ready to send').check();
    expect(await names()).toEqual(['Klokke pendant', 'Måne pendant', 'Papir globe']);
    await page.getByLabel('Sort by').selectOption('low');
    expect(await names()).toEqual(['Papir globe', 'Klokke pendant', 'Måne pendant']);
    await page.getByRole('slider').fill('180');
    expect(await names()).toEqual(['Papir globe']);
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(async () => (await names()).length).toBe(12);
    await page.getByRole('searchbox').fill('beech');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=beech/);
    expect(await names()).toEqual(['Bøk tripod']);
  });

  it('sells: choose, discount, check out', async () => {
    await page.goto(base);
    await page.getByRole('link', { name: 'Skov table lamp' }).click();
    await page.getByRole('radio', { name: 'Ochre' }).check();
    expect(await page.locator('#picture').getAttribute('src')).toBe('img/skov-ochre.svg');
    await page.getByLabel('Quantity').fill('2');
    await page.getByRole('button', { name: 'Sizes and weight' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Add to basket' }).click();
    await page.getByRole('link', { name: 'Go to the basket' }).click();
    await page.getByText('Ochre, warm bulb').waitFor();
    const total = () => page.locator('.t.b').innerText();
    expect(await total()).toContain('€ 498.00');
    await page.getByLabel('Discount code').fill('AUTUMN15');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('This code is not valid.').waitFor();
    expect(await total()).toContain('€ 498.00');
    await page.getByLabel('Discount code').fill('autumn-15');
    await page.getByRole('button', { name: 'Apply' }).click();
    expect(await total()).toContain('€ 423.30');
    await page.getByLabel('Quantity of Skov table lamp').fill('1');
    await page.keyboard.press('Tab');
    await expect.poll(total).toContain('€ 211.65');

    await page.getByRole('link', { name: 'Go to checkout' }).click();
    await page.getByRole('button', { name: /^Pay/ }).click();
    await page.getByText('Some fields need another look.').waitFor();
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe('email');
    for (const [label, value] of [['Email', 'marta@lindqvist.example'], ['First name', 'Marta'], ['Last name', 'Lindqvist'], ['Street and number', 'Kungsgatan 41'], ['Postcode', '753 21'], ['Town', 'Uppsala'], ['Card number', '4571736000000074'], ['Expiry date', '11 / 27'], ['Security code', '12']] as const) {
      await page.getByLabel(label).fill(value);
    }
    expect(await page.getByLabel('Card number').inputValue()).toBe('4571 7360 0000 0074');
    await page.getByRole('radio', { name: /Home, with unpacking/ }).check();
    await page.getByLabel('Note for the driver').waitFor();
    await page.getByRole('checkbox', { name: /terms of sale/ }).check();
    await page.getByRole('button', { name: 'Pay € 229.65' }).click();
    await page.getByText('This does not look right.').waitFor();
    await page.getByLabel('Security code').fill('123');
    await page.getByRole('button', { name: 'Pay € 229.65' }).click();
    await page.getByText(/^Your order F-\d+/).waitFor();
    expect(await page.locator('[data-basket-count]').innerText()).toBe('0');
  });

  it('knows its customers', async () => {
    await page.goto(`${base}account.html`);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Address or password is not as it should be.').waitFor();
    await page.getByLabel('Email').fill('marta@lindqvist.example');
    await page.getByLabel('Password').fill('secret');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Logged in as marta@lindqvist.example').waitFor();
    await page.getByRole('tab', { name: 'Newsletter' }).click();
    await page.getByLabel('Rooms you are lighting').selectOption(['Kitchen', 'Garden']);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('secret');
  });

  it('fits a narrow screen on every page', async () => {
    await page.setViewportSize({ width: 360, height: 700 });
    for (const name of ['index', 'product', 'basket', 'checkout', 'account', 'help', 'thanks']) {
      await page.goto(`${base}${name}.html`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(360);
    }
    await page.goto(`${base}help.html`);
    expect(await page.locator('#diary').evaluate((el) => el.scrollHeight > 2 * el.clientHeight)).toBe(true);
    await page.getByLabel('Find an answer').fill('kelvin');
    expect(await page.locator('#answers section:visible h2').allInnerTexts()).toEqual(['Bulbs']);
  });
});
