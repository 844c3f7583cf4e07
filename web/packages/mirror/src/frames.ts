import { Kind } from '@twinpane/protocol';
import * as dom from './dom.ts';
import { absolute } from './urls.ts';
import { subtree, type MirrorNode } from './tree.ts';
import type { View } from './view.ts';

const LIMITED = /^-\/\/W3C\/\/DTD (?:XHTML 1\.0 (?:Frameset|Transitional)|HTML 4\.01 (?:Frameset|Transitional))\/\//i;

/**
 * Documents of frames. A nested frame has a document only while it is attached, and a new one each time: what belongs into it
 * waits in one that is shown nowhere, and moves over when the frame is there.
 */
export class FrameDocuments {
  private readonly nested = new Set<MirrorNode>();

  /** @param watch hears of every document that comes into use. */
  constructor(private readonly view: View, private readonly watch: (doc: Document) => void) {}

  clear(): void {
    this.nested.clear();
  }

  /** The root document: emptied, in its rendering mode. */
  begin(n: MirrorNode, url: string): void {
    n.extra.url = n.extra.base = url;
    this.open(n, n.dom as Document);
  }

  /** A document below an iframe element was added. */
  add(n: MirrorNode): void {
    this.nested.add(n);
    this.setUrl(n);
  }

  forget(n: MirrorNode): void {
    if (this.nested.delete(n)) {
      for (let c = dom.firstChild(n.dom); c; c = dom.firstChild(n.dom)) dom.removeChild(n.dom, c);
    }
  }

  /** Moves documents into frames that have become attached, or have been attached anew. */
  seat(): void {
    if (this.nested.size === 0) return;
    for (let again = true; again;) {
      again = false;
      for (const n of this.nested) {
        const host = n.parent?.element;
        const doc = host && dom.isLive(host) ? dom.contentDocument(host as HTMLIFrameElement) : null;
        if (!doc || doc === n.dom) continue;
        n.dom = n.inside = doc;
        this.open(n, doc);
        for (let c = n.first; c; c = c.next) dom.insert(doc, c.dom, null);
        for (const d of subtree(n)) if (d.kind === Kind.ShadowRoot) this.view.sheets.dress(d);
        again = true;
      }
    }
  }

  /** A doctype came: some ask for the mode in between, which only the parser sets. */
  doctype(n: MirrorNode, publicId: string, systemId: string): void {
    if (n.x?.quirks || !LIMITED.test(publicId) || (/HTML 4\.01/i.test(publicId) && systemId === '')) return;
    n.extra.limited = true;
    if (dom.defaultView(n.dom as Document) && !dom.firstChild(n.dom)) this.open(n, n.dom as Document);
  }

  /** `base` element: the first one with an address counts. */
  setBase(n: MirrorNode, href: string | null): void {
    const doc = n.frame;
    if (!doc) return;
    if (doc.x?.baseElement === undefined || doc.x.baseElement === n.id) {
      doc.extra.baseElement = n.id;
      doc.extra.base = (href !== null && absolute(href, doc.x?.url ?? 'about:blank')) || (doc.x?.url ?? 'about:blank');
    }
  }

  /** Op 20: relative addresses follow, unless the page has a base element. */
  setUrlOfRoot(url: string): void {
    const root = this.view.tree.root;
    if (!root) return;
    root.extra.url = url;
    if (root.x?.baseElement === undefined) root.extra.base = url;
  }

  /** The iframe's address has changed. */
  setSource(host: MirrorNode): void {
    if (host.first?.kind === Kind.Document) this.setUrl(host.first);
  }

  private setUrl(n: MirrorNode): void {
    const host = n.parent!;
    const outer = host.frame?.x?.base ?? 'about:blank';
    const src = host.attribute('srcdoc') === null ? host.attribute('src') : null;
    const url = src === null || /^\s*(?:about|javascript|blob|data):/i.test(src) ? outer : absolute(src, outer) ?? outer;
    n.extra.url = url;
    if (n.x?.baseElement === undefined) n.extra.base = url;
  }

  private open(n: MirrorNode, doc: Document): void {
    dom.restart(doc, n.x?.quirks ? 'quirks' : n.x?.limited ? 'limited' : 'standards');
    this.watch(doc);
    this.view.sheets.dress(n);
  }
}
