import { Op, pieces, wellFormed, type BatchWriter } from '@twinpane/protocol';
import { absolute, absoluteCss } from './css.ts';
import { isDocument, isElement, isShadow } from './dom.ts';
import type { Rec, Tree } from './tree.ts';

const PIECE = 65_536;
/** The server takes 4 MiB a sheet; what lies beyond is cut. */
const MAX_SHEET = Math.floor((4 << 20) / 3);
const MAX_IMPORTS = 8;
/** Sheets of up to so many rules that scripts write to are read again at each {@link Sheets.poll}. */
const POLLED_RULES = 300;

interface Told { sheet: CSSStyleSheet | null; text?: string; dirty: boolean; rules: number; disabled: boolean; href: string }

export interface SheetsHost {
  /** A picture or font that a sheet names. */
  seen(url: string, doc: Document): void;
  /** Something came late: look again soon. */
  schedule(): void;
  /** Text of a sheet that scripts may not read, by CORS without credentials; undefined when that fails, too. */
  fetchText(url: string): Promise<string | undefined>;
}

/** Style sheets as the browser has them: linked, written through the CSSOM, adopted. Ops 17, 18 and 19. */
export class Sheets {
  readonly #owners = new Map<Rec, Told>();
  readonly #roots = new Map<Rec, CSSStyleSheet[]>();
  readonly #adopted = new Map<CSSStyleSheet, { id: number; text: string; dirty: boolean }>();
  /** Written to by a script: the text of the element no longer says what is in them. */
  readonly #written = new WeakSet<CSSStyleSheet>();

  constructor(private readonly tree: Tree, private readonly writer: BatchWriter, private readonly host: SheetsHost) {}

  added(rec: Rec): void {
    const n = rec.node;
    if (isDocument(n) || isShadow(n)) this.#roots.set(rec, []);
    else if (isElement(n) && (n.localName === 'style' || n.localName === 'link')) {
      this.#owners.set(rec, { sheet: null, dirty: true, rules: -1, disabled: false, href: '' });
    }
  }

  removed(rec: Rec): void {
    this.#owners.delete(rec);
    this.#roots.delete(rec);
  }

  /** A linked sheet has loaded, or its element has changed. */
  touched(el: Element): void {
    const told = this.#owners.get(this.tree.of(el)!);
    if (told) told.dirty = true;
  }

  /** A script has written to a sheet, or to a rule of it. */
  wrote(self: unknown): void {
    let sheet = self as CSSStyleSheet | null;
    const rule = (self as { parentRule?: CSSRule | null }).parentRule ?? (self as CSSRule);
    if (rule.parentStyleSheet) sheet = rule.parentStyleSheet;
    for (; sheet?.parentStyleSheet; sheet = sheet.parentStyleSheet);
    if (!sheet) return;
    this.#written.add(sheet);
    const adopted = this.#adopted.get(sheet);
    if (adopted) adopted.dirty = true;
    else if (sheet.ownerNode) this.touched(sheet.ownerNode as Element);
  }

  /** Looks for what no patched method tells of: rules set through `rule.style`, adopted sheets pushed to a list. */
  poll(): void {
    for (const told of this.#owners.values()) {
      const rules = told.sheet ? count(told.sheet) : -1;
      if (told.sheet && (rules !== told.rules || told.sheet.disabled !== told.disabled)) {
        if (rules !== told.rules) this.#written.add(told.sheet);
        told.dirty = true;
      } else if (told.sheet && rules <= POLLED_RULES && this.#written.has(told.sheet)) told.dirty = true;
    }
    for (const [sheet, a] of this.#adopted) if (count(sheet) <= POLLED_RULES) a.dirty = true;
  }

  /** Tells what differs from what was told. */
  check(): void {
    for (const [rec, told] of this.#owners) {
      const el = rec.node as HTMLStyleElement | HTMLLinkElement;
      if (el.sheet === told.sheet && !told.dirty) continue;
      told.dirty = false;
      told.sheet = el.sheet;
      if (!el.sheet) continue;
      told.rules = count(el.sheet);
      told.disabled = el.sheet.disabled;
      const text = this.#textOf(el, el.sheet, told);
      if (text !== undefined) told.text = this.#tell(rec.id, told.text, text);
    }
    for (const [rec, before] of this.#roots) this.#adoptedBy(rec, before);
    for (const [sheet, a] of this.#adopted) {
      if (!a.dirty) continue;
      a.dirty = false;
      const doc = this.#documentOf(sheet);
      let text = this.#read(sheet, doc, 0) ?? '';
      if (sheet.media.mediaText && text) text = `@media ${sheet.media.mediaText}{${text}}`;
      a.text = this.#tell(a.id, a.text, sheet.disabled ? '' : text);
    }
  }

  readonly #owner = new WeakMap<CSSStyleSheet, Document>();
  #documentOf(sheet: CSSStyleSheet): Document {
    return this.#owner.get(sheet)!;
  }

  #adoptedBy(rec: Rec, before: CSSStyleSheet[]): void {
    const root = rec.node as Document | ShadowRoot;
    const now = root.adoptedStyleSheets ?? [];
    if (now.length === before.length && before.every((s, i) => s === now[i])) return;
    const list = Array.from(now);
    this.#roots.set(rec, list);
    for (const sheet of list) {
      if (this.#adopted.has(sheet)) continue;
      this.#owner.set(sheet, isDocument(root) ? root : root.ownerDocument);
      this.#adopted.set(sheet, { id: this.tree.newId(), text: '', dirty: true });
    }
    this.writer.push([Op.Adopted, rec.id, ...list.map((s) => this.#adopted.get(s)!.id)]);
  }

  /** What is to be told of an element's sheet; undefined: nothing, the element's own text says it. */
  #textOf(el: HTMLStyleElement | HTMLLinkElement, sheet: CSSStyleSheet, told: Told): string | undefined {
    if (sheet.disabled) return '';
    const doc = el.ownerDocument;
    if (el.localName === 'style') {
      const source = el.textContent ?? '';
      const plain = !this.#written.has(sheet) && !differs(source, sheet, doc);
      if (!plain) this.#written.add(sheet);
      else if (!/@import/i.test(source)) {
        if (told.text === undefined && !/url\(/i.test(source)) return undefined;
        return absoluteCss(source, doc.baseURI, (u) => this.host.seen(u, doc));
      }
      return this.#read(sheet, doc, 0) ?? source;
    }
    const text = this.#read(sheet, doc, 0);
    // Chromium writes shorthands with variables that later longhands override as empty: then only the source has them.
    if (text !== undefined && (this.#written.has(sheet) || !/:\s*;/.test(text))) return text;
    const href = (el as HTMLLinkElement).href;
    if (told.href !== href) {
      told.href = href;
      void this.host.fetchText(href).then((source) => {
        const rec = this.tree.of(el);
        if (source === undefined || !rec || this.#owners.get(rec) !== told || (el as HTMLLinkElement).href !== href) return;
        this.#late.push([rec, told, absoluteCss(imports(source, href), href, (u) => this.host.seen(u, doc))]);
        this.host.schedule();
      });
    }
    return told.text === undefined ? text : undefined;
  }

  readonly #late: [Rec, Told, string][] = [];

  /** Texts that were fetched meanwhile. */
  arrived(): void {
    for (const [rec, told, text] of this.#late.splice(0)) if (this.#owners.get(rec) === told) told.text = this.#tell(rec.id, told.text, text);
  }

  /** A sheet's text with absolute addresses, imports in place; undefined when scripts may not read it. */
  #read(sheet: CSSStyleSheet, doc: Document, level: number): string | undefined {
    let rules: CSSRuleList;
    try {
      rules = sheet.cssRules;
    } catch {
      return undefined;
    }
    const base = sheet.href ?? doc.baseURI;
    const seen = (u: string): void => this.host.seen(u, doc);
    let first = '';
    let text = '';
    for (const rule of rules) {
      const i = rule as CSSImportRule;
      if (rule.type !== 3) {
        text += absoluteCss(rule.cssText, base, seen) + '\n';
        continue;
      }
      let inner = i.styleSheet && level < MAX_IMPORTS ? this.#read(i.styleSheet, doc, level + 1) : undefined;
      if (inner === undefined) {
        first += imports(rule.cssText, base) + '\n';
        continue;
      }
      if (i.media.mediaText) inner = `@media ${i.media.mediaText}{${inner}}`;
      if (i.supportsText) inner = `@supports ${/^\s*(\(|not\b|selector\(|font-)/.test(i.supportsText) ? i.supportsText : `(${i.supportsText})`}{${inner}}`;
      if (i.layerName !== null && i.layerName !== undefined) inner = `@layer ${i.layerName}{${inner}}`;
      text += inner + '\n';
    }
    return first + text;
  }

  #tell(id: number, before: string | undefined, whole: string): string {
    const text = wellFormed(whole.length > MAX_SHEET ? pieces(whole, MAX_SHEET)[0]! : whole);
    if (text === before) return text;
    // Rules are mostly added at the end.
    const grows = before !== undefined && before !== '' && text.startsWith(before);
    const parts = pieces(grows ? text.slice(before.length) : text, PIECE);
    if (!grows) this.writer.push([Op.Sheet, id, parts.shift() ?? '']);
    for (const part of parts) this.writer.push([Op.SheetAppend, id, part]);
    return text;
  }
}

function count(sheet: CSSStyleSheet): number {
  try {
    return sheet.cssRules.length;
  } catch {
    return -1;
  }
}

/** Addresses of `@import "…"`; `url(…)` is left to absoluteCss. */
function imports(css: string, base: string): string {
  return absoluteCss(css.replace(/@import\s+(["'])((?:(?!\1)[^\\\n])*)\1/gi, (_, _q, url: string) => `@import url("${absolute(url, base)}")`), base);
}

/** Was the sheet of a `style` written to before we came? Its source, parsed anew, then has another number of rules. */
function differs(source: string, sheet: CSSStyleSheet, doc: Document): boolean {
  const have = count(sheet);
  if (!/\S/.test(source)) return have > 0;
  if (source.length > 200_000) return false;
  try {
    const copy = new (doc.defaultView as Window & typeof globalThis).CSSStyleSheet();
    copy.replaceSync(source);
    const imported = Array.from(sheet.cssRules).filter((r) => r.type === 3).length;
    return copy.cssRules.length !== have - imported;
  } catch {
    return false;
  }
}
