import { Kind } from '@twinpane/protocol';
import * as dom from './dom.ts';
import { fail, subtree, type MirrorNode, type Tree } from './tree.ts';

/** Scroll positions: set at the end of a batch, and again when late pictures or fonts have made room for them. */
export class Scrolls {
  /** False: the root document is left where the agent has put it. */
  follow = true;
  private readonly unsettled = new Set<MirrorNode>();

  constructor(private readonly tree: Tree) {}

  clear(): void {
    this.unsettled.clear();
  }

  forget(n: MirrorNode): void {
    this.unsettled.delete(n);
  }

  /** Op 10. */
  set(n: MirrorNode, x: number, y: number): void {
    if (n.kind !== Kind.Element && n.kind !== Kind.Document) fail(`node ${n.id} does not scroll`);
    n.extra.scroll = { x, y };
    this.unsettled.add(n);
  }

  /** Shows a position that the customer's page has been asked for; the next op 10 says what came of it. */
  expect(n: MirrorNode, x: number, y: number): void {
    n.extra.scroll = { x, y };
    if (n === this.tree.root && !this.follow) apply(n, x, y);
    else this.unsettled.add(n);
    this.settle();
  }

  /** Boxes below `top` were made anew and have forgotten their positions. */
  again(top: MirrorNode): void {
    for (const n of subtree(top)) if (n.x?.scroll) this.unsettled.add(n);
  }

  /** Where the customer's root document is; the view's may differ when it does not follow. */
  get target(): { x: number; y: number } {
    return this.tree.root?.x?.scroll ?? { x: 0, y: 0 };
  }

  /** The page may have a new size: the root is checked along with what has not got there yet. */
  settle(): void {
    const root = this.tree.root;
    if (root && this.follow && !this.unsettled.has(root) && root.x?.scroll) this.unsettled.add(root);
    for (const n of this.unsettled) {
      if (n === root && !this.follow) continue;
      const { x, y } = n.x!.scroll!;
      if (apply(n, x, y)) this.unsettled.delete(n);
    }
  }
}

export function positionOf(n: MirrorNode): { x: number; y: number } | undefined {
  if (n.kind === Kind.Document) {
    const win = n.dom.nodeType === 9 ? dom.defaultView(n.dom as Document) : null;
    return win ? { x: win.scrollX, y: win.scrollY } : undefined;
  }
  const el = n.element;
  return el ? { x: dom.scrollLeft(el), y: dom.scrollTop(el) } : undefined;
}

/** True when it is there, to the pixel. */
function apply(n: MirrorNode, x: number, y: number): boolean {
  const now = positionOf(n);
  if (!now) return false;
  if (near(now, x, y)) return true;
  const to: ScrollToOptions = { left: x, top: y, behavior: 'instant' };
  if (n.kind === Kind.Document) dom.defaultView(n.dom as Document)!.scrollTo(to);
  else dom.scrollElementTo(n.element!, to);
  return near(positionOf(n)!, x, y);
}

function near(p: { x: number; y: number }, x: number, y: number): boolean {
  return Math.abs(p.x - x) < 1 && Math.abs(p.y - y) < 1;
}
