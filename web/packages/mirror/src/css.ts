import type { Names } from './names.ts';

/** Gives the URL to use in the view, or undefined: nothing is requested then. */
export type ResolveUrl = (url: string) => string | undefined;

/** Loads nothing, and is no valid picture or font. */
const NOTHING = 'data:,';

const IDENT = '(?:[-\\w\\u0080-\\uffff]|\\\\(?:[0-9a-fA-F]{1,6}[ \\t\\r\\n\\f]?|[^\\n0-9a-fA-F]))+';
const STRING = '"(?:[^"\\\\\\n]|\\\\[^])*"?|\'(?:[^\'\\\\\\n]|\\\\[^])*\'?';
/** Comments, strings, names with what stands before them and an opening bracket behind, brackets and separators. */
const TOKEN = new RegExp(`/\\*[^]*?(?:\\*/|$)|${STRING}|(?:::?|@)?${IDENT}\\(?|[{}();\\[\\]]`, 'g');
/** Nothing to do for a text without any of these. */
const INTERESTING = /url|src\s*\(|image|@|:hover|:focus|expression|-moz-binding|\\/i;
const IMAGE_SET = /^(?:-webkit-)?image-set$/;

export function unescapeCss(s: string): string {
  if (!s.includes('\\')) return s;
  return s.replace(/\\(?:([0-9a-fA-F]{1,6})[ \t\r\n\f]?|(\r\n|[^])|$)/g, (_, hex: string | undefined, c: string | undefined) => {
    if (hex === undefined) return c === undefined || c === '\n' || c === '\r\n' ? '' : c;
    const n = parseInt(hex, 16);
    return n === 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000) ? '\ufffd' : String.fromCodePoint(n);
  });
}

function quote(url: string): string {
  return '"' + url.replace(/["\\\n\r\f]/g, (c) => '\\' + c.charCodeAt(0).toString(16) + ' ') + '"';
}

/** The view has no script, the customer's page had: media queries must not notice. */
export function fixScripting(query: string): string {
  return query.replace(/\(\s*scripting\s*(?::\s*([-\w]+)\s*)?\)/gi, (_, value: string | undefined) =>
    value === undefined || value.toLowerCase() === 'enabled' ? '(min-width:0px)' : '(max-width:-1px)');
}

interface Group {
  /** Function name, '' for plain brackets. */
  name: string;
  /** Function of a pseudo-element, as ::part(…). */
  pseudoElement: boolean;
}

/**
 * Makes a style sheet (or a declaration list) fit for the view: URLs by `resolve`, imports as well; `:hover`, `:focus`, `:focus-visible`,
 * `:focus-within` match the mirrored state; `scripting` as at the customer. Works on text, so that it needs no sheet and loads nothing.
 */
export function rewriteCss(css: string, names: Names, resolve: ResolveUrl): string {
  if (!INTERESTING.test(css)) return css;
  const out: string[] = [];
  const groups: Group[] = [];
  /** Where pseudo-classes of the current statement stand in `out`; they count only if it turns out to be a selector. */
  let states: [at: number, attribute: string][] = [];
  let statement = 0;
  let keyword = '';
  let last = 0;
  /** True right behind a pseudo-element: what follows cannot be an attribute selector. */
  let afterElement = false;
  const states_of: Record<string, string> = {
    hover: names.hover, focus: names.focus, 'focus-visible': names.focusVisible, 'focus-within': names.focusWithin,
  };
  const url = (raw: string): string => quote(resolve(raw.trim()) ?? NOTHING);
  const endStatement = (): void => {
    states = [];
    keyword = '';
    statement = out.length;
  };

  TOKEN.lastIndex = 0;
  for (let m = TOKEN.exec(css); m; m = TOKEN.exec(css)) {
    const token = m[0];
    if (m.index > last) {
      out.push(css.slice(last, m.index));
      afterElement = false;
    }
    last = TOKEN.lastIndex;
    const c = token.charCodeAt(0);
    if (c === 0x2f) { // comment
      out.push(token);
      continue;
    }
    if (c === 0x22 || c === 0x27) { // string
      const inside = groups[groups.length - 1];
      out.push(inside && IMAGE_SET.test(inside.name) ? url(unescapeCss(token.slice(1, token.length > 1 && token.charCodeAt(token.length - 1) === c ? -1 : undefined))) : token);
      continue;
    }
    if (token.length === 1 && '{}();[]'.includes(token)) {
      if (token === '(' || token === '[') groups.push({ name: '', pseudoElement: false });
      else if (token === ')' || token === ']') afterElement = groups.pop()?.pseudoElement ?? false;
      else {
        if (token === '{') {
          if (keyword === '' || keyword === 'scope') for (const [at, attribute] of states) out[at] = '[' + attribute + ']';
          else if (keyword === 'media') out.push(fixScripting(out.splice(statement).join('')));
        }
        // A brace ends whatever bracket a faulty sheet left open.
        if (token !== ';') groups.length = 0;
      }
      out.push(token);
      if (token === '{' || token === '}' || (token === ';' && groups.length === 0)) endStatement();
      continue;
    }
    // A name.
    const colons = c === 0x3a ? (token.charCodeAt(1) === 0x3a ? 2 : 1) : 0;
    const prefix = colons > 0 ? token.slice(0, colons) : c === 0x40 ? '@' : '';
    const open = token.endsWith('(');
    const name = unescapeCss(token.slice(prefix.length, open ? -1 : undefined)).toLowerCase();
    if (prefix === '@') {
      if (groups.length === 0) keyword = name;
      if (/^import$/.test(name)) {
        last = importEnd(css, last);
        TOKEN.lastIndex = last;
        out.push(importRule(css.slice(m.index + token.length, last), resolve));
        endStatement();
        continue;
      }
      out.push(token);
      continue;
    }
    if (open && (name === 'url' || name === 'src') && keyword !== 'namespace') {
      const argument = urlArgument(css, last);
      if (argument) {
        last = TOKEN.lastIndex = argument.end;
        out.push(`${prefix}url(${url(argument.url)}${argument.closed ? ')' : ''}`);
        if (!argument.closed) groups.push({ name, pseudoElement: false });
        continue;
      }
    }
    if (name === '-moz-binding' || (open && name === 'expression')) {
      out.push(`${prefix}x-off${open ? '(' : ''}`);
    } else {
      const attribute = colons === 1 && !open && !afterElement ? states_of[name] : undefined;
      if (attribute !== undefined) states.push([out.length, attribute]);
      out.push(token);
    }
    afterElement = colons === 2 || (afterElement && colons === 1);
    if (open) groups.push({ name, pseudoElement: colons === 2 });
  }
  if (last < css.length) out.push(css.slice(last));
  return out.join('');
}

const URL_STRING = new RegExp(`[ \\t\\r\\n\\f]*(${STRING})[ \\t\\r\\n\\f]*(\\))?`, 'y');
const URL_BARE = /[ \t\r\n\f]*((?:[^)\\]|\\[^])*)\)?/y;

/** What stands behind `url(` at `at`: a string (perhaps with modifiers behind it, then not closed) or a bare URL. */
function urlArgument(css: string, at: number): { url: string; end: number; closed: boolean } | undefined {
  URL_STRING.lastIndex = at;
  let m = URL_STRING.exec(css);
  if (m) {
    const s = m[1]!;
    return { url: unescapeCss(s.slice(1, s.length > 1 && s.endsWith(s[0]!) ? -1 : undefined)), end: URL_STRING.lastIndex, closed: m[2] !== undefined };
  }
  URL_BARE.lastIndex = at;
  m = URL_BARE.exec(css);
  return m ? { url: unescapeCss(m[1]!), end: URL_BARE.lastIndex, closed: true } : undefined;
}

const IMPORT_PART = new RegExp(`/\\*[^]*?(?:\\*/|$)|${STRING}|\\(|\\)|;|[{}]`, 'g');

/** Where an @import that begins before `at` ends: behind its semicolon. */
function importEnd(css: string, at: number): number {
  IMPORT_PART.lastIndex = at;
  let depth = 0;
  for (let m = IMPORT_PART.exec(css); m; m = IMPORT_PART.exec(css)) {
    if (m[0] === '(') depth++;
    else if (m[0] === ')') depth--;
    else if (m[0] === ';' && depth <= 0) return IMPORT_PART.lastIndex;
    else if (m[0] === '{' || m[0] === '}') return m.index;
  }
  return css.length;
}

/** An import whose sheet is in the store, or nothing. */
function importRule(rest: string, resolve: ResolveUrl): string {
  const bare = rest.replace(/^(?:\s|\/\*[^]*?\*\/)+/, '');
  const function_ = new RegExp(`^(${IDENT})\\(`).exec(bare);
  let address: string | undefined, behind = '';
  if (function_ && unescapeCss(function_[1]!).toLowerCase() === 'url') {
    const argument = urlArgument(bare, function_[0].length);
    if (argument?.closed) [address, behind] = [argument.url, bare.slice(argument.end)];
  } else {
    const string = new RegExp(`^(?:${STRING})`).exec(bare)?.[0];
    if (string !== undefined) [address, behind] = [unescapeCss(string.slice(1, string.length > 1 ? -1 : undefined)), bare.slice(string.length)];
  }
  const known = address === undefined ? undefined : resolve(address.trim());
  if (known === undefined || known.startsWith('data:')) return '';
  return `@import ${quote(known)}${fixScripting(behind.replace(/;?\s*$/, ''))};`;
}
