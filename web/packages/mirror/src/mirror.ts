import { ErrorCode, Kind, Op, StreamError, StreamReader, type AddedNode, type Batch, type PageOp } from '@twinpane/protocol';
import { Attributes } from './attributes.ts';
import { describe, type Described } from './describe.ts';
import * as dom from './dom.ts';
import { createShown, localName, namespaceOf } from './elements.ts';
import { Fields } from './fields.ts';
import { FrameDocuments } from './frames.ts';
import { hitTest, type Hit } from './hit.ts';
import { makeNames } from './names.ts';
import { Painter } from './painter.ts';
import { Resources } from './resources.ts';
import { Scrolls } from './scrolls.ts';
import { Sheets } from './sheets.ts';
import { States } from './states.ts';
import { detach, fail, Invalid, MirrorNode, Tree } from './tree.ts';
import type { View } from './view.ts';

/** One mirror's parts. */
export interface Parts extends View {
  readonly attributes: Attributes;
  readonly sheets: Sheets;
  readonly fields: Fields;
  readonly scrolls: Scrolls;
  readonly frames: FrameDocuments;
}

export interface PageInfo {
  url: string;
  title: string;
  /** Layout viewport of the customer, scroll bars included. */
  width: number;
  height: number;
  dpr: number;
  lang: string;
  /** The snapshot is whole. */
  complete: boolean;
  /** Hidden fields and elements. */
  hidden: number;
}

export interface Broken {
  e: number;
  why: 'gap' | 'checksum' | 'invalid';
  /** For the log: no content of the page. */
  detail: string;
}

export interface MirrorOptions {
  /** Base URL of the resource store, to which a hash is appended. */
  resources: string;
  /** After a batch that changed any of it. */
  onPage?: (page: PageInfo) => void;
  /** Nothing more is applied until {@link Mirror.reset}. */
  onBroken?: (broken: Broken) => void;
  /** Batch `s` and all before it have been painted. */
  onPainted?: (e: number, s: number, at: number | undefined) => void;
  /** Customer's pointer, viewport coordinates; x −1: it has left. */
  onPointer?: (moves: readonly { x: number; y: number; dt: number }[]) => void;
  onClick?: (x: number, y: number, id: number) => void;
  onFocus?: (id: number) => void;
  /** Value, selection or class of a field has changed. */
  onField?: (n: MirrorNode) => void;
}

/**
 * The customer's page in a frame that runs nothing: applies the page stream (docs/protocol/page-stream.md).
 * The frame's sandbox is exactly `allow-same-origin`, set before it was attached. One mirror per frame.
 */
export class Mirror {
  readonly view: Parts;
  /** As the customer has it. */
  page: PageInfo = emptyPage();
  private readonly reader = new StreamReader();
  private readonly states: States;
  private readonly painter: Painter;
  private broken = false;
  /** Op 0 of this page was seen. */
  private begun = false;
  private reported = JSON.stringify(emptyPage());
  /** What waits to be attached at the end of an op 2. */
  private roots: [parent: Node, child: Node, before: Node | null][] = [];

  constructor(private readonly frame: HTMLIFrameElement, private readonly options: MirrorOptions) {
    if (frame.getAttribute('sandbox') !== 'allow-same-origin') throw new Error('the frame must be sandboxed with exactly allow-same-origin');
    if (!frame.contentDocument) throw new Error('the frame must be attached');
    const names = makeNames(), tree = new Tree();
    const view = { names, tree, resources: new Resources(new URL(options.resources, location.href).href), scrolls: new Scrolls(tree) } as { -readonly [K in keyof Parts]: Parts[K] };
    this.view = view;
    view.attributes = new Attributes(view);
    view.sheets = new Sheets(view);
    view.fields = new Fields(view, frame);
    view.frames = new FrameDocuments(view, (doc) => this.watch(doc));
    this.states = new States(names, tree);
    this.painter = new Painter(() => view.scrolls.settle(), (e, s, at) => this.options.onPainted?.(e, s, at));
    this.reset();
  }

  /** Forgets the page; the next batch begins with op 0. */
  reset(): void {
    this.reader.reset();
    this.broken = this.begun = false;
    this.empty();
    this.report();
  }

  /** Epoch of the page, 0 when there is none. */
  get epoch(): number {
    return this.reader.epoch;
  }

  /** The last batch that was applied. */
  get seq(): number {
    return this.reader.seq;
  }

  /** Focused node at the customer, 0 for none. */
  get focus(): number {
    return this.states.focus;
  }

  get hover(): number {
    return this.states.hover;
  }

  /** False: the root document stays where the agent scrolls it. */
  set follow(on: boolean) {
    this.view.scrolls.follow = on;
    if (on) this.view.scrolls.settle();
  }

  /**
   * Applies a batch, or a line of a snapshot. Batches of other epochs and those that were applied already are dropped.
   * @returns false when the mirror is broken and wants a {@link reset} and a snapshot.
   */
  apply(batch: Batch, snapshot = false): boolean {
    if (this.broken) return false;
    try {
      const epoch = this.reader.epoch;
      if (!snapshot && epoch !== 0 && batch.e !== epoch && !(batch.e > epoch && batch.s === 1)) return true;
      const ops = this.reader.read(batch, snapshot);
      if (!ops) return true;
      if (this.reader.epoch !== epoch) this.begun = false;
      for (const op of ops) this.perform(op);
      this.flush();
    } catch (e) {
      this.fail(batch, e);
      return false;
    }
    this.report();
    this.painter.request(this.reader.epoch, this.reader.seq, batch.at);
    return true;
  }

  node(id: number): MirrorNode | undefined {
    return this.view.tree.byId.get(id);
  }

  /** What is at a point of the customer's viewport as the view has it. */
  hit(x: number, y: number): Hit | undefined {
    return hitTest(this.document, x, y);
  }

  /** For tests: the page as plain data, read from the view's DOM. */
  serialize(id = 1): Described | undefined {
    const n = this.node(id);
    return n && describe(this.view, n);
  }

  get document(): Document {
    return this.frame.contentDocument!;
  }

  private empty(): void {
    const { tree, resources, sheets, fields, scrolls, frames } = this.view;
    tree.clear();
    for (const part of [resources, sheets, fields, scrolls, frames]) part.clear();
    this.states.clear();
    this.painter.clear();
    this.roots = [];
    this.page = emptyPage();
    // A page that is being built is styled and laid out once, at its end.
    this.frame.style.display = 'none';
    dom.restart(this.document, 'standards');
  }

  private perform(op: PageOp): void {
    const { tree, sheets, fields, resources, attributes, scrolls } = this.view;
    if ((op.op === Op.Begin) === this.begun) fail('op 0 comes first, and nowhere else');
    switch (op.op) {
      case Op.Begin: return this.begin(op);
      case Op.Complete: this.page.complete = true; return;
      case Op.Add: return this.add(op.nodes);
      case Op.Remove: return op.ids.forEach((id) => this.remove(id));
      case Op.Move: return this.move(op.id, op.parent, op.next);
      case Op.Attributes: {
        const n = tree.get(op.id);
        if (!n.isElement) fail(`node ${op.id} has no attributes`);
        for (const [name, value] of op.attributes) attributes.set(n, name, value);
        return;
      }
      case Op.Text: {
        const n = this.characters(op.id);
        n.data = op.data;
        return this.textChanged(op.id);
      }
      case Op.Splice: {
        const n = this.characters(op.id);
        if (op.start + op.remove > n.length) fail(`splice beyond the text of ${op.id}`);
        n.replaceData(op.start, op.remove, op.insert);
        return this.textChanged(op.id);
      }
      case Op.Value: {
        const n = tree.get(op.id);
        fields.setValue(n, op.value);
        return this.options.onField?.(n);
      }
      case Op.State: return fields.setState(tree.get(op.id), op.bits);
      case Op.Scroll: return scrolls.set(tree.get(op.id), op.x, op.y);
      case Op.Viewport: return this.size(op.width, op.height, op.dpr);
      case Op.Pointer: return this.options.onPointer?.(op.moves);
      case Op.Focus: this.states.setFocus(op.id); return this.options.onFocus?.(this.states.focus);
      case Op.Hover: return this.states.setHover(op.id);
      case Op.Click: return this.options.onClick?.(op.x, op.y, op.id);
      case Op.Sheet: return sheets.setText(op.id, op.css, false);
      case Op.SheetAppend: return sheets.setText(op.id, op.css, true);
      case Op.Adopted: return sheets.adopt(tree.get(op.root), op.sheets);
      case Op.Url: this.page.url = op.url; return this.view.frames.setUrlOfRoot(op.url);
      case Op.Title: this.page.title = op.title; return;
      case Op.Checksum: {
        const { count, sum } = tree.checksum;
        if (op.count !== count || op.sum !== sum) throw new Differs(`${count} nodes here, ${op.count} there`);
        return;
      }
      case Op.Resource: return resources.set(op.url, op.hash);
      case Op.Privacy: {
        const n = tree.get(op.id);
        if (!n.isElement) fail(`node ${op.id} has no class`);
        fields.setPrivacy(n, op.privacy);
        return this.options.onField?.(n);
      }
      case Op.Property: {
        const n = tree.get(op.id);
        if (!n.isElement) fail(`node ${op.id} has no properties`);
        return attributes.property(n, op.name, op.value);
      }
      case Op.Selection: {
        const n = tree.get(op.id);
        fields.setSelection(n, op.start, op.end);
        return this.options.onField?.(n);
      }
    }
  }

  private begin(op: PageOp & { op: typeof Op.Begin }): void {
    this.empty();
    this.begun = true;
    Object.assign(this.page, { url: op.url, title: op.title, lang: op.lang });
    this.size(op.width, op.height, op.dpr);
  }

  private size(width: number, height: number, dpr: number): void {
    Object.assign(this.page, { width, height, dpr });
    this.frame.style.width = `${width}px`;
    this.frame.style.height = `${height}px`;
  }

  /** Builds what is new below a live parent first, then attaches it at once. */
  private add(nodes: AddedNode[]): void {
    const { tree, attributes, fields, frames, sheets } = this.view;
    for (const a of nodes) {
      const parent = a.parent === 0 ? null : tree.get(a.parent);
      if (!parent && (tree.root || a.kind !== Kind.Document)) fail('there is one root only, and it is a document');
      const n = this.create(a, parent);
      const before = tree.link(n, parent, a.next);
      if (!parent) {
        frames.begin(n, this.page.url);
        continue;
      }
      n.effective = Math.max(n.privacy, parent.effective) as typeof n.effective;
      if (a.kind === Kind.Element) {
        for (const [name, value] of a.attributes) attributes.set(n, name, value);
        if (n.local === 'canvas') attributes.properties(n);
        if (n.effective > 0) fields.added(n);
      }
      if (n.kind === Kind.Document) frames.add(n);
      else if (n.kind === Kind.ShadowRoot) sheets.dress(n);
      else {
        const ref = before?.dom ?? null;
        if (dom.isLive(parent.inside!)) this.roots.push([parent.inside!, n.dom, ref]);
        else dom.insert(parent.inside!, n.dom, ref);
        if (parent.local === 'style') sheets.touch(parent);
      }
    }
    for (const [parent, child, before] of this.roots) dom.insert(parent, child, before);
    this.roots = [];
    frames.seat();
  }

  private create(a: AddedNode, parent: MirrorNode | null): MirrorNode {
    const frame = a.kind === Kind.Document ? undefined : parent!.kind === Kind.Document ? parent! : parent!.frame;
    const doc = frame && dom.defaultView(frame.dom as Document) ? (frame.dom as Document) : this.document;
    const make = (node: Node, inside?: Node): MirrorNode => {
      const n = new MirrorNode(a.id, a.kind, node, inside, frame, this.refresh);
      if (a.kind === Kind.Document) n.frame = n;
      return n;
    };
    switch (a.kind) {
      case Kind.Element: {
        const ns = namespaceOf(a.tag, a.svg, parent!.ns);
        const local = localName(a.tag, ns);
        const shown = createShown(doc, a.tag, local, ns);
        // Text of a style sheet is rewritten before the view sees it; children of what is dropped are never seen.
        const apart = shown.nodeType !== 1 || local === 'link' || local === 'style';
        const n = make(shown, apart ? dom.createFragment(doc) : shown);
        n.tag = a.tag;
        n.local = local;
        n.ns = ns;
        n.privacy = a.privacy;
        return n;
      }
      case Kind.Text: return make(dom.createText(doc, a.data));
      case Kind.CData: return make(dom.createCData(a.data));
      case Kind.Comment: return make(dom.createComment(doc, ''));
      case Kind.Doctype: {
        if (parent!.kind === Kind.Document) this.view.frames.doctype(parent!, a.publicId, a.systemId);
        return make(dom.implementation(doc).createDocumentType(a.name, a.publicId, a.systemId));
      }
      case Kind.ShadowRoot: {
        const root = shadowOf(parent!, a.delegatesFocus) ?? dom.createFragment(doc);
        return make(root, root);
      }
      case Kind.Document: {
        const root = parent ? dom.createWaitingDocument() : doc;
        const n = make(root, root);
        if (a.quirks) n.extra.quirks = true;
        return n;
      }
    }
  }

  private readonly refresh = (n: MirrorNode): void => this.view.attributes.refresh(n);

  private remove(id: number): void {
    const { tree, resources, sheets, fields, scrolls, frames } = this.view;
    const n = tree.get(id);
    const parent = n.parent;
    tree.remove(n, (gone) => {
      if (gone.wants) resources.forget(gone);
      if (gone.kind === Kind.Document) frames.forget(gone);
      if (gone.isElement) {
        sheets.forget(gone);
        fields.forget(gone);
      }
      if (gone.x?.scroll) scrolls.forget(gone);
    });
    if (n.kind === Kind.ShadowRoot) for (let c = dom.firstChild(n.dom); c; c = dom.firstChild(n.dom)) dom.removeChild(n.dom, c);
    else if (n.kind !== Kind.Document) detach(n.dom);
    if (parent?.local === 'style') sheets.textChanged(parent);
  }

  private move(id: number, parentId: number, next: number): void {
    const { tree, frames, fields, scrolls } = this.view;
    const n = tree.get(id), parent = tree.get(parentId), from = n.parent;
    const before = tree.move(n, parent, next);
    // Moved without leaving the document, frames keep theirs and boxes their scroll positions.
    const kept = n.frame === parent.frame && dom.moveBefore(parent.inside!, n.dom, before?.dom ?? null);
    if (!kept) dom.insert(parent.inside!, n.dom, before?.dom ?? null);
    if (n.frame !== parent.frame) this.reframe(n, parent);
    if (n.effective !== Math.max(n.privacy, parent.effective)) fields.inherit(n);
    frames.seat();
    for (const p of [from, parent]) if (p?.local === 'style') this.view.sheets.textChanged(p);
    if (!kept) scrolls.again(n);
  }

  private reframe(top: MirrorNode, parent: MirrorNode): void {
    const frame = parent.kind === Kind.Document ? parent : parent.frame;
    const walk = (n: MirrorNode): void => {
      if (n.kind === Kind.Document) return;
      n.frame = frame;
      for (let c = n.first; c; c = c.next) walk(c);
    };
    walk(top);
  }

  private characters(id: number): CharacterData {
    const n = this.view.tree.get(id);
    if (n.kind !== Kind.Text && n.kind !== Kind.CData) fail(`node ${id} has no text`);
    return n.dom as CharacterData;
  }

  private textChanged(id: number): void {
    const parent = this.view.tree.get(id).parent;
    if (parent?.local === 'style') this.view.sheets.textChanged(parent);
  }

  private flush(): void {
    if (!this.page.complete) return;
    this.frame.style.display = 'block';
    this.view.resources.flush();
    this.view.sheets.flush();
    this.view.fields.flush();
    this.view.scrolls.settle();
  }

  private fail(batch: Batch, e: unknown): void {
    this.broken = true;
    const why = e instanceof Differs ? 'checksum' : e instanceof StreamError && e.code === ErrorCode.SequenceGap ? 'gap' : 'invalid';
    // Messages of the browser may quote the page: only ours are passed on.
    const detail = e instanceof StreamError || e instanceof Invalid || e instanceof Differs ? e.message
      : e instanceof Error ? e.name : 'unknown';
    this.options.onBroken?.({ e: Number.isInteger(batch?.e) ? batch.e : 0, why, detail });
  }

  private report(): void {
    this.page.hidden = this.view.fields.hidden.size;
    const now = JSON.stringify(this.page);
    if (now === this.reported) return;
    this.reported = now;
    this.options.onPage?.({ ...this.page });
  }

  private watch(doc: Document): void {
    // Pictures and fonts that come late move things.
    doc.addEventListener('load', () => this.view.scrolls.settle(), true);
    // Nobody can click in here; if somebody does, nothing follows.
    for (const type of ['click', 'auxclick', 'submit', 'dragstart', 'keydown']) doc.addEventListener(type, (e) => e.preventDefault(), true);
  }
}

class Differs extends Error {}

function emptyPage(): PageInfo {
  return { url: '', title: '', width: 0, height: 0, dpr: 1, lang: '', complete: false, hidden: 0 };
}

/** The host's shadow root; undefined where the browser grants none. */
function shadowOf(host: MirrorNode, delegatesFocus: boolean): ShadowRoot | undefined {
  const el = host.element;
  if (!el) return undefined;
  const there = dom.shadowRoot(el);
  if (there) return there;
  try {
    return dom.attachShadow(el, { mode: 'open', delegatesFocus });
  } catch {
    return undefined;
  }
}
