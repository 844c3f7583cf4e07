import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Harness as H } from './entry.ts';
import { Bench } from './browser.ts';

declare const Harness: typeof H;

let bench: Bench;
beforeAll(async () => { bench = await Bench.start(); }, 60_000);
afterAll(async () => {
  expect(bench.errors).toEqual([]);
  await bench.stop();
});

describe('snapshot and changes', () => {
  test('a page with all kinds of nodes', async () => {
    const page = await bench.open(`<p>a<!--secret comment--><script>1</script><noscript>n</noscript><b>c</b></p><template><i>t</i></template>
      <svg viewBox="0 0 1 1"><linearGradient id=g></linearGradient><use xlink:href="#g"/></svg><math><mi>x</mi></math><div id=twinpane>own</div>
      <div id=host></div><iframe id=f srcdoc="<!doctype html><p>inner</p>"></iframe>`, '<link rel=preload href=x as=style><meta name=viewport content="width=1"><meta name=author content=me>');
    await page.waitForFunction(() => document.querySelector<HTMLIFrameElement>('#f')!.contentDocument?.querySelector('p'));
    const r = await page.evaluate(() => {
      document.querySelector('#host')!.attachShadow({ mode: 'open', delegatesFocus: true }).innerHTML = '<b>in shadow</b><slot></slot>';
      const h = new Harness().begin(7);
      return { d: h.differences(), info: h.model.info, complete: h.model.complete, json: h.json.join(), last: h.batches.at(-1)!.o.at(-1), nodes: h.model.nodes.size };
    });
    expect(r.d).toEqual([]);
    expect(r.complete).toBe(true);
    expect(r.info).toMatchObject({ title: 'Test', width: 800, height: 600, lang: 'en', quirks: false });
    expect(r.last!.slice(0, 2)).toEqual([22, r.nodes]);
    for (const never of ['secret comment', 'noscript', 'harness.js', 'srcdoc', 'preload', 'own']) expect(r.json).not.toContain(`"${never}"`);
    expect(r.json).toContain('in shadow');
    expect(r.json).toContain('inner');
    await page.close();
  });

  test('frames: a new document replaces the old one, also later shadow roots, closed ones too', async () => {
    bench.serve('/inner', '<!doctype html><title>i</title><p id=p>second</p>');
    const page = await bench.open('<iframe id=f srcdoc="<p>first</p>"></iframe><div id=host></div>');
    await page.waitForFunction(() => document.querySelector<HTMLIFrameElement>('#f')!.contentDocument?.querySelector('p'));
    await page.evaluate(() => {
      Object.assign(window, { h: new Harness().begin(1) });
      document.querySelector<HTMLIFrameElement>('#f')!.removeAttribute('srcdoc');
      document.querySelector<HTMLIFrameElement>('#f')!.src = '/inner';
    });
    await page.waitForFunction(() => (window as unknown as { h: H }).h.json.join().includes('second'));
    const r = await page.evaluate(async () => {
      const { h } = window as unknown as { h: H };
      const inner = document.querySelector<HTMLIFrameElement>('#f')!.contentDocument!;
      inner.querySelector('p')!.append('changed in frame');
      const root = document.querySelector('#host')!.attachShadow({ mode: 'closed' });
      root.innerHTML = '<u>closed</u>';
      h.capture.flush();
      root.querySelector('u')!.append(' but followed');
      h.capture.flush();
      document.querySelector('#f')!.remove();
      h.capture.flush();
      return { json: h.json.join(), errors: h.capture.errors, frames: [...h.model.nodes.values()].filter((n) => n.kind === 6).length };
    });
    expect(r.json).toContain('changed in frame');
    expect(r.json).toContain(' but followed');
    expect(r).toMatchObject({ errors: 0, frames: 1 });
    await page.close();
  });

  test('document.open and write: a new page in the old document', async () => {
    const page = await bench.open('<p>old</p>');
    await page.evaluate(() => {
      const w = window as unknown as { h: H };
      w.h = new Harness().begin(1);
      document.open();
      document.write('<!doctype html><title>New</title><body><input id=i><p>new</p>');
      document.close();
    });
    await page.fill('#i', 'typed later');
    const r = await page.evaluate(() => {
      const { h } = window as unknown as { h: H };
      return { d: h.differences(), title: h.model.info!.title, value: h.of('#i').value };
    });
    expect(r).toEqual({ d: [], title: 'New', value: 'typed later' });
    await page.close();
  });

  test('long texts and many nodes: batches within the limit, content whole', async () => {
    const page = await bench.open('<pre id=a></pre><div id=b></div>');
    const r = await page.evaluate(() => {
      document.querySelector('#a')!.textContent = 'ünï\u{1f600}'.repeat(60_000);
      document.querySelector('#b')!.innerHTML = Array.from({ length: 17_000 }, (_, i) => `<p class="row r${i}" title="&quot;${i}">text ${i}</p>`).join('');
      const started = performance.now();
      const h = new Harness().begin(1);
      const ms = performance.now() - started;
      const sizes = h.json.map((j) => new TextEncoder().encode(j).length);
      return { d: h.differences(), max: Math.max(...sizes), batches: sizes.length, ms, bytes: sizes.reduce((a, b) => a + b) };
    });
    expect(r.d).toEqual([]);
    expect(r.max).toBeLessThanOrEqual(256 << 10);
    expect(r.batches).toBeGreaterThan(5);
    await page.close();
  });

  test('a second begin is a new epoch with ids from 1; stop leaves nothing behind', async () => {
    const page = await bench.open('<p>x</p><input>');
    const r = await page.evaluate(async () => {
      const watched = [Element.prototype, HTMLInputElement.prototype, HTMLSelectElement.prototype, History.prototype, CSSStyleSheet.prototype, Document.prototype];
      const members = (): unknown[] => watched.flatMap((p) => Object.entries(Object.getOwnPropertyDescriptors(p)).flatMap(([k, d]) => [k, d.value, d.get, d.set]));
      const globals = Object.getOwnPropertyNames(window).length;
      const html = document.documentElement.outerHTML;
      const before = members();
      const h = new Harness();
      h.begin(1);
      const patched = members().some((m, i) => m !== before[i]);
      document.querySelector('p')!.append('1');
      h.begin(2);
      const first = h.batches.findIndex((b) => b.e === 2);
      const d = h.differences();
      h.capture.stop();
      const same = members().every((m, i) => m === before[i]);
      document.querySelector('p')!.append('2');
      document.querySelector('input')!.value = 'x';
      const count = h.batches.length;
      await new Promise((done) => setTimeout(done, 0));
      h.capture.flush();
      return {
        d, patched, same, silent: h.batches.length === count, running: h.capture.running, seq: h.batches[first]!.s, root: h.model.root!.id,
        globals: Object.getOwnPropertyNames(window).length - globals, html: document.documentElement.outerHTML === html.replace('<p>x</p>', '<p>x12</p>'),
      };
    });
    expect(r).toEqual({ d: [], patched: true, same: true, silent: true, running: false, seq: 1, root: 1, globals: 0, html: true });
    await page.close();
  });

  test('one operation for a change of text, none for what did not change', async () => {
    const page = await bench.open('<p id=p></p>');
    const r = await page.evaluate(() => {
      const t = document.querySelector('#p')!.appendChild(document.createTextNode('lorem ipsum '.repeat(20)));
      const h = new Harness().begin(1);
      const count = h.batches.length;
      t.appendData('dolor');
      t.appendData(' sit');
      h.capture.flush();
      t.data = `${t.data}`;
      h.capture.flush();
      return { ops: h.batches.slice(count).flatMap((b) => b.o), d: h.differences(), id: h.capture.idOf(t) };
    });
    expect(r.d).toEqual([]);
    expect(r.ops).toEqual([[7, r.id, 240, 0, 'dolor sit']]);
    await page.close();
  });
});

describe('state', () => {
  test('values, checks, selections, set by hand and by script', async () => {
    const page = await bench.open(`<input id=a value=old><textarea id=b>t</textarea><input id=c type=checkbox checked><input id=d type=radio name=r><input id=e type=radio name=r checked>
      <select id=s><option>1<option id=o2>2</select><select id=m multiple><option id=m1 selected>1<option id=m2>2</select><input id=g type=range value=3>`);
    await page.evaluate(() => Object.assign(window, { h: new Harness({ formValues: 'shown', mask: [] }).begin(1) }));
    await page.fill('#a', 'typed');
    await page.locator('#a').evaluate((el: HTMLInputElement) => el.setSelectionRange(1, 3));
    await page.uncheck('#c');
    await page.selectOption('#s', '2');
    await page.waitForFunction(() => (window as unknown as { h: H }).h.of('#a').selection?.[1] === 3);
    const byHand = await page.evaluate(() => {
      const { h } = window as unknown as { h: H };
      h.capture.flush();
      return { a: h.of('#a').value, sel: h.of('#a').selection, c: h.of('#c').state, o2: h.of('#o2').state };
    });
    expect(byHand).toEqual({ a: 'typed', sel: [1, 3], c: 0, o2: 1 });
    // By script: setters alone, no event. They have to bring about a flush by themselves.
    await page.evaluate(() => {
      const $ = (s: string): HTMLInputElement => document.querySelector(s)!;
      $('#a').value = 'silent';
      $('#b').value = 'longer\ntext';
      $('#c').indeterminate = true;
      $('#d').checked = true;
      $('#g').value = '70';
      (document.querySelector('#m2') as HTMLOptionElement).selected = true;
      (document.querySelector('#m1') as HTMLOptionElement).selected = false;
      (document.querySelector('#s') as HTMLSelectElement).selectedIndex = 0;
    });
    await page.waitForFunction(() => (window as unknown as { h: H }).h.of('#a').value === 'silent');
    const byScript = await page.evaluate(() => {
      const { h } = window as unknown as { h: H };
      const state = (s: string): number => h.of(s).state;
      const silent = [h.of('#b').value, h.of('#g').value, state('#c'), state('#d'), state('#e'), state('#m1'), state('#m2'), state('#o2')];
      const before = h.batches.length;
      h.capture.flush();
      return { silent, quiet: h.batches.length === before };
    });
    expect(byScript).toEqual({ silent: ['longer\ntext', '70', 2, 1, 0, 0, 1, 0], quiet: true });
    await page.close();
  });

  test('a snapshot tells states that no attribute shows', async () => {
    const page = await bench.open('<input id=a value=old><input id=c type=checkbox checked><select id=s><option id=o1>1<option id=o2>2</select><select id=n><option id=n1>1</select><dialog id=d>x</dialog><div id=p popover>y</div>');
    const r = await page.evaluate(() => {
      const $ = (s: string): HTMLInputElement => document.querySelector(s)!;
      $('#a').value = '';
      $('#c').checked = false;
      (document.querySelector('#s') as HTMLSelectElement).selectedIndex = 1;
      (document.querySelector('#n') as HTMLSelectElement).selectedIndex = -1;
      (document.querySelector('#d') as HTMLDialogElement).showModal();
      (document.querySelector('#p') as HTMLElement).showPopover();
      const h = new Harness().begin(1);
      const told = h.batches.flatMap((b) => b.o).filter((o) => o[0] === 8 || o[0] === 9).map((o) => [(h.capture.nodeOf(o[1] as number) as Element).id, o[2]]);
      (document.querySelector('#d') as HTMLDialogElement).close();
      (document.querySelector('#p') as HTMLElement).hidePopover();
      h.capture.flush();
      return { told, d: h.of('#d').state, p: h.of('#p').state };
    });
    expect(r.told.sort()).toEqual([['a', ''], ['c', 0], ['d', 4], ['n1', 0], ['o2', 1], ['p', 8]]);
    expect(r).toMatchObject({ d: 0, p: 0 });
    await page.close();
  });

  test('scrolling, focus, hover, clicks, pointer, viewport, address, title', async () => {
    const page = await bench.open('<div id=s style="height:100px;overflow:auto"><div style="height:900px">x</div></div><div id=host></div><button id=b>go</button><input id=i><div style="height:3000px"></div>');
    await page.evaluate(() => {
      document.querySelector('#host')!.attachShadow({ mode: 'open' }).innerHTML = '<div id=in style="height:50px;overflow:auto"><p style="height:400px"></p></div><input id=si>';
      document.querySelector('#s')!.scrollTop = 30;
      const h = new Harness().begin(1);
      Object.assign(window, { h, initial: h.of('#s').scroll });
    });
    await page.mouse.move(10, 10);
    await page.hover('#b');
    await page.click('#b');
    await page.evaluate(() => {
      document.querySelector('#s')!.scrollTop = 120;
      document.querySelector('#host')!.shadowRoot!.querySelector('#in')!.scrollTop = 44;
      scrollTo(0, 200);
      history.pushState(null, '', '#there?x=1');
      document.title = 'Changed';
    });
    await page.setViewportSize({ width: 640, height: 500 });
    await page.waitForFunction(() => {
      const { h } = window as unknown as { h: H };
      return h.model.root!.scroll[1] === 200 && h.model.info!.width === 640 && h.of('#in', document.querySelector('#host')!.shadowRoot!).scroll[1] === 44;
    });
    const r = await page.evaluate(() => {
      const { h, initial } = window as unknown as { h: H; initial: number[] };
      document.querySelector('#host')!.shadowRoot!.querySelector<HTMLElement>('#si')!.focus();
      h.capture.flush();
      return {
        initial, s: h.of('#s').scroll, focus: (h.capture.nodeOf(h.model.focus) as Element).id, hover: h.model.nodes.has(h.model.hover), pointer: h.model.pointer !== null,
        clicks: h.model.clicks, url: h.model.info!.url, title: h.model.info!.title, height: h.model.info!.height, d: h.differences(),
      };
    });
    expect(r).toMatchObject({ initial: [0, 30], s: [0, 120], focus: 'si', hover: true, pointer: true, clicks: 1, title: 'Changed', height: 500, d: [] });
    expect(r.url).toMatch(/#there\?x=1$/);
    await page.close();
  });
});

test('changes of different kinds are told without being asked, within a frame or so', async () => {
  const page = await bench.open('<p id=p>x</p>');
  await page.evaluate(() => {
    Object.assign(window, { h: new Harness().begin(1) });
    document.querySelector('#p')!.textContent = 'told by itself';
  });
  await page.waitForFunction(() => (window as unknown as { h: H }).h.json.join().includes('told by itself'));
  await page.close();
});

test('a page that changes too much is told in larger steps, and everybody hears of it', async () => {
  const page = await bench.open('<div id=d></div>');
  await page.evaluate(() => {
    const h = new Harness().begin(1);
    const storm = setInterval(() => { document.querySelector('#d')!.textContent = String(Math.random()).repeat(2000); }, 10);
    Object.assign(window, { h, storm });
  });
  await page.waitForFunction(() => (window as unknown as { h: H }).h.degraded.length === 1);
  await page.evaluate(() => clearInterval((window as unknown as { storm: number }).storm));
  await page.waitForFunction(() => (window as unknown as { h: H }).h.degraded.length === 2);
  expect(await page.evaluate(() => [(window as unknown as { h: H }).h.degraded, (window as unknown as { h: H }).h.differences()])).toEqual([[true, false], []]);
  await page.close();
});
