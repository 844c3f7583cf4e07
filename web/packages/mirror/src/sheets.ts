import { Kind } from '@twinpane/protocol';
import { rewriteCss } from './css.ts';
import * as dom from './dom.ts';
import { ownCss } from './own-css.ts';
import { absolute } from './urls.ts';
import { baseOf, type View } from './view.ts';
import { fail, type MirrorNode } from './tree.ts';
import type { Waiter } from './resources.ts';

/** A constructed sheet of the page; every document of the view that adopts it needs its own. */
class Constructed implements Waiter {
  css = '';
  base = 'about:blank';
  wants?: Set<string>;
  readonly copies = new Map<Document, CSSStyleSheet>();
  constructor(readonly refresh: () => void) {}
}

/** Texts of style sheets: rewritten, and written into the view once per batch. */
export class Sheets {
  private readonly dirty = new Set<MirrorNode>();
  private readonly dirtyConstructed = new Set<Constructed>();
  private readonly constructed = new Map<number, Constructed>();
  private own = new WeakMap<Document, CSSStyleSheet>();

  constructor(private readonly view: View) {}

  clear(): void {
    this.dirty.clear();
    this.dirtyConstructed.clear();
    this.constructed.clear();
    this.own = new WeakMap();
  }

  /** Op 17 and 19. */
  setText(id: number, css: string, append: boolean): void {
    const n = this.view.tree.byId.get(id);
    if (n) {
      if (n.local !== 'style' && n.local !== 'link') fail(`node ${id} has no style sheet`);
      n.extra.css = append ? (n.x?.css ?? dom.textContent(n.inside!) ?? '') + css : css;
      this.dirty.add(n);
      return;
    }
    const sheet = this.constructed.get(id) ?? fail(`style sheet ${id} is not there`);
    sheet.css = append ? sheet.css + css : css;
    this.dirtyConstructed.add(sheet);
  }

  /** Something that the sheet of a style or link element depends on has changed. */
  touch(n: MirrorNode): void {
    this.dirty.add(n);
  }

  /** Children of a style element have changed: the browser reads its sheet anew from them. */
  textChanged(n: MirrorNode): void {
    if (n.x) delete n.x.css;
    this.dirty.add(n);
  }

  forget(n: MirrorNode): void {
    this.dirty.delete(n);
  }

  /** Op 18. */
  adopt(root: MirrorNode, ids: number[]): void {
    if (root.kind !== Kind.Document && root.kind !== Kind.ShadowRoot) fail(`node ${root.id} adopts no sheets`);
    for (const id of ids) {
      if (this.view.tree.byId.has(id)) fail(`style sheet ${id} is a node`);
      if (!this.constructed.has(id)) {
        const made: Constructed = new Constructed(() => this.dirtyConstructed.add(made));
        made.base = baseOf(root);
        this.constructed.set(id, made);
      }
    }
    root.extra.adopted = ids;
    this.dress(root);
  }

  /** Gives a document or shadow root its adopted sheets, ours last. Does nothing while its frame is not attached. */
  dress(root: MirrorNode): void {
    const doc = root.frame?.dom;
    if (!doc || !dom.defaultView(doc as Document) || (root.kind === Kind.ShadowRoot && !('host' in root.dom))) return;
    const sheets: CSSStyleSheet[] = [];
    for (const id of root.x?.adopted ?? []) {
      const copy = this.copy(this.constructed.get(id)!, doc as Document);
      if (copy) sheets.push(copy);
    }
    const own = this.ownSheet(doc as Document);
    if (own) sheets.push(own);
    dom.adopt(root.dom as Document | ShadowRoot, sheets);
  }

  /** Writes what has changed. */
  flush(): void {
    for (const n of this.dirty) {
      const el = n.element;
      if (!el) continue;
      const css = this.applies(n) ? n.x?.css ?? dom.textContent(n.inside!) ?? '' : '';
      const text = this.rewrite(css, this.baseOfSheet(n), n);
      if (dom.textContent(el) !== text) dom.setTextContent(el, text);
    }
    this.dirty.clear();
    for (const sheet of this.dirtyConstructed) {
      const text = this.rewrite(sheet.css, sheet.base, sheet);
      for (const copy of sheet.copies.values()) copy.replaceSync(text);
    }
    this.dirtyConstructed.clear();
  }

  private rewrite(css: string, base: string, waiter: Waiter): string {
    return rewriteCss(css, this.view.names, (url) => this.view.resources.find(url, base, waiter));
  }

  private baseOfSheet(n: MirrorNode): string {
    const href = n.local === 'link' ? n.attribute('href') : null;
    return (href !== null && absolute(href, baseOf(n))) || baseOf(n);
  }

  private applies(n: MirrorNode): boolean {
    if (n.local !== 'link') return true;
    const rel = (n.attribute('rel') ?? '').toLowerCase().split(/\s+/);
    return rel.includes('stylesheet') && !rel.includes('alternate') && n.attribute('disabled') === null;
  }

  private copy(sheet: Constructed, doc: Document): CSSStyleSheet | undefined {
    let copy = sheet.copies.get(doc);
    if (!copy) {
      copy = newSheet(doc, this.rewrite(sheet.css, sheet.base, sheet));
      if (copy) sheet.copies.set(doc, copy);
    }
    return copy;
  }

  private ownSheet(doc: Document): CSSStyleSheet | undefined {
    let own = this.own.get(doc);
    if (!own) {
      own = newSheet(doc, ownCss(this.view.names));
      if (own) this.own.set(doc, own);
    }
    return own;
  }
}

/** Sheets can be adopted only by the document whose window made them. */
function newSheet(doc: Document, css: string): CSSStyleSheet | undefined {
  const win = dom.defaultView(doc);
  if (!win) return undefined;
  const sheet = new win.CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}
