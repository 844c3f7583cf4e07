/// <reference types="node" />
import { mkdir } from 'node:fs/promises';
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
const dialog = (name: string) => v.page.getByRole('dialog', { name });
const until = (fn: () => unknown, what: string) => expect.poll(fn, { timeout: 10_000, message: what }).toBeTruthy();

/** Leaves pictures to look at, where TWINPANE_SHOTS names a folder. */
async function shot(name: string): Promise<void> {
  const folder = process.env['TWINPANE_SHOTS'];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await v.page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))));
  await v.page.waitForTimeout(260);
  await v.page.screenshot({ path: `${folder}/${name}.png` });
}

async function open(options: Parameters<typeof visit>[3] = {}): Promise<void> {
  v = await visit(browser, server, '/', options);
  await button('Get help on this page').waitFor();
}
async function waiting(): Promise<void> {
  await button('Get help on this page').click();
  await dialog('Read these numbers to our agent').waitFor();
}
async function asked(): Promise<void> {
  await waiting();
  server.agentJoins();
  await dialog('Share this page with Ines?').waitFor();
}
async function live(): Promise<void> {
  await asked();
  await button('Share this page').click();
  await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
  await until(() => server.complete, 'snapshot');
}

describe('customer user interface', () => {
  it('leads from the button to the digits, the question and the shared page', async () => {
    await open();
    await shot('1-start');
    await waiting();
    expect(await v.page.getByRole('img', { name: '4 8 1, 3 0 2, 9 7 6' }).innerText()).toMatch(/481\s*302\s*976/);
    await v.page.getByText(/^(10:00|9:5\d)$/).waitFor();
    await shot('2-code');
    server.agentJoins();
    await dialog('Share this page with Ines?').waitFor();
    // Nothing of the page has left the browser; three fields and the password carry their mark.
    expect(server.batches).toEqual([]);
    expect(JSON.stringify(server.requests)).not.toMatch(/Checkout|\/next|marta/);
    expect(await v.page.locator('twinpane-ui .hatch').count()).toBe(4);
    await shot('3-consent');
    const focused = await v.page.evaluate(() => document.activeElement?.localName);
    expect(focused).toBe('body');
    const shown = (await dialog('Share this page with Ines?').innerText()).split('\n').map((l) => l.trim()).filter((l) => l !== '' && l !== 'IO');
    await button('Share this page').click();
    await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
    const consent = server.requests.find((r) => r.verb === 'consent')!.data;
    expect(consent['allow']).toBe(true);
    expect(String(consent['text']).split('\n')).toEqual(shown);
    await until(() => server.complete, 'snapshot');
    expect(await v.page.locator('twinpane-ui .hatch').count()).toBe(0);
    expect(await v.page.locator('twinpane-ui .edge').getAttribute('data-state')).toBe('pointer');
    await shot('4-live');
    expect(v.errors).toEqual([]);
  });

  it.each([390, 1280])('paints nothing over the card and the bar: marks, cursors and frame lie below (%i px)', async (width) => {
    await open({ viewport: { width, height: 760 } });
    await asked();
    // As on a checkout: private fields all the way down, also where the card stands.
    await v.page.evaluate(() => {
      for (let i = 0; i < 20; ++i) document.querySelector('.tall')!.append(document.createElement('input'));
      document.querySelector('main')!.style.maxWidth = 'none';
      for (const el of document.querySelectorAll('input')) el.style.maxWidth = 'none';
      document.querySelector('.tall')!.scrollIntoView();
    });
    /** The box as it is, and as it is when nothing is drawn over the page. */
    const covered = async (box: string, over: string): Promise<boolean> => {
      await v.page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))));
      const beneath = await v.page.locator(`twinpane-ui ${over}`).evaluateAll((els, box) => {
        const b = (els[0]!.getRootNode() as ShadowRoot).querySelector(box)!.getBoundingClientRect();
        return els.filter((el) => {
          const r = el.getBoundingClientRect();
          return r.left < b.right && r.right > b.left && r.top < b.bottom && r.bottom > b.top;
        }).length;
      }, box);
      expect(beneath, `${over} where ${box} stands`).toBeGreaterThan(0);
      const picture = () => v.page.locator(`twinpane-ui ${box}`).screenshot({ animations: 'disabled' });
      const show = (on: boolean) => v.page.locator(`twinpane-ui ${over}`).evaluateAll((els, on) => {
        for (const el of els) (el as HTMLElement).style.visibility = on ? '' : 'hidden';
      }, on);
      const before = await picture();
      await show(false);
      const after = await picture();
      await show(true);
      return !before.equals(after);
    };
    await until(() => v.page.locator('twinpane-ui .hatch').count().then((n) => n > 3), 'marks');
    await shot(`over-consent-${String(width)}`);
    expect(await covered('.card .two', '.hatch')).toBe(false);
    await button('Share this page').click();
    await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
    const bar = (await v.page.locator('twinpane-ui .lbar').boundingBox())!;
    server.act([1, bar.x + 100, bar.y + 20, 999, 0, 0], [2, bar.x + 100, bar.y + 20, 999, 0, 0]);
    await v.page.locator('twinpane-ui .cur').waitFor();
    await shot(`over-bar-${String(width)}`);
    expect(await covered('.lbar', '.cur')).toBe(false);
    expect(await covered('.lbar', '.rip')).toBe(false);
    expect(await covered('.lbar', '.edge')).toBe(false);
    // A cursor lies above a mark all the same, and the frame above both.
    const order = await v.page.locator('twinpane-ui').evaluate((host) => ['.rip', '.cur', '.edge', '.tw'].map((s) => Number(getComputedStyle(host.shadowRoot!.querySelector(s)!).zIndex) || 0));
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('gives both answers the same weight', async () => {
    await open();
    await asked();
    const [no, yes] = await Promise.all(['No, thanks', 'Share this page'].map((name) =>
      button(name).evaluate((el) => {
        const { backgroundColor, color, borderColor, fontWeight, fontSize } = getComputedStyle(el);
        return { backgroundColor, color, borderColor, fontWeight, fontSize, width: el.clientWidth, height: el.clientHeight };
      })));
    expect(no).toEqual(yes);
  });

  it('takes a no for a no', async () => {
    await open();
    await asked();
    await button('No, thanks').click();
    await v.page.getByRole('group', { name: 'Ines sees nothing' }).waitFor();
    expect(server.requests.find((r) => r.verb === 'consent')!.data['allow']).toBe(false);
    expect(server.batches).toEqual([]);
    expect(await v.page.locator('twinpane-ui .edge').isVisible()).toBe(false);
    await button('End').click();
    await v.page.getByText('You ended it.', { exact: true }).waitFor();
    await until(() => server.requests.some((r) => r.verb === 'exit'), 'exit');
  });

  it('lets the customer share after all, as long as the agent is there', async () => {
    await open();
    await asked();
    await button('No, thanks').click();
    await v.page.getByRole('group', { name: 'Ines sees nothing' }).waitFor();
    await shot('refused');
    server.event({ type: 'presence', userId: 'u2', online: false });
    await button('Ask me again').waitFor({ state: 'detached' });
    server.event({ type: 'presence', userId: 'u2', online: true });
    await button('Ask me again').click();
    await dialog('Share this page with Ines?').waitFor();
    expect(server.batches).toEqual([]);
    await until(() => v.page.locator('twinpane-ui .hatch').count().then((n) => n === 4), 'hidden fields are marked again');
    await button('Share this page').click();
    await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
    await until(() => server.complete, 'snapshot');
    expect(server.requests.filter((r) => r.verb === 'consent').map((r) => r.data['allow'])).toEqual([false, true]);
  });

  it('draws the cursor where the element is, the mark round it, and says what it is', async () => {
    await open();
    await live();
    const code = (await v.page.locator('#code').boundingBox())!;
    const id = await v.page.evaluate(() => [...document.querySelectorAll('input, button, select, label')].indexOf(document.getElementById('code')!) + 1);
    server.act([1, 5, 5, id, 5000, 5000]);
    const cursor = v.page.locator('twinpane-ui .cur');
    await cursor.waitFor();
    const at = async (): Promise<[number, number]> => {
      const box = (await cursor.boundingBox())!;
      return [Math.round(box.x + 3), Math.round(box.y + 2)];
    };
    const middle = [Math.round(code.x + code.width / 2), Math.round(code.y + code.height / 2)];
    await expect.poll(at).toEqual(middle);
    server.act([2, 5, 5, id, 5000, 5000]);
    await v.page.locator('twinpane-ui .hl').waitFor();
    await expect.poll(() => v.page.getByRole('status').last().textContent()).toBe('Ines points at Discount code');
    await shot('5-mark');
    // Cursor and page scroll together.
    await v.page.mouse.wheel(0, 100);
    await expect.poll(at).toEqual([middle[0], middle[1]! - 100]);
    // A node that is gone: the agent's coordinates.
    server.act([1, 300, 200, 999, 0, 0]);
    await expect.poll(at).toEqual([300, 200]);
    server.act([1, -1, 0, 0, 0, 0]);
    await cursor.waitFor({ state: 'detached' });
    await v.page.locator('twinpane-ui .hl').waitFor({ state: 'detached' });
  });

  it('asks before the agent acts, and Esc takes control back at once', async () => {
    await open();
    await live();
    const id = await v.page.evaluate(() => [...document.querySelectorAll('input, button, select, label')].indexOf(document.getElementById('code')!) + 1);
    server.act([4, id, 'TOO EARLY', 0, 0]);
    server.event({ type: 'mode', state: 'asked', mode: 'pointer', by: 'u2', requestId: 'r1', why: 'I can correct the code for you.' });
    await dialog('Let Ines click and type?').waitFor();
    await v.page.getByText('“I can correct the code for you.”').waitFor();
    await shot('6-request');
    expect(await v.page.locator('#code').inputValue()).toBe('AUTUMN15');
    await button('Allow').click();
    await v.page.getByText('Ines clicks and types').waitFor();
    expect(server.requests.at(-1)!.data).toMatchObject({ answer: 'r1', allow: true });
    server.act([4, id, 'AUTUMN-15', 0, 0], [1, 5, 5, id, 8000, 5000], [7, id, 'Escape', 'Escape', 0]);
    await expect.poll(() => v.page.locator('#code').inputValue()).toBe('AUTUMN-15');
    // A key of the agent's is not the customer's.
    expect(await v.page.locator('twinpane-ui .edge').getAttribute('data-state')).toBe('write');
    await shot('7-write');
    const sent = server.requests.length;
    await v.page.evaluate(() => { document.body.tabIndex = -1; document.body.focus(); });
    server.dead = true;
    await v.page.keyboard.press('Escape');
    await v.page.getByText('Looks and points only').waitFor();
    expect(await v.page.evaluate(() => (window as unknown as { seen: string[] }).seen.filter((s) => s.startsWith('keydown') && s.endsWith('Escape')).length)).toBe(2);
    server.dead = false;
    server.cut(true);
    await until(() => server.requests.slice(sent).some((r) => r.verb === 'mode' && r.data['want'] === 'pointer'), 'pointer mode told');
  });

  it('takes back by button, and refuses by "Just point"', async () => {
    await open();
    await live();
    server.event({ type: 'mode', state: 'asked', mode: 'pointer', by: 'u2', requestId: 'r2' });
    await button('Just point').click();
    await dialog('Let Ines click and type?').waitFor({ state: 'detached' });
    await until(() => server.requests.some((r) => r.verb === 'mode' && r.data['answer'] === 'r2' && r.data['allow'] === false), 'refusal');
    server.setMode('write');
    await button('Take back').click();
    await v.page.getByText('Looks and points only').waitFor();
    await until(() => server.mode === 'pointer', 'pointer mode');
  });

  it('says at a hidden field that it is hidden, and at others nothing', async () => {
    await open();
    await live();
    await v.page.locator('#email').focus();
    const tip = v.page.getByText('Ines can’t see this field. What you type stays in your browser.');
    await tip.waitFor();
    const [field, box] = [(await v.page.locator('#email').boundingBox())!, (await v.page.locator('twinpane-ui .tip').boundingBox())!];
    expect(box.y + box.height).toBeLessThanOrEqual(field.y);
    expect(Math.abs(box.x + box.width - field.x - field.width)).toBeLessThan(2);
    await shot('8-hidden-field');
    await v.page.locator('#code').focus();
    await tip.waitFor({ state: 'hidden' });
  });

  it('keeps End within reach above a modal dialog, and leaves nothing in it', async () => {
    await open();
    await live();
    await v.page.locator('#ask').click();
    await v.page.getByText('Our terms').waitFor();
    await until(() => v.page.evaluate(() => document.querySelector('twinpane-ui')!.parentElement!.id === 'terms'), 'moved into the dialog');
    await shot('9-modal');
    server.setMode('write');
    await button('Take back').click();
    await v.page.getByText('Looks and points only').waitFor();
    await v.page.locator('#close').click();
    await until(() => v.page.evaluate(() => document.querySelector('twinpane-ui')!.parentElement === document.documentElement), 'moved back');
    await button('End').click();
    await v.page.getByText('You ended it.', { exact: true }).waitFor();
  });

  it('is first in the tab order, keeps its events to itself and the focus where it is', async () => {
    await open();
    await live();
    await v.page.goto(`${server.site}/next`);
    await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
    await v.page.keyboard.press('Tab');
    const inside = () => v.page.evaluate(() => {
      const outer = document.activeElement!;
      const el = outer.shadowRoot?.activeElement ?? outer;
      return el.getAttribute('aria-label') ?? (el.textContent || el.localName);
    });
    expect(await inside()).toBe('Move to another corner');
    await v.page.keyboard.press('Tab');
    expect(await inside()).toBe('End');
    await v.page.keyboard.press('Tab');
    expect(await inside()).toBe('Back');
    await v.page.locator('#note').focus();
    await v.page.evaluate(() => { (window as unknown as { seen: string[] }).seen.length = 0; });
    await button('Move to another corner').click();
    expect(await v.page.locator('twinpane-ui aside').getAttribute('data-corner')).toBe('bs');
    expect(await v.page.evaluate(() => document.activeElement?.id)).toBe('note');
    expect(await v.page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual([]);
  });

  it('says the digits one by one, and keeps the focus in the panel when the pressed button goes', async () => {
    await open();
    const press = async (name: string, key = 'Enter'): Promise<void> => {
      await button(name).focus();
      await v.page.keyboard.press(key);
    };
    /** Role and name of what has the focus inside the panel, or what has it in the page. */
    const focused = () => v.page.evaluate(() => {
      const outer = document.activeElement!;
      const el = outer.shadowRoot?.activeElement ?? outer;
      return `${el.getAttribute('role') ?? el.localName} ${el.getAttribute('aria-label') ?? ''}`.trim();
    });
    const said = (role: 'status' | 'alert') => v.page.getByRole(role).last().textContent();
    await press('Get help on this page');
    await dialog('Read these numbers to our agent').waitFor();
    await expect.poll(focused).toBe('dialog Read these numbers to our agent');
    await expect.poll(() => said('status')).toBe('Read these numbers to our agent: 4 8 1, 3 0 2, 9 7 6. Nobody sees your page yet. You decide once the agent is there.');
    // The code makes room for the question; none of its answers has the focus.
    server.agentJoins();
    await dialog('Share this page with Ines?').waitFor();
    expect(await focused()).toBe('dialog Share this page with Ines?');
    await v.page.keyboard.press('Tab');
    await v.page.keyboard.press('Tab');
    await v.page.keyboard.press('Enter');
    await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
    expect(await focused()).toBe('group Ines sees this page');
    server.setMode('write');
    await press('Take back');
    await v.page.getByText('Looks and points only').waitFor();
    expect(await focused()).toBe('group Ines sees this page');
    server.event({ type: 'mode', state: 'asked', mode: 'pointer', by: 'u2', requestId: 'r9', why: '' });
    await dialog('Let Ines click and type?').waitFor();
    await press('Just point', ' ');
    await dialog('Let Ines click and type?').waitFor({ state: 'detached' });
    expect(await focused()).toBe('group Ines sees this page');
    await press('End');
    await dialog('Sharing has ended').waitFor();
    expect(await focused()).toBe('dialog Sharing has ended');
    await expect.poll(() => said('alert')).toBe('Sharing has ended. You ended it. Nobody sees your page any more.');
    await press('Close');
    await expect.poll(focused).toBe('button');
    expect(await v.page.evaluate(() => document.activeElement!.localName)).toBe('twinpane-ui');
    // Nor does anything take the focus from where the customer is.
    server.ended = false;
    server.consent = 'none';
    server.agents = [];
    await v.page.locator('#code').focus();
    await button('Get help on this page').click();
    await dialog('Read these numbers to our agent').waitFor();
    server.agentJoins();
    await button('No, thanks').click();
    await v.page.getByRole('group', { name: 'Ines sees nothing' }).waitFor();
    expect(await v.page.evaluate(() => document.activeElement!.id)).toBe('code');
    await expect.poll(() => said('status')).toBe('Ines sees nothing');
  });

  it('moves out of the way of the field the customer is in', async () => {
    await open();
    await live();
    server.event({ type: 'mode', state: 'asked', mode: 'pointer', by: 'u2', requestId: 'r3' });
    await dialog('Let Ines click and type?').waitFor();
    await v.page.evaluate(() => {
      const note = document.createElement('input');
      note.id = 'low';
      note.className = 'open';
      note.style.cssText = 'position:fixed;right:60px;bottom:60px;width:200px';
      document.body.append(note);
      note.focus();
    });
    await expect.poll(() => v.page.locator('twinpane-ui aside').getAttribute('data-corner')).toBe('bs');
    await v.page.locator('#code').focus();
    await expect.poll(() => v.page.locator('twinpane-ui aside').getAttribute('data-corner')).toBe('be');
  });

  it('says when the agent is away', async () => {
    await open();
    await live();
    server.event({ type: 'presence', userId: 'u2', online: false });
    await v.page.getByText('Ines is away').waitFor();
    expect(await v.page.locator('twinpane-ui .edge').getAttribute('data-state')).toBe('paused');
    server.event({ type: 'presence', userId: 'u2', online: true });
    await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
  });

  it('tells who ended it, and starts again', async () => {
    await open();
    await live();
    server.end('agent', 'self');
    await dialog('Sharing has ended').waitFor();
    await v.page.getByText('Ines ended it.', { exact: true }).waitFor();
    expect(await v.page.locator('twinpane-ui .edge').isVisible()).toBe(false);
    await shot('10-ended');
    expect(await v.page.evaluate(() => sessionStorage.getItem('twinpane'))).toBeNull();
    await button('Close').click();
    server.ended = false;
    server.consent = 'none';
    server.agents = [];
    await waiting();
  });

  it('offers new numbers when they ran out', async () => {
    server.expiresIn = 2;
    await open();
    await waiting();
    await dialog('These numbers ran out').waitFor();
    // Whatever the server's time for them is.
    await dialog('These numbers ran out').getByText(/^They worked until \d\d:\d\d\. Show new ones when you are ready\.$/).waitFor();
    server.expiresIn = 600;
    server.ended = false;
    await button('Show new numbers').click();
    await dialog('Read these numbers to our agent').waitFor();
    expect(server.requests.filter((r) => r.verb === 'create').length).toBe(2);
  });

  it('looks right in the dark, and as a sheet on a narrow screen', async () => {
    await open({ colorScheme: 'dark' });
    await asked();
    await shot('dark-3-consent');
    await button('Share this page').click();
    await v.page.getByText('Ines sees this page', { exact: true }).waitFor();
    server.setMode('write');
    await v.page.getByText('Ines clicks and types').waitFor();
    server.act([1, 500, 300, 999, 0, 0]);
    await v.page.locator('twinpane-ui .cur').waitFor();
    await shot('dark-7-write');
    expect(await v.page.locator('twinpane-ui .lbar').evaluate((el) => getComputedStyle(el).backgroundColor)).toBe('rgb(55, 35, 15)');
    await v.close();

    server.consent = 'none';
    server.agents = [];
    server.mode = 'pointer';
    await open({ viewport: { width: 390, height: 760 }, hasTouch: true });
    await shot('narrow-1-start');
    await waiting();
    await shot('narrow-2-code');
    server.agentJoins('Maximiliane Featherstonehaugh-Cholmondeley');
    await dialog('Share this page with Maximiliane?').waitFor();
    await shot('narrow-3-consent');
    // It slides in.
    await expect.poll(async () => {
      const card = (await dialog('Share this page with Maximiliane?').boundingBox())!;
      return [card.x, card.width, Math.round(card.y + card.height)];
    }).toEqual([0, 390, 760]);
    await button('No, thanks').click();
    await button('Ask me again').waitFor();
    await shot('narrow-refused');
    expect((await button('Ask me again').boundingBox())!.height).toBeGreaterThanOrEqual(44);
    await button('Ask me again').click();
    await button('Share this page').click();
    await v.page.getByText('Maximiliane sees this page', { exact: true }).waitFor();
    server.event({ type: 'mode', state: 'asked', mode: 'pointer', by: 'u2', requestId: 'r4', why: '' });
    await dialog('Let Maximiliane click and type?').waitFor();
    await shot('narrow-6-request');
    expect(await v.page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    for (const name of ['Just point', 'Allow', 'End']) expect((await button(name).boundingBox())!.height).toBeGreaterThanOrEqual(44);
  });
});
