/** What a URL may do in the view. Pure. */

/** The scheme as a browser would see it: control characters and white space do not count. */
function scheme(url: string): string {
  // eslint-disable-next-line no-control-regex
  const m = /^([a-z][a-z0-9+.-]*):/i.exec(url.replace(/[\u0000-\u0020\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\ufeff]/g, ''));
  return m ? m[1]!.toLowerCase() : '';
}

/** True for URLs that must not stand in any attribute: they would run script, or show a foreign document, when followed. */
export function isActiveUrl(url: string): boolean {
  const s = scheme(url);
  return s === 'javascript' || s === 'vbscript' || s === 'livescript' || s === 'mocha' || s === 'data' || s === 'blob' || s === 'filesystem';
}

/** data: URLs that are only ever pictures, fonts, sound or film. SVG is one: as an image it runs nothing. */
export function isPassiveData(url: string): boolean {
  return /^\s*data:(?:image\/[a-z0-9.+-]+|font\/[a-z0-9.+-]+|(?:audio|video)\/[a-z0-9.+-]+|application\/(?:x-)?font-[a-z0-9.+-]+|application\/vnd\.ms-fontobject|application\/octet-stream)?[;,]/i.test(url)
    && !/^\s*data:[;,]/i.test(url);
}

/** Absolute form without fragment, or undefined when it is none. */
export function absolute(url: string, base: string): string | undefined {
  try {
    const u = new URL(url, base);
    u.hash = '';
    return u.href;
  } catch {
    return undefined;
  }
}

/** The fragment, with its #, or ''. */
export function fragment(url: string): string {
  const at = url.indexOf('#');
  return at < 0 ? '' : url.slice(at);
}

/** Candidates of a srcset attribute: URL and descriptor. */
export function parseSrcset(value: string): [url: string, descriptor: string][] {
  const out: [string, string][] = [];
  let at = 0;
  while (at < value.length) {
    const skip = /^[\s,]*/.exec(value.slice(at))![0].length;
    at += skip;
    const url = /^\S*/.exec(value.slice(at))![0];
    if (url === '') break;
    at += url.length;
    if (url.endsWith(',')) {
      out.push([url.replace(/,+$/, ''), '']);
      continue;
    }
    let depth = 0, end = at;
    for (; end < value.length; end++) {
      const c = value[end];
      if (c === '(') depth++;
      else if (c === ')') depth--;
      else if (c === ',' && depth <= 0) break;
    }
    out.push([url, value.slice(at, end).trim()]);
    at = end + 1;
  }
  return out;
}
