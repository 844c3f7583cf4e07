import { Kind, Op, head, pieces, wellFormed, type BatchWriter } from '@twinpane/protocol';
import { wireAttribute, type AttributeHost } from './attributes.ts';
import { childrenOf, depthOf, frameDocument, isDocument, isElement, isShadow, isText, shadowOf } from './dom.ts';
import { sentText, type Place } from './masking.ts';
import { OPEN, type PrivacyRules } from './privacy.ts';
import { longestRun, type Rec, type Tree } from './tree.ts';

const SVG = 'http://www.w3.org/2000/svg';
const MATHML = 'http://www.w3.org/1998/Math/MathML';
/** The server's mirror takes 512 levels; what lies deeper is left out. */
const MAX_DEPTH = 480;
/** UTF-16 units of a text that travel at once, and in all. */
const PIECE = 65_536;
const MAX_TEXT = Math.floor((4 << 20) / 3);
/** Texts shorter than this are sent whole. */
const SPLICE = 64;

export interface DifferHost {
  readonly rules: PrivacyRules;
  readonly ignore: (el: Element) => boolean;
  /** Documents that are part of the page now. */
  readonly documents: ReadonlySet<Document>;
  /** A node came into the mirror. No operation may be written now. */
  added(rec: Rec, at: Place): void;
  removed(rec: Rec): void;
  /** The document of a frame is no longer part of the page. */
  left(doc: Document): void;
  /** Attributes of an element have changed. */
  changed(el: Element): void;
  /** What hides a subtree has changed: its states want telling anew. */
  rehidden(rec: Rec): void;
  names(el: Element, attribute: string, url: string): void;
  longUrl(url: string): string | undefined;
}

/**
 * Tells the mirror how the tree has changed. It compares, parent by parent, the children that the mirror has with those that the
 * page has now, so that the order in which a script did things plays no part; mutation records only say where to look.
 */
export class Differ implements AttributeHost {
  /** Counts flushes: what came in this one was serialised as it is now. */
  flushed = 0;
  readonly #parents = new Set<Rec>();
  #lost: Rec[] = [];
  readonly #attributes = new Map<Rec, Map<string, string | null>>();
  readonly #texts = new Map<Rec, string | null>();
  readonly #tails: [rec: Rec, at: number, piece: string][] = [];
  /** Parents whose children wait to be placed, by depth. */
  #levels: Set<Rec>[] = [];
  readonly #bases = new Map<Document, string>();
  readonly #places = new Map<Rec, Place>();

  constructor(private readonly top: Document, private readonly tree: Tree, private readonly writer: BatchWriter, private readonly host: DifferHost) {}

  /** True when a flush would have something to look at. */
  get waiting(): boolean {
    return this.#parents.size > 0 || this.#attributes.size > 0 || this.#texts.size > 0;
  }

  /** Takes note of what the browser reports. To be called with every delivery: a node found outside of the page then is lost. */
  note(records: MutationRecord[]): void {
    for (const r of records) {
      const rec = this.tree.of(r.target);
      if (r.type === 'childList') {
        if (rec) this.#parents.add(rec);
        r.removedNodes.forEach((n) => {
          if (!this.#inPage(n)) this.#left(n);
        });
      } else if (!rec) {
        continue;
      } else if (r.type === 'attributes') {
        const names = this.#attributes.get(rec) ?? new Map<string, string | null>();
        this.#attributes.set(rec, names.set(r.attributeName!, r.attributeNamespace));
        const name = r.attributeName;
        if (name === 'type' && r.oldValue?.toLowerCase() === 'password') this.host.rules.wasPassword(r.target as Element);
        // These decide whether the element is on the tape at all.
        if ((name === 'rel' || name === 'name' || name === 'charset') && rec.parent) this.#parents.add(rec.parent);
      } else if (!this.#texts.has(rec)) {
        this.#texts.set(rec, r.oldValue);
      }
    }
    // A meta or link that was left out may come in.
    for (const r of records) {
      if (r.type === 'attributes' && !this.tree.of(r.target) && /^(link|meta)$/.test((r.target as Element).localName)) this.dirty(r.target.parentNode);
    }
  }

  /** The children of `node` are to be compared. */
  dirty(node: Node | null): void {
    const rec = this.tree.of(node);
    if (rec) this.#parents.add(rec);
  }

  /** Looks whether a frame still shows the document that the mirror has. */
  checkFrame(rec: Rec): void {
    const old = rec.kids[0];
    const now = frameDocument(rec.node as Element);
    if (old?.node === now) return;
    this.#parents.add(rec);
    if (old && !old.lost) {
      this.#lose(old, false);
      this.#lost.push(old);
    }
  }

  /** Writes the whole page: nothing is in the mirror yet, or all of it goes. */
  snapshot(): void {
    this.flushed++;
    const root = this.tree.of(this.top);
    if (!root) {
      this.writer.open(0, 0, this.tree.next);
      const later = new Set<Rec>();
      this.#write(this.top, null, OPEN, 0, later);
    } else {
      this.#drop(root.kids);
      root.kids = [];
      this.#parents.clear();
      this.#lost = [];
      this.#parents.add(root);
      this.#structure();
    }
    this.#forget();
    this.#writeTails();
  }

  flush(): void {
    this.flushed++;
    this.#places.clear();
    this.#structure();
    this.#raise();
    this.#changedAttributes();
    this.#changedTexts();
    this.#forget();
    this.#writeTails();
  }

  #forget(): void {
    this.#parents.clear();
    this.#attributes.clear();
    this.#texts.clear();
    this.#bases.clear();
    this.#places.clear();
  }

  /** A subtree is outside of the page, with all that is in it now: also what moved in there since the last flush. */
  #left(node: Node): void {
    const rec = this.tree.of(node);
    if (rec) {
      this.#lose(rec, false);
      this.#lost.push(rec);
    }
    const shadow = isElement(node) ? shadowOf(node) : undefined;
    if (shadow) this.#left(shadow);
    for (let c = node.firstChild; c; c = c.nextSibling) this.#left(c);
  }

  /** Is the node where nothing that happens to it escapes us: connected, below a root that is observed? */
  #inPage(node: Node): boolean {
    if (!node.isConnected) return false;
    const root = node.getRootNode();
    return isDocument(root) ? this.host.documents.has(root) : this.tree.of(root) !== undefined;
  }

  /** Unlinks what has left the page from its records. Nodes that live on elsewhere in the page stay known, unless `all`. */
  #lose(rec: Rec, all: boolean): void {
    if (!rec.lost) this.tree.unlink(rec);
    if (isDocument(rec.node)) this.host.left(rec.node);
    for (const kid of rec.kids) {
      if (kid.parent === rec && !kid.lost && (all || kid.node.nodeType === 9 || kid.node.nodeType === 11 || !this.#inPage(kid.node))) this.#lose(kid, all);
    }
  }

  #hasSurvivors(rec: Rec): boolean {
    return rec.kids.some((k) => k.parent === rec && (!k.lost || this.#hasSurvivors(k)));
  }

  /** Removes subtrees from the mirror, with all that is in them; those within others first. */
  #drop(recs: Rec[]): void {
    if (recs.length === 0) return;
    if (recs.length > 1) {
      const level = new Map(recs.map((r) => {
        let n = 0;
        for (let p = r.parent; p; p = p.parent) n++;
        return [r, n];
      }));
      recs.sort((a, b) => level.get(b)! - level.get(a)!);
    }
    this.writer.push([Op.Remove, ...recs.map((r) => r.id)]);
    for (const r of recs) {
      this.#lose(r, true);
      this.tree.remove(r, (gone) => this.host.removed(gone));
    }
  }

  #structure(): void {
    const lost = new Set(this.#lost.filter((r) => this.tree.get(r.id) === r && !r.parent!.lost));
    this.#lost = [];
    // A subtree whose nodes live on elsewhere goes when they have moved out; a document has to make room first.
    const late = [...lost].filter((r) => !isDocument(r.node) && !isDocument(r.parent!.node) && this.#hasSurvivors(r));
    for (const r of late) lost.delete(r);
    this.#drop([...lost]);

    this.#levels = [];
    for (const rec of this.#parents) this.#enqueue(rec);
    const orphans: Rec[] = [];
    // Ancestors before descendants: whoever receives a child is in its final place already.
    for (let depth = 0; depth < this.#levels.length; depth++) {
      for (const rec of this.#levels[depth] ?? []) this.#place(rec, orphans);
    }
    this.#levels = [];
    this.#drop([...late, ...orphans].filter((r) => this.tree.get(r.id) === r && (r.lost || !r.parent!.kids.includes(r))));
  }

  #enqueue(rec: Rec): void {
    if (rec.lost || this.tree.get(rec.id) !== rec) return;
    const depth = depthOf(rec.node, this.top, this.host.ignore);
    if (depth >= 0) (this.#levels[depth] ??= new Set()).add(rec);
  }

  /** Makes the mirror's children of one node those of the page. */
  #place(parent: Rec, orphans: Rec[]): void {
    if (parent.lost || this.tree.get(parent.id) !== parent) return;
    const depth = depthOf(parent.node, this.top, this.host.ignore);
    const live = depth < MAX_DEPTH ? childrenOf(parent.node, this.host.ignore) : [];
    const old = parent.kids.filter((k) => k.parent === parent && this.tree.get(k.id) === k);
    const wanted = new Set(live);
    const gone = old.filter((k) => !k.lost && !wanted.has(k.node));
    if (isDocument(parent.node) || parent.node.nodeName === 'IFRAME') this.#drop(gone);
    else orphans.push(...gone);

    const recs = live.map((n) => this.tree.of(n));
    const position = new Map(old.map((k, i) => [k, i]));
    const staying: number[] = [];
    recs.forEach((r, i) => {
      if (r && r.parent === parent) staying.push(i);
    });
    const run = longestRun(staying.map((i) => position.get(recs[i]!)!));
    const fixed = new Set([...run].map((s) => staying[s]!));

    const at = this.at(parent);
    const write = (first: number, last: number, before: number): void => {
      this.writer.open(parent.id, before, this.tree.next);
      const later = new Set<Rec>();
      for (let i = first; i <= last; i++) recs[i] = this.#write(live[i]!, parent, at, depth + 1, later);
      // Known nodes that stand below new ones are moved in when it is their parents' turn.
      for (const r of later) this.#enqueue(r);
    };
    // A shadow root is first, before children that are yet to leave as well.
    if (live[0]?.nodeType === 11 && !recs[0]) write(0, 0, old[0]?.id ?? 0);
    let next = 0;
    for (let i = live.length - 1; i >= 0; i--) {
      const rec = recs[i];
      if (!rec) {
        let first = i;
        while (first > 0 && !recs[first - 1]) first--;
        write(first, i, next);
        next = recs[first]!.id;
        i = first;
        continue;
      }
      if (!fixed.has(i) && rec.node.nodeType !== 11) {
        this.writer.push([Op.Move, rec.id, parent.id, next]);
        if (rec.parent !== parent) {
          const before = this.at(rec.parent);
          this.tree.move(rec, parent);
          this.#places.clear();
          if (before.effective !== at.effective || before.option !== at.option) this.#rehide(rec, at);
        }
      }
      next = rec.id;
    }
    parent.kids = recs as Rec[];
  }

  /** Writes a subtree on the open tape. Nodes that the mirror has are left out; their new parents go to `later`. */
  #write(node: Node, parent: Rec | null, above: Place, depth: number, later: Set<Rec>): Rec {
    const w = this.writer;
    const rec = this.tree.add(node, parent, this.flushed);
    let at = above;
    let items: unknown[];
    if (isElement(node)) {
      at = this.host.rules.below(node, above);
      rec.own = at.own;
      items = [w.name(node.localName)];
      let count = 0;
      for (const name of node.getAttributeNames()) {
        const value = this.#attribute(node, name, node.getAttribute(name)!, at);
        if (value === null) continue;
        items.push(w.name(name), w.str(value));
        count++;
      }
      const ns = node.namespaceURI;
      items.unshift(head(Kind.Element, false, at.own, ns === SVG || ns === MATHML, count));
    } else if (isText(node)) {
      items = [head(node.nodeType === 4 ? Kind.CData : Kind.Text), w.str(this.#firstPiece(rec, sentText(node.data, above)))];
    } else if (isDocument(node)) {
      items = [head(Kind.Document, false, 0, false, node.compatMode === 'BackCompat' ? 1 : 0)];
    } else if (isShadow(node)) {
      items = [head(Kind.ShadowRoot, false, 0, false, (node.mode === 'closed' ? 1 : 0) + (node.delegatesFocus ? 2 : 0))];
    } else if (node.nodeType === 10) {
      const d = node as DocumentType;
      items = [head(Kind.Doctype), w.name(d.name), w.str(d.publicId), w.str(d.systemId)];
    } else {
      items = [head(Kind.Comment)];
    }
    this.host.added(rec, at);
    const container = node.nodeType === 1 || node.nodeType === 9 || node.nodeType === 11;
    const kids = container && depth < MAX_DEPTH ? childrenOf(node, this.host.ignore) : [];
    const fresh = kids.filter((k) => !this.tree.of(k));
    if (fresh.length < kids.length) later.add(rec);
    const leaf = fresh.length === 0;
    if (container && leaf) items[0] = (items[0] as number) + 8;
    w.node(items, container && !leaf);
    if (leaf) return rec;
    rec.kids = fresh.map((k) => this.#write(k, rec, at, depth + 1, later));
    w.end();
    return rec;
  }

  /** Where a node of the mirror stands, by the classes that the page's elements have now. */
  at(rec: Rec | null): Place {
    if (!rec) return OPEN;
    let at = this.#places.get(rec);
    if (!at) {
      const above = this.at(rec.parent);
      at = isElement(rec.node) ? this.host.rules.below(rec.node, above) : above;
      this.#places.set(rec, at);
    }
    return at;
  }

  #attribute(el: Element, name: string, value: string, at: Place): string | null {
    return wireAttribute(el, name, value, at, this);
  }

  names(el: Element, attribute: string, url: string): void {
    this.host.names(el, attribute, url);
  }

  longUrl(url: string): string | undefined {
    return this.host.longUrl(url);
  }

  base({ ownerDocument: doc }: Element): string {
    let base = this.#bases.get(doc);
    if (base === undefined) this.#bases.set(doc, base = doc.baseURI);
    return base;
  }

  /** Classes that have risen: by an attribute, or because a rule matches now. */
  #raise(): void {
    for (const rec of this.#attributes.keys()) this.#reclass(rec);
    const selector = this.host.rules.selector;
    if (selector === '' || !this.waiting) return;
    const roots = [...this.host.documents].flatMap((d) => [d, ...this.#shadows(d)]);
    for (const root of roots) {
      for (const el of root.querySelectorAll(selector)) {
        const rec = this.tree.of(el);
        if (rec && rec.own < 2) this.#reclass(rec);
      }
    }
  }

  readonly #shadowRecs = new Set<Rec>();
  /** Shadow roots are few: the host tells of them, so that rules are looked up in them too. */
  shadowAdded(rec: Rec): void {
    this.#shadowRecs.add(rec);
  }

  shadowRemoved(rec: Rec): void {
    this.#shadowRecs.delete(rec);
  }

  #shadows(doc: Document): ShadowRoot[] {
    return [...this.#shadowRecs].map((r) => r.node as ShadowRoot).filter((s) => s.ownerDocument === doc);
  }

  #reclass(rec: Rec): void {
    if (rec.lost || this.tree.get(rec.id) !== rec || !isElement(rec.node)) return;
    const own = this.host.rules.own(rec.node);
    if (own === rec.own) return;
    rec.own = own;
    this.writer.push([Op.Privacy, rec.id, own]);
    this.#rehide(rec, this.at(rec.parent));
  }

  /** Tells attributes and texts of a subtree anew, as they may be sent where it stands now. */
  #rehide(rec: Rec, above: Place): void {
    const node = rec.node;
    let at = above;
    if (isElement(node)) {
      at = this.host.rules.below(node, above);
      const pairs: unknown[] = [];
      for (const name of node.getAttributeNames()) this.#pair(pairs, name, this.#attribute(node, name, node.getAttribute(name)!, at));
      if (pairs.length > 0) this.writer.push([Op.Attributes, rec.id, ...pairs]);
    } else if (isText(node)) {
      this.#wholeText(rec, sentText(node.data, above));
      this.#texts.delete(rec);
    }
    this.host.rehidden(rec);
    for (const kid of rec.kids) if (kid.parent === rec) this.#rehide(kid, at);
  }

  #pair(pairs: unknown[], name: string, value: string | null): void {
    pairs.push(this.writer.name(name), value === null ? null : this.writer.str(value));
  }

  #changedAttributes(): void {
    for (const [rec, names] of this.#attributes) {
      if (this.tree.get(rec.id) !== rec || rec.born === this.flushed) continue;
      const el = rec.node as Element;
      const at = this.at(rec);
      const pairs: unknown[] = [];
      for (const [local, ns] of names) {
        const a = el.getAttributeNodeNS(ns, local);
        const name = a?.name ?? (ns?.endsWith('/xlink') ? 'xlink:' + local : ns?.endsWith('/namespace') ? 'xml:' + local : local);
        this.#pair(pairs, name, a ? this.#attribute(el, name, a.value, at) : null);
      }
      this.writer.push([Op.Attributes, rec.id, ...pairs]);
      this.host.changed(el);
    }
  }

  #changedTexts(): void {
    for (const [rec, before] of this.#texts) {
      if (this.tree.get(rec.id) !== rec || rec.born === this.flushed) continue;
      const at = this.at(rec.parent);
      const text = sentText((rec.node as Text).data, at);
      const old = before === null ? '' : sentText(before, at);
      if (text === old) continue;
      if (old.length < SPLICE || old.length > MAX_TEXT || text.length > MAX_TEXT) this.#wholeText(rec, text);
      else this.#splice(rec, old, text);
    }
  }

  #wholeText(rec: Rec, text: string): void {
    this.writer.push([Op.Text, rec.id, this.writer.str(this.#firstPiece(rec, text))]);
  }

  #splice(rec: Rec, old: string, text: string): void {
    const most = Math.min(old.length, text.length);
    let start = 0;
    while (start < most && old.charCodeAt(start) === text.charCodeAt(start)) start++;
    let end = 0;
    while (end < most - start && old.charCodeAt(old.length - 1 - end) === text.charCodeAt(text.length - 1 - end)) end++;
    // Never between the halves of a pair, in neither text.
    const low = (s: string, i: number): boolean => i > 0 && i < s.length && (s.charCodeAt(i) & 0xfc00) === 0xdc00;
    while (low(old, start) || low(text, start)) start--;
    while (end > 0 && (low(old, old.length - end) || low(text, text.length - end))) end--;
    const insert = text.slice(start, text.length - end);
    if (insert.length > PIECE) this.#wholeText(rec, text);
    else this.writer.push([Op.Splice, rec.id, start, old.length - end - start, this.writer.str(insert)]);
  }

  /** What did not fit into the first piece of a text. */
  #writeTails(): void {
    for (const [rec, at, piece] of this.#tails.splice(0)) {
      if (this.tree.get(rec.id) === rec) this.writer.push([Op.Splice, rec.id, at, 0, piece]);
    }
  }

  /** The first piece of a text; the others wait. */
  #firstPiece(rec: Rec, whole: string): string {
    if (whole.length <= PIECE) return whole;
    const text = whole.length > MAX_TEXT ? pieces(whole, MAX_TEXT)[0]! : whole;
    const [first = '', ...rest] = pieces(text, PIECE);
    let at = first.length;
    for (const piece of rest) {
      this.#tails.push([rec, at, wellFormed(piece)]);
      at += piece.length;
    }
    return first;
  }
}
