/** Style sheet text: pure functions. */

const URLS = /\/\*[^]*?\*\/|url\(\s*(?:"((?:[^"\\\n]|\\[^])*)"|'((?:[^'\\\n]|\\[^])*)'|((?:[^\s"'()\\]|\\[^])*))\s*\)/gi;
const ESCAPE = /\\(?:([0-9a-f]{1,6})\s?|([^]))/gi;

function unescape(s: string): string {
  return s.includes('\\') ? s.replace(ESCAPE, (_, hex: string | undefined, c: string) => {
    if (hex === undefined) return c === '\n' ? '' : c;
    const n = parseInt(hex, 16);
    return n === 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000) ? '\ufffd' : String.fromCodePoint(n);
  }) : s;
}

/** An absolute URL, or the text as it was when it is none, names a part of its document, or is data. */
export function absolute(url: string, base: string): string {
  const trimmed = url.trim();
  if (trimmed === '' || /^(#|data:|about:|javascript:)/i.test(trimmed)) return url;
  try {
    return new URL(trimmed, base).href;
  } catch {
    return url;
  }
}

/** Makes the `url(…)`s of a text absolute; tells `seen` of each. */
export function absoluteCss(css: string, base: string, seen?: (url: string) => void): string {
  if (!/url\(/i.test(css)) return css;
  return css.replace(URLS, (all, double?: string, single?: string, bare?: string) => {
    if (all.startsWith('/*')) return all;
    const was = unescape(double ?? single ?? bare ?? '');
    const url = absolute(was, base);
    if (/^(https?|blob|data):/i.test(url)) seen?.(url);
    return url === was ? all : `url("${url.replace(/["\\\n]/g, encodeURIComponent)}")`;
  });
}

/** Makes the candidates of a `srcset` absolute; tells `seen` of each. */
export function absoluteSrcset(value: string, base: string, seen?: (url: string) => void): string {
  // A candidate's URL begins after white space and commas and ends at white space; a comma at its end ends the candidate.
  let out = '';
  let rest = value;
  for (let m; (m = /^([\s,]*)([^\s,]\S*)/.exec(rest)) !== null; ) {
    const commas = /,*$/.exec(m[2]!)![0];
    const url = absolute(m[2]!.slice(0, m[2]!.length - commas.length), base);
    rest = rest.slice(m[0].length);
    const descriptor = commas ? '' : /^(?:[^(,]|\([^)]*\)?)*,?/.exec(rest)![0];
    rest = rest.slice(descriptor.length);
    seen?.(url);
    out += m[1]! + url + commas + descriptor;
  }
  return out + rest;
}
