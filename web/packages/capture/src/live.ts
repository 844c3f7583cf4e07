import { Op, type BatchWriter } from '@twinpane/protocol';
import { deepActive, frameOffset, isDocument, isElement } from './dom.ts';
import { listen, unlisten } from './natives.ts';
import type { Forms } from './forms.ts';
import type { Rec, Tree } from './tree.ts';

/** Heard on documents. */
const DOCUMENT = ['scroll', 'load', 'input', 'change', 'reset', 'toggle', 'close', 'focusin', 'focusout', 'mousemove', 'mouseover', 'mouseout', 'click', 'selectionchange', 'fullscreenchange'];
/** Those of them that may end at a shadow root. */
const SHADOW = ['scroll', 'load', 'change', 'reset', 'toggle', 'close', 'focusin', 'focusout', 'mouseover', 'selectionchange'];
const WINDOW = ['resize', 'popstate', 'hashchange'];

/** At most so many pointer positions a second, and waiting for a flush. */
const POINTER_MS = 1000 / 60;
const POINTER_MAX = 120;

export interface LiveHost {
  schedule(): void;
  /** A style sheet, picture or frame has loaded. */
  loaded(el: Element): void;
  ignore(el: Element): boolean;
  /** Address and title as they may be sent. */
  address(): string;
  title(): string;
}

const round = (n: number): number => Math.round(n * 100) / 100;

/** What the customer does and where they look: pointer, hover, focus, clicks, scrolling, viewport, address. */
export class Live implements EventListenerObject {
  formsDirty = false;
  readonly #scrolled = new Set<Node>();
  readonly #roots = new Set<Document | ShadowRoot>();
  #moves: number[] = [];
  #lastMove = 0;
  #clicks: [Element, number, number][] = [];
  #hovered: Element | null = null;
  #told = { url: '', title: '', focus: 0, hover: 0, width: 0, height: 0, dpr: 0 };
  #selectionDirty = false;

  constructor(
    private readonly win: Window, private readonly tree: Tree, private readonly writer: BatchWriter, private readonly forms: Forms,
    private readonly host: LiveHost,
  ) {}

  watch(root: Document | ShadowRoot): void {
    this.#roots.add(root);
    for (const type of isDocument(root) ? DOCUMENT : SHADOW) listen(root, type, this);
    if (isDocument(root) && root.defaultView) for (const type of WINDOW) listen(root.defaultView, type, this);
  }

  unwatch(root: Document | ShadowRoot): void {
    this.#roots.delete(root);
    for (const type of isDocument(root) ? DOCUMENT : SHADOW) unlisten(root, type, this);
    if (isDocument(root) && root.defaultView) for (const type of WINDOW) unlisten(root.defaultView, type, this);
  }

  /** `document.open` takes all listeners away; putting them there again does no harm. */
  rewatch(): void {
    for (const root of this.#roots) this.watch(root);
  }

  stop(): void {
    for (const root of [...this.#roots]) this.unwatch(root);
  }

  handleEvent(event: Event): void {
    try {
      this.#heard(event);
    } catch {
      // Nothing of ours reaches the page. What was missed is compared at the next flush.
    }
  }

  #heard(event: Event): void {
    const target = event.composedPath()[0] as Node | undefined;
    switch (event.type) {
      case 'scroll': if (target) this.#scrolled.add(target); break;
      case 'load': if (target && isElement(target)) this.host.loaded(target); break;
      case 'mousemove': this.#moved(event as MouseEvent); break;
      case 'mouseover': this.#hovered = target && isElement(target) ? target : null; break;
      case 'mouseout': {
        const to = (event as MouseEvent).relatedTarget;
        if (to) return;
        this.#hovered = null;
        const win = (event as MouseEvent).view;
        if (win === this.win) this.#point(-1, -1, event.timeStamp);
        break;
      }
      case 'click': {
        // Only the customer's own: acts of the agent are not trusted events.
        const e = event as MouseEvent;
        if (!e.isTrusted || !target || !isElement(target) || this.#clicks.length >= 16) return;
        const o = frameOffset(e.view, this.win);
        this.#clicks.push([target, Math.round(e.clientX + o.x), Math.round(e.clientY + o.y)]);
        this.formsDirty = true;
        break;
      }
      case 'selectionchange': this.#selectionDirty = true; break;
      default: this.formsDirty = true;
    }
    if (event.type === 'input' || event.type === 'focusin') this.#selectionDirty = true;
    if (target && isElement(target) && this.host.ignore(target)) return;
    this.host.schedule();
  }

  #moved(e: MouseEvent): void {
    const last = this.#lastMove;
    if (last !== 0 && e.timeStamp - last < POINTER_MS && this.#moves.length > 0) return;
    const o = frameOffset(e.view, this.win);
    this.#point(Math.round(e.clientX + o.x), Math.round(e.clientY + o.y), e.timeStamp);
  }

  #point(x: number, y: number, time: number): void {
    if (this.#moves.length >= POINTER_MAX * 3) this.#moves.splice(0, 3);
    // Frames have clocks of their own: a step back counts as none.
    this.#moves.push(x, y, this.#lastMove === 0 ? 0 : Math.max(0, Math.round(time - this.#lastMove)));
    this.#lastMove = time;
  }

  /** The first operation of a page. */
  begin(): void {
    const { win } = this;
    const told = this.#told;
    const doc = win.document;
    told.url = this.host.address();
    told.title = this.host.title();
    told.width = win.innerWidth;
    told.height = win.innerHeight;
    told.dpr = win.devicePixelRatio;
    this.writer.push([Op.Begin, {
      u: told.url, t: told.title, w: told.width, h: told.height, d: told.dpr, q: doc.compatMode === 'BackCompat' ? 1 : 0, l: doc.documentElement?.lang ?? '',
    }]);
  }

  /** Scroll positions of everything: with the snapshot. */
  scrolls(): void {
    for (const rec of this.tree.all()) {
      const n = rec.node;
      if (isDocument(n) || (isElement(n) && (n.scrollTop !== 0 || n.scrollLeft !== 0) && n !== n.ownerDocument.scrollingElement)) this.#scroll(rec, isDocument(n));
    }
  }

  #scroll(rec: Rec, unlessZero = false): void {
    const n = rec.node;
    const el = isDocument(n) ? n.scrollingElement : n as Element;
    const x = round(el?.scrollLeft ?? 0);
    const y = round(el?.scrollTop ?? 0);
    if (!unlessZero || x !== 0 || y !== 0) this.writer.push([Op.Scroll, rec.id, x, y]);
  }

  /** Tells what has changed since the last time. `mutated`: the tree may have, so that the title is worth a look. */
  flush(mutated: boolean): void {
    const { win, writer: w } = this;
    const told = this.#told;
    const { innerWidth: width, innerHeight: height, devicePixelRatio: dpr } = win;
    if (width !== told.width || height !== told.height || dpr !== told.dpr) {
      Object.assign(told, { width, height, dpr });
      w.push([Op.Viewport, width, height, dpr]);
    }
    const url = this.host.address();
    if (url !== told.url) w.push([Op.Url, w.str(told.url = url)]);
    if (mutated) {
      const title = this.host.title();
      if (title !== told.title) w.push([Op.Title, w.str(told.title = title)]);
    }
    for (const node of this.#scrolled) {
      const rec = this.tree.of(node);
      if (rec) this.#scroll(rec);
    }
    this.#scrolled.clear();
    const active = deepActive(win.document, this.host.ignore);
    // The body has the focus when nothing else has.
    const focus = active && active.localName !== 'body' ? this.tree.of(active)?.id ?? 0 : 0;
    if (focus !== told.focus) w.push([Op.Focus, told.focus = focus]);
    if (this.#selectionDirty) {
      this.#selectionDirty = false;
      this.forms.selection(active);
    }
    if (this.#hovered && !this.#hovered.isConnected) this.#hovered = null;
    const hover = this.tree.of(this.#hovered)?.id ?? 0;
    if (hover !== told.hover) w.push([Op.Hover, told.hover = hover]);
    if (this.#moves.length > 0) w.push([Op.Pointer, ...this.#moves.splice(0)]);
    for (const [el, x, y] of this.#clicks.splice(0)) {
      const id = this.tree.of(el)?.id;
      if (id !== undefined) w.push([Op.Click, id, x, y]);
    }
  }
}
