import { Kind } from '@twinpane/protocol';
import * as dom from '../dom.ts';
import { positionOf } from '../scrolls.ts';
import { nodeOf, type MirrorNode } from '../tree.ts';

const LINE = 40;

/** Wheel movement in CSS pixels. */
export function pixels(event: WheelEvent, page: number): { x: number; y: number } {
  const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? page : 1;
  const x = event.deltaX * unit, y = event.deltaY * unit;
  return event.shiftKey && x === 0 ? { x: y, y: 0 } : { x, y };
}

interface Target { node: MirrorNode; x: number; y: number }

/** What a wheel over `n` scrolls, and where to: the innermost box or document that still can, in that direction. */
export function scrollTarget(n: MirrorNode, dx: number, dy: number, from: (n: MirrorNode) => { x: number; y: number } | undefined): Target | undefined {
  for (let p: MirrorNode | null = n; p; p = p.parent) {
    const el: Element | null | undefined = p.kind === Kind.Document ? (p.dom.nodeType === 9 ? dom.scrollingElement(p.dom as Document) : null) : p.element;
    if (!el) continue;
    const maxX = dom.scrollWidth(el) - dom.clientWidth(el), maxY = dom.scrollHeight(el) - dom.clientHeight(el);
    if (maxX <= 0 && maxY <= 0) continue;
    const whole = p.kind === Kind.Document;
    if (!whole && handsOn(p, el)) continue;
    const style = whole ? viewportStyle(p.dom as Document) : getComputedStyle(el);
    const can = (overflow: string): boolean => (whole ? overflow !== 'hidden' && overflow !== 'clip' : overflow === 'auto' || overflow === 'scroll' || overflow === 'overlay');
    const at = from(p) ?? positionOf(p);
    if (!at) continue;
    const x = dx !== 0 && can(style.overflowX) ? Math.min(Math.max(0, maxX), Math.max(Math.min(0, at.x), at.x + dx)) : at.x;
    const y = dy !== 0 && can(style.overflowY) ? Math.min(Math.max(0, maxY), Math.max(0, at.y + dy)) : at.y;
    if (Math.abs(x - at.x) >= 1 || Math.abs(y - at.y) >= 1) return { node: p, x: Math.round(x), y: Math.round(y) };
  }
  return undefined;
}

/** Root and body scroll as the document, not as themselves. */
function handsOn(n: MirrorNode, el: Element): boolean {
  if (n.parent?.kind === Kind.Document) return true;
  const html = n.parent;
  if (n.local !== 'body' || html?.parent?.kind !== Kind.Document || !html.element) return false;
  return dom.scrollingElement(n.frame!.dom as Document) === el || getComputedStyle(html.element).overflow === 'visible';
}

/** The element whose overflow is the viewport's. */
function viewportStyle(doc: Document): CSSStyleDeclaration {
  const html = dom.documentElement(doc)!;
  const style = getComputedStyle(html);
  const body = [...dom.childNodes(html)].find((c) => nodeOf(c)?.local === 'body') as Element | undefined;
  return style.overflow === 'visible' && body ? getComputedStyle(body) : style;
}
