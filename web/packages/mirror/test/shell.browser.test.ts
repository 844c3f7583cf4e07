import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FromViewer, Operation, ToViewer } from '@twinpane/protocol';
import type { Frame, Page } from 'playwright-core';
import { CSP, hash, here, startHarness, type Harness } from './harness.ts';
import { el, page as pageOf, text } from './tape.ts';

/** A desk on another origin than the viewer, as it is in production. */
const DESK = `<!doctype html><body style="margin:0"><iframe id="v" style="border:0;width:900px;height:500px" src="VIEWER/view/"></iframe><script>
  window.got = []; window.waiting = [];
  window.start = (init = {}, resources = '/res/') => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    window.port = port1;
    port1.onmessage = (e) => { got.push(e.data); if (e.data.t === 'ready') done(true); };
    document.getElementById('v').contentWindow.postMessage({ type: 'twinpane-viewer', v: 1, resources, ...init }, 'VIEWER', [port2]);
  });
</script></body>`;

let harness: Harness;
let page: Page;
let view: Frame;
let viewer: string;
let seq = 0;
let epoch = 0;

declare const got: FromViewer[];
declare const port: MessagePort;
declare function start(init?: object, resources?: string): Promise<boolean>;

async function openDesk(host = 'desk.localhost'): Promise<Page> {
  const p = await harness.browser.newPage({ viewport: { width: 900, height: 500 } });
  p.on('pageerror', (e) => { throw e; });
  await p.goto(`${harness.origin.replace('127.0.0.1', host)}/desk`);
  await p.waitForFunction((v) => document.querySelector('iframe') !== null && v !== '', viewer);
  await p.frame({ url: (u) => u.pathname === '/view/' })!.waitForLoadState('load');
  return p;
}

beforeAll(async () => {
  harness = await startHarness();
  const out = mkdtempSync(path.join(tmpdir(), 'twinpane-view-'));
  const { build } = (await import(path.join(here, '../build.mjs'))) as { build: (o: object) => Promise<void> };
  await build({ out, esbuild, dev: true, root: path.join(here, '..') });
  viewer = harness.origin.replace('127.0.0.1', 'view.localhost');
  const desk = harness.origin.replace('127.0.0.1', 'desk.localhost');
  const read = (name: string): string => readFileSync(path.join(out, 'view', name), 'utf8');
  harness.files.set('/desk', { type: 'text/html', body: DESK.replaceAll('VIEWER', viewer) });
  harness.files.set('/view/', { type: 'text/html', body: read('index.html').replace('{{DESK_ORIGIN}}', desk), headers: { 'Content-Security-Policy': `${CSP}; frame-ancestors http://*.localhost:*` } });
  harness.files.set('/view/viewer.js', { type: 'text/javascript', body: read('viewer.js') });
  harness.files.set('/view/viewer.css', { type: 'text/css', body: read('viewer.css') });
  rmSync(out, { recursive: true });
  page = await openDesk();
  view = page.frame({ url: (u) => u.pathname === '/view/' })!;
  await page.evaluate(() => start());
});
afterAll(() => harness?.stop());

const post = (m: ToViewer): Promise<void> => page.evaluate((d) => port.postMessage(d), m);
const batch = (ops: Operation[]): Promise<void> => post({ t: 'batch', batch: { v: 1, e: epoch, s: ++seq, o: ops, at: 1234 } });
const all = <T extends FromViewer['t']>(t: T): Promise<Extract<FromViewer, { t: T }>[]> => page.evaluate((k) => got.filter((m) => m.t === k), t) as never;
const acts = async (op?: number): Promise<unknown[][]> => (await all('acts')).flatMap((m) => m.acts).filter((a) => op === undefined || a[0] === op);
const clear = (): Promise<void> => page.evaluate(() => void got.splice(0));
/** Waits for a message of this kind that `test` likes. */
async function until<T extends FromViewer['t']>(t: T, test: (m: Extract<FromViewer, { t: T }>) => boolean = () => true): Promise<Extract<FromViewer, { t: T }>> {
  for (;;) {
    const found = (await all(t)).find(test);
    if (found) return found;
    await page.evaluate(() => new Promise((r) => requestAnimationFrame(r)));
  }
}
const act = (op: number, test: (a: unknown[]) => boolean = () => true): Promise<unknown[]> => until('acts', (m) => m.acts.some((a) => a[0] === op && test(a))).then((m) => m.acts.find((a) => a[0] === op && test(a))!);

/** The picture's document. */
const inside = async (): Promise<Frame> => view.childFrames()[0]!;
const inner = async <R>(f: (selector: string) => R, selector: string): Promise<R> => (await inside()).evaluate(f as never, selector) as R;

/** Asks the picture until it answers this; it runs no timers itself. */
async function shows<R>(f: (selector: string) => R, selector: string, wanted: R): Promise<void> {
  while (await inner(f, selector) !== wanted) await page.evaluate(() => new Promise((r) => requestAnimationFrame(r)));
}

const BODY = [
  el('style', {}, [text('body{font:16px/20px monospace;margin:0}*{box-sizing:border-box}')]),
  el('button', { id: 'b', style: 'position:absolute;left:100px;top:50px;width:100px;height:40px' }, [text('Buy')]),
  el('input', { id: 't', style: 'position:absolute;left:100px;top:120px;width:200px;height:30px;font:16px monospace;padding:0;border:0', value: 'hello' }),
  el('input', { id: 'p', style: 'position:absolute;left:100px;top:170px;width:200px;height:30px' }, [], { privacy: 1 }),
  el('input', { id: 'm', type: 'password', style: 'position:absolute;left:100px;top:220px;width:200px;height:30px' }, [], { privacy: 2 }),
  el('select', { id: 's', style: 'position:absolute;left:100px;top:270px;width:200px;height:30px' }, [el('option', {}, [text('Red')]), el('option', { id: 'o2' }, [text('Green')]), el('option', { disabled: '' }, [text('Grey')]), el('option', {}, [text('Blue')])]),
  el('textarea', { id: 'ta', style: 'position:absolute;left:400px;top:50px;width:200px;height:90px' }, [text('one\ntwo')]),
  el('div', { id: 'box', style: 'position:absolute;left:400px;top:170px;width:200px;height:90px;overflow:auto' }, [el('div', { style: 'height:900px' })]),
  el('input', { id: 'd', type: 'date', style: 'position:absolute;left:400px;top:270px;width:200px;height:30px' }),
  el('select', { id: 'multi', multiple: '', size: '3', style: 'position:absolute;left:650px;top:50px;width:100px;height:60px' }, [el('option', { id: 'm0', selected: '' }, [text('a')]), el('option', { id: 'm1' }, [text('b')])]),
  el('div', { style: 'height:3000px' }),
];

/** Ids of the nodes of BODY by their id attribute: counted as the tape counts. */
function idOf(wanted: string): number {
  let n = 6;
  const skip = (items: unknown[]): void => {
    for (let i = 0; i < items.length;) {
      const h = items[i] as number;
      if (h === 0) { i++; continue; }
      const count = h >>> 7;
      if ((h & 7) === 2) i += 2;
      else {
        for (let a = 0; a < count; a++) if (items[i + 2 + 2 * a] === 'id' && items[i + 3 + 2 * a] === wanted) ids.set(wanted, n);
        i += 2 + 2 * count;
      }
      n++;
    }
  };
  const ids = new Map<string, number>();
  for (const items of BODY) skip(items);
  return ids.get(wanted)!;
}

beforeEach(async () => {
  epoch++;
  seq = 0;
  await post({ t: 'reset' });
  await post({ t: 'zoom', zoom: 1 });
  await post({ t: 'follow', on: true });
  await post({ t: 'veil', veil: 'none' });
  await page.mouse.move(899, 499);
  await batch(pageOf(BODY));
  await until('painted', (m) => m.e === epoch && m.s === 1);
  await post({ t: 'mode', mode: 'pointer', enabled: true });
  await clear();
});
const write = async (): Promise<void> => {
  await post({ t: 'mode', mode: 'write', enabled: true });
  await view.waitForSelector('body.write.live');
};

describe('the port', () => {
  test('other origins, other windows and other shapes are not heard; the first that fits is the only one', async () => {
    const evil = await openDesk('evil.localhost');
    const answered = (p: Page, init: object = {}, resources?: string): Promise<boolean> => p.evaluate(([i, r]) => {
      const ready = start(i as object, r as string | undefined).then(() => true);
      // An answer would come before the echo of a second message through the same window.
      const quiet = new Promise<boolean>((done) => {
        let frames = 0;
        const tick = (): void => void (++frames > 20 ? done(false) : requestAnimationFrame(tick));
        tick();
      });
      return Promise.race([ready, quiet]);
    }, [init, resources] as const);
    expect(await answered(evil)).toBe(false);
    await evil.close();
    const other = await openDesk();
    expect(await answered(other, { type: 'x' })).toBe(false);
    expect(await answered(other, { v: 2 })).toBe(false);
    expect(await answered(other, {}, 'https://evil.example/')).toBe(false);
    expect(await answered(other)).toBe(true);
    expect(await answered(other)).toBe(false);
    await other.close();
  });

  test('painted, page facts, broken', async () => {
    expect((await all('broken'))).toEqual([]);
    await batch([[21, 'Title']]);
    expect(await until('page', (m) => m.title === 'Title')).toEqual({ t: 'page', url: 'https://shop.example/a/', title: 'Title', width: 800, height: 600, scale: 1, hidden: 2 });
    expect(await until('painted')).toEqual({ t: 'painted', e: epoch, s: 2, at: 1234 });
    await batch([[22, 1, 1]]);
    expect((await until('broken')).why).toBe('checksum');
    await post({ t: 'reset' });
    await post({ t: 'batch', batch: { v: 1, e: epoch, s: 9, o: [] } });
    expect((await until('broken', (m) => m.why === 'gap')).e).toBe(epoch);
  });

  test('a snapshot in lines', async () => {
    await post({ t: 'reset' });
    epoch++;
    const ops = pageOf([el('p', { id: 'late' }, [text('x')])]);
    const cut = ops[1]!.length - 6;
    const line = (o: Operation[]): Promise<void> => post({ t: 'batch', snapshot: true, batch: { v: 1, e: epoch, s: 40, o } });
    await line([ops[0]!, ops[1]!.slice(0, cut) as Operation]);
    await line([[13, ...ops[1]!.slice(cut)], [1]]);
    await until('painted', (m) => m.e === epoch && m.s === 40);
    expect(await inner((s) => document.querySelector(s)!.textContent, '#late')).toBe('x');
  });
});

describe('scale', () => {
  test('fit, zoom and their scroll bars', async () => {
    await batch([[11, 1800, 1000, 1]]);
    await post({ t: 'zoom', zoom: 'fit' });
    const size = (): Promise<unknown> => view.evaluate(() => {
      const v = document.getElementById('view')!, r = document.querySelector('iframe')!.getBoundingClientRect();
      return { x: v.style.overflowX, y: v.style.overflowY, w: Math.round(r.width), h: Math.round(r.height) };
    });
    expect((await until('page', (m) => m.width === 1800 && m.scale < 1)).scale).toBe(0.5);
    expect(await size()).toEqual({ x: 'hidden', y: 'hidden', w: 900, h: 500 });
    await batch([[11, 1800, 2000, 1]]);
    const { scale } = await until('page', (m) => m.height === 2000 && m.scale < 0.5);
    expect(scale).toBeCloseTo((900 - 12) / 1800);
    expect(await size()).toEqual({ x: 'hidden', y: 'scroll', w: 888, h: 987 });
    await post({ t: 'zoom', zoom: 2 });
    await until('page', (m) => m.scale === 2);
    expect(await size()).toEqual({ x: 'scroll', y: 'scroll', w: 3600, h: 4000 });
    await batch([[11, 400, 300, 1]]);
    await post({ t: 'zoom', zoom: 'fit' });
    await until('page', (m) => m.width === 400 && m.scale === 1);
    expect(await size()).toEqual({ x: 'hidden', y: 'hidden', w: 400, h: 300 });
  });

  test('a click is where the page has it, at any scale', async () => {
    await batch([[11, 1800, 1000, 1]]);
    await post({ t: 'zoom', zoom: 'fit' });
    await until('page', (m) => m.scale === 0.5);
    await page.mouse.click(150 / 2, 70 / 2);
    expect(await act(2)).toEqual([2, 150, 70, idOf('b'), 5000, 5000]);
  });
});

describe('pointer mode', () => {
  test('moves are thinned, clicks are marks, leaving is said', async () => {
    const from = 50 + (900 - 800) / 2;
    for (let i = 0; i < 60; i++) await page.mouse.move(from + i, 100);
    await act(1, (a) => a[1] === 50 + 59);
    expect((await acts(1)).length).toBeLessThan(60);
    await page.mouse.click(50 + 110, 60);
    expect(await act(2)).toEqual([2, 110, 60, idOf('b'), 1000, 2500]);
    expect(await view.evaluate(() => document.querySelectorAll('.ripple.mark').length)).toBe(1);
    expect(await acts(3)).toEqual([]);
    await page.mouse.move(10, 100);
    expect(await act(1, (a) => a[1] === -1)).toEqual([1, -1, -1, 0, 0, 0]);
    // Keys are the desk's.
    expect(await view.evaluate(() => document.activeElement!.tagName)).toBe('BODY');
  });

  test('nothing is sent while disabled, stale or hidden', async () => {
    const quiet = async (): Promise<void> => {
      await page.mouse.move(160, 61);
      await page.mouse.click(160, 60);
      await batch([[21, String(seq)]]);
      await until('painted', (m) => m.s === seq);
      expect(await acts()).toEqual([]);
    };
    await post({ t: 'mode', mode: 'write', enabled: false });
    await quiet();
    await post({ t: 'mode', mode: 'write', enabled: true });
    for (const veil of ['stale', 'hidden'] as const) {
      await post({ t: 'veil', veil });
      await quiet();
    }
    expect(await view.evaluate(() => getComputedStyle(document.querySelector('iframe')!).visibility)).toBe('hidden');
  });

  test('customer\'s cursor and clicks; following and looking freely', async () => {
    await post({ t: 'names', customer: 'Marta', agent: 'Ines' });
    await batch([[12, 30, 40, 0], [16, 0, 30, 40]]);
    await view.waitForFunction(() => document.getElementById('customer')!.style.getPropertyValue('--x') === '30');
    expect(await view.evaluate(() => [document.getElementById('customer')!.innerText.trim(), document.querySelectorAll('.ripple').length])).toEqual(['Marta', 1]);
    await batch([[10, 1, 0, 500]]);
    const top = (): Promise<number> => inner(() => window.scrollY, '');
    expect(await top()).toBe(500);
    await post({ t: 'follow', on: false });
    await page.mouse.move(200, 200);
    await page.mouse.wheel(0, 200);
    await shows(() => window.scrollY, '', 700);
    await batch([[10, 1, 0, 510]]);
    await view.waitForFunction(() => document.getElementById('customer')!.style.getPropertyValue('--y') === String(40 + 510 - 700));
    expect(await top()).toBe(700);
    await post({ t: 'follow', on: true });
    await shows(() => window.scrollY, '', 510);
    expect(await acts(6)).toEqual([]);
  });

  test('hidden fields explain themselves', async () => {
    await page.mouse.move(50 + 150, 185);
    expect((await until('hint')).privacy).toBe(1);
    expect(await view.evaluate(() => document.querySelectorAll('.outline').length)).toBe(1);
    await page.mouse.move(50 + 150, 235);
    await until('hint', (m) => m.privacy === 2);
    await page.mouse.move(50 + 700, 400);
    await until('hint', (m) => m.privacy === null);
  });
});

describe('write mode', () => {
  beforeEach(write);
  const at = (x: number, y: number): Promise<void> => page.mouse.click(x + 50, y);

  test('clicks: button, count and keys held', async () => {
    await at(150, 70);
    expect(await act(3)).toEqual([3, idOf('b'), 5000, 5000, 0, 1, 0]);
    await clear();
    await page.keyboard.down('Shift');
    await page.mouse.dblclick(200, 70);
    await page.keyboard.up('Shift');
    expect(await act(3, (a) => a[5] === 2)).toEqual([3, idOf('b'), 5000, 5000, 0, 2, 1]);
    await page.mouse.click(200, 70, { button: 'right' });
    expect(await act(3, (a) => a[4] === 2)).toEqual([3, idOf('b'), 5000, 5000, 2, 1, 0]);
  });

  test('typing: caret from the click, characters, deletion, selection, paste; the caret is drawn', async () => {
    // Behind the second of five letters of 9.6 px.
    await at(100 + 20, 135);
    await view.waitForSelector('.caret');
    await page.keyboard.type('XY');
    expect(await act(4, (a) => a[2] === 'heXYllo')).toEqual([4, idOf('t'), 'heXYllo', 4, 4]);
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Delete');
    expect(await act(4, (a) => a[2] === 'heXlo')).toEqual([4, idOf('t'), 'heXlo', 3, 3]);
    expect(await inner((s) => document.querySelector<HTMLInputElement>(s)!.value, '#t')).toBe('heXlo');
    await page.keyboard.press('Home');
    await act(4, (a) => a[3] === 0);
    await page.keyboard.press('Shift+End');
    await act(4, (a) => a[3] === 0 && a[4] === 5);
    expect(await view.evaluate(() => Math.round(document.querySelector<HTMLElement>('.chosen')!.offsetWidth))).toBe(48);
    await page.keyboard.insertText('pasted\nline');
    expect(await act(4, (a) => String(a[2]).startsWith('pasted'))).toEqual([4, idOf('t'), 'pasted line', 11, 11]);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    expect(await act(4, (a) => a[2] === '')).toEqual([4, idOf('t'), '', 0, 0]);
  });

  test('what the customer\'s page makes of it is taken over', async () => {
    await at(290, 135);
    await page.keyboard.type('1');
    await act(4, (a) => a[2] === 'hello1');
    await batch([[8, idOf('t'), 'hello1']]);
    await batch([[8, idOf('t'), 'HELLO 1-']]);
    await view.waitForFunction(() => (document.getElementById('keys') as HTMLTextAreaElement).value === 'HELLO 1-');
    await page.keyboard.type('2');
    await act(4, (a) => a[2] === 'HELLO 1-2');
    // Not taken: the picture goes back to what is there.
    await shows((s) => document.querySelector<HTMLInputElement>(s)!.value, '#t', 'HELLO 1-');
  });

  test('keys: Enter, Tab, arrows, F6, Escape; new lines in a text area', async () => {
    await at(290, 135);
    for (const key of ['Enter', 'ArrowDown', 'Escape', 'F6']) await page.keyboard.press(key);
    await until('key', (m) => m.key === 'F6');
    expect((await acts(7)).map((a) => a.slice(1))).toEqual([[idOf('t'), 'Enter', 'Enter', 0], [idOf('t'), 'ArrowDown', 'ArrowDown', 0], [idOf('t'), 'Escape', 'Escape', 0]]);
    expect((await all('key')).map((m) => m.key)).toEqual(['Escape', 'F6']);
    await clear();
    await at(500, 130);
    await page.keyboard.press('ControlOrMeta+End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('three');
    expect((await act(4, (a) => String(a[2]).endsWith('three'))).slice(1, 3)).toEqual([idOf('ta'), 'one\ntwo\nthree']);
    expect(await acts(7)).toEqual([]);
    await page.keyboard.press('Tab');
    expect(await act(7)).toEqual([7, idOf('ta'), 'Tab', 'Tab', 0]);
    // The customer's focus went on; typing goes with it once it is not the answer to a click.
    await at(150, 70);
    await clear();
    await page.keyboard.press('Space');
    await page.keyboard.type('x');
    await page.keyboard.press('PageDown');
    await act(7, (a) => a[2] === 'PageDown');
    expect((await acts()).filter((a) => a[0] !== 1).map((a) => a.slice(0, 3))).toEqual([[7, 1, ' '], [7, 1, 'PageDown']]);
  });

  test('what is typed right after Tab goes where the focus goes, not into the field it left', async () => {
    await at(290, 135);
    await act(3);
    await clear();
    await page.keyboard.press('Tab');
    await page.keyboard.type('ab');
    // The answer to the click comes late and is not that to the Tab.
    await batch([[14, idOf('t')]]);
    await batch([[14, idOf('ta')]]);
    expect((await act(4, (a) => String(a[2]).endsWith('ab'))).slice(1, 3)).toEqual([idOf('ta'), 'one\ntwoab']);
    expect((await acts()).filter((a) => a[0] !== 1).map((a) => a.slice(0, 3))).toEqual([[7, idOf('t'), 'Tab'], [4, idOf('ta'), 'one\ntwoa'], [4, idOf('ta'), 'one\ntwoab']]);
    // After a click on a button as well.
    await at(150, 70);
    await clear();
    await page.keyboard.press('Space');
    await batch([[14, idOf('b')]]);
    expect(await act(7, (a) => a[2] === ' ')).toEqual([7, idOf('b'), ' ', 'Space', 0]);
    // Where it does not move, and on to what takes no text.
    await clear();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await batch([[14, 1]]);
    expect(await act(7, (a) => a[2] === ' ')).toEqual([7, 1, ' ', 'Space', 0]);
  });

  test('a private field is replaced, a masked one is closed', async () => {
    await at(200, 185);
    await act(3);
    await page.keyboard.type('new');
    expect((await acts(4)).map((a) => a.slice(1))).toEqual([[idOf('p'), 'n', 1, 1], [idOf('p'), 'ne', 2, 2], [idOf('p'), 'new', 3, 3]]);
    expect(await view.evaluate(() => document.getElementById('keys')!.className)).toContain('open');
    expect(await inner((s) => document.querySelector<HTMLInputElement>(s)!.value, '#p')).toBe('\u2022'.repeat(8));
    await clear();
    await at(200, 235);
    await page.keyboard.type('no');
    await until('hint', (m) => m.privacy === 2);
    expect((await acts()).filter((a) => a[0] !== 1)).toEqual([]);
  });

  test('choosing: own list by mouse and keys, lists that are open on the page', async () => {
    await at(150, 285);
    const list = (): Promise<unknown> => view.evaluate(() => [...document.querySelectorAll('.list [role=option]')].map((o) => [o.textContent, o.getAttribute('aria-selected'), o.getAttribute('aria-disabled')]));
    expect(await list()).toEqual([['Red', 'true', null], ['Green', 'false', null], ['Grey', 'false', 'true'], ['Blue', 'false', null]]);
    await view.click('.list [role=option] >> nth=1');
    expect(await act(5)).toEqual([5, idOf('s'), 1]);
    expect(await view.$('.list')).toBeNull();
    await batch([[9, idOf('o2'), 1]]);
    await clear();
    await at(150, 285);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await act(5)).toEqual([5, idOf('s'), 3]);
    await clear();
    await at(150, 285);
    await page.keyboard.type('r');
    await page.keyboard.press('Escape');
    expect(await view.$('.list')).toBeNull();
    expect((await acts()).filter((a) => a[0] !== 1)).toEqual([]);
    await page.keyboard.down('Control');
    await at(660, 75);
    await page.keyboard.up('Control');
    expect(await act(5)).toEqual([5, idOf('multi'), 0, 1]);
  });

  test('picked values', async () => {
    await at(500, 285);
    await view.waitForSelector('.value input[type=date]');
    await view.fill('.value input', '2026-11-23');
    await page.keyboard.press('Enter');
    expect(await act(4)).toEqual([4, idOf('d'), '2026-11-23', 0, 0]);
    await view.waitForSelector('.value', { state: 'detached' });
  });

  test('the wheel scrolls the innermost box that can, then the document', async () => {
    await page.mouse.move(50 + 500, 200);
    await page.mouse.wheel(0, 100);
    expect(await act(6)).toEqual([6, idOf('box'), 0, 100]);
    expect(await inner((s) => document.querySelector(s)!.scrollTop, '#box')).toBe(100);
    await page.mouse.move(50 + 750, 300);
    await page.mouse.wheel(0, 100);
    expect(await act(6, (a) => a[1] === 1)).toEqual([6, 1, 0, 100]);
    await batch([[10, 1, 0, 90]]);
    await shows(() => window.scrollY, '', 90);
  });

  test('another page ends what was going on', async () => {
    await at(150, 285);
    await post({ t: 'reset' });
    await view.waitForSelector('.list', { state: 'detached' });
    expect(await view.evaluate(() => document.querySelectorAll('.caret,.outline').length)).toBe(0);
  });
});

test('resources come from the viewer\'s own host, and nothing from elsewhere', async () => {
  const seen: string[] = [];
  page.on('request', (r) => seen.push(r.url()));
  await batch([[2, 5, 0, 900, ...el('img', { id: 'pic', src: 'x.png' }), ...el('img', { src: 'https://evil.example/y.png' })], [23, 'https://shop.example/a/x.png', hash('a'), 'image/png']]);
  await shows((s) => document.querySelector<HTMLImageElement>(s)!.naturalWidth, '#pic', 2);
  expect(seen.filter((u) => !u.startsWith('data:'))).toEqual([`${viewer}/res/${hash('a')}`]);
});
