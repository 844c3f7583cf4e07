import type { Act } from '@twinpane/protocol';
import { firstName, strings } from '../strings.ts';
import { h, icon, place, svg } from './dom.ts';
import type { State } from './panel.ts';

/** What drawing over the page needs to know about it: the part of `Capture` that looks things up. */
export interface PageMap {
  nodeOf(id: number): Node | undefined;
  pointOf(id: number, fx: number, fy: number): { x: number; y: number } | undefined;
  hiddenElements(): Element[];
  privacyOf(el: Element): 0 | 1 | 2;
}

const kMarkMs = 3000;
const kMarks = 20;
const kCursors = 8;
const kHiddenMarks = 200;

interface Cursor {
  el: HTMLElement;
  act: Act;
}

/** Rectangle in the top viewport, also for elements inside frames of the same origin. */
export function rectOf(el: Element): DOMRect {
  const r = el.getBoundingClientRect();
  let { x, y } = r;
  for (let frame = el.ownerDocument.defaultView?.frameElement; frame; frame = frame.ownerDocument.defaultView?.frameElement) {
    const f = frame.getBoundingClientRect();
    x += f.x + frame.clientLeft;
    y += f.y + frame.clientTop;
  }
  return new DOMRect(x, y, r.width, r.height);
}

/** Frame, cursors, marks and the signs on hidden fields: all drawn above the page, none in it, and below bar and cards. */
export class Overlay {
  readonly el = h('div');
  #edge = h('div', { class: 'edge', hidden: '' });
  #cursors = new Map<string, Cursor>();
  #marks = new Set<{ el: HTMLElement; put: () => void }>();
  #hidden = new Map<Element, HTMLElement>();
  #tip = h('div', { class: 'over tip', role: 'tooltip', hidden: '' });
  #tipFor: Element | undefined;
  #askHidden: PageMap | undefined;
  #state: State = 'pointer';
  #frame = 0;

  constructor(private readonly clock: { set(fn: () => void, ms: number): unknown }) {
    this.el.append(this.#edge, this.#tip);
  }

  /** Frame in the colour of the state; undefined: nothing is shared, and everything drawn goes. */
  edge(state: State | undefined): void {
    this.#edge.hidden = state === undefined;
    if (state === undefined) return this.#clear();
    this.#state = state;
    this.#edge.dataset['state'] = state;
    for (const cursor of this.#cursors.values()) cursor.el.dataset['state'] = state;
  }

  /** Acts 1 and 2. Returns the element that was marked, if any. */
  point(map: PageMap, from: string, name: string, acts: readonly Act[]): Element | undefined {
    let marked: Element | undefined;
    for (const act of acts) {
      if (act[0] === 1) this.#cursor(map, from, name, act);
      else if (act[0] === 2) marked = this.#mark(map, act) ?? marked;
    }
    return marked;
  }

  leave(present: ReadonlySet<string>): void {
    for (const [id, cursor] of this.#cursors) {
      if (present.has(id)) continue;
      cursor.el.remove();
      this.#cursors.delete(id);
    }
  }

  /** Marks the fields that will be hidden while consent is asked. */
  showHidden(map: PageMap | undefined): void {
    this.#askHidden = map;
    this.#putHidden();
  }

  /** Tells at the field that what is typed into it stays here. */
  tip(el: Element | undefined, name: string): void {
    this.#tipFor = el;
    this.#tip.hidden = el === undefined;
    if (!el) return;
    this.#tip.replaceChildren(icon('crossed', 14), strings.hiddenField(name));
    this.#putTip();
  }

  /** Something may have moved: put everything in its place before the next paint. */
  moved(): void {
    if (this.#frame !== 0 || !this.busy) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const cursor of this.#cursors.values()) cursor.el.dispatchEvent(new Event('put'));
      for (const mark of this.#marks) mark.put();
      this.#putHidden();
      this.#putTip();
    });
  }

  /** Whether anything is drawn that follows the page. */
  get busy(): boolean {
    return this.#cursors.size > 0 || this.#marks.size > 0 || this.#askHidden !== undefined || this.#tipFor !== undefined;
  }

  #cursor(map: PageMap, from: string, name: string, act: Act): void {
    let cursor = this.#cursors.get(from);
    if (act[1] === -1) {
      cursor?.el.remove();
      this.#cursors.delete(from);
      return;
    }
    if (!cursor) {
      if (this.#cursors.size >= kCursors) return;
      const arrow = svg('0 0 22 24', 22, 24, { d: 'M3 2l15.5 8.3-7 1.9-3.5 6.8z', stroke: '#fff', 'stroke-width': '1.8', 'stroke-linejoin': 'round' });
      const el = h('div', { class: 'over cur', 'data-state': this.#state, 'aria-hidden': 'true' }, arrow, h('span', {}, firstName(name)));
      const made: Cursor = { el, act };
      el.addEventListener('put', () => {
        const p = where(map, made.act);
        // The tip of the arrow, not the corner of its box, is the point.
        if (p) place(el, p.x - 3, p.y - 2);
      });
      this.#cursors.set(from, (cursor = made));
      this.el.append(el);
    }
    cursor.act = act;
    cursor.el.dispatchEvent(new Event('put'));
  }

  #mark(map: PageMap, act: Act): Element | undefined {
    const node = map.nodeOf(Number(act[3]));
    const target = node?.nodeType === 1 ? (node as Element) : (node?.parentElement ?? undefined);
    const ripple = h('div', { class: 'over rip', 'aria-hidden': 'true' });
    this.#put(ripple, () => {
      const p = where(map, act);
      if (p) place(ripple, p.x, p.y);
    });
    if (!target) return undefined;
    const r = rectOf(target);
    // An outline round half the page says nothing.
    if (r.width * r.height > 0.25 * innerWidth * innerHeight || r.width === 0) return undefined;
    const outline = h('div', { class: 'over hl', 'aria-hidden': 'true' });
    this.#put(outline, () => { cover(outline, rectOf(target), 5); });
    return target;
  }

  #put(el: HTMLElement, put: () => void): void {
    const mark = { el, put };
    this.#marks.add(mark);
    this.el.append(el);
    put();
    const remove = (m: typeof mark): void => {
      m.el.remove();
      this.#marks.delete(m);
    };
    if (this.#marks.size > kMarks) remove([...this.#marks][0]!);
    this.clock.set(() => { remove(mark); }, kMarkMs);
  }

  #putHidden(): void {
    const fields = this.#askHidden ? this.#askHidden.hiddenElements() : [];
    const seen = new Set<Element>();
    for (const field of fields) {
      const r = rectOf(field);
      const inView = r.width > 4 && r.height > 4 && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth;
      if (!inView || seen.size >= kHiddenMarks) continue;
      seen.add(field);
      let mark = this.#hidden.get(field);
      if (!mark) {
        mark = h('div', { class: 'over hatch', 'aria-hidden': 'true' }, h('span', {}, icon('crossed', 12), h('b', {}, strings.hidden)));
        this.#hidden.set(field, mark);
        this.el.append(mark);
      }
      mark.classList.toggle('tiny', r.width < 110);
      cover(mark, r, 0);
    }
    for (const [field, mark] of this.#hidden) {
      if (seen.has(field)) continue;
      mark.remove();
      this.#hidden.delete(field);
    }
  }

  #putTip(): void {
    if (!this.#tipFor) return;
    if (!this.#tipFor.isConnected) return this.tip(undefined, '');
    const r = rectOf(this.#tipFor);
    const own = this.#tip.getBoundingClientRect();
    const above = r.top - own.height - 6;
    place(this.#tip, Math.max(8, Math.min(r.right - own.width, innerWidth - own.width - 8)), above >= 8 ? above : r.bottom + 6);
  }

  #clear(): void {
    this.leave(new Set());
    for (const mark of this.#marks) mark.el.remove();
    this.#marks.clear();
    this.tip(undefined, '');
  }
}

function where(map: PageMap, act: Act): { x: number; y: number } | undefined {
  const [, x, y, id, fx, fy] = act as number[];
  return map.pointOf(id!, fx!, fy!) ?? (Number.isFinite(x) && Number.isFinite(y) ? { x: x!, y: y! } : undefined);
}

function cover(el: HTMLElement, r: DOMRect, margin: number): void {
  place(el, r.x - margin, r.y - margin);
  el.style.width = `${(r.width + 2 * margin).toFixed(1)}px`;
  el.style.height = `${(r.height + 2 * margin).toFixed(1)}px`;
}
