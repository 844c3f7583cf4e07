import * as dom from './dom.ts';
import { nodeOf, type MirrorNode } from './tree.ts';

/** What is at a point of the view. */
export interface Hit {
  node: MirrorNode;
  /** Point in the node's border box, in 1/10000 of its size. */
  fx: number;
  fy: number;
  /** The node's border box in the view's viewport. */
  box: { x: number; y: number; width: number; height: number };
  /** The point in the coordinates of the document that the node is in. */
  x: number;
  y: number;
}

const MAX_DEPTH = 64;

/** Innermost mirrored element at (x, y) of the root document's viewport, through shadow roots and nested frames. */
export function hitTest(root: Document, x: number, y: number): Hit | undefined {
  let doc = root, dx = 0, dy = 0;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    let el = dom.elementFromPoint(doc, x - dx, y - dy);
    for (let i = 0; el && i < MAX_DEPTH; i++) {
      const shadow: ShadowRoot | null = dom.shadowRoot(el);
      const inner: Element | null = shadow && dom.shadowElementFromPoint(shadow, x - dx, y - dy);
      if (!inner || inner === el) break;
      el = inner;
    }
    if (!el) return undefined;
    const n = nearest(el);
    if (!n?.element) return undefined;
    const r = dom.rectOf(n.element);
    const inner = n.local === 'iframe' ? dom.contentDocument(n.element as HTMLIFrameElement) : null;
    const ix = r.x + dx + dom.clientLeft(n.element) + padding(n.element, 'Left'), iy = r.y + dy + dom.clientTop(n.element) + padding(n.element, 'Top');
    if (inner && n.first && x >= ix && y >= iy && dom.elementFromPoint(inner, x - ix, y - iy)) {
      [doc, dx, dy] = [inner, ix, iy];
      continue;
    }
    const part = (at: number, size: number): number => size > 0 ? Math.min(10_000, Math.max(0, Math.round(at / size * 10_000))) : 0;
    return {
      node: n, x: x - dx, y: y - dy, fx: part(x - dx - r.x, r.width), fy: part(y - dy - r.y, r.height),
      box: { x: r.x + dx, y: r.y + dy, width: r.width, height: r.height },
    };
  }
  return undefined;
}

/** Border box of a node in the root's viewport, or undefined when it has none. */
export function boxOf(n: MirrorNode): { x: number; y: number; width: number; height: number } | undefined {
  const el = n.element;
  if (!el || !dom.isConnected(el)) return undefined;
  const r = dom.rectOf(el);
  let x = r.x, y = r.y;
  for (let host = n.frame?.parent; host?.element; host = host.frame?.parent) {
    const f = dom.rectOf(host.element);
    x += f.x + dom.clientLeft(host.element) + padding(host.element, 'Left');
    y += f.y + dom.clientTop(host.element) + padding(host.element, 'Top');
  }
  return { x, y, width: r.width, height: r.height };
}

function padding(el: Element, side: 'Left' | 'Top'): number {
  return parseFloat(getComputedStyle(el)[`padding${side}`]) || 0;
}

function nearest(el: Element): MirrorNode | undefined {
  for (let n: Node | null = el; n; n = dom.parentNode(n)) {
    const found = nodeOf(n);
    if (found) return found;
  }
  return undefined;
}
