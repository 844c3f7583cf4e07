import { describe, expect, test } from 'vitest';
import { wireAttribute } from '../src/attributes.ts';
import { absolute, absoluteCss, absoluteSrcset } from '../src/css.ts';
import { MASK, ownClass, sentAddress, sentAttribute, sentText, showsState, type Facts, type Place } from '../src/masking.ts';
import { longestRun } from '../src/tree.ts';

const facts = (f: Partial<Facts>): Facts => ({ tag: 'div', type: '', autocomplete: '', editable: false, ruled: false, ...f });
const place = (p: Partial<Place>): Place => ({ tag: 'div', own: 0, effective: 0, option: false, value: '', ...p });

describe('ownClass', () => {
  test('private policy: every form value', () => {
    for (const type of ['text', 'email', 'tel', 'number', 'date', 'hidden', 'file', 'checkbox', 'radio', 'range', 'color', 'search']) expect(ownClass(facts({ tag: 'input', type }), 'private')).toBe(1);
    for (const type of ['button', 'submit', 'reset', 'image']) expect(ownClass(facts({ tag: 'input', type }), 'private')).toBe(0);
    for (const tag of ['textarea', 'select']) expect(ownClass(facts({ tag }), 'private')).toBe(1);
    expect(ownClass(facts({ editable: true }), 'private')).toBe(1);
    expect(ownClass(facts({ tag: 'p' }), 'private')).toBe(0);
  });

  test('passwords and rules mask under any policy', () => {
    for (const policy of ['private', 'shown'] as const) {
      expect(ownClass(facts({ tag: 'input', type: 'password' }), policy)).toBe(2);
      expect(ownClass(facts({ tag: 'input', type: 'text', autocomplete: 'section-a current-password' }), policy)).toBe(2);
      expect(ownClass(facts({ ruled: true }), policy)).toBe(2);
      expect(ownClass(facts({ tag: 'input', type: 'submit', ruled: true }), policy)).toBe(2);
    }
    expect(ownClass(facts({ tag: 'input', type: 'text' }), 'shown')).toBe(0);
  });
});

test('sentAddress: no query value, and no fragment that could hold one, where form values are private', () => {
  const sent: Record<string, string> = {
    'https://shop.example/a/b.html': 'https://shop.example/a/b.html',
    'https://shop.example/index.html?q=canary': 'https://shop.example/index.html?…',
    'https://shop.example/?canary': 'https://shop.example/?…',
    'https://shop.example/?': 'https://shop.example/?',
    'https://shop.example/?a=1&b=canary?c#delivery': 'https://shop.example/?…#delivery',
    'https://shop.example/#/orders/12': 'https://shop.example/#/orders/12',
    'https://shop.example/#/search?canary': 'https://shop.example/#/search?…',
    'https://shop.example/?x#a?canary': 'https://shop.example/?…#a?…',
    'https://shop.example/#q=canary': 'https://shop.example/',
    'https://shop.example/?q=canary#a#b=canary': 'https://shop.example/?…',
    'about:blank': 'about:blank',
  };
  for (const [url, expected] of Object.entries(sent)) {
    expect(sentAddress(url, 'private')).toBe(expected);
    expect(sentAddress(url, 'shown')).toBe(url);
    // What the address is the base of is resolved as before.
    for (const relative of ['c.png', '/c.png', '?d=1', '//cdn.example/c.png']) {
      if (url.startsWith('https')) expect(new URL(relative, expected).href).toBe(new URL(relative, url).href);
    }
  }
});

describe('sentAttribute', () => {
  test('never, whatever the class', () => {
    for (const name of ['onclick', 'ONLOAD', 'nonce', 'integrity', 'srcdoc']) expect(sentAttribute(name, 'x', place({}))).toBeNull();
  });

  test('private field: looks and labels, no value in any attribute', () => {
    const at = place({ tag: 'input', own: 1, effective: 1, value: 'Ada Lovelace' });
    for (const name of ['value', 'checked', 'aria-valuetext', 'aria-valuenow', 'aria-checked']) expect(sentAttribute(name, 'x', at)).toBeNull();
    expect(sentAttribute('title', 'Hello Ada Lovelace!', at)).toBeNull();
    expect(sentAttribute('title', 'Your name', at)).toBe('Your name');
    expect(sentAttribute('placeholder', 'Your name', at)).toBe('Your name');
    expect(sentAttribute('data-initial', 'Grace', at)).toBe('');
    expect(sentAttribute('class', 'wide', at)).toBe('wide');
  });

  test('options of a private select: all but which is chosen', () => {
    const at = place({ tag: 'option', effective: 1, option: true });
    expect(sentAttribute('value', 'red', at)).toBe('red');
    expect(sentAttribute('selected', '', at)).toBeNull();
    expect(sentText('Red', at)).toBe('Red');
    expect(sentText('Red', place({ tag: 'selectedcontent', effective: 1 }))).toBe(MASK);
  });

  test('masked, and what is inside of editable content: looks only', () => {
    for (const at of [place({ tag: 'a', effective: 2 }), place({ tag: 'a', effective: 1 })]) {
      for (const name of ['href', 'title', 'aria-label', 'placeholder', 'value', 'alt', 'src', 'data-id', 'name']) expect(sentAttribute(name, 'x', at)).toBeNull();
      expect(sentAttribute('class', 'x', at)).toBe('x');
      expect(sentAttribute('style', 'color:red', at)).toBe('color:red');
      expect(sentAttribute('style', 'background:url(/qr.png)', at)).toBeNull();
    }
  });
});

test('sentText: one length for all, white space stays, style sheets are none', () => {
  const at = place({ effective: 2 });
  expect(sentText('a', at)).toBe(MASK);
  expect(sentText('a very long secret', at)).toBe(MASK);
  expect(sentText(' \n', at)).toBe(' \n');
  expect(sentText('a{}', { ...at, tag: 'style' })).toBe('a{}');
  expect(sentText('x', place({ tag: 'textarea', own: 1, effective: 1 }))).toBe(MASK);
  expect(sentText('x', place({}))).toBe('x');
  expect([0, 1, 2].map((c) => showsState(place({ effective: c as 0 })))).toEqual([true, false, false]);
});

describe('URLs', () => {
  const base = 'https://shop.example/a/page.html?q#f';
  test('absolute', () => {
    expect(absolute('../b.png', base)).toBe('https://shop.example/b.png');
    expect(absolute('//cdn.example/x', base)).toBe('https://cdn.example/x');
    for (const same of ['#icon', 'data:image/png;base64,AA==', 'https://x.example/y', '', 'http://[bad']) expect(absolute(same, base)).toBe(same);
  });

  test('in style sheets', () => {
    const seen: string[] = [];
    const css = `a{background:url(b.png)} b{background:URL( "c d.png" )} c{src:url('e\\'f.woff')} d{background:url(data:image/gif;base64,R0)} e{fill:url(#g)} /* url(no.png) */`;
    expect(absoluteCss(css, base, (u) => seen.push(u))).toBe(
      `a{background:url("https://shop.example/a/b.png")} b{background:url("https://shop.example/a/c%20d.png")} c{src:url("https://shop.example/a/e'f.woff")} d{background:url(data:image/gif;base64,R0)} e{fill:url(#g)} /* url(no.png) */`);
    expect(seen).toEqual(['https://shop.example/a/b.png', 'https://shop.example/a/c%20d.png', "https://shop.example/a/e'f.woff", 'data:image/gif;base64,R0']);
  });

  test('in srcset', () => {
    expect(absoluteSrcset('a.png, b.png 2x,c,d.png 100w', base)).toBe('https://shop.example/a/a.png, https://shop.example/a/b.png 2x,https://shop.example/a/c,d.png 100w');
    expect(absoluteSrcset('  data:image/png;base64,A,B= 1x , x.png 2x', base)).toBe('  data:image/png;base64,A,B= 1x , https://shop.example/a/x.png 2x');
    const seen: string[] = [];
    absoluteSrcset('https://x/a.png, b.png 2x', base, (u) => seen.push(u));
    expect(seen).toEqual(['https://x/a.png', 'https://shop.example/a/b.png']);
  });

  test('wireAttribute: only what is loaded becomes absolute and is named; what is too long is left out or gets a name', () => {
    const seen: string[] = [];
    const wire = (tag: string, name: string, value: string, p: Partial<Place> = {}, long?: string): string | null =>
      wireAttribute({} as Element, name, value, place({ tag, ...p }), { base: () => base, names: (_, a, url) => seen.push(`${tag} ${a} ${url}`), longUrl: () => long });
    expect(wire('img', 'src', 'x.png')).toBe('https://shop.example/a/x.png');
    expect(wire('a', 'href', 'x')).toBe('x');
    expect(wire('link', 'href', 'x.css')).toBe('https://shop.example/a/x.css');
    expect(wire('use', 'href', '#s')).toBe('#s');
    expect(wire('div', 'style', 'background:url(x.png)')).toBe('background:url("https://shop.example/a/x.png")');
    expect(wire('img', 'src', 'secret.png', { effective: 2 })).toBeNull();
    expect(seen).toEqual(['img src https://shop.example/a/x.png', 'link href https://shop.example/a/x.css', 'use href #s', 'div style https://shop.example/a/x.png']);
    const long = 'data:image/png;base64,' + 'A'.repeat(40_000);
    expect(wire('img', 'src', long)).toBeNull();
    expect(wire('img', 'src', long, {}, 'named')).toBe('named');
    expect(wire('path', 'd', 'M'.repeat(40_000))).toBeNull();
  });
});

test('longestRun', () => {
  expect([...longestRun([])]).toEqual([]);
  expect([...longestRun([3, 0, 1, 2])].sort()).toEqual([1, 2, 3]);
  expect([...longestRun([1, 2, 3, 0])].sort()).toEqual([0, 1, 2]);
  expect(longestRun([4, 3, 2, 1]).size).toBe(1);
});
