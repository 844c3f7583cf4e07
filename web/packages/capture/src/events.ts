/** Event sequences as a hand makes them, dispatched in the realm of their target. */
import { frameOffset, isElement, parentOf } from './dom.ts';

export interface Mouse { x: number; y: number; button: number; mods: number; detail: number }

type Realm = Window & typeof globalThis;
export const realm = (el: Element): Realm => el.ownerDocument.defaultView as Realm;

const mods = (m: number): EventModifierInit => ({ shiftKey: (m & 1) !== 0, ctrlKey: (m & 2) !== 0, altKey: (m & 4) !== 0, metaKey: (m & 8) !== 0 });

/** A point of the element's border box (in 1/10000), in its own window's viewport. */
export function pointIn(el: Element, fx: number, fy: number): { x: number; y: number } {
  const r = el.getBoundingClientRect();
  return { x: r.left + r.width * fx / 10_000, y: r.top + r.height * fy / 10_000 };
}

/** A mouse event and its pointer event in front of it where there is one. False: the page prevented the mouse event's default. */
export function mouse(el: Element, type: string, m: Mouse, related: Element | null = null): boolean {
  const win = realm(el);
  const down = type === 'mousedown';
  const bubbles = !/(enter|leave)$/.test(type);
  const init: PointerEventInit = {
    bubbles, cancelable: bubbles, composed: bubbles, view: win, clientX: m.x, clientY: m.y, screenX: win.screenX + m.x, screenY: win.screenY + m.y,
    button: m.button, buttons: down ? [1, 4, 2][m.button] ?? 0 : 0, detail: m.detail, relatedTarget: related, ...mods(m.mods),
  };
  const pointer = { ...init, detail: 0, pointerId: 1, pointerType: 'mouse', isPrimary: true, width: 1, height: 1, pressure: down ? 0.5 : 0 };
  if (/^mouse/.test(type)) {
    el.dispatchEvent(new win.PointerEvent(type.replace('mouse', 'pointer'), pointer));
    return el.dispatchEvent(new win.MouseEvent(type, init));
  }
  return el.dispatchEvent(new win.PointerEvent(type, { ...pointer, detail: m.detail }));
}

function chain(el: Element | null): Element[] {
  const out: Element[] = [];
  for (let n: Node | null = el; n; n = parentOf(n)) if (isElement(n) && n.ownerDocument === el!.ownerDocument) out.push(n);
  return out;
}

/** The pointer goes from one element to another: out, leave, over, enter, move. */
export function enter(from: Element | null, to: Element, m: Mouse): void {
  const old = from?.isConnected ? from : null;
  const left = chain(old);
  const entered = chain(to);
  if (old && old !== to) {
    mouse(old, 'mouseout', m, to);
    for (const el of left) if (!entered.includes(el)) mouse(el, 'mouseleave', m, to);
  }
  if (old !== to) {
    mouse(to, 'mouseover', m, old);
    for (const el of entered.reverse()) if (!left.includes(el)) mouse(el, 'mouseenter', m, old);
  }
  mouse(to, 'mousemove', m);
}

export function key(el: Element, type: string, name: string, code: string, m: number): boolean {
  const win = realm(el);
  const known: Record<string, number> = { Enter: 13, Tab: 9, Escape: 27, ' ': 32, PageUp: 33, PageDown: 34, End: 35, Home: 36, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Backspace: 8, Delete: 46 };
  const keyCode = known[name] ?? (name.length === 1 ? name.toUpperCase().charCodeAt(0) : 0);
  return el.dispatchEvent(new win.KeyboardEvent(type, {
    bubbles: true, cancelable: true, composed: true, view: win, key: name, code, keyCode, charCode: type === 'keypress' ? keyCode : 0, which: keyCode, ...mods(m),
  } as KeyboardEventInit));
}

export function input(el: Element, type: 'beforeinput' | 'input', inputType: string, data: string | null): boolean {
  return el.dispatchEvent(new (realm(el).InputEvent)(type, { bubbles: true, cancelable: type === 'beforeinput', composed: true, inputType, data, view: realm(el) }));
}

export function simple(el: Element, type: string): boolean {
  return el.dispatchEvent(new (realm(el).Event)(type, { bubbles: true, cancelable: type === 'cancel', composed: type === 'input' }));
}

/** A point of the element in the page's viewport, frames included. */
export function pointInPage(el: Element, fx: number, fy: number, top: Window): { x: number; y: number } {
  const p = pointIn(el, fx, fy);
  const o = frameOffset(realm(el), top);
  return { x: p.x + o.x, y: p.y + o.y };
}
