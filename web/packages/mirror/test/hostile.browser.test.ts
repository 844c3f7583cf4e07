import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation } from '@twinpane/protocol';
import type { Page } from 'playwright-core';
import { startHarness, type Entry, type Harness } from './harness.ts';
import { begin, doc, el, page as pageOf, shadow, svg, text, type Items } from './tape.ts';

declare const TP: Entry;

/** Anything that asks here, runs or navigates has got out. The host resolves to this machine, so that a request would be made and seen. */
const EVIL = 'http://evil.localhost/';
const RUN = 'top.__ran=1;window.name="ran";alert(1)';
const JS = `javascript:${RUN}`;
const HTML = `data:text/html,<script>${RUN}</script>`;

/** Content of the body, and what happens then. The stream may hold what no capture would send: only the view is tested here. */
const attacks: Record<string, Items[] | { body?: Items[]; head?: Items[]; then: Operation[] }> = {
  'script with text': [el('script', {}, [text(RUN)])],
  'script with src': [el('script', { src: EVIL + 's.js' })],
  'SCRIPT in capitals': [el('SCRIPT', {}, [text(RUN)])],
  'svg script': [svg('svg', {}, [svg('script', {}, [text(RUN)])])],
  'svg script with href': [svg('svg', {}, [svg('script', { href: EVIL + 's.js' }), svg('script', { 'xlink:href': EVIL + 't.js' })])],
  'prefixed svg script': [svg('svg:svg', {}, [svg('svg:script', {}, [text(RUN)])])],
  'script text added later': { body: [el('script', { id: 'x' }, [text('')])], then: [[6, 7, RUN]] },
  'type changed to module': { body: [el('script', { type: 'text/plain' }, [text(RUN)])], then: [[5, 6, 'type', 'module', 'src', EVIL + 'm.js']] },
  'onerror': [el('img', { src: 'x', onerror: RUN })],
  'onload': [el('body', { onload: RUN }), svg('svg', { onload: RUN })],
  'ONLOAD in capitals': [el('img', { src: 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', ONLOAD: RUN })],
  'onfocus with autofocus': [el('input', { onfocus: RUN, autofocus: '' })],
  'ontoggle': [el('details', { open: '', ontoggle: RUN }), el('div', { popover: '', onbeforetoggle: RUN })],
  'onanimationstart': { head: [el('style', {}, [text('@keyframes a{}b{animation:a 1s}')])], body: [el('b', { onanimationstart: RUN }, [text('x')])], then: [] },
  'javascript: link': [el('a', { href: JS, id: 'go' }, [text('x')])],
  'javascript: with control characters': [el('a', { href: 'java\tscr\nipt:' + RUN, id: 'go' }, [text('x')]), el('a', { href: '\u0001 ' + JS }, [text('x')])],
  'javascript: in svg': [svg('svg', {}, [svg('a', { 'xlink:href': JS, id: 'go' }, [svg('text', {}, [text('x')])])])],
  'javascript: in mathml': [svg('math', {}, [svg('mi', { href: JS, 'xlink:href': JS, id: 'go' }, [text('x')])])],
  'data: link': [el('a', { href: HTML, id: 'go' }, [text('x')])],
  'area': [el('map', { name: 'm' }, [el('area', { href: JS, id: 'go', shape: 'default' })]), el('img', { usemap: '#m', src: 'x' })],
  'iframe javascript:': [el('iframe', { src: JS })],
  'iframe data:': [el('iframe', { src: HTML })],
  'iframe elsewhere': [el('iframe', { src: EVIL })],
  'iframe srcdoc': [el('iframe', { srcdoc: `<script>${RUN}</script><img src=${EVIL}>`, sandbox: 'allow-scripts allow-same-origin' })],
  'iframe src later': { body: [el('iframe', {})], then: [[5, 6, 'src', JS, 'srcdoc', `<script>${RUN}</script>`, 'sandbox', 'allow-scripts']] },
  'iframe sandbox removed': { body: [el('iframe', {}, [doc([el('html', {}, [el('body')])])])], then: [[5, 6, 'sandbox', null], [2, 9, 0, 50, ...el('script', {}, [text(RUN)]), ...el('img', { src: EVIL + 'n.png', onerror: RUN })]] },
  'IFRAME in capitals': [el('IFRAME', { SRC: EVIL, SRCDOC: `<script>${RUN}</script>`, SANDBOX: '' })],
  'frame and frameset': [el('frameset', {}, [el('frame', { src: JS }), el('frame', { src: EVIL })])],
  'object': [el('object', { data: HTML, type: 'text/html' }), el('object', { data: EVIL })],
  'embed': [el('embed', { src: EVIL, type: 'text/html' }), el('embed', { src: JS })],
  'applet, portal, fencedframe': [el('applet', { code: EVIL }), el('portal', { src: EVIL }), el('fencedframe', { src: EVIL })],
  'base': { head: [el('base', { href: EVIL, target: '_top' })], body: [el('img', { src: 'x.png' }), el('a', { href: 'y', id: 'go' }, [text('x')])], then: [] },
  'meta refresh': { head: [el('meta', { 'http-equiv': 'refresh', content: `0;url=${EVIL}` }), el('META', { 'HTTP-EQUIV': 'Refresh', content: `0;url=${JS}` })], then: [] },
  'meta policy': { head: [el('meta', { 'http-equiv': 'Content-Security-Policy', content: 'script-src *' }), el('meta', { name: 'referrer', content: 'unsafe-url' })], then: [] },
  'meta turned later': { head: [el('meta', { name: 'viewport' })], then: [[5, 5, 'http-equiv', 'refresh', 'content', `0;url=${EVIL}`]] },
  'link': { head: ['stylesheet', 'preload', 'prefetch', 'preconnect', 'dns-prefetch', 'modulepreload', 'icon', 'manifest', 'import', 'prerender'].map((rel) => el('link', { rel, href: EVIL + rel, as: 'script' })), then: [] },
  'link turned later': { head: [el('link', { rel: 'x' })], then: [[5, 5, 'rel', 'stylesheet', 'href', EVIL]] },
  'form': [el('form', { action: JS, id: 'form' }, [el('input', { type: 'submit', formaction: JS, id: 'go' })]), el('form', { action: EVIL, target: '_top' }, [el('button', { formaction: HTML })])],
  'isindex and button form': [el('isindex', { action: JS }), el('button', { form: 'form', formaction: EVIL, id: 'go' })],
  'pictures elsewhere': [el('img', { src: EVIL + 'a', srcset: `${EVIL}b 1x, ${EVIL}c 2x` }), el('picture', {}, [el('source', { srcset: EVIL + 'd' }), el('img', {})]), el('input', { type: 'image', src: EVIL + 'e' }), el('image', { src: EVIL + 'f' })],
  'media elsewhere': [el('video', { src: EVIL + 'v', poster: EVIL + 'p', autoplay: '' }, [el('source', { src: EVIL + 's' }), el('track', { src: EVIL + 't', default: '' })]), el('audio', { src: EVIL, controls: '' })],
  'background attributes': [el('table', { background: EVIL + 'a' }, [el('td', { background: EVIL + 'b' })]), el('body', { background: EVIL + 'c' })],
  'inline style': [el('p', { style: `background:url(${EVIL}a);list-style:url('${EVIL}b');cursor:url(${EVIL}c),auto;content:url(${EVIL}d)` }), el('li', { style: `background:u\\72l(${EVIL}e)` }), el('p', { style: `background:image-set("${EVIL}f" 1x)` })],
  'custom properties': { head: [el('style', {}, [text(`p{--a:url(${EVIL}a);background:var(--a)}q{--b:"${EVIL}b"}`)])], body: [el('p', {}, [text('x')])], then: [] },
  'style element': { head: [el('style', {}, [text(`@import "${EVIL}a";@import url(${EVIL}b);@\\69mport '${EVIL}c';@font-face{font-family:f;src:url(${EVIL}d)}body{font-family:f;background:url(${EVIL}e)}`)])], body: [text('x')], then: [] },
  'svg style element': [svg('svg', {}, [svg('style', {}, [text(`@import "${EVIL}a";rect{fill:url(${EVIL}b#c)}`)]), svg('rect', { width: '9', height: '9' })])],
  'text put into a style': { head: [el('style', {}, [text('a')])], then: [[6, 6, `@import "${EVIL}a";`], [2, 5, 0, 50, 2, `body{background:url(${EVIL}b)}`], [7, 6, 0, 0, `@import "${EVIL}c";`]] },
  'sheet by op 17': { head: [el('style')], then: [[17, 5, `@import "${EVIL}a";body{background:url(${EVIL}b)}`], [18, 1, 900], [17, 900, `body{background:url(${EVIL}c)}`], [19, 900, `html{background:url(${EVIL}d)}`]] },
  'a sheet split in the middle of url(': { head: [el('style', {}, [text('body{background:u'), text(`rl(${EVIL}a)}`)])], then: [] },
  'text moved into a style': { head: [el('style', {})], body: [el('p', {}, [text(`body{background:url(${EVIL}a)}`)])], then: [[4, 8, 5, 0]] },
  'old css': [el('p', { style: `width:expression(${RUN});behavior:url(${EVIL}a.htc);-moz-binding:url(${EVIL}b.xml#x)` })],
  'svg use elsewhere': [svg('svg', {}, [svg('use', { href: EVIL + 'a.svg#x' }), svg('use', { 'xlink:href': HTML }), svg('use', { href: `data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><script>${RUN}</script></svg>#x` })])],
  'svg image, feImage, pattern': [svg('svg', {}, [svg('image', { href: EVIL + 'a' }), svg('filter', { id: 'f' }, [svg('feImage', { href: EVIL + 'b' })]), svg('rect', { filter: `url(${EVIL}c#f)`, fill: `url(${EVIL}d#g)`, 'clip-path': `url(${EVIL}e#h)`, mask: `u\\72l(${EVIL}f)`, width: '5', height: '5' }), svg('linearGradient', { href: EVIL + 'g#x' })])],
  'svg animation of href': [svg('svg', {}, [svg('a', { id: 'go' }, [svg('animate', { attributeName: 'href', values: JS, dur: '1ms', fill: 'freeze' }), svg('set', { attributeName: 'xlink:href', to: JS }), svg('text', {}, [text('x')])])])],
  'svg animation of a handler': [svg('svg', {}, [svg('set', { attributeName: 'onmouseover', to: RUN }), svg('animate', { attributeName: 'x', values: '0;1', onbegin: RUN, dur: '1ms' })])],
  'animation turned later': { body: [svg('svg', {}, [svg('image', {}, [svg('set', { attributeName: 'x', to: '1' })])])], then: [[5, 8, 'attributeName', 'href', 'to', EVIL]] },
  'foreignObject': [svg('svg', {}, [svg('foreignObject', {}, [el('iframe', { src: JS }), el('img', { src: EVIL + 'a', onerror: RUN }), el('script', {}, [text(RUN)])])])],
  'mathml': [svg('math', {}, [svg('maction', { actiontype: 'statusline', 'xlink:href': JS, onclick: RUN }), svg('annotation-xml', { encoding: 'text/html' }, [el('img', { src: EVIL, onerror: RUN })])])],
  'noscript, template, plaintext': [el('noscript', {}, [el('img', { src: EVIL })]), el('template', {}, [el('img', { src: EVIL, onerror: RUN })]), el('plaintext', {}, [text(`<script>${RUN}</script>`)])],
  'text that looks like markup': [text(`</p><script>${RUN}</script>`), el('style', {}, [text(`</style><script>${RUN}</script><img src=${EVIL}>`)]), el('textarea', {}, [text(`</textarea><script>${RUN}</script>`)]), el('title', {}, [text(`</title><img src=${EVIL}>`)])],
  'odd names': [el('a"><script>', {}), el('img/src=x', { 'onerror ': RUN, 'x><script': RUN, 'src/onerror': RUN }), el('x', { 'a=b onload': RUN, '"><img src': EVIL })],
  'shadow root': [el('div', {}, [shadow(el('img', { src: EVIL, onerror: RUN }), el('style', {}, [text(`:host{background:url(${EVIL}a)}@import "${EVIL}b";`)]), el('script', {}, [text(RUN)]))])],
  'nested frame': [el('iframe', {}, [doc([el('html', {}, [el('head', {}, [el('meta', { 'http-equiv': 'refresh', content: `0;url=${EVIL}` }), el('base', { href: EVIL })]), el('body', { onload: RUN }, [el('img', { src: 'a', onerror: RUN }), el('iframe', { src: JS }, [doc([el('html', {}, [el('script', {}, [text(RUN)])])])])])])])])],
  'names that shadow the DOM': [el('form', { name: 'createElement' }, [el('input', { name: 'attributes' }), el('input', { name: 'setAttribute' }), el('input', { name: 'insertBefore' }), el('img', { src: EVIL, onerror: RUN })]), el('img', { name: 'defaultView' }), el('img', { name: 'adoptedStyleSheets' }), el('form', { id: 'contentDocument' })],
  'properties': { body: [el('canvas'), el('video')], then: [[25, 6, 'canvas', EVIL + 'a'], [25, 7, 'media', EVIL + 'b'], [25, 6, 'canvas', '");background:url(' + EVIL + 'c'], [25, 6, 'onclick', RUN]] },
  'canvas size': [el('canvas', { width: `1'/%3E"),url("${EVIL}`, height: '");x:url(' + EVIL })],
  'resource that climbs': { body: [el('img', { src: 'a' })], then: [[23, 'https://shop.example/a/a', '../../../../evil', 'image/png']] },
  'doctype': { then: [begin(), [2, 0, 0, 1, ...doc([[4, 'html><script>', `"><script>${RUN}</script>`, EVIL], el('html', {}, [el('body')])])], [1]] },
  'pings and reports': [el('a', { href: '/x', ping: EVIL, id: 'go', attributionsrc: EVIL }, [text('x')]), el('img', { attributionsrc: EVIL, crossorigin: 'use-credentials', src: EVIL, lowsrc: EVIL, dynsrc: EVIL, longdesc: JS })],
  'attributes set later': { body: [el('img', {}), el('a', { id: 'go' }, [text('x')])], then: [[5, 6, 'src', EVIL, 'onerror', RUN, 'OnLoad', RUN, 'style', `background:url(${EVIL}a)`], [5, 7, 'href', JS, 'onclick', RUN]] },
  'xml base and processing': [svg('svg', { 'xml:base': EVIL }, [svg('image', { href: 'a.png' }), svg('use', { href: 'b.svg#c' })]), el('html', { manifest: EVIL, xmlns: EVIL })],
};

let harness: Harness;
let page: Page;
// No policy here: the sandbox and the sanitiser have to do by themselves.
const dialogs: string[] = [];
beforeAll(async () => {
  harness = await startHarness();
  page = await harness.open('/bare');
  page.on('dialog', (d) => {
    dialogs.push(d.message());
    void d.dismiss();
  });
});
afterAll(() => harness?.stop());

test('there are enough of them', () => expect(Object.keys(attacks).length).toBeGreaterThanOrEqual(60));

test.each(Object.keys(attacks))('%s', async (name) => {
  const attack = attacks[name]!;
  const { body = [], head = [], then = [] } = Array.isArray(attack) ? { body: attack } : attack;
  harness.forget();
  await page.evaluate((ops) => TP.show(ops), then[0]?.[0] === 0 ? then : pageOf(body, head));
  if (then[0]?.[0] !== 0) for (const op of then) await page.evaluate((o) => TP.send([o]), op);
  // Were somebody to click what is there, as no agent can: still nothing.
  const left = await page.evaluate(async () => {
    const found: string[] = [];
    const look = (root: Document | ShadowRoot): void => {
      for (const e of (root.nodeType === 9 ? Document : DocumentFragment).prototype.querySelectorAll.call(root as never, '*')) {
        for (const a of Object.getOwnPropertyDescriptor(Element.prototype, 'attributes')!.get!.call(e) as NamedNodeMap) {
          if (/^on/i.test(a.name)) found.push(`${e.localName} ${a.name}`);
          if (/evil\.localhost/.test(a.value) && !(e.localName === 'a' && a.name === 'href') && !/^(?:xmlns|width|height)$/.test(a.name) && !a.name.startsWith('"')) found.push(`${e.localName} ${a.name}=${a.value}`);
          if (/^\s*javascript:/i.test(a.value)) found.push(`${e.localName} ${a.name}=${a.value}`);
        }
        if (/^(?:script|object|embed|base\[href\])$/.test(e.localName)) found.push(e.localName);
        if (e.localName === 'style' && /evil/.test(e.textContent ?? '') && /url\(\s*["']?http|@import/.test(e.textContent ?? '')) found.push('style ' + e.textContent);
        const frame = e.localName === 'iframe' ? (e as HTMLIFrameElement) : undefined;
        if (frame && frame.getAttribute('sandbox') !== 'allow-same-origin') found.push('an open frame');
        if (frame?.contentDocument) look(frame.contentDocument);
        if ((e as HTMLElement).shadowRoot) look((e as HTMLElement).shadowRoot!);
        if (e.id === 'go') e.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, composed: true }));
      }
    };
    look(TP.mirror.document);
    if (TP.log.broken.length === 0) await TP.painted();
    const w = window as unknown as { __ran?: number };
    return { found, ran: w.__ran, name: window.name, here: location.pathname, frames: [...document.querySelectorAll('iframe')].map((f) => [f.contentDocument?.URL ?? 'gone', f.getAttribute('sandbox')]) };
  });
  // Let whatever was begun be begun: a round trip to the browser and two frames have passed.
  await page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));
  expect(left).toEqual({ found: [], ran: undefined, name: '', here: '/bare', frames: [[`${harness.origin}/bare`, 'allow-same-origin']] });
  expect(harness.requests).toEqual([]);
  expect(dialogs).toEqual([]);
});

test('the corpus can bite: in an open frame without the sanitiser it does', async () => {
  const open = await harness.browser.newPage();
  await open.goto(harness.origin + '/bare');
  const seen: string[] = [];
  open.on('request', (r) => seen.push(r.url()));
  await open.evaluate(([evil, run]) => {
    window.alert = () => undefined;
    document.body.innerHTML = `<img src="${evil}x" onerror='${run}'>`;
  }, [EVIL, RUN]);
  await open.waitForFunction(() => (window as unknown as { __ran?: number }).__ran === 1);
  expect(seen).toContain(EVIL + 'x');
  await open.close();
});
