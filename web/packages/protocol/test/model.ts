import { Checksum, ErrorCode, Kind, Op, StreamError, StreamReader, mix, type AddedNode, type Batch, type PageOp } from '../src/index.ts';

/** A node as the model holds it; only set fields differ from the default (see vectors/README.md). */
export interface ModelNode {
  id: number; kind: number; parent: ModelNode | null; children: ModelNode[];
  privacy: number; tag: string; svg: boolean; attributes: Map<string, string>; data: string; doctype: [string, string, string];
  closed: boolean; delegatesFocus: boolean; quirks: boolean; value?: string; state: number; scroll: [number, number];
  selection?: [number, number]; sheet?: string; adopted: number[]; properties: Map<string, string>;
}

function bad(detail: string): never {
  throw new StreamError(ErrorCode.StreamInvalid, detail);
}

/** The plainest mirror: a tree in memory, for tests. */
export class Model {
  readonly reader = new StreamReader();
  readonly checksum = new Checksum();
  nodes = new Map<number, ModelNode>();
  sheets = new Map<number, string>();
  resources = new Map<string, [string, string]>();
  root: ModelNode | null = null;
  info: Extract<PageOp, { op: 0 }> | undefined;
  complete = false;
  focus = 0;
  hover = 0;
  pointer: [number, number] | null = null;
  clicks = 0;
  failed: unknown;

  begin(epoch: number): void {
    this.reader.reset(epoch);
    this.failed = undefined;
    this.clear();
  }

  private clear(): void {
    this.checksum.count = this.checksum.sum = 0;
    this.nodes.clear();
    this.sheets.clear();
    this.resources.clear();
    this.root = null;
    this.complete = false;
    this.focus = this.hover = 0;
    this.pointer = null;
  }

  /** False: was folded before. */
  fold(batch: unknown): boolean {
    if (this.failed && (batch as Batch).e === this.reader.epoch) throw this.failed;
    const ops = this.reader.read(batch);
    if (!ops) return false;
    try {
      for (const op of ops) this.apply(op);
    } catch (error) {
      this.failed = error;
      throw error;
    }
    return true;
  }

  node(id: number): ModelNode {
    return this.nodes.get(id) ?? bad(`node ${id} is not there`);
  }

  private element(id: number): ModelNode {
    const n = this.node(id);
    return n.kind === Kind.Element ? n : bad('not an element');
  }

  private apply(op: PageOp): void {
    switch (op.op) {
      case Op.Begin: this.clear(); this.info = { ...op }; break;
      case Op.Complete: this.complete = true; break;
      case Op.Add: for (const n of op.nodes) this.add(n); break;
      case Op.Remove: for (const id of op.ids) this.remove(this.node(id)); break;
      case Op.Move: this.move(op.id, op.parent, op.next); break;
      case Op.Attributes: {
        const n = this.element(op.id);
        for (const [k, v] of op.attributes) if (v === null) n.attributes.delete(k); else n.attributes.set(k, v);
        break;
      }
      case Op.Text: this.text(op.id).data = op.data; break;
      case Op.Splice: {
        const n = this.text(op.id);
        if (op.start + op.remove > n.data.length) bad('splice beyond the end');
        n.data = n.data.slice(0, op.start) + op.insert + n.data.slice(op.start + op.remove);
        break;
      }
      case Op.Value: this.element(op.id).value = op.value; break;
      case Op.State: this.element(op.id).state = op.bits; break;
      case Op.Scroll: this.node(op.id).scroll = [op.x, op.y]; break;
      case Op.Viewport: Object.assign(this.info!, { width: op.width, height: op.height, dpr: op.dpr }); break;
      case Op.Pointer: for (const m of op.moves) this.pointer = [m.x, m.y]; break;
      case Op.Focus: if (op.id === 0 || this.nodes.has(op.id)) this.focus = op.id; break;
      case Op.Hover: if (op.id === 0 || this.nodes.has(op.id)) this.hover = op.id; break;
      case Op.Click: this.clicks++; break;
      case Op.Sheet: this.sheet(op.id, op.css, false); break;
      case Op.SheetAppend: this.sheet(op.id, op.css, true); break;
      case Op.Adopted: {
        const n = this.node(op.root);
        if (n.kind !== Kind.Document && n.kind !== Kind.ShadowRoot) bad('adopts no sheets');
        n.adopted = op.sheets;
        for (const s of op.sheets) {
          if (this.nodes.has(s)) bad('sheet id of a node');
          if (!this.sheets.has(s)) this.sheets.set(s, '');
        }
        break;
      }
      case Op.Url: this.info!.url = op.url; break;
      case Op.Title: this.info!.title = op.title; break;
      case Op.Checksum:
        if (op.count !== this.checksum.count || op.sum !== this.checksum.sum) throw new StreamError(ErrorCode.ChecksumMismatch, `${op.count} nodes`);
        break;
      case Op.Resource: this.resources.set(op.url, [op.hash, op.type]); break;
      case Op.Privacy: {
        const n = this.node(op.id);
        if (op.privacy > n.privacy) this.drop(n, op.privacy);
        n.privacy = op.privacy;
        break;
      }
      case Op.Property: this.node(op.id).properties.set(op.name, op.value); break;
      case Op.Selection: this.element(op.id).selection = [op.start, op.end]; break;
    }
  }

  private text(id: number): ModelNode {
    const n = this.node(id);
    return n.kind === Kind.Text || n.kind === Kind.CData ? n : bad('not a text');
  }

  private sheet(id: number, css: string, append: boolean): void {
    const n = this.nodes.get(id);
    if (n) n.sheet = append ? (n.sheet ?? '') + css : css;
    else if (this.sheets.has(id)) this.sheets.set(id, append ? this.sheets.get(id) + css : css);
    else bad('unknown sheet');
  }

  /** What a node held that its new class hides goes. */
  private drop(n: ModelNode, privacy: number): void {
    delete n.value;
    delete n.selection;
    n.attributes.delete('value');
    for (const c of n.children) if (c.privacy < privacy) this.drop(c, privacy);
  }

  private add(a: AddedNode): void {
    if (this.nodes.has(a.id) || this.sheets.has(a.id)) bad('id in use');
    const n: ModelNode = {
      id: a.id, kind: a.kind, parent: null, children: [], privacy: 0, tag: '', svg: false, attributes: new Map(), data: '',
      doctype: ['', '', ''], closed: false, delegatesFocus: false, quirks: false, state: 0, scroll: [0, 0], adopted: [], properties: new Map(),
    };
    if (a.kind === Kind.Element) Object.assign(n, { privacy: a.privacy, tag: a.tag, svg: a.svg, attributes: new Map(a.attributes) });
    else if (a.kind === Kind.Text || a.kind === Kind.CData) Object.assign(n, { privacy: a.privacy, data: a.data });
    else if (a.kind === Kind.Doctype) n.doctype = [a.name, a.publicId, a.systemId];
    else if (a.kind === Kind.ShadowRoot) Object.assign(n, { closed: a.closed, delegatesFocus: a.delegatesFocus });
    else if (a.kind === Kind.Document) n.quirks = a.quirks;
    if (a.parent === 0) {
      if (this.root || a.kind !== Kind.Document || a.id !== 1) bad('second root');
      this.root = n;
    } else {
      this.place(n, a.parent, a.next);
    }
    this.nodes.set(n.id, n);
    this.checksum.add(n.id, a.parent);
  }

  private place(n: ModelNode, parentId: number, next: number): void {
    const parent = this.node(parentId);
    if (parent.kind !== Kind.Element && parent.kind !== Kind.ShadowRoot && parent.kind !== Kind.Document) bad('takes no children');
    let at = parent.children.length;
    if (next !== 0) {
      at = parent.children.findIndex((c) => c.id === next);
      if (at < 0) bad('next is not a child of the parent');
    }
    const first = parent.children[0];
    if (parent.children.some((c) => c.kind === Kind.Document)) bad('a frame has one document');
    if (n.kind === Kind.Document && (parent.tag !== 'iframe' && parent.tag !== 'frame' || first)) bad('document outside of a frame');
    if (n.kind === Kind.ShadowRoot && (parent.kind !== Kind.Element || at !== 0 || first?.kind === Kind.ShadowRoot)) bad('shadow root');
    if (n.kind !== Kind.ShadowRoot && at === 0 && first?.kind === Kind.ShadowRoot) bad('before a shadow root');
    parent.children.splice(at, 0, n);
    n.parent = parent;
  }

  private move(id: number, parent: number, next: number): void {
    const n = this.node(id);
    if (!n.parent || n.kind === Kind.ShadowRoot || n.kind === Kind.Document || next === id) bad('cannot be moved');
    for (let p: ModelNode | null = this.node(parent); p; p = p.parent) if (p === n) bad('into itself');
    const from = n.parent;
    from.children.splice(from.children.indexOf(n), 1);
    this.place(n, parent, next);
    this.checksum.move(id, from.id, parent);
  }

  private remove(n: ModelNode): void {
    if (!n.parent) bad('the root stays');
    n.parent.children.splice(n.parent.children.indexOf(n), 1);
    const gone = (g: ModelNode, parent: number): void => {
      this.nodes.delete(g.id);
      this.checksum.remove(g.id, parent);
      if (this.focus === g.id) this.focus = 0;
      if (this.hover === g.id) this.hover = 0;
      for (const c of g.children) gone(c, g.id);
    };
    gone(n, n.parent.id);
  }

  /** The page in the form of the vectors' `expect`. */
  page(): unknown {
    const i = this.info!;
    return {
      e: this.reader.epoch, s: this.reader.seq, complete: this.complete, url: i.url, title: i.title, w: i.width, h: i.height, dpr: i.dpr,
      quirks: i.quirks, lang: i.lang, focus: this.focus, hover: this.hover, pointer: this.pointer,
      sheets: Object.fromEntries(this.sheets),
      resources: Object.fromEntries(this.resources), root: this.root && describe(this.root),
    };
  }

  /** The checksum, summed anew. */
  recount(): { count: number; sum: number } {
    let sum = 0;
    for (const n of this.nodes.values()) sum = (sum + mix(n.id, n.parent?.id ?? 0)) >>> 0;
    return { count: this.nodes.size, sum };
  }
}

function describe(n: ModelNode): Record<string, unknown> {
  const o: Record<string, unknown> = { id: n.id, kind: n.kind };
  if (n.privacy) o['privacy'] = n.privacy;
  if (n.tag) o['tag'] = n.tag;
  if (n.svg) o['svg'] = 1;
  if (n.attributes.size) o['attributes'] = Object.fromEntries(n.attributes);
  if (n.data) o['data'] = n.data;
  ['name', 'publicId', 'systemId'].forEach((k, i) => { if (n.doctype[i]) o[k] = n.doctype[i]; });
  for (const k of ['closed', 'delegatesFocus', 'quirks'] as const) if (n[k]) o[k] = true;
  if (n.value !== undefined) o['value'] = n.value;
  if (n.state) o['state'] = n.state;
  if (n.scroll[0] || n.scroll[1]) o['scroll'] = n.scroll;
  if (n.selection) o['selection'] = n.selection;
  if (n.sheet !== undefined) o['sheet'] = n.sheet;
  if (n.adopted.length) o['adopted'] = n.adopted;
  if (n.properties.size) o['properties'] = Object.fromEntries(n.properties);
  if (n.children.length) o['children'] = n.children.map(describe);
  return o;
}
