import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixScripting, rewriteCss, unescapeCss } from '../src/css.ts';
import { absolute, fragment, isActiveUrl, isPassiveData, parseSrcset } from '../src/urls.ts';

const names = { hover: 'H', focus: 'F', focusVisible: 'V', focusWithin: 'W', mask: 'M', gone: 'G' };
const known = (url: string): string | undefined => (url.startsWith('k') ? `/r/${url}` : url.startsWith('#') || isPassiveData(url) ? url : undefined);
const css = (text: string): string => rewriteCss(text, names, known);

describe('rewriting style sheets', () => {
  test.each([
    // Untouched.
    ['a{color:red}', 'a{color:red}'],
    ['a{background:url(#g)}', 'a{background:url("#g")}'],
    ['a::before{content:":hover url(x)"}', 'a::before{content:":hover url(x)"}'],
    ['/* a:hover url(x) */ a{}', '/* a:hover url(x) */ a{}'],
    ['@namespace svg url(http://www.w3.org/2000/svg);', '@namespace svg url(http://www.w3.org/2000/svg);'],
    // URLs.
    ['a{background:url(k.png)}', 'a{background:url("/r/k.png")}'],
    ['a{background:url( "k.png" ) no-repeat,url(\'x.png\')}', 'a{background:url("/r/k.png") no-repeat,url("data:,")}'],
    ['a{background:URL(k\\).png)}', 'a{background:url("/r/k).png")}'],
    ['a{background:u\\72l(x)}', 'a{background:url("data:,")}'],
    ['a{background:\\75\\72\\6c(x.png)}', 'a{background:url("data:,")}'],
    ['a{background:url(x', 'a{background:url("data:,")'],
    ['a{background:url("x', 'a{background:url("data:,")'.slice(0, -1)],
    ['@font-face{src:url(k.woff2)format("woff2"),url(x.woff)}', '@font-face{src:url("/r/k.woff2")format("woff2"),url("data:,")}'],
    ['a{background:image-set("k.png" 1x type("image/png"),"x.png" 2x)}', 'a{background:image-set("/r/k.png" 1x type("image/png"),"data:," 2x)}'],
    ['a{background:-webkit-image-set(url(k.png) 1x)}', 'a{background:-webkit-image-set(url("/r/k.png") 1x)}'],
    ['a{background:src("x.png")}', 'a{background:url("data:,")}'],
    ['a{background:url(data:image/png;base64,AA==)}', 'a{background:url("data:image/png;base64,AA==")}'],
    ['a{background:url(data:text/html,x)}', 'a{background:url("data:,")}'],
    // Imports.
    ['@import "k.css" screen;a{}', '@import "/r/k.css" screen;a{}'],
    ['@import url(x.css);a{}', 'a{}'],
    ['@\\69mport "x.css";a{}', 'a{}'],
    ['@import url("x;.css") layer(a);b{}', 'b{}'],
    ['@import "data:text/css,a{}";b{}', 'b{}'],
    // States.
    ['a:hover,b:not(:focus):focus-within{}', 'a[H],b:not([F])[W]{}'],
    ['a{&:hover{color:red}b:focus-visible &{top:0}}', 'a{&[H]{color:red}b[V] &{top:0}}'],
    ['a::part(x):hover{}a::-webkit-scrollbar-thumb:hover{}', 'a::part(x):hover{}a::-webkit-scrollbar-thumb:hover{}'],
    [':host(:hover) b{}', ':host([H]) b{}'],
    ['a:h\\6fver{}', 'a[H]{}'],
    ['@media (hover:hover){a:hover{}}', '@media (hover:hover){a[H]{}}'],
    ['a{--x:hover;transition:hover 1s}', 'a{--x:hover;transition:hover 1s}'],
    // Queries.
    ['@media (scripting:none){a{}}@media screen and (scripting){b{}}', '@media (max-width:-1px){a{}}@media screen and (min-width:0px){b{}}'],
    // Old ways to run.
    ['a{width:expression(alert(1));-moz-binding:url(x)}', 'a{width:x-off(alert(1));x-off:url("data:,")}'],
  ])('%s', (from, to) => {
    expect(css(from)).toBe(to);
  });

  test('no text makes it ask for anything unknown, or throw, or take long', () => {
    const part = fc.constantFrom('url(', 'URL("', "'", '"', ')', '(', '{', '}', ';', '@import ', '\\', '\\75 rl(', '/*', '*/', 'a:hover', ' ', '\n', 'image-set(', 'evil.png', '@media ', '::part(', ',', 'src(');
    fc.assert(fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const asked: string[] = [];
      const out = rewriteCss(parts.join(''), names, (u) => void asked.push(u) as undefined);
      // Once more over the result: every URL left in it is ours.
      rewriteCss(out, names, (u) => {
        if (u !== 'data:,') throw new Error(`left: ${u} in ${out}`);
        return u;
      });
    }), { numRuns: 3000, examples: [[['url(', '"', 'evil.png', '\n', ')']]] });
  });
});

test('escapes', () => {
  expect([unescapeCss('\\75 rl'), unescapeCss('a\\\nb'), unescapeCss('\\0'), unescapeCss('\\110000'), unescapeCss('\\1F600x')]).toEqual(['url', 'ab', '\ufffd', '\ufffd', '\u{1f600}x']);
});

test('media queries', () => {
  expect(fixScripting('not all and ( scripting : initial-only )')).toBe('not all and (max-width:-1px)');
});

describe('URLs', () => {
  test.each(['javascript:x', ' javascript:x', 'java\tscript:x', 'java\nscript:x', '\u0001javascript:x', 'JaVaScRiPt:x', 'vbscript:x', 'data:text/html,x', 'java\u00adscript:x', '\u200bjavascript:x', 'blob:x'])('active: %j', (u) => {
    expect(isActiveUrl(u)).toBe(true);
  });
  test.each(['https://a/', '/javascript:x', 'a?javascript:x', '#javascript:', 'mailto:a@b', ''])('not active: %j', (u) => {
    expect(isActiveUrl(u)).toBe(false);
  });
  test('passive data', () => {
    expect(['data:image/png;base64,x', 'data:image/svg+xml,x', 'data:font/woff2;base64,x', 'data:application/font-woff;base64,x', 'data:text/html,x', 'data:,x', 'data:application/xhtml+xml,x', 'data:text/css,x'].map(isPassiveData))
      .toEqual([true, true, true, true, false, false, false, false]);
  });
  test('absolute and fragment', () => {
    expect([absolute('b.png#x', 'https://a/c/d'), absolute('http://', 'x'), fragment('a#b')]).toEqual(['https://a/c/b.png', undefined, '#b']);
  });
  test('srcset', () => {
    expect(parseSrcset(' a.png, b,c.png 2x ,c.png 100w 50h,, d.png,e(1,2) calc(1,2)')).toEqual([['a.png', ''], ['b,c.png', '2x'], ['c.png', '100w 50h'], ['d.png,e(1,2)', 'calc(1,2)']]);
    expect(parseSrcset('data:image/png,x 1x')).toEqual([['data:image/png,x', '1x']]);
    expect(parseSrcset('')).toEqual([]);
  });
});
