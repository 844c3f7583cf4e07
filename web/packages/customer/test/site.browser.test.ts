/// <reference types="node" />
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildScript, launch, sitePages, visit, type Visit } from './harness.ts';
import { TestServer } from './server.ts';

let browser: Browser;
let script: Uint8Array;
let server: TestServer;
let v: Visit;

beforeAll(async () => {
  [browser, script] = await Promise.all([launch(), buildScript(true)]);
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
const sees = () => v.page.getByText('Ines sees this page', { exact: true }).waitFor();

async function live(): Promise<void> {
  await button('Get help on this page').click();
  await v.page.getByRole('dialog', { name: 'Read these numbers to our agent' }).waitFor();
  server.agentJoins();
  await button('Share this page').click();
  await sees();
  await until(() => server.complete, 'snapshot');
}
const typed = () => server.batches.filter((b) => b.e === server.epoch && b.o.some((op) => op[1] === 'typed')).length;

/** What an observer of the page's own document sees, Twinpane's element apart. */
const pageAsItIs = (page: Visit['page']) => page.evaluate(() => {
  const copy = document.documentElement.cloneNode(true) as Element;
  const ours = copy.querySelectorAll('twinpane-ui');
  for (const el of ours) el.remove();
  for (const el of copy.querySelectorAll('script[data-url]')) el.remove();
  const styles = (el: Element) => JSON.stringify([...getComputedStyle(el)].map((name) => getComputedStyle(el).getPropertyValue(name)));
  return {
    ours: ours.length, html: copy.outerHTML, sheets: document.styleSheets.length, adopted: document.adoptedStyleSheets.length,
    size: [document.documentElement.scrollWidth, document.documentElement.scrollHeight], styles: ['html', 'body', 'h1', 'p'].map((s) => styles(document.querySelector(s)!)),
  };
});

describe('customer script on a site', () => {
  it('works under a strict content security policy and trusted types without a violation', async () => {
    server.csp += "; require-trusted-types-for 'script'; trusted-types 'none'; worker-src 'none'";
    v = await visit(browser, server);
    await v.page.evaluate(() => {
      const seen: string[] = ((window as unknown as { violations: string[] }).violations = []);
      document.addEventListener('securitypolicyviolation', (event) => seen.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    await live();
    server.setMode('write');
    await v.page.getByText('Ines clicks and types').waitFor();
    server.act([1, 100, 100, 1, 0, 0], [2, 100, 100, 1, 0, 0]);
    await v.page.locator('twinpane-ui .cur').waitFor();
    // Styles reach our own parts although the site allows none but its own.
    expect(await v.page.locator('twinpane-ui .edge').evaluate((el) => getComputedStyle(el).borderTopWidth)).toBe('4px');
    await button('End').click();
    await v.page.getByText('You ended it.', { exact: true }).waitFor();
    expect(await v.page.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([]);
    expect(v.errors).toEqual([]);
  });

  it('leaves the page as it was, but for one element and one global', async () => {
    v = await visit(browser, server, '/plain');
    const globals = (): Promise<string[]> => v.page.evaluate(() => Object.getOwnPropertyNames(window).filter((n) => !/^\d+$/.test(n)));
    const [before, globalsBefore] = [await pageAsItIs(v.page), await globals()];
    await v.close();
    v = await visit(browser, server, '/tagged');
    await button('Get help on this page').waitFor();
    expect({ ...(await pageAsItIs(v.page)), ours: 0 }).toEqual(before);
    await live();
    const during = await pageAsItIs(v.page);
    expect(during.ours).toBe(1);
    expect({ ...during, ours: 0 }).toEqual(before);
    expect((await globals()).filter((n) => !globalsBefore.includes(n))).toEqual(['twinpane']);
    expect(await v.page.evaluate(() => Object.keys((window as unknown as { twinpane: object }).twinpane))).toEqual(['start', 'end', 'state']);
  });

  it('closes its root to the page', async () => {
    v = await visit(browser, server, '/', { open: false });
    await v.page.locator('twinpane-ui').waitFor({ state: 'attached' });
    expect(await v.page.evaluate(() => document.querySelector('twinpane-ui')!.shadowRoot)).toBeNull();
    // The page's rules, `*` and `div`, do not reach in; nor does its element catch clicks meant for the page.
    expect(await v.page.evaluate(() => {
      const r = document.getElementById('code')!.getBoundingClientRect();
      return document.elementFromPoint(r.x + 5, r.y + 5)!.id;
    })).toBe('code');
  });

  it('has an API of its own', async () => {
    v = await visit(browser, server);
    const state = () => v.page.evaluate(() => (window as unknown as { twinpane: { state: string } }).twinpane.state);
    await expect.poll(state).toBe('idle');
    await v.page.evaluate(() => { (window as unknown as { twinpane: { start(): void } }).twinpane.start(); });
    await expect.poll(state).toBe('waiting');
    await v.page.evaluate(() => { (window as unknown as { twinpane: { end(): void } }).twinpane.end(); });
    expect(await state()).toBe('ended');
    await until(() => server.requests.some((r) => r.verb === 'exit'), 'exit told');
  });

  it('goes on over page loads of the site, and over the back/forward cache', async () => {
    v = await visit(browser, server);
    await live();
    const first = server.epoch;
    await v.page.getByText('Next page').click();
    await v.page.getByText('Thank you').waitFor();
    await sees();
    await until(() => server.epoch > first && server.complete, 'snapshot of the next page');
    const snapshot = server.batches.findLast((b) => b.o[0]?.[0] === 0)!;
    expect(snapshot.o[0]![1]).toMatchObject({ t: 'Next' });
    expect(server.requests.findLast((r) => r.verb === 'rejoin')!.data['page']).toBeUndefined();
    // The last words of the page before came through.
    expect(server.batches.some((b) => b.e === first && b.o[0]?.[1] === 'flushed')).toBe(true);
    const second = server.epoch;
    await v.page.goBack();
    await sees();
    await until(() => server.epoch > second && server.complete, 'snapshot after going back');
    await v.page.locator('#email').fill('x@y.example');
    await until(() => typed() === 1, 'typing arrives');
  });

  describe('with a popup', () => {
    const elsewhere = () => v.page.getByRole('dialog', { name: 'Sharing goes on in another tab' }).waitFor();
    const rejoins = () => server.requests.filter((r) => r.verb === 'rejoin').length;
    async function popup(): Promise<Visit['page']> {
      const opened = v.page.waitForEvent('popup');
      await v.page.evaluate(() => { window.open('/next', '', 'width=420,height=320'); });
      const page = await opened;
      await page.getByText('Ines sees this page', { exact: true }).waitFor();
      await elsewhere();
      return page;
    }

    it('goes on in the popup, and back in the page when the popup is closed', async () => {
      v = await visit(browser, server);
      await live();
      const page = await popup();
      const epoch = server.epoch;
      await page.close();
      await sees();
      await until(() => server.epoch > epoch && server.complete, 'snapshot of the page that is left');
      expect(server.batches.findLast((b) => b.o[0]?.[0] === 0)!.o[0]![1]).toMatchObject({ t: 'Checkout' });
    });

    it('comes back to the page that is pressed while the popup stands beside it', async () => {
      v = await visit(browser, server);
      await live();
      const page = await popup();
      // A script's click is not the customer's.
      const before = rejoins();
      await v.page.evaluate(() => { document.body.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true })); });
      await page.locator('#note').fill('x');
      await until(() => typed() > 0, 'the popup is still the one that is shared');
      expect(rejoins()).toBe(before);
      await v.page.mouse.click(600, 400);
      await sees();
      await page.getByRole('dialog', { name: 'Sharing goes on in another tab' }).waitFor();
      await page.locator('h1').click();
      await page.getByText('Ines sees this page', { exact: true }).waitFor();
      await elsewhere();
    });

    it('stays in the popup while that goes from page to page', async () => {
      v = await visit(browser, server);
      await live();
      const page = await popup();
      const before = rejoins();
      // Hears what the page hears, and for longer than the page waits.
      await v.page.evaluate(() => {
        const seen: unknown[] = ((window as unknown as { words: unknown[] }).words = []);
        new BroadcastChannel('twinpane').onmessage = ({ data }) => {
          seen.push((data as unknown[])[1]);
          if ((data as unknown[])[1] === 'left') setTimeout(() => seen.push('late'), 1500);
        };
      });
      await page.getByText('Back', { exact: true }).click();
      await page.getByText('Delivery and payment').waitFor();
      await page.getByText('Ines sees this page', { exact: true }).waitFor();
      await v.page.waitForFunction(() => (window as unknown as { words: unknown[] }).words.includes('late'));
      expect(await v.page.evaluate(() => (window as unknown as { words: unknown[] }).words)).toEqual(['left', 'here', 'late']);
      expect(rejoins()).toBe(before + 1);
      await elsewhere();
    });

    it('says in the page how it ended in the popup', async () => {
      v = await visit(browser, server);
      await live();
      const page = await popup();
      await page.getByRole('button', { name: 'End', exact: true }).click();
      await v.page.getByText('You ended it.', { exact: true }).waitFor();
      expect(await v.page.evaluate(() => sessionStorage.getItem('twinpane'))).toBeNull();
    });
  });

  it('starts afresh in a tab that has no session', async () => {
    v = await visit(browser, server);
    await live();
    const other = await v.page.context().newPage();
    await other.goto(server.site);
    await other.getByRole('button', { name: 'Get help on this page' }).waitFor();
    await other.close();
  });

  it('falls back to polling where WebSocket is blocked, and works there', async () => {
    server.webSocket = false;
    v = await visit(browser, server);
    await live();
    expect(new Set(server.transports)).toEqual(new Set(['long-polling']));
    for (let i = 0; i < 5; ++i) await v.page.locator('#email').fill(`${String(i)}@y.example`);
    await until(() => typed() === 5, 'typing arrives');
    server.setMode('write');
    server.act([4, 1, 'x', 0, 0]);
    await v.page.getByText('Ines clicks and types').waitFor();
    await button('End').click();
    await until(() => server.requests.some((r) => r.verb === 'exit'), 'exit told');
  });

  it('uses WebSocket where it can', async () => {
    v = await visit(browser, server);
    await live();
    expect(new Set(server.transports)).toEqual(new Set(['websocket']));
  });

  it('comes back by itself after a cut, in the same epoch, with nothing lost', async () => {
    v = await visit(browser, server);
    await live();
    const epoch = server.epoch;
    server.dead = true;
    server.cut(true);
    await v.page.getByText('Reconnecting…').waitFor();
    expect(await v.page.locator('twinpane-ui .edge').getAttribute('data-state')).toBe('paused');
    for (let i = 0; i < 3; ++i) await v.page.locator('#email').fill(`${String(i)}@y.example`);
    server.dead = false;
    await sees();
    await until(() => typed() === 3, 'what was typed meanwhile arrives');
    expect(server.epoch).toBe(epoch);
    expect(server.requests.findLast((r) => r.verb === 'rejoin')!.data['page']).toMatchObject({ e: epoch });
    expect(server.bound).toBe(1);
  });

  it('waits for a server that is not there yet', async () => {
    v = await visit(browser, server);
    await button('Get help on this page').waitFor();
    server.dead = true;
    await button('Get help on this page').click();
    await v.page.getByText('Connecting…').waitFor();
    // Long enough for both transports to have failed.
    const refused = v.page.waitForEvent('requestfailed', (r) => r.url().includes('/cometd'));
    await refused;
    server.dead = false;
    await v.page.getByRole('dialog', { name: 'Read these numbers to our agent' }).waitFor();
  });

  describe('where it does not get through', () => {
    const warnings = (): string[] => {
      const seen: string[] = [];
      v.page.on('console', (m) => { if (m.type() === 'warning' && m.text().startsWith('Twinpane')) seen.push(m.text()); });
      return seen;
    };
    /** From the button to the notice; the time in between passes at once. */
    async function fails(): Promise<void> {
      const tried = v.page.waitForEvent('requestfailed', (r) => r.url().includes('/cometd'));
      await button('Get help on this page').click();
      await v.page.getByText('Connecting…').waitFor();
      await tried;
      await v.page.clock.fastForward(16_000);
      await v.page.getByRole('dialog', { name: 'Sharing could not start' }).waitFor();
    }

    it('says that the server does not answer, and tries again when asked to', async () => {
      v = await visit(browser, server);
      const seen = warnings();
      await v.page.clock.install();
      server.dead = true;
      await fails();
      await v.page.getByText('Our server does not answer.', { exact: true }).waitFor();
      await v.page.getByText('Number 4504', { exact: true }).waitFor();
      const tried = v.page.waitForEvent('requestfailed', (r) => r.url().includes('/cometd'));
      await button('Try again').click();
      await v.page.getByText('Connecting…').waitFor();
      await tried;
      server.dead = false;
      await v.page.clock.runFor(5000);
      await v.page.getByRole('dialog', { name: 'Read these numbers to our agent' }).waitFor();
      expect(seen).toEqual([expect.stringMatching(/^Twinpane could not start \(4504\)\. http:\/\/cobrowse\.localhost:\d+\/cobrowse does not answer: .*connect-src/)]);
    });

    it('says that the server does not serve this site, once it is there but refuses', async () => {
      v = await visit(browser, server);
      const seen = warnings();
      await v.page.clock.install();
      server.stranger = true;
      await fails();
      await v.page.getByText('Our server does not help on this web site.', { exact: true }).waitFor();
      await v.page.getByText('Number 4103', { exact: true }).waitFor();
      await button('Try again').click();
      await v.page.getByText('Connecting…').waitFor();
      await button('End').click();
      await v.page.getByText('You ended it.', { exact: true }).waitFor();
      expect(seen).toEqual([expect.stringMatching(/^Twinpane could not start \(4103\)\. .* refuses this page: is http:\/\/shop\.localhost:\d+ in sites\[\]\.origins/)]);
    });
  });

  it('says that the session is over when it ended while the page was away', async () => {
    v = await visit(browser, server);
    await live();
    server.ended = true;
    await v.page.getByText('Next page').click();
    await v.page.getByText('The connection was gone for too long.', { exact: true }).waitFor();
    expect(await v.page.evaluate(() => sessionStorage.getItem('twinpane'))).toBeNull();
  });
});
