import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Operation } from '@twinpane/protocol';
import type { Page } from 'playwright-core';
import { hash, startHarness, type Entry, type Harness } from './harness.ts';
import { begin, comment, doc, doctype, el, page as pageOf, shadow, svg, text, URL0 } from './tape.ts';

declare const TP: Entry;

let harness: Harness;
let page: Page;
beforeAll(async () => {
  harness = await startHarness();
  page = await harness.open();
});
afterAll(() => harness?.stop());
beforeEach(() => harness.forget());

const show = (ops: Operation[]): Promise<boolean> => page.evaluate((o) => TP.show(o), ops);
const send = (...ops: Operation[]): Promise<boolean> => page.evaluate((o) => TP.send(o), ops);
const id = (selector: string): Promise<number> => page.evaluate((s) => TP.id(s), selector);
const css = (selector: string, property: string, pseudo?: string): Promise<string> => page.evaluate(([s, p, q]) => TP.css(s!, p!, q), [selector, property, pseudo]);
const html = (selector: string): Promise<string> => page.evaluate((s) => TP.query(s).innerHTML, selector);
const detail = (): Promise<unknown> => page.evaluate(() => TP.log.broken);
const broken = (): Promise<string[]> => page.evaluate(() => TP.log.broken.map((b) => b.why));
const prop = (selector: string, name: string): Promise<unknown> => page.evaluate(([s, n]) => (TP.query(s!) as unknown as Record<string, unknown>)[n!], [selector, name]);

describe('tree', () => {
  test('a page is built with its doctype, namespaces, comments and attributes', async () => {
    await show(pageOf([
      comment(), el('p', { id: 'p', '@click': 'x', '(tap)': 'y', ':k': 'z' }, [text('a'), el('br')]),
      svg('svg', { viewBox: '0 0 4 4' }, [svg('linearGradient', { id: 'g' }), svg('foreignObject', {}, [el('div', { id: 'in-svg' })]), svg('use', { 'xlink:href': '#g' })]),
      svg('math', {}, [svg('mi', {}, [text('x')])]),
    ]));
    const got = await page.evaluate(() => {
      const d = TP.mirror.document;
      const use = d.querySelector('use')!;
      return {
        mode: d.compatMode, doctype: d.doctype?.name,
        p: [...TP.query('#p').attributes].map((a) => [a.name, a.value]),
        ns: [d.querySelector('linearGradient')!.namespaceURI, d.querySelector('#in-svg')!.namespaceURI, d.querySelector('mi')!.namespaceURI].map((n) => n!.split('/').pop()),
        xlink: use.getAttributeNS('http://www.w3.org/1999/xlink', 'href'),
      };
    });
    expect(got).toEqual({
      mode: 'CSS1Compat', doctype: 'html', p: [['id', 'p'], ['@click', 'x'], ['(tap)', 'y'], [':k', 'z']],
      ns: ['svg', 'xhtml', 'MathML'], xlink: '#g',
    });
  });

  test('quirks and limited-quirks documents', async () => {
    await show([begin({ q: 1 }), [2, 0, 0, 1, ...doc([el('html', {}, [el('body')])], true)], [1]]);
    expect(await page.evaluate(() => TP.mirror.document.compatMode)).toBe('BackCompat');
    const cell = el('table', { style: 'border-spacing:0' }, [el('td', { style: 'padding:0;line-height:40px;font-size:4px' }, [el('img', { id: 'i', style: 'width:9px;height:9px' })])]);
    const height = async (publicId: string): Promise<number> => {
      await show([begin(), [2, 0, 0, 1, ...doc([doctype('html', publicId, publicId && 'http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd'), el('html', {}, [el('body', {}, [cell])])])], [1]]);
      return page.evaluate(() => TP.query('td').offsetHeight);
    };
    // The line height of images alone in a cell is the difference between the two modes.
    expect(await height('')).toBe(40);
    expect(await height('-//W3C//DTD XHTML 1.0 Transitional//EN')).toBe(9);
  });

  test('add, move, remove, attributes, text and splice', async () => {
    await show(pageOf([el('ul', {}, [el('li', { id: 'a' }, [text('one')]), el('li', { id: 'b' }, [text('two')])])]));
    const ul = await id('ul'), a = await id('#a'), b = await id('#b');
    await send([2, ul, b, 100, ...el('li', { id: 'c' }, [text('three')]), ...text('tail')], [4, a, ul, 0], [5, b, 'class', 'x', 'id', null], [6, a + 1, 'ONE'], [7, b + 1, 1, 1, 'WW']);
    expect(await html('ul')).toBe('<li id="c">three</li>tail<li class="x">tWWo</li><li id="a">ONE</li>');
    await send([3, 102, 100]);
    expect(await html('ul')).toBe('<li class="x">tWWo</li><li id="a">ONE</li>');
    expect(await broken()).toEqual([]);
  });

  test('a tape that is cut goes on where it was', async () => {
    await page.evaluate((ops) => TP.show(ops), [begin(), [2, 0, 0, 1, ...doc([]).slice(0, -1), 1, 'html', 1, 'body', 129, 'p', 'id', 'x'] as Operation]);
    await send([13, 2, 'hello', 0] as Operation, [5, 4, 'class', 'late'] as Operation);
    await send([13, 1, 'b', 0, 0, 0, 0], [1]);
    expect(await page.evaluate(() => TP.mirror.document.documentElement.outerHTML)).toBe('<html><body><p id="x" class="late">hello</p><b></b></body></html>');
  });

  test('forms whose fields shadow DOM methods', async () => {
    await show(pageOf([el('form', { id: 'f' }, ['insertBefore', 'setAttribute', 'parentNode', 'childNodes', 'removeChild', 'appendChild'].map((name) => el('input', { name, id: name }))),
      el('img', { name: 'createElement' }), el('form', { name: 'adoptedStyleSheets' })]));
    const f = await id('#f'), one = await id('#parentNode');
    await send([2, f, one, 200, ...el('i', { id: 'new' })], [5, f, 'class', 'k'], [3, one], [15, f], [14, f]);
    expect(await page.evaluate(() => [TP.query('#f').className, [...TP.mirror.document.querySelectorAll('#f > *')].map((e) => e.id)])).toEqual(['k', ['insertBefore', 'setAttribute', 'new', 'childNodes', 'removeChild', 'appendChild']]);
    expect(await broken()).toEqual([]);
  });

  test('custom elements count as defined', async () => {
    await show(pageOf([el('my-card', { id: 'c' }, [text('x')]), el('font-face', { id: 'r' })], [el('style', {}, [text(':not(:defined){display:none}')])]));
    expect(await css('#c', 'display')).toBe('inline');
  });
});

describe('shadow roots and frames', () => {
  test('shadow root with slot, styles of its own, adopted sheets', async () => {
    await show(pageOf([el('x-host', { id: 'h' }, [shadow(el('style', {}, [text('b{color:rgb(1,1,1)}')]), el('b', { id: 'in' }), el('slot')), el('i', {}, [text('light')])])]));
    const h = await id('#h');
    await send([18, h + 1, 900, 901], [17, 900, 'b{font-size:31px}'], [17, 901, 'b{background-color:'], [19, 901, 'rgb(9,9,9)}']);
    const got = await page.evaluate(() => {
      const root = TP.query('#h').shadowRoot!;
      const s = getComputedStyle(root.querySelector('#in')!);
      return [s.color, s.fontSize, s.backgroundColor, root.querySelector('slot')!.assignedElements().length];
    });
    expect(got).toEqual(['rgb(1, 1, 1)', '31px', 'rgb(9, 9, 9)', 1]);
    await send([18, h + 1, 901]);
    expect(await page.evaluate(() => getComputedStyle(TP.query('#h').shadowRoot!.querySelector('#in')!).fontSize)).toBe('16px');
    expect(await page.evaluate(() => TP.mirror.serialize()!.children![1]!.children![1]!.children![0]!.children![0]!.kind)).toBe(5);
  });

  test('nested frames are filled, closed, survive a move and are reached by hits', async () => {
    const inner = doc([el('html', {}, [el('body', { style: 'margin:0' }, [el('button', { id: 'deep', style: 'width:50px;height:20px' })])])], true);
    const outer = doc([doctype(), el('html', {}, [el('body', { style: 'margin:0' }, [el('iframe', { style: 'border:5px solid;width:200px;height:100px' }, [inner])])])]);
    await show(pageOf([el('div', { id: 'a' }, [el('iframe', { src: 'https://evil.example/', name: 'n', style: 'border:0;width:300px;height:200px', sandbox: 'allow-scripts', srcdoc: '<script>1</script>' }, [outer])]), el('div', { id: 'b' })]));
    const look = (): Promise<unknown> => page.evaluate(() => {
      const f1 = TP.query('iframe') as HTMLIFrameElement;
      const f2 = f1.contentDocument!.querySelector('iframe')!;
      return [f1.getAttribute('sandbox'), f1.hasAttribute('src'), f1.hasAttribute('srcdoc'), f1.contentDocument!.compatMode, f2.contentDocument!.compatMode, f2.contentDocument!.querySelector('#deep')!.tagName, f2.getAttribute('sandbox')];
    });
    expect(await detail()).toEqual([]);
    const expected = ['allow-same-origin', false, false, 'CSS1Compat', 'BackCompat', 'BUTTON', 'allow-same-origin'];
    expect(await look()).toEqual(expected);
    const hit = await page.evaluate(() => {
      const h = TP.mirror.hit(30, 15)!;
      return { id: h.node.attribute('id'), fx: h.fx, fy: h.fy, box: h.box };
    });
    expect(hit).toEqual({ id: 'deep', fx: 5000, fy: 5000, box: { x: 5, y: 5, width: 50, height: 20 } });
    const frame = await id('iframe');
    await send([4, frame, await id('#b'), 0]);
    expect(await look()).toEqual(expected);
    // Taken out and put in anew by a browser that cannot move: the document is lost and filled again.
    await page.evaluate(() => {
      const f = TP.query('iframe');
      const parent = f.parentNode!;
      f.remove();
      parent.append(f);
      TP.mirror.view.frames.seat();
    });
    expect(await look()).toEqual(expected);
    expect(await page.evaluate(() => TP.mirror.serialize()!.children![1]!.children![1]!.children![1]!.children![0]!.attributes!['src'])).toBe('https://evil.example/');
    expect(harness.requests).toEqual([]);
  });

  test('dialogs and pop-overs in the top layer', async () => {
    await show(pageOf([el('dialog', { id: 'd', open: '' }, [text('x')]), el('div', { id: 'p', popover: 'auto' }, [text('y')]), el('button', { id: 'out', style: 'position:fixed;left:0;top:0;width:9px;height:9px' })]));
    const d = await id('#d'), p = await id('#p');
    const state = (): Promise<unknown> => page.evaluate(() => [TP.query('#d').matches(':modal'), (TP.query('#d') as HTMLDialogElement).open, TP.query('#p').matches(':popover-open')]);
    expect(await state()).toEqual([false, true, false]);
    await send([9, d, 4], [9, p, 8]);
    expect(await state()).toEqual([true, true, true]);
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY');
    await send([9, p, 0], [5, d, 'open', null], [9, d, 0]);
    expect(await state()).toEqual([false, false, false]);
    await send([5, d, 'open', ''], [9, d, 4], [9, d, 0]);
    expect(await state()).toEqual([false, true, false]);
    expect(await broken()).toEqual([]);
  });
});

describe('style sheets', () => {
  test('link and style by op 17, text by op 6, media, disabled', async () => {
    await show(pageOf([el('b', { id: 'b' })], [
      el('link', { id: 'l', rel: 'stylesheet', href: 'css/x.css' }), el('style', { id: 's' }, [text('b{color:rgb(2,2,2)}')]), el('link', { id: 'alt', rel: 'alternate stylesheet', href: 'y.css' }),
    ], [[17, 5, 'b{color:rgb(1,1,1);font-size:20px}'], [17, 8, 'b{font-size:1px}']]));
    expect([await css('#b', 'color'), await css('#b', 'font-size')]).toEqual(['rgb(2, 2, 2)', '20px']);
    await send([6, 7, 'b{color:rgb(3,3,3)}']);
    expect(await css('#b', 'color')).toBe('rgb(3, 3, 3)');
    await send([17, 6, 'b{color:rgb(4,4,4)}'], [19, 6, 'b{left:3px}']);
    expect([await css('#b', 'color'), await css('#b', 'left')]).toEqual(['rgb(4, 4, 4)', '3px']);
    await send([5, 5, 'media', 'print']);
    expect(await css('#b', 'font-size')).toBe('16px');
    await send([5, 5, 'media', null, 'disabled', '']);
    expect(await css('#b', 'font-size')).toBe('16px');
    const s = await page.evaluate(() => TP.mirror.serialize(4)!.children!.map((c) => [c.tag, c.attributes]));
    expect(s[0]).toEqual(['link', { id: 'l', rel: 'stylesheet', href: 'css/x.css', disabled: '' }]);
    expect(harness.requests).toEqual([]);
  });

  test('hover and focus are mirrored states, the scripting query is the customer\'s', async () => {
    await show(pageOf([el('div', { id: 'o' }, [el('a', { id: 'a', href: 'https://shop.example/x' }, [text('a')])]), el('input', { id: 'i' })], [
      el('style', {}, [text('a:hover{color:rgb(1,1,1)}#o:hover,#none:hover{top:7px}input:focus{left:5px}body:focus-within{right:6px}input:focus-visible{bottom:8px}@media (scripting:enabled){a{font-size:33px}}@media (hover:hover){a{font-weight:800}}')]),
    ]));
    const look = async (): Promise<string[]> => [await css('#a', 'color'), await css('#o', 'top'), await css('#i', 'left'), await css('body', 'right'), await css('#i', 'bottom')];
    const off = await look();
    expect(await css('#a', 'font-size')).toBe('33px');
    expect(await css('#a', 'font-weight')).toBe('800');
    await send([15, await id('#a')], [14, await id('#i')]);
    expect(await look()).toEqual(['rgb(1, 1, 1)', '7px', '5px', '6px', '8px']);
    expect(await css('#i', 'outline-style')).toBe('auto');
    await send([15, 0], [14, 0]);
    expect(await look()).toEqual(off);
    await send([15, await id('#a')]);
    expect(await page.evaluate(() => [TP.mirror.document.documentElement.outerHTML, JSON.stringify(TP.mirror.serialize())].map((s) => s.includes(TP.mirror.view.names.hover)))).toEqual([true, false]);
  });

  test('resources: pictures, srcset, sheets, inline styles; late ones arrive by op 23', async () => {
    await show(pageOf([
      el('img', { id: 'i', src: 'img/a.png' }), el('img', { id: 's', src: 'none.png', srcset: 'img/a.png 2x, /b.png 1x' }),
      el('div', { id: 'd', style: 'background: url("img/a.png")' }), el('p', { id: 'p' }), el('video', { id: 'v', src: 'm.mp4', poster: 'img/a.png' }),
      el('canvas', { id: 'c', width: '120', height: '80' }), svg('svg', {}, [svg('image', { id: 'si', href: 'img/a.png' })]),
    ], [el('base', { href: 'https://cdn.example/' }), el('link', { rel: 'stylesheet', href: '/css/x.css' })], [[17, 6, '@import "more.css"; p{background-image:url(../img/a.png), url(data:image/gif;base64,R0lGODlhAQABAAAAACw=)}']]));
    expect(harness.requests).toEqual([]);
    expect(await prop('#c', 'offsetWidth')).toBe(120);
    const before = await page.evaluate(() => TP.mirror.serialize());
    // Not even when the canvas was looked at twice is our own style taken for the page's.
    expect(JSON.stringify(before)).not.toContain('data:image/svg');
    const url = 'https://cdn.example/img/a.png', stored = `${harness.origin}/res/${hash('a')}`;
    await send([25, await id('#c'), 'canvas', url]);
    await send([23, url, hash('a'), 'image/png'], [23, 'https://cdn.example/css/more.css', hash('b'), 'text/css']);
    const got = await page.evaluate(() => {
      const q = TP.query;
      return [(q('#i') as HTMLImageElement).src, q('#s').getAttribute('srcset'), q('#v').getAttribute('poster'), q('#v').hasAttribute('src'), q('#si').getAttribute('href')];
    });
    expect(got).toEqual([stored, `${stored} 2x`, stored, false, stored]);
    expect(await css('#d', 'background-image')).toBe(`url("${stored}")`);
    expect(await css('#c', 'content')).toBe(`url("${stored}")`);
    expect(await css('#p', 'background-image')).toContain(stored);
    // The element keeps what was sent.
    expect(await page.evaluate(() => TP.mirror.serialize())).toEqual(before);
    await page.waitForFunction(() => (TP.query('#i') as HTMLImageElement).naturalWidth === 2);
    await send([2, await id('body'), 0, 500, ...el('b', { id: 'b' })]);
    await page.waitForFunction(() => TP.css('#b', 'color') === 'rgb(1, 2, 3)');
    expect(new Set(harness.requests)).toEqual(new Set([stored, `${harness.origin}/res/${hash('b')}`]));
    await send([23, url, '', '']);
    expect(await page.evaluate(() => (TP.query('#i') as HTMLImageElement).src.slice(0, 14))).toBe('data:image/gif');
  });
});

describe('form state', () => {
  test('values, checks, choices', async () => {
    await show(pageOf([
      el('input', { id: 't', value: 'default' }), el('input', { id: 'c', type: 'checkbox' }), el('textarea', { id: 'a' }, [text('x')]),
      el('select', { id: 's' }, [el('option', {}, [text('1')]), el('option', { id: 'o2' }, [text('2')])]),
      el('select', { id: 'm', multiple: '' }, [el('option', { id: 'm1', selected: '' }), el('option', { id: 'm2' })]),
    ]));
    await send([8, await id('#t'), 'typed'], [9, await id('#c'), 3], [8, await id('#a'), 'two\nlines'], [9, await id('#o2'), 1], [9, await id('#m1'), 0], [9, await id('#m2'), 1], [26, await id('#t'), 1, 2]);
    const fields = await page.evaluate(() => {
      const all: Record<string, unknown> = {};
      const walk = (d: ReturnType<typeof TP.mirror.serialize>): void => {
        if (d!.attributes?.['id']) all[d!.attributes['id']] = [d!.value, d!.checked, d!.indeterminate, d!.selected];
        d!.children?.forEach(walk);
      };
      walk(TP.mirror.serialize());
      return all;
    });
    expect(fields).toEqual({
      t: ['typed', undefined, undefined, undefined], c: ['on', true, true, undefined], a: ['two\nlines', undefined, undefined, undefined], s: ['2', undefined, undefined, undefined],
      o2: [undefined, undefined, undefined, true], m: ['', undefined, undefined, undefined], m1: [undefined, undefined, undefined, false], m2: [undefined, undefined, undefined, true],
    });
  });

  test('hidden fields show dots, keep their boxes and their secrets', async () => {
    const types = ['text', 'email', 'password', 'number', 'date', 'checkbox', 'radio', 'range', 'color', 'search'];
    const form = (privacy: 0 | 1 | 2): ReturnType<typeof el>[] => [
      ...types.map((type, i) => el('input', { id: `f${i}`, type, value: '5' }, [], { privacy })), el('textarea', { id: 'ta' }, [text('5')], { privacy }),
      el('select', { id: 'se' }, [el('option', {}, [text('A')]), el('option', { selected: '' }, [text('B long')])], { privacy }), el('p', { id: 'pa' }, [text('\u2022'.repeat(8))], { privacy: privacy === 1 ? 0 : privacy }),
    ];
    const boxes = (): Promise<unknown> => page.evaluate(() => [...TP.mirror.document.querySelectorAll('body *')].map((e) => {
      const r = e.getBoundingClientRect();
      return [e.id, Math.round(r.x), Math.round(r.y), Math.round(r.width), Math.round(r.height)];
    }));
    await show(pageOf(form(0)));
    const plain = await boxes();
    await show(pageOf(form(1)));
    expect(await boxes()).toEqual(plain);
    const shown = (): Promise<unknown[]> => page.evaluate((n) => [...Array.from({ length: n }, (_, i) => (TP.query(`#f${i}`) as HTMLInputElement).value), (TP.query('#ta') as HTMLTextAreaElement).value, (TP.query('#se') as HTMLSelectElement).selectedIndex], types.length);
    const dots = '\u2022'.repeat(8);
    expect(await shown()).toEqual([dots, '', dots, '', '', 'on', 'on', '50', '#000000', dots, dots, -1]);
    expect(await page.evaluate(() => TP.mirror.page.hidden)).toBe(types.length + 2);
    expect(await page.evaluate(() => JSON.stringify(TP.mirror.serialize()))).not.toContain('"value":"');
    await send([8, await id('#f0'), 'secret'], [9, await id('#f5'), 1], [2, await id('#se'), 0, 700, ...el('option', { selected: '' }, [text('C')])]);
    expect(await shown()).toEqual([dots, '', dots, '', '', 'on', 'on', '50', '#000000', dots, dots, -1]);
    expect(await prop('#f5', 'checked')).toBe(false);
    // Shown again: empty until the customer sends what is there.
    await send([24, await id('#f0'), 0], [8, await id('#f0'), 'open now']);
    expect(await prop('#f0', 'value')).toBe('open now');
    await send([24, await id('#f0'), 2]);
    expect(await prop('#f0', 'value')).toBe(dots);
    expect(await page.evaluate(() => JSON.stringify(TP.mirror.node(TP.id('#f0'))!.x ?? {}))).not.toContain('open now');
  });

  test('a class is inherited and follows a move', async () => {
    await show(pageOf([el('div', { id: 'm' }, [el('input', { id: 'i' })], { privacy: 2 }), el('div', { id: 'o' })]));
    expect(await prop('#i', 'value')).toBe('\u2022'.repeat(8));
    await send([4, await id('#i'), await id('#o'), 0]);
    expect(await prop('#i', 'value')).toBe('');
    expect(await page.evaluate(() => TP.mirror.page.hidden)).toBe(1);
  });
});

describe('scrolling', () => {
  test('documents and elements, without smooth delay, and again when the page grows late', async () => {
    await show(pageOf([el('div', { id: 'box', style: 'width:100px;height:100px;overflow:auto' }, [el('div', { style: 'height:900px' })]), el('div', { style: 'height:500px' }), el('div', { id: 'grow' })],
      [el('style', {}, [text('*{scroll-behavior:smooth}')])], []));
    await send([10, await id('#box'), 0, 333.5], [10, 1, 0, 700]);
    const at = (): Promise<unknown> => page.evaluate(() => [Math.round(TP.query('#box').scrollTop), Math.round(TP.mirror.document.defaultView!.scrollY)]);
    expect(await at()).toEqual([334, 0]);
    await page.evaluate(() => void (TP.query('#grow').style.height = '2000px'));
    await send([21, 'grown']);
    expect(await at()).toEqual([334, 700]);
    await page.evaluate(() => void (TP.mirror.follow = false));
    await send([10, 1, 0, 100]);
    expect(await at()).toEqual([334, 700]);
    await page.evaluate(() => void (TP.mirror.follow = true));
    expect(await at()).toEqual([334, 100]);
  });

  test('a picture that loads late', async () => {
    await show(pageOf([el('img', { id: 'i', src: 'a.png', style: 'width:2400px;max-height:100px;height:auto;display:block' }), el('style', {}, [text('img[late]{max-height:none!important}')])], [], [[10, 1, 0, 150]]));
    expect(await page.evaluate(() => TP.mirror.document.defaultView!.scrollY)).toBe(0);
    // A 2 × 1 picture is 1200 px high once it is there.
    await send([23, URL0 + 'a.png', hash('a'), 'image/png'], [5, await id('#i'), 'late', '']);
    await page.waitForFunction(() => (TP.query('#i') as HTMLImageElement).naturalWidth === 2);
    await page.waitForFunction(() => TP.mirror.document.defaultView!.scrollY === 150);
  });
});

describe('the stream', () => {
  test('page facts, viewport, pointer, clicks, painted', async () => {
    await show(pageOf([]));
    await send([11, 1024, 500, 2], [20, 'https://shop.example/next'], [21, 'Next'], [12, 1, 2, 0, 3, 4, 16], [16, 3, 5, 6]);
    const last = await page.evaluate(() => [TP.log.pages[TP.log.pages.length - 1], TP.log.moves, TP.log.clicks]);
    expect(last).toEqual([
      { url: 'https://shop.example/next', title: 'Next', width: 1024, height: 500, dpr: 2, lang: 'en', complete: true, hidden: 0 },
      [{ x: 1, y: 2, dt: 0 }, { x: 3, y: 4, dt: 16 }], [[5, 6, 3]],
    ]);
    expect(await page.evaluate(() => TP.mirror.document.defaultView!.innerWidth)).toBe(1024);
    await page.evaluate(() => TP.painted());
    expect(await page.evaluate(() => TP.log.painted.at(-1)!.s)).toBe(2);
  });

  test('gap, repeated batch, checksum, nonsense', async () => {
    const ops = pageOf([el('p', {}, [text('x')])]);
    await show(ops);
    await page.evaluate((o) => TP.mirror.apply({ v: 1, e: TP.mirror.epoch, s: 1, o }), ops);
    expect(await broken()).toEqual([]);
    expect(await page.evaluate(() => TP.mirror.apply({ v: 1, e: TP.mirror.epoch, s: 3, o: [] }))).toBe(false);
    expect(await page.evaluate(() => TP.mirror.apply({ v: 1, e: TP.mirror.epoch, s: 2, o: [] }))).toBe(false);
    expect(await broken()).toEqual(['gap']);
    const bad: [Operation, string][] = [
      [[22, 7, 1], 'checksum'], [[3, 99], 'invalid'], [[5, 99, 'a', 'b'], 'invalid'], [[2, 5, 0, 3, 3], 'invalid'], [[4, 3, 5, 0], 'invalid'], [[99], 'invalid'],
      [[7, 7, 0, 99, ''], 'invalid'], [[17, 777, 'a{}'], 'invalid'], [[18, 5, 900], 'invalid'], [[2, 7, 0, 100, 2, 'x'], 'invalid'], [begin(), 'invalid'],
    ];
    for (const [op, why] of bad) {
      await show(ops);
      expect([JSON.stringify(op), await send(op), await broken()]).toEqual([JSON.stringify(op), false, [why]]);
    }
    // 14, 15, 16 name nodes that may have gone.
    await show(ops);
    expect(await send([14, 99], [15, 99], [16, 99, 1, 1])).toBe(true);
  });

  test('a snapshot in lines, then batches; an older epoch is ignored, a new page life begins', async () => {
    await page.evaluate(() => TP.start());
    const line = (o: Operation[], s = 7): Promise<boolean> => page.evaluate(([ops, n]) => TP.mirror.apply({ v: 1, e: 5, s: n as number, o: ops as Operation[] }, true), [o, s] as const);
    await line([begin(), [2, 0, 0, 1, ...doc([el('html', {}, [el('body')])]).slice(0, -2)]]);
    expect(await page.evaluate(() => TP.mirror.document.documentElement.clientWidth)).toBe(0);
    await line([[13, 0, 0], [1]]);
    expect(await page.evaluate(() => TP.mirror.document.documentElement.clientWidth)).toBe(800);
    const apply = (e: number, s: number, o: Operation[]): Promise<boolean> => page.evaluate(([a, b, c]) => TP.mirror.apply({ v: 1, e: a, s: b, o: c }), [e, s, o] as const);
    expect(await apply(5, 7, [[21, 'no']])).toBe(true);
    expect(await apply(4, 8, [[21, 'no']])).toBe(true);
    expect(await apply(5, 8, [[21, 'yes']])).toBe(true);
    expect(await page.evaluate(() => TP.mirror.page.title)).toBe('yes');
    expect(await apply(6, 1, [begin({ t: 'new' }), [2, 0, 0, 1, ...doc([el('html')])], [1]])).toBe(true);
    expect(await page.evaluate(() => [TP.mirror.page.title, TP.mirror.epoch, TP.mirror.document.documentElement.outerHTML])).toEqual(['new', 6, '<html></html>']);
    await page.evaluate(() => TP.mirror.reset());
    expect(await page.evaluate(() => [TP.mirror.page.title, TP.mirror.epoch, TP.mirror.document.childNodes.length])).toEqual(['', 0, 0]);
  });

  test('the frame has to be closed', async () => {
    const error = await page.evaluate(() => {
      document.querySelector('iframe')!.setAttribute('sandbox', 'allow-same-origin allow-scripts');
      try {
        new (TP.mirror.constructor as new (f: Element, o: object) => unknown)(document.querySelector('iframe')!, { resources: '/' });
        return '';
      } catch (e) {
        return (e as Error).message;
      }
    });
    expect(error).toContain('allow-same-origin');
  });
});

test('what a page says of a frame by its name applies to it', async () => {
  await show(pageOf([el('iframe', { id: 'f', name: 'demo' })], [el('link', { rel: 'stylesheet', href: '/x.css' })], [[17, 5, "iframe[name='demo']{width:511px}"]]));
  expect(await css('#f', 'width')).toBe('511px');
});
