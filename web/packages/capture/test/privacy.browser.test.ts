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

/** Plain, reversed, base64, URL-encoded: every spelling in which it might slip out. */
function leaks(json: string, canaries: string[]): string[] {
  return canaries.filter((c) => [c, [...c].reverse().join(''), btoa(c).replace(/=+$/, ''), encodeURIComponent(c)].some((s) => json.includes(s)));
}

const FORM = `
  <form><input id=text value=canary-attr><input id=hid type=hidden value=canary-hidden><input id=pw type=password value=canary-pw placeholder=canary-pwph>
  <textarea id=area>canary-area</textarea><select id=sel><option value=1>one<option value=2 selected>two</select><input id=chk type=checkbox checked data-x=canary-data>
  <input id=rad type=radio name=r checked><div id=ed contenteditable>canary-edit <a href="canary-link">canary-a</a></div><input id=file type=file><input type=submit value="Send it">
  <input id=say title="You typed canary-attr" value=canary-attr></form>
  <div class=secret title=canary-title><p>canary-text</p><img alt=canary-alt src=/canary-src.png><button aria-label=canary-aria>canary-button</button><a href=/canary-href>x</a><input value=canary-in></div>`;

test('private policy: no value leaves, at the start and under changes of all kinds', async () => {
  const page = await bench.open(FORM);
  await page.evaluate(() => Object.assign(window, { h: new Harness({ formValues: 'private', mask: ['.secret'] }).begin(1) }));
  await page.fill('#text', 'canary-typed');
  await page.fill('#area', 'canary-typed2');
  await page.locator('#ed').pressSequentially('canary-keys');
  await page.selectOption('#sel', '1');
  const r = await page.evaluate(async () => {
    const { h } = window as unknown as { h: H };
    const $ = (s: string): HTMLInputElement => document.querySelector(s)!;
    const step = async (what: () => void): Promise<void> => {
      what();
      await null;
      h.capture.flush();
    };
    await step(() => { $('#text').setAttribute('value', 'canary-set'); });
    await step(() => { $('#text').value = 'canary-prop'; $('#text').dataset['v'] = 'canary-prop'; $('#text').title = 'is canary-prop'; });
    // A clone knows nothing of its original's past, so it is made while that is still what it looks like.
    await step(() => { document.body.append(document.querySelector('form')!.cloneNode(true)); });
    await step(() => { $('#pw').type = 'text'; });
    await step(() => { $('#pw').value = 'canary-shown'; $('#pw').setAttribute('value', 'canary-shown2'); });
    await step(() => { $('#text').type = 'password'; $('#text').type = 'text'; $('#text').placeholder = 'canary-was-password'; });
    await step(() => { $('#area').textContent = 'canary-default'; });
    await step(() => { document.querySelector('#ed')!.append('canary-appended'); document.querySelector('#ed')!.removeAttribute('contenteditable'); });
    await step(() => { document.querySelector('#ed')!.append('canary-after'); });
    await step(() => { document.querySelector('.secret p')!.textContent = 'canary-changed'; document.querySelector('.secret')!.insertAdjacentHTML('beforeend', '<b title=canary-b>canary-new</b>'); });
    await step(() => { document.querySelector('.secret')!.className = ''; });
    await step(() => { document.querySelector('p')!.append('canary-unmasked-text'); });
    // Masked and filled in one go; and what moves in.
    await step(() => { const d = document.createElement('div'); document.body.append(d); d.className = 'secret'; d.append('canary-late'); });
    await step(() => { const d = document.querySelector('.secret')!; d.append(Object.assign(document.createElement('i'), { title: 'canary-i', textContent: 'canary-moved' })); });
    // A shadow root, a frame.
    await step(() => {
      const host = document.body.appendChild(document.createElement('div'));
      host.attachShadow({ mode: 'open' }).innerHTML = '<input value=canary-shadow><div class=secret>canary-shadow2</div>';
    });
    await step(() => { document.body.appendChild(document.createElement('iframe')).contentDocument!.body.innerHTML = '<textarea>canary-frame</textarea><p class=secret>canary-frame2</p>'; });
    h.capture.begin(2);
    return {
      json: h.json.join('\n'), errors: h.capture.errors, pw: h.of('#pw').privacy, text: h.of('#text').privacy, sel: h.of('#sel').privacy, mask: h.of('.secret').children[0]!.data,
      op8: h.batches.flatMap((b) => b.o).filter((o) => o[0] === 8 || o[0] === 26).length, submit: h.of('[type=submit]').attributes.get('value'),
      chosen: h.of('#sel').children.map((c) => [c.state, c.attributes.has('selected'), c.children[0]!.data]), title: h.capture.hiddenElements().length,
      levels: ['#pw', '#text', '#ed', '.secret', 'form'].map((s) => h.capture.privacyOf(document.querySelector(s)!)),
    };
  });
  expect(leaks(r.json, r.json.match(/canary[-\w]*/g) ?? [])).toEqual([]);
  expect(r.json).not.toMatch(/yranac|canary|Y2FuYXJ5/);
  expect(r).toMatchObject({ errors: 0, pw: 2, text: 2, sel: 1, mask: '••••••••', op8: 0, submit: 'Send it', levels: [2, 2, 1, 2, 0] });
  expect(r.chosen).toEqual([[0, false, 'one'], [0, false, 'two']]);
  expect(r.title).toBeGreaterThan(8);
  await page.close();
});

test('what was typed into a form that was sent by GET does not leave with the address', async () => {
  const page = await bench.open('<form action="/found" method=get><input id=q name=q></form>');
  bench.serve('/found', '<!doctype html><meta charset=utf-8><title>Found</title><script src=/harness.js></script><link rel=stylesheet href=/none.css><img src="?width=1"><style>p{background:url(b.png)}</style><a id=next href="?page=2">2</a>');
  await page.fill('#q', 'canarysearch');
  await page.press('#q', 'Enter');
  await page.waitForURL('**/found?q=canarysearch');
  const r = await page.evaluate(() => {
    const run = (formValues: 'private' | 'shown'): { url: string[]; json: string; src: string } => {
      history.replaceState(null, '', '?q=canarysearch');
      const h = new Harness({ formValues, mask: [] }).begin(1);
      const url = [h.model.info!.url];
      for (const to of ['?q=canarysearch&page=2', '#q=canarysearch', '#reviews', '/found/2?q=canarysearch#reviews', '/found']) {
        history.pushState(null, '', to);
        h.capture.flush();
        url.push(h.model.info!.url);
      }
      const src = h.of('img').attributes.get('src')!;
      h.capture.stop();
      return { url: url.map((u) => u.replace(location.origin, '')), json: h.json.join(), src: src.replace(location.origin, '') };
    };
    return { hidden: run('private'), whole: run('shown') };
  });
  expect(leaks(r.hidden.json, ['canarysearch'])).toEqual([]);
  expect(r.hidden.url).toEqual(['/found?…', '/found?…', '/found?…', '/found?…#reviews', '/found/2?…#reviews', '/found']);
  expect(r.whole.url).toEqual(['/found?q=canarysearch', '/found?q=canarysearch&page=2', '/found?q=canarysearch&page=2#q=canarysearch', '/found?q=canarysearch&page=2#reviews', '/found/2?q=canarysearch#reviews', '/found']);
  expect(r.hidden.src).toBe('/found?width=1');
  await page.close();
});

test('a rule that begins to match takes back what was told; what moves out of a masked part comes back', async () => {
  const page = await bench.open('<div id=a title=label-a><p>text-a</p></div><input id=i value=v1><p id=q>q</p>');
  const r = await page.evaluate(() => {
    const h = new Harness({ formValues: 'shown', mask: ['.secret', '#a:has(u)'] }).begin(1);
    const shown = h.json.join();
    (document.querySelector('#i') as HTMLInputElement).value = 'v2';
    h.capture.flush();
    const value = h.of('#i').value;
    document.querySelector('#a')!.className = 'secret';
    document.querySelector('#i')!.className = 'secret';
    h.capture.flush();
    const a = h.of('#a');
    const masked = [a.privacy, a.attributes.has('title'), a.children[0]!.children[0]!.data, h.of('#i').value, h.of('#i').attributes.has('value')];
    document.body.append(document.querySelector('#a > p')!);
    document.querySelector('#a')!.append(document.querySelector('#q')!);
    h.capture.flush();
    return { shown: shown.includes('text-a') && shown.includes('label-a'), value, masked, out: h.of('body > p').children[0]!.data, into: h.of('#q').children[0]!.data, errors: h.capture.errors };
  });
  expect(r).toEqual({ shown: true, value: 'v2', masked: [2, false, '••••••••', undefined, false], out: 'text-a', into: '••••••••', errors: 0 });
  await page.close();
});

test('an invalid rule masks everything; a masked title is not sent', async () => {
  const page = await bench.open('<p>canary-all</p>');
  const r = await page.evaluate(() => {
    const all = new Harness({ formValues: 'shown', mask: ['p[['] }).begin(1);
    all.capture.stop();
    const title = new Harness({ formValues: 'shown', mask: ['title'] }).begin(1);
    document.title = 'canary-title';
    title.capture.flush();
    title.capture.stop();
    return { all: all.json.join(), title: title.json.join(), ok: title.json.join().includes('canary-all') };
  });
  expect(r.all).not.toContain('canary');
  expect(r.title).not.toContain('canary-title');
  expect(r.title).not.toContain('"Test"');
  expect(r.ok).toBe(true);
  await page.close();
});
