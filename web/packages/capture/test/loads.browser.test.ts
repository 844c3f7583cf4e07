/// <reference types="node" />
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

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

test('style sheets: linked with imports, written through the CSSOM, adopted, in shadow roots; addresses absolute', async () => {
  bench.serve('/css/a.css', '@import "b.css" screen; @import url(c.css) layer(base); .a { background: url(pic.png) }', 'text/css');
  bench.serve('/css/b.css', '.b { color: red; background: url("../up.png") }', 'text/css');
  bench.serve('/css/c.css', '.c { color: blue }', 'text/css');
  const page = await bench.open('<div id=host></div>', '<link id=l rel=stylesheet href=/css/a.css><style id=plain>.p { color: red }</style><style id=empty></style><style id=u>.u { background: url(x.png) }</style>');
  const first = await page.evaluate(() => {
    (document.querySelector('#empty') as HTMLStyleElement).sheet!.insertRule('.before { top: 0 }');
    const h = new Harness().begin(1);
    Object.assign(window, { h });
    return ['#l', '#plain', '#empty', '#u'].map((s) => h.of(s).sheet);
  });
  const o = bench.origin;
  expect(first[0]).toBe(`@media screen{.b { color: red; background: url("${o}/up.png"); }\n}\n@layer base{.c { color: blue; }\n}\n.a { background: url("${o}/css/pic.png"); }\n`);
  expect(first.slice(1)).toEqual([undefined, '.before { top: 0px; }\n', `.u { background: url("${o}/x.png") }`]);
  const later = await page.evaluate(async () => {
    const { h } = window as unknown as { h: H };
    const style = (s: string): CSSStyleSheet => (document.querySelector(s) as HTMLStyleElement).sheet!;
    const ops = (): number[] => h.batches.slice(count).flatMap((b) => b.o.map((op) => op[0]));
    let count = h.batches.length;
    style('#empty').insertRule('.after { top: 1px }', 1);
    h.capture.flush();
    const grown = [h.of('#empty').sheet, ops()];
    style('#plain').insertRule('.q { color: blue }', 0);
    (style('#plain').cssRules[0] as CSSStyleRule).style.setProperty('left', '2px');
    h.capture.flush();
    const plain = h.of('#plain').sheet;
    document.querySelector('#plain')!.textContent = '.r { color: green }';
    h.capture.flush();
    const replaced = h.of('#plain').sheet;
    style('#u').disabled = true;
    h.capture.flush();
    const disabled = h.of('#u').sheet;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.x { color: red }');
    const root = document.querySelector('#host')!.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet];
    document.adoptedStyleSheets = [sheet];
    h.capture.flush();
    const shadow = h.of('#host').children[0]!.adopted;
    const adopted = [shadow.length, shadow[0] === h.model.root!.adopted[0], h.model.sheets.get(shadow[0]!)];
    count = h.batches.length;
    await sheet.replace('.y { color: blue }');
    h.capture.flush();
    document.adoptedStyleSheets = [];
    h.capture.flush();
    return { grown, plain, replaced, disabled, adopted, after: h.model.sheets.get(shadow[0]!), gone: h.model.root!.adopted, errors: h.capture.errors };
  });
  expect(later).toEqual({
    grown: ['.before { top: 0px; }\n.after { top: 1px; }\n', [19]], plain: '.q { color: blue; left: 2px; }\n.p { color: red; }\n', replaced: '.r { color: green }', disabled: '',
    adopted: [1, true, '.x { color: red; }\n'], after: '.y { color: blue; }\n', gone: [], errors: 0,
  });
  await page.close();
});

test('style sheets that scripts may not read, and rules changed without any method, are found', async () => {
  const other = await Bench.start();
  try {
    other.serve('/x.css', '@import "y.css"; .x{background:url(z.png)}', 'text/css', { 'access-control-allow-origin': '*' });
    const page = await bench.open('<p>x</p>', `<link id=l rel=stylesheet href="${other.origin}/x.css"><style id=s>.a{color:red}</style>`);
    await page.evaluate(() => {
      Object.assign(window, { h: new Harness().begin(1) });
      const sheet = (document.querySelector('#s') as HTMLStyleElement).sheet!;
      sheet.insertRule('.b{color:red}');
      (sheet.cssRules[0] as CSSStyleRule).style.color = 'blue';
    });
    await page.waitForFunction(() => {
      const { h } = window as unknown as { h: H };
      return h.of('#l').sheet !== undefined && h.of('#s').sheet?.includes('blue');
    });
    expect(await page.evaluate(() => (window as unknown as { h: H }).h.of('#l').sheet)).toBe(`@import url("${other.origin}/y.css"); .x{background:url("${other.origin}/z.png")}`);
    await page.close();
  } finally {
    await other.stop();
  }
});

test('resources: what the page shows is read once and told by its hash; what is hidden is not', async () => {
  const asked: string[] = [];
  for (const name of ['img', 'bg', 'inline', 'set1', 'set2', 'poster', 'secret', 'unused']) {
    bench.routes.set(`/${name}.png`, (_q, res) => {
      asked.push(name);
      res.writeHead(200, { 'content-type': 'image/png', 'cache-control': 'max-age=1000' });
      res.end(PNG);
    });
  }
  const long = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><!--${'x'.repeat(70_000)}--></svg>`)}`;
  const page = await bench.open(`<img id=i src=/img.png><img id=missing src=/none.png><img id=s src=/set1.png srcset="/set2.png 1x"><video poster=/poster.png></video><div class=bg>x</div><div style="background:url(/inline.png)">y</div>
    <div class=secret><img src=/secret.png></div><img id=long src='${long}'><img id=blob>`, '<style>.bg{background:url(/bg.png)}.never{background:url(/unused.png)}</style>');
  await page.evaluate(async () => {
    const blob = await (await fetch('/img.png')).blob();
    (document.querySelector('#blob') as HTMLImageElement).src = URL.createObjectURL(blob);
    await (document.querySelector('#blob') as HTMLImageElement).decode();
    const puts: [string, string, number][] = [];
    const sink = {
      put: async (url: string, type: string, bytes: ArrayBuffer): Promise<string> => {
        puts.push([url, type, bytes.byteLength]);
        return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (b) => b.toString(16).padStart(2, '0')).join('');
      },
    };
    Object.assign(window, { h: new Harness({ formValues: 'shown', mask: ['.secret'] }, sink).begin(1), puts });
  });
  await page.waitForFunction(() => (window as unknown as { h: H }).h.model.resources.size >= 7);
  const r = await page.evaluate(() => {
    const { h, puts } = window as unknown as { h: H; puts: [string, string, number][] };
    const first = h.model.resources.size;
    // A new epoch tells all of them again and reads none.
    h.model.begin(2);
    h.capture.begin(2);
    h.capture.flush();
    return { puts, first, again: [...h.model.resources], media: h.of('#s').properties.get('media'), long: h.of('#long').attributes.get('src'), json: h.json.join() };
  });
  const o = bench.origin;
  const urls = r.puts.map((p) => p[0]).sort();
  expect(urls.filter((u) => u.startsWith(o))).toEqual(['bg', 'img', 'inline', 'poster', 'set2'].map((n) => `${o}/${n}.png`));
  expect(urls.filter((u) => u.startsWith('blob:')).length).toBe(1);
  expect(r.puts.find((p) => p[0] === r.long)).toMatchObject([r.long, 'image/svg+xml', expect.any(Number)]);
  expect(r.media).toBe(`${o}/set2.png`);
  expect(r.again.length).toBe(r.first);
  for (const [, [hash]] of r.again) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(r.json).not.toContain('secret.png');
  expect(asked.filter((n) => n === 'unused')).toEqual([]);
  await page.close();
});

test('a canvas is told as a picture when it changes', async () => {
  const page = await bench.open('<canvas id=c width=20 height=20></canvas>');
  await page.evaluate(() => {
    let n = 0;
    const h = new Harness({ formValues: 'shown', mask: [] }, { put: async () => String(++n).padStart(64, '0') }).begin(1);
    Object.assign(window, { h });
    (document.querySelector('#c') as HTMLCanvasElement).getContext('2d')!.fillRect(0, 0, 5, 5);
  });
  await page.waitForFunction(() => (window as unknown as { h: H }).h.of('#c').properties.has('canvas'));
  const name = await page.evaluate(() => (window as unknown as { h: H }).h.of('#c').properties.get('canvas'));
  await page.evaluate(() => (document.querySelector('#c') as HTMLCanvasElement).getContext('2d')!.fillRect(9, 9, 5, 5));
  await page.waitForFunction((name) => {
    const { h } = window as unknown as { h: H };
    const now = h.of('#c').properties.get('canvas')!;
    return now !== name && h.model.resources.has(now);
  }, name);
  await page.close();
});
