import * as dom from '../dom.ts';
import { boxOf } from '../hit.ts';
import type { MirrorNode } from '../tree.ts';

const COPIED = [
  'fontFamily', 'fontSize', 'fontStyle', 'fontWeight', 'fontStretch', 'fontVariant', 'fontFeatureSettings', 'letterSpacing', 'wordSpacing', 'textIndent',
  'textTransform', 'tabSize', 'direction', 'textAlign', 'paddingTop', 'paddingRight', 'paddingBottom', 'paddingLeft',
  'borderTopWidth', 'borderRightWidth', 'borderBottomWidth', 'borderLeftWidth',
] as const;

interface Box { x: number; y: number; width: number; height: number }

/** Where caret and selection of a field would be drawn, in the root's viewport. The field itself has no focus, so the browser draws none. */
export function caretBoxes(n: MirrorNode, start: number, end: number): { caret: Box; chosen: Box[] } | undefined {
  const field = n.element as HTMLInputElement | HTMLTextAreaElement | undefined;
  const box = boxOf(n);
  if (!field || !box || box.width === 0) return undefined;
  const doc = field.ownerDocument;
  const style = getComputedStyle(field);
  const multiline = n.local === 'textarea';
  const twin = dom.createElement(doc, 'div');
  twin.style.cssText = 'all:initial!important;position:fixed!important;left:0!important;top:0!important;visibility:hidden!important;box-sizing:border-box!important;border-style:solid!important';
  const set = (name: string, value: string): void => twin.style.setProperty(name.replace(/[A-Z]/g, (c) => '-' + c.toLowerCase()), value, 'important');
  for (const name of COPIED) set(name, style[name]);
  const inner = field.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
  // Single-line text stands in the middle of its box.
  set('lineHeight', multiline ? style.lineHeight : `${inner}px`);
  set('whiteSpace', multiline ? 'pre-wrap' : 'pre');
  set('overflowWrap', multiline ? 'break-word' : 'normal');
  set('width', multiline ? `${field.clientWidth + parseFloat(style.borderLeftWidth) + parseFloat(style.borderRightWidth)}px` : `${box.width}px`);
  const text = dom.createText(doc, field.value + '\u200b');
  twin.append(text);
  dom.documentElement(doc)!.append(twin);
  try {
    const from = twin.getBoundingClientRect();
    const range = new Range();
    const rects = (a: number, b: number): DOMRect[] => {
      range.setStart(text, Math.min(a, text.length));
      range.setEnd(text, Math.min(b, text.length));
      return [...range.getClientRects()];
    };
    const at = rects(end, end)[0] ?? rects(end, end + 1)[0];
    if (!at) return undefined;
    const fontSize = parseFloat(style.fontSize);
    const height = Math.min(at.height || fontSize * 1.2, fontSize * 1.3);
    if (!multiline) {
      // Keep the caret in sight, as a focused field would.
      const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const x = at.x - from.x - field.clientLeft - parseFloat(style.paddingLeft);
      if (x - field.scrollLeft > room) field.scrollLeft = x - room + 2;
      else if (x < field.scrollLeft) field.scrollLeft = x;
    }
    const toView = (r: { x: number; y: number; width: number; height: number }, h: number): Box => ({
      x: box.x + r.x - from.x - field.scrollLeft, y: box.y + r.y - from.y - field.scrollTop + (r.height - h) / 2, width: r.width, height: h,
    });
    const inside = (b: Box): boolean => b.x >= box.x - 1 && b.x <= box.x + box.width && b.y >= box.y - height && b.y + b.height <= box.y + box.height + height;
    const caret = toView(at, height);
    if (!inside(caret)) return undefined;
    const chosen = start === end ? [] : rects(start, end).map((r) => toView(r, height)).filter(inside);
    for (const c of chosen) c.width = Math.min(c.width, box.x + box.width - c.x);
    return { caret, chosen };
  } finally {
    twin.remove();
  }
}
