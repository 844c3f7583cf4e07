/// <reference types="node" />
// The script as it is shipped, capture included, on a page of the site.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildScript, launch, sitePages, visit, type Visit } from './harness.ts';
import { TestServer } from './server.ts';

let browser: Browser;
let script: Uint8Array;
let server: TestServer;
let v: Visit;

beforeAll(async () => {
  // The build itself throws when the script has outgrown its limit.
  [browser, script] = await Promise.all([launch(), buildScript(false)]);
}, 60_000);
afterAll(() => browser.close());

beforeEach(async () => {
  server = new TestServer();
  server.script = script;
  server.pages = new Map(sitePages);
  await server.start();
});
afterEach(async () => {
  await v.close();
  await server.stop();
});

const button = (name: string) => v.page.getByRole('button', { name, exact: true });
const until = (fn: () => unknown, what: string) => expect.poll(fn, { timeout: 15_000, message: what }).toBeTruthy();
const sent = (): string => JSON.stringify(server.batches);

async function live(): Promise<void> {
  await button('Get help on this page').click();
  await v.page.getByRole('dialog', { name: 'Read these numbers to our agent' }).waitFor();
  server.agentJoins();
  await button('Share this page').click();
  await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
  await until(() => server.complete, 'snapshot');
}

/** Id of the element with this `id` attribute, read from the stream as an agent's view would: by the order of the tape. */
function idOf(attribute: string): number {
  const strings = server.batches.filter((b) => b.e === server.epoch).flatMap((b) => b.t ?? []);
  const str = (x: unknown): unknown => (typeof x === 'number' ? strings[x] : x);
  let found = 0;
  for (const batch of server.batches.filter((b) => b.e === server.epoch)) {
    let id = 0;
    for (const op of batch.o) {
      if (op[0] !== 2 && op[0] !== 13) continue;
      let i = op[0] === 2 ? 4 : 1;
      if (op[0] === 2) id = Number(op[3]);
      while (i < op.length) {
        const head = Number(op[i++]);
        if (head === 0) continue;
        const kind = head & 7;
        const count = head >> 7;
        if (kind === 1) {
          ++i;
          for (let k = 0; k < count; ++k, i += 2) if (str(op[i]) === 'id' && str(op[i + 1]) === attribute) found = id;
        } else if (kind === 2 || kind === 7) ++i;
        else if (kind === 4) i += 3;
        ++id;
      }
    }
  }
  return found;
}

describe('the whole script', () => {
  it('shares the page, never what is private, and never itself', async () => {
    server.pages.set('/img/a.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
    v = await visit(browser, server);
    await live();
    expect(sent()).toContain('Delivery and payment');
    await v.page.locator('#email').fill('somebody@private.example');
    await v.page.locator('#password').fill('hunter2');
    await v.page.evaluate(() => { document.querySelector('h1')!.textContent = 'Changed by the page'; });
    await until(() => sent().includes('Changed by the page'), 'the change arrives');
    expect(sent()).not.toMatch(/private\.example|hunter2|marta@|Kungsgatan|secret|"twinpane-ui"|Ines sees/);
    expect(v.errors).toEqual([]);
  });

  it('shows form values where the policy says so, passwords never', async () => {
    server.formValues = 'shown';
    v = await visit(browser, server);
    await live();
    expect(sent()).toContain('marta@lindqvist.example');
    await v.page.locator('#code').fill('AUTUMN-15');
    await v.page.locator('#password').fill('hunter2');
    await until(() => sent().includes('AUTUMN-15'), 'what is typed arrives');
    expect(sent()).not.toMatch(/hunter2|"secret"/);
  });

  it('lets the agent type and click, once allowed', async () => {
    server.formValues = 'shown';
    v = await visit(browser, server);
    await live();
    const [code, apply, password] = [idOf('code'), idOf('apply'), idOf('password')];
    expect(Math.min(code, apply, password)).toBeGreaterThan(0);
    server.act([3, apply, 5000, 5000, 0, 1, 0]);
    server.setMode('write');
    await v.page.getByText('Ines clicks and types').waitFor();
    expect(await v.page.evaluate(() => document.body.dataset['applied'])).toBeUndefined();
    server.act([4, code, 'AUTUMN-15', 9, 9], [4, password, 'overwritten', 0, 0], [3, apply, 5000, 5000, 0, 1, 0], [1, 1, 1, code, 5000, 5000]);
    await expect.poll(() => v.page.locator('#code').inputValue()).toBe('AUTUMN-15');
    await expect.poll(() => v.page.evaluate(() => document.body.dataset['applied'])).toBe('1');
    expect(await v.page.locator('#password').inputValue()).toBe('secret');
    await v.page.locator('twinpane-ui .cur').waitFor();
    await until(() => sent().includes('AUTUMN-15'), 'what the agent typed comes back');
  });

  it('does not let the agent\'s Tab into its own buttons', async () => {
    v = await visit(browser, server);
    await live();
    server.setMode('write');
    await v.page.getByText('Ines clicks and types').waitFor();
    const active = () => v.page.evaluate(() => document.activeElement!.id || document.activeElement!.textContent);
    server.act([7, 0, 'Tab', 'Tab', 0]);
    await expect.poll(active).toBe('Next page');
    server.act([7, 0, 'Tab', 'Tab', 0]);
    await expect.poll(active).toBe('email');
    server.act([7, 0, 'Tab', 'Tab', 1], [7, 0, 'Tab', 'Tab', 1]);
    await expect.poll(active).toBe('ask');
  });

  it('leaves nothing running after the end', async () => {
    v = await visit(browser, server);
    await live();
    await button('End').click();
    await until(() => server.requests.some((r) => r.verb === 'exit'), 'exit told');
    const count = server.batches.length;
    await v.page.evaluate(async () => {
      document.querySelector('h1')!.textContent = 'After the end';
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    });
    await v.page.locator('#email').fill('x');
    // A session that begins now would show it first: nothing of the old one is queued before it.
    server.ended = false;
    server.consent = 'none';
    server.agents = [];
    await button('Close').click();
    await live();
    expect(server.batches[count]!.o[0]![0]).toBe(0);
    expect(JSON.stringify(server.batches.slice(0, count))).not.toContain('After the end');
  });

  it('goes on over page loads under a strict policy', async () => {
    v = await visit(browser, server);
    await live();
    const first = server.epoch;
    await v.page.getByText('Next page').click();
    await until(() => server.epoch > first && server.complete && sent().includes('Thank you'), 'the next page');
    await v.page.goBack();
    await until(() => server.epoch > first + 1 && server.complete, 'back');
    expect(v.errors).toEqual([]);
  });
});
