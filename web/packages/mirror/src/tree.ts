import { Checksum, Kind, type PrivacyClass } from '@twinpane/protocol';
import { removeChild, parentNode } from './dom.ts';
import type { Waiter } from './resources.ts';

const ENTRY = Symbol('mirror node');

export type Namespace = 'html' | 'svg' | 'math';

/** What only few nodes have. */
export interface Extra {
  /** Attributes that the element does not carry as they were sent. */
  sent?: Map<string, string>;
  /** Op 8, op 9, op 26. */
  value?: string;
  bits?: number;
  selection?: [start: number, end: number];
  /** Op 10: where the customer has scrolled to. */
  scroll?: { x: number; y: number };
  /** Op 17: text of this style or link element's sheet, if it is not its children's. */
  css?: string;
  /** Op 18. */
  adopted?: number[];
  /** Op 25. */
  properties?: Map<string, string>;
  /** The view's element has a style, or a poster, of our own making. */
  ownStyle?: boolean;
  ownPoster?: boolean;
  /** Of a document: rendering mode, address and base URL. */
  quirks?: boolean;
  limited?: boolean;
  url?: string;
  base?: string;
  /** The base element that gave it. */
  baseElement?: number;
}

/** A node of the mirrored page. The tree of these is the truth; `dom` shows it, or stands in for what is not shown. */
export class MirrorNode implements Waiter {
  parent: MirrorNode | null = null;
  previous: MirrorNode | null = null;
  next: MirrorNode | null = null;
  first: MirrorNode | null = null;
  last: MirrorNode | null = null;
  /** Own class, and the strictest of it and the ancestors'. */
  privacy: PrivacyClass = 0;
  effective: PrivacyClass = 0;
  /** Tag as sent; '' for what is no element. */
  tag = '';
  /** What the element is: its local name in lower case. All decisions look at this. */
  local = '';
  ns: Namespace = 'html';
  x: Extra | undefined;
  wants?: Set<string>;

  constructor(
    readonly id: number,
    readonly kind: Kind,
    /** The node in the view. A comment stands in for dropped elements, a document shown nowhere for that of a frame that is not attached. */
    public dom: Node,
    /** Where children's `dom` go; undefined: this node cannot have any. */
    public inside: Node | undefined,
    /** Document of the frame it is in (kind 6); for a document: itself. */
    public frame: MirrorNode | undefined,
    private readonly onRefresh: (n: MirrorNode) => void,
  ) {
    bind(dom, this);
  }

  get extra(): Extra {
    return (this.x ??= {});
  }

  get isElement(): boolean {
    return this.kind === Kind.Element;
  }

  /** The element in the view, if it is one. */
  get element(): HTMLElement | undefined {
    return this.kind === Kind.Element && this.dom.nodeType === 1 ? (this.dom as HTMLElement) : undefined;
  }

  refresh(): void {
    this.onRefresh(this);
  }

  /** The attribute as it was sent. */
  attribute(name: string): string | null {
    const sent = this.x?.sent?.get(name);
    if (sent !== undefined) return sent;
    const el = this.element;
    return el ? Element.prototype.getAttribute.call(el, name) : null;
  }
}

export function bind(dom: Node, n: MirrorNode): void {
  (dom as Node & { [ENTRY]?: MirrorNode })[ENTRY] = n;
}

/** The mirror's node that a DOM node shows. */
export function nodeOf(dom: Node): MirrorNode | undefined {
  return (dom as Node & { [ENTRY]?: MirrorNode })[ENTRY];
}

/** Something in the stream that cannot be. The text says what, never content. */
export class Invalid extends Error {
  override name = 'Invalid';
}

/** All nodes by id, their order and the checksum over them. */
export class Tree {
  readonly byId = new Map<number, MirrorNode>();
  readonly checksum = new Checksum();
  root: MirrorNode | undefined;

  clear(): void {
    this.byId.clear();
    this.checksum.count = this.checksum.sum = 0;
    this.root = undefined;
  }

  get(id: number): MirrorNode {
    return this.byId.get(id) ?? fail(`node ${id} is not there`);
  }

  /** Links `n` under `parent` (null: as the root) before `next` (0: at the end). The DOM is the caller's. */
  link(n: MirrorNode, parent: MirrorNode | null, next: number): MirrorNode | null {
    if (this.byId.has(n.id)) fail(`node ${n.id} is there already`);
    this.byId.set(n.id, n);
    this.checksum.add(n.id, parent?.id ?? 0);
    if (!parent) {
      this.root = n;
      return null;
    }
    const before = this.position(n, parent, next);
    this.hang(n, parent, before);
    return before;
  }

  move(n: MirrorNode, parent: MirrorNode, next: number): MirrorNode | null {
    if (n === this.root || n.kind === Kind.ShadowRoot || n.kind === Kind.Document) fail(`node ${n.id} cannot be moved`);
    for (let p: MirrorNode | null = parent; p; p = p.parent) if (p === n) fail(`node ${n.id} cannot go into itself`);
    if (next === n.id) fail(`node ${n.id} cannot go before itself`);
    const before = this.position(n, parent, next);
    this.checksum.move(n.id, n.parent?.id ?? 0, parent.id);
    this.unhang(n);
    this.hang(n, parent, before);
    return before;
  }

  /** Takes `n` and all below it out; `gone` hears of each. */
  remove(n: MirrorNode, gone: (n: MirrorNode) => void): void {
    if (n === this.root) fail('the root cannot be removed');
    this.drop(n, gone);
    this.unhang(n);
  }

  private drop(top: MirrorNode, gone: (n: MirrorNode) => void): void {
    for (const n of subtree(top)) {
      this.byId.delete(n.id);
      this.checksum.remove(n.id, n.parent?.id ?? 0);
      gone(n);
    }
  }

  private position(n: MirrorNode, parent: MirrorNode, next: number): MirrorNode | null {
    if (!parent.inside) fail(`node ${parent.id} has no children`);
    const special = parent.first && (parent.first.kind === Kind.Document || (parent.first.kind === Kind.ShadowRoot && next === parent.first.id));
    if (special && parent.first !== n) fail(`nothing goes beside or before node ${parent.first!.id}`);
    if (n.kind === Kind.ShadowRoot && (parent.first?.kind === Kind.ShadowRoot || (parent.first && next !== parent.first.id))) fail(`shadow root ${n.id} is not first`);
    if (n.kind === Kind.Document && parent.first) fail(`document ${n.id} is not the only child`);
    if ((n.kind === Kind.ShadowRoot || n.kind === Kind.Document) && !parent.isElement) fail(`node ${n.id} cannot be there`);
    if (next === 0) return null;
    const before = this.get(next);
    if (before.parent !== parent) fail(`node ${next} is not a child of ${parent.id}`);
    return before;
  }

  private hang(n: MirrorNode, parent: MirrorNode, before: MirrorNode | null): void {
    n.parent = parent;
    n.next = before;
    n.previous = before ? before.previous : parent.last;
    if (n.previous) n.previous.next = n;
    else parent.first = n;
    if (before) before.previous = n;
    else parent.last = n;
  }

  private unhang(n: MirrorNode): void {
    const parent = n.parent!;
    if (n.previous) n.previous.next = n.next;
    else parent.first = n.next;
    if (n.next) n.next.previous = n.previous;
    else parent.last = n.previous;
    n.previous = n.next = null;
  }
}

/** `top` and everything below it, in document order, without recursion. Nodes must not be moved meanwhile. */
export function* subtree(top: MirrorNode): Generator<MirrorNode, void, undefined> {
  let n: MirrorNode | null = top;
  while (n) {
    yield n;
    if (n.first) n = n.first;
    else {
      while (n && n !== top && !n.next) n = n.parent;
      n = !n || n === top ? null : n.next;
    }
  }
}

/** Takes a DOM node out of wherever it is. */
export function detach(dom: Node): void {
  const parent = parentNode(dom);
  if (parent) removeChild(parent, dom);
}

export function fail(what: string): never {
  throw new Invalid(what);
}
