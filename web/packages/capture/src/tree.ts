import { Checksum, type PrivacyClass } from '@twinpane/protocol';

/** A node as the mirror has it: where it was when it was last told. */
export interface Rec {
  readonly id: number;
  readonly node: Node;
  parent: Rec | null;
  /** In the mirror's order. Exact after each flush. */
  kids: Rec[];
  /** The element's own privacy class as told. */
  own: PrivacyClass;
  /** Was seen outside of the page since the last flush: nothing is known of what happened to it there, so it will come as a new node. */
  lost: boolean;
  /** Number of the flush that brought it. */
  born: number;
}

const NONE: Rec[] = [];

/** The tree as the mirror has it, with ids and checksum. */
export class Tree {
  readonly checksum = new Checksum();
  #byNode = new WeakMap<Node, Rec>();
  readonly #byId = new Map<number, Rec>();
  #last = 0;

  /** The id that the next node or sheet will have. */
  get next(): number {
    return this.#last + 1;
  }

  newId(): number {
    return ++this.#last;
  }

  of(node: Node | null | undefined): Rec | undefined {
    return node ? this.#byNode.get(node) : undefined;
  }

  get(id: number): Rec | undefined {
    return this.#byId.get(id);
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): IterableIterator<Rec> {
    return this.#byId.values();
  }

  add(node: Node, parent: Rec | null, born: number): Rec {
    const rec: Rec = { id: this.newId(), node, parent, kids: NONE, own: 0, lost: false, born };
    this.#byNode.set(node, rec);
    this.#byId.set(rec.id, rec);
    this.checksum.add(rec.id, parent?.id ?? 0);
    return rec;
  }

  move(rec: Rec, parent: Rec): void {
    this.checksum.move(rec.id, rec.parent!.id, parent.id);
    rec.parent = parent;
  }

  /** Forgets that `rec` stands for its node: should the node come again, it is a new one. */
  unlink(rec: Rec): void {
    rec.lost = true;
    if (this.#byNode.get(rec.node) === rec) this.#byNode.delete(rec.node);
  }

  /** Takes the subtree out, children that have moved elsewhere excepted. */
  remove(rec: Rec, each: (rec: Rec) => void): void {
    this.unlink(rec);
    this.#byId.delete(rec.id);
    this.checksum.remove(rec.id, rec.parent?.id ?? 0);
    each(rec);
    for (const kid of rec.kids) if (kid.parent === rec) this.remove(kid, each);
    rec.kids = NONE;
  }
}

/** Indexes of a longest increasing subsequence of `values`. */
export function longestRun(values: readonly number[]): Set<number> {
  const tails: number[] = [];
  const before = new Array<number>(values.length).fill(-1);
  for (let i = 0; i < values.length; i++) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (values[tails[mid]!]! < values[i]!) low = mid + 1;
      else high = mid;
    }
    if (low > 0) before[i] = tails[low - 1]!;
    tails[low] = i;
  }
  const run = new Set<number>();
  for (let i = tails.length > 0 ? tails[tails.length - 1]! : -1; i >= 0; i = before[i]!) run.add(i);
  return run;
}
