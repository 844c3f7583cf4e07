import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Harness as H } from './entry.ts';
import { Bench } from './browser.ts';

declare const Harness: typeof H;

let bench: Bench;
beforeAll(async () => { bench = await Bench.start(); }, 60_000);
afterAll(async () => {
  expect(bench.errors).toEqual([]);
  await bench.stop();
});

/** Performs acts; `#id` strings stand for node ids. */
function act(page: Page, ...acts: unknown[][]): Promise<unknown[]> {
  return page.evaluate((acts) => {
    const { h } = window as unknown as { h: H };
    const id = (v: unknown): unknown => (typeof v === 'string' && v.startsWith('#') ? h.capture.idOf(document.querySelector(v) ?? document.querySelector('#host')!.shadowRoot!.querySelector(v)!) : v);
    return h.capture.perform(acts.map((a) => a.map(id) as [number]));
  }, acts);
}

async function open(body: string, policy: unknown = { formValues: 'private', mask: ['.secret'], submit: true }): Promise<Page> {
  const page = await bench.open(body);
  await page.evaluate((policy) => {
    const w = window as unknown as { h: H; log: string[] };
    w.log = [];
    for (const type of ['pointerover', 'pointerenter', 'mouseover', 'pointermove', 'mousemove', 'pointerdown', 'mousedown', 'focus', 'blur', 'pointerup', 'mouseup', 'click', 'dblclick', 'contextmenu', 'keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'change', 'submit']) {
      document.addEventListener(type, (e) => {
        const t = e.target as Element;
        if (t.id) w.log.push(`${type} ${t.id}`);
        if (type === 'submit') e.preventDefault();
      }, true);
    }
    w.h = new Harness(policy as never).begin(1);
  }, policy);
  return page;
}

const log = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as { log: string[] }).log.splice(0));

test('click: the sequence of a hand, with focus, at the place named', async () => {
  const page = await open('<button id=b style="width:200px;height:50px;border:0">x</button><input id=c type=checkbox><a id=l href="#there">l</a><button id=x disabled>n</button><div style="height:2000px"></div><button id=far>far</button>');
  await page.evaluate(() => document.querySelector('#b')!.addEventListener('click', (e) => Object.assign(window, { at: [(e as MouseEvent).offsetX, (e as MouseEvent).offsetY, (e as MouseEvent).shiftKey, e.isTrusted] })));
  expect(await act(page, [3, '#b', 5000, 2000, 0, 1, 1])).toEqual([{ ok: true }]);
  expect(await log(page)).toEqual(['pointerover b', 'mouseover b', 'pointerenter b', 'pointermove b', 'mousemove b', 'pointerdown b', 'mousedown b', 'focus b', 'pointerup b', 'mouseup b', 'click b']);
  expect(await page.evaluate(() => (window as unknown as { at: unknown }).at)).toEqual([100, 10, true, false]);
  await act(page, [3, '#c', 5000, 5000, 0, 1, 0], [3, '#l', 5000, 5000, 0, 1, 0], [3, '#x', 5000, 5000, 0, 1, 0]);
  expect(await page.evaluate(() => [(document.querySelector('#c') as HTMLInputElement).checked, location.hash])).toEqual([true, '#there']);
  await log(page);
  await act(page, [3, '#b', 5000, 5000, 0, 2, 0], [3, '#b', 5000, 5000, 2, 1, 0]);
  expect((await log(page)).filter((e) => /click|context/.test(e))).toEqual(['click b', 'click b', 'dblclick b', 'contextmenu b']);
  await act(page, [3, '#far', 5000, 5000, 0, 1, 0]);
  expect(await page.evaluate(() => scrollY > 500)).toBe(true);
  // What an agent does makes no ripple as if the customer had done it.
  expect(await page.evaluate(() => (window as unknown as { h: H }).h.model.clicks)).toBe(0);
  await page.close();
});

test('type: native setter, input events, change when the field is left; the value itself stays private', async () => {
  const page = await open('<input id=a maxlength=20><textarea id=t></textarea><input id=ro readonly><input id=d type=date><div id=e contenteditable>old</div><input id=pw type=password><p class=secret><input id=m></p><button id=b>x</button>');
  // As frameworks do it: `value` shadowed on the element, to see who sets it.
  await page.evaluate(() => {
    const a = document.querySelector<HTMLInputElement>('#a')!;
    const d = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!;
    Object.defineProperty(a, 'value', { configurable: true, get: () => d.get!.call(a), set: () => { throw new Error('the shadowing setter was called'); } });
  });
  expect(await act(page, [4, '#a', 'canary-h', 8, 8], [4, '#a', 'canary-hi', 9, 9])).toEqual([{ ok: true }, { ok: true }]);
  expect(await log(page)).toEqual(['focus a', 'keydown a', 'beforeinput a', 'input a', 'keyup a', 'keydown a', 'beforeinput a', 'input a', 'keyup a']);
  expect(await act(page, [4, '#t', 'two\nlines', 0, 3])).toEqual([{ ok: true }]);
  expect(await log(page)).toContain('change a');
  await act(page, [4, '#d', '2026-11-23', 0, 0], [4, '#e', 'new text', 0, 0]);
  expect(await log(page)).toContain('change d');
  expect(await page.evaluate(() => {
    const v = (s: string): string => (document.querySelector(s) as HTMLInputElement).value;
    const t = document.querySelector('#t') as HTMLTextAreaElement;
    return [v('#a'), v('#t'), t.selectionStart, t.selectionEnd, v('#d'), document.querySelector('#e')!.textContent];
  })).toEqual(['canary-hi', 'two\nlines', 0, 3, '2026-11-23', 'new text']);
  expect(await act(page, [4, '#ro', 'x', 1, 1], [4, '#pw', 'x', 1, 1], [4, '#m', 'x', 1, 1], [4, '#b', 'x', 1, 1], [4, 999_999, 'x', 1, 1], [4, '#a', 5, 1, 1], [99])).toEqual(
    [4403, 4401, 4401, 4403, 4402, 4403, 4403].map((code) => ({ ok: false, code })));
  expect(await page.evaluate(() => (window as unknown as { h: H }).h.json.join())).not.toMatch(/canary|new text|lines/);
  await page.close();
});

test('select, scroll, focus, hover', async () => {
  const page = await open('<select id=s><option>1<option>2<option disabled>3</select><select id=m multiple><option>1<option>2<option>3</select><div id=d style="height:50px;overflow:auto"><p style="height:500px">x</p></div><input id=i><div style="height:3000px"></div>');
  expect(await act(page, [5, '#s', 1], [5, '#m', 0, 2], [5, '#s', 9], [5, '#s', 0, 1])).toEqual([{ ok: true }, { ok: true }, { ok: false, code: 4403 }, { ok: false, code: 4403 }]);
  expect(await log(page)).toEqual(['focus s', 'input s', 'change s', 'blur s', 'focus m', 'input m', 'change m']);
  expect(await page.evaluate(() => Array.from(document.querySelectorAll<HTMLSelectElement>('select'), (s) => Array.from(s.selectedOptions, (o) => o.index)))).toEqual([[1], [0, 2]]);
  await act(page, [9, '#i'], [6, '#d', 0, 77], [6, 1, 0, 300], [10, '#d']);
  expect(await page.evaluate(() => [document.querySelector('#d')!.scrollTop, scrollY, document.activeElement!.id])).toEqual([77, 300, 'i']);
  expect((await log(page)).slice(-3)).toEqual(['pointerenter d', 'pointermove d', 'mousemove d']);
  await act(page, [9, 0]);
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
  const points = await page.evaluate(() => {
    const { h } = window as unknown as { h: H };
    const id = h.capture.idOf(document.querySelector('#d')!);
    const r = document.querySelector('#d')!.getBoundingClientRect();
    const p = h.capture.pointOf(id, 5000, 10_000)!;
    return [p.x === r.left + r.width / 2, p.y === r.bottom, h.capture.pointOf(123_456, 0, 0), h.capture.perform([[1, 5, 6, id, 0, 0], [2, 7, 8, 123_456, 0, 0]]), r.left, r.top];
  });
  expect(points.slice(0, 4)).toEqual([true, true, undefined, [{ ok: true, point: { x: points[4], y: points[5] } }, { ok: true, point: { x: 7, y: 8 } }]]);
  await page.close();
});

test('keys: Enter submits unless the form is closed to agents, Tab goes on, Escape closes, arrows choose and scroll', async () => {
  const page = await open(`<form id=f><input id=a><button id=b>ok</button></form><form id=one><input id=o></form><form id=two><input id=t1><input id=t2></form>
    <form id=closed data-twinpane-submit=closed><input id=c><button id=cb>pay</button></form><input id=r1 type=radio name=r checked><input id=r2 type=radio name=r><select id=s><option>1<option>2</select>
    <dialog id=d><button id=db>x</button></dialog><div id=host></div><div style="height:3000px"></div>`);
  await page.evaluate(() => { document.querySelector('#host')!.attachShadow({ mode: 'open' }).innerHTML = '<input id=in>'; });
  const enter = (id: string): unknown[] => [7, id, 'Enter', 'Enter', 0];
  expect(await act(page, enter('#a'), enter('#o'), enter('#t1'), enter('#c'), [3, '#cb', 1, 1, 0, 1, 0])).toEqual([{ ok: true }, { ok: true }, { ok: true }, { ok: false, code: 4401 }, { ok: false, code: 4401 }]);
  expect((await log(page)).filter((e) => /submit|click|change/.test(e))).toEqual(['click b', 'submit f', 'submit one']);
  await act(page, [4, '#a', 'x', 1, 1], enter('#a'));
  expect((await log(page)).filter((e) => /submit|change/.test(e))).toEqual(['change a', 'submit f']);
  await act(page, [9, '#a'], [7, '#a', 'Tab', 'Tab', 0]);
  expect(await page.evaluate(() => document.activeElement!.id)).toBe('b');
  await act(page, [7, 0, 'Tab', 'Tab', 1]);
  expect(await page.evaluate(() => document.activeElement!.id)).toBe('a');
  await act(page, [7, '#s', 'Tab', 'Tab', 0]);
  expect(await page.evaluate(() => document.querySelector('#host')!.shadowRoot!.activeElement?.id)).toBe('in');
  await page.evaluate(() => { (document.querySelector('#d') as HTMLDialogElement).showModal(); });
  await act(page, [7, '#db', 'Escape', 'Escape', 0], [7, '#r1', 'ArrowDown', 'ArrowDown', 0], [7, '#s', 'ArrowDown', 'ArrowDown', 0], [9, 0], [7, 0, 'PageDown', 'PageDown', 0]);
  expect(await page.evaluate(() => [(document.querySelector('#d') as HTMLDialogElement).open, (document.querySelector('#r2') as HTMLInputElement).checked, (document.querySelector('#s') as HTMLSelectElement).value, scrollY > 300]))
    .toEqual([false, true, '2', true]);
  await page.close();
});

test.each(['open', 'closed'] as const)('no act reaches Twinpane\'s own UI, whose root is %s: Tab passes it by, keys and blur stay out of it', async (mode) => {
  const page = await open('<input id=a><button id=b>ok</button>');
  await page.evaluate((mode) => {
    // As the customer script makes it: first in the tab order, the focus passed on to its buttons. Here capture even sees the root being attached.
    const host = document.createElement('div');
    host.id = 'twinpane';
    host.tabIndex = 1;
    const own = document.createElement('button');
    own.textContent = 'End';
    host.attachShadow({ mode, delegatesFocus: true }).append(own);
    document.documentElement.append(host);
    const w = window as unknown as { own: HTMLElement; reached: string[] };
    w.own = own;
    w.reached = [];
    for (const type of ['click', 'mousedown', 'mouseover', 'keydown', 'keyup', 'focus', 'blur']) for (const el of [host, own]) el.addEventListener(type, (e) => w.reached.push(e.type));
  }, mode);
  const active = (): Promise<string> => page.evaluate(() => document.activeElement!.id || document.activeElement!.localName);
  const tab = (mods: number): unknown[] => [7, 0, 'Tab', 'Tab', mods];
  await act(page, [9, 0], tab(0));
  expect(await active()).toBe('a');
  const seen: string[] = [];
  for (const mods of [0, 0, 1, 1]) {
    await act(page, tab(mods));
    seen.push(await active());
  }
  expect(seen).toEqual(['b', 'a', 'b', 'a']);
  await act(page, [9, 0], tab(1));
  expect(await active()).toBe('b');
  expect(await page.evaluate(() => (window as unknown as { reached: string[] }).reached)).toEqual([]);
  // The customer's focus is in it: keys go to the page's body, and a click on nothing does not take the focus away.
  await page.evaluate(() => {
    const w = window as unknown as { own: HTMLElement; reached: string[]; body: string[] };
    w.own.focus();
    w.reached = [];
    w.body = [];
    document.body.addEventListener('keydown', (e) => w.body.push(e.key));
  });
  await act(page, [7, 0, 'Enter', 'Enter', 0], [7, 0, ' ', 'Space', 0], [7, 0, 'Escape', 'Escape', 0], [9, 0], [3, 1, 5000, 9999, 0, 1, 0], [10, 1]);
  expect(await active()).toBe('twinpane');
  expect(await page.evaluate(() => [(window as unknown as { body: string[] }).body, (window as unknown as { reached: string[] }).reached])).toEqual([['Enter', ' ', 'Escape'], []]);
  await act(page, tab(0));
  expect(await active()).toBe('a');
  await page.close();
});

test('navigate: go on the own origin, back, reload; nothing else', async () => {
  bench.serve('/elsewhere', '<!doctype html><title>elsewhere</title>');
  const page = await open('<p>start</p>');
  const start = page.url();
  expect(await act(page, [8, 'go', 'https://evil.example/'], [8, 'go', 'javascript:alert(1)'], [8, 'up'])).toEqual([1, 2, 3].map(() => ({ ok: false, code: 4403 })));
  expect(await act(page, [8, 'go', '/elsewhere'])).toEqual([{ ok: true }]);
  await page.waitForURL('**/elsewhere');
  await page.goBack();
  expect(page.url()).toBe(start);
  await page.close();
});

test('where agents may not send forms, no act does: by button, label, Enter, Space, or a listener of the page', async () => {
  const page = await open(`<form id=g><button id=b><b id=in>ok</b></button><label id=l for=b>send</label><input id=i><div id=d>div</div><input id=box type=checkbox></form>
    <button id=plain>not of a form</button>`, { formValues: 'shown', mask: [], submit: false });
  await page.evaluate(() => { document.querySelector('#d')!.addEventListener('click', () => { document.querySelector<HTMLFormElement>('#g')!.requestSubmit(); }); });
  const click = (id: string): unknown[] => [3, id, 5000, 5000, 0, 1, 0];
  const closed = { ok: false, code: 4404 };
  expect(await act(page, click('#b'), click('#in'), click('#l'), [7, '#i', 'Enter', 'Enter', 0], [7, '#b', 'Enter', 'Enter', 0], [7, '#b', ' ', 'Space', 0]))
    .toEqual([closed, closed, closed, closed, closed, closed]);
  expect(await act(page, click('#d'), click('#plain'), [7, '#box', ' ', 'Space', 0])).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
  expect((await log(page)).filter((e) => /submit/.test(e))).toEqual([]);
  expect(await page.evaluate(() => document.querySelector<HTMLInputElement>('#box')!.checked)).toBe(true);
  // The customer's own press sends it.
  await page.click('#b');
  expect((await log(page)).filter((e) => /submit/.test(e))).toEqual(['submit g']);
  await page.close();
});
