import { ActOp, ErrorCode, Privacy, type Act } from '@twinpane/protocol';
import { childrenOf, deepActive, isDocument, isElement } from './dom.ts';
import { enter, input, key, mouse, pointIn, pointInPage, realm, simple, type Mouse } from './events.ts';
import type { ActResult } from './api.ts';

export interface ActorHost {
  nodeOf(id: number): Node | undefined;
  effective(el: Element): number;
  /** Twinpane's own UI: no act reaches it. */
  ignore(el: Element): boolean;
  /** Origins that act 8 may go to beside the page's own. */
  readonly origins: readonly string[];
  /** Agents may send forms. */
  readonly submit: boolean;
  later(run: () => void): void;
}

class Refused extends Error {
  constructor(readonly code: number) {
    super();
  }
}

const TEXTLIKE = /^(text|search|url|tel|email|password|number|date|month|week|time|datetime-local|color|range)$/;
/** Of these a value is picked, not typed: the change is complete at once. */
const PICKED = /^(date|month|week|time|datetime-local|color|range)$/;
const FOCUSABLE = 'a[href],area[href],button,input,select,textarea,iframe,summary,audio[controls],video[controls],[tabindex],[contenteditable]:not([contenteditable=false])';
/** A form, or a part of the page, in which agents may write but not submit. */
const CLOSED = '[data-twinpane-submit=closed]';
const MAX_VALUE = 1 << 20;

/** Executes an agent's acts on the page as if a hand had done them (section 7). What is masked is refused. */
export class Actor {
  #hovered: Element | null = null;
  /** A field that was typed into and whose `change` is still to come, with its value before. */
  #typed: { el: HTMLInputElement | HTMLTextAreaElement; before: string; left: () => void } | undefined;

  constructor(private readonly win: Window & typeof globalThis, private readonly host: ActorHost) {}

  perform(act: Act): ActResult {
    try {
      return this.#act(act);
    } catch (error) {
      return { ok: false, code: error instanceof Refused ? error.code : ErrorCode.ActInvalid };
    }
  }

  pointOf(id: number, fx: number, fy: number): { x: number; y: number } | undefined {
    const node = this.host.nodeOf(id);
    const el = node && (isElement(node) ? node : isDocument(node) ? node.documentElement : node.parentElement);
    return el?.isConnected ? pointInPage(el, fx, fy, this.win) : undefined;
  }

  /** Fires what is owed to the field that was typed into last. */
  settle(except?: Element): void {
    const typed = this.#typed;
    if (!typed || typed.el === except) return;
    this.#typed = undefined;
    typed.el.removeEventListener('blur', typed.left);
    if (typed.el.isConnected && typed.el.value !== typed.before) simple(typed.el, 'change');
  }

  #act(act: Act): ActResult {
    const n = (i: number, min = 0, max = 0x7fffffff): number => {
      const v = act[i];
      return typeof v === 'number' && v >= min && v <= max ? v : refuse();
    };
    const s = (i: number): string => (typeof act[i] === 'string' && act[i].length <= MAX_VALUE ? act[i] : refuse());
    switch (act[0]) {
      case ActOp.Pointer: case ActOp.Mark:
        return { ok: true, point: (n(1, -1) >= 0 && this.pointOf(n(3), n(4, 0, 10_000), n(5, 0, 10_000))) || { x: n(1, -1), y: n(2, -1) } };
      case ActOp.Click: this.#click(this.#element(n(1)), n(2, 0, 10_000), n(3, 0, 10_000), n(4, 0, 2), n(5, 1, 3), n(6, 0, 15)); break;
      case ActOp.Type: this.#type(this.#element(n(1)), s(2), n(3), n(4)); break;
      case ActOp.Select: this.#select(this.#element(n(1)), act.slice(2).map((_, i) => n(i + 2, 0, 1e6))); break;
      case ActOp.Scroll: this.#scroll(n(1), n(2, -1e9, 1e9), n(3, -1e9, 1e9)); break;
      case ActOp.Key: this.#key(n(1) === 0 ? this.#active() : this.#element(n(1)), s(2), s(3), n(4, 0, 15)); break;
      case ActOp.Navigate: this.#navigate(s(1), act.length > 2 ? s(2) : ''); break;
      case ActOp.Focus: this.#focus(n(1) === 0 ? null : this.#element(n(1))); break;
      case ActOp.Hover: this.#hover(this.#element(n(1))); break;
      default: refuse();
    }
    return { ok: true };
  }

  #element(id: number): Element {
    const node = this.host.nodeOf(id);
    const el = node && (isElement(node) ? node : isDocument(node) ? node.documentElement : node.parentElement);
    if (!el?.isConnected || !el.ownerDocument.defaultView) return refuse(ErrorCode.NodeUnknown);
    return this.#allowed(el);
  }

  #allowed(el: Element): Element {
    if (this.host.effective(el) === Privacy.Masked) refuse(ErrorCode.ElementMasked);
    return el;
  }

  #focused(doc: Document): HTMLElement | null {
    return deepActive(doc, this.host.ignore) as HTMLElement | null;
  }

  #active(): Element {
    const { document } = this.win;
    return this.#allowed(this.#focused(document) ?? document.body ?? document.documentElement);
  }

  #click(el: Element, fx: number, fy: number, button: number, clicks: number, mods: number): void {
    const label = el.closest('label');
    if (label?.control) {
      this.#allowed(label.control);
      if (submits(label.control)) this.#open(label.control);
    }
    if (submits(el)) this.#open(el);
    this.#intoView(el, fx, fy);
    const at = pointIn(el, fx, fy);
    const m: Mouse = { ...at, button, mods, detail: 0 };
    this.settle(el);
    enter(this.#hovered, el, m);
    this.#hovered = el;
    if (el.closest(':disabled')) return;
    for (m.detail = 1; m.detail <= clicks && el.isConnected; m.detail++) {
      if (mouse(el, 'mousedown', m)) this.#focusFrom(el);
      mouse(el, 'mouseup', m);
      // A page that has taken the element away in between gets no click: so do real ones.
      if (!el.isConnected) return;
      if (button === 0) mouse(el, 'click', m);
      else mouse(el, button === 2 ? 'contextmenu' : 'auxclick', m);
    }
    if (clicks === 2 && button === 0 && el.isConnected) mouse(el, 'dblclick', { ...m, detail: 2 });
  }

  #intoView(el: Element, fx: number, fy: number): void {
    const p = pointIn(el, fx, fy);
    const win = realm(el);
    if (p.x < 0 || p.y < 0 || p.x > win.innerWidth || p.y > win.innerHeight) el.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
  }

  /** What pressing the mouse there focuses. */
  #focusFrom(el: Element): void {
    const target = el.closest<HTMLElement>(FOCUSABLE);
    if (target && !target.matches(':disabled')) target.focus({ preventScroll: true });
    else this.#focused(el.ownerDocument)?.blur?.();
  }

  #type(el: Element, value: string, start: number, end: number): void {
    this.settle(el);
    const tag = el.localName;
    if (tag !== 'textarea' && !(tag === 'input' && TEXTLIKE.test((el as HTMLInputElement).type))) {
      if (!(el as HTMLElement).isContentEditable) refuse();
      this.#edit(el as HTMLElement, value);
      return;
    }
    const field = el as HTMLInputElement | HTMLTextAreaElement;
    if (field.matches(':disabled') || field.readOnly) refuse();
    if (this.#focused(field.ownerDocument) !== field) field.focus();
    const before = field.value;
    const text = field.maxLength >= 0 ? value.slice(0, Math.max(field.maxLength, before.length)) : value;
    if (text !== before) {
      if (this.#typed?.el !== field) this.#owe(field, before);
      // Pages look at keys as well: the last one stands for them all.
      const grown = text.length >= before.length;
      const name = grown ? text.at(Math.min(end, text.length) - 1) ?? 'Unidentified' : 'Backspace';
      const data = grown && text.startsWith(before) ? text.slice(before.length) : grown ? text : null;
      const kind = grown ? 'insertText' : 'deleteContentBackward';
      key(field, 'keydown', name, '', 0);
      if (input(field, 'beforeinput', kind, data)) {
        // The prototype's setter: frameworks that shadow `value` on the element then notice the change.
        const proto = (tag === 'input' ? realm(el).HTMLInputElement : realm(el).HTMLTextAreaElement).prototype;
        Object.getOwnPropertyDescriptor(proto, 'value')!.set!.call(field, text);
        input(field, 'input', kind, data);
      }
      key(field, 'keyup', name, '', 0);
    }
    if (PICKED.test(field.type)) this.settle();
    try {
      field.setSelectionRange(Math.min(start, text.length), Math.min(end, text.length));
    } catch {
      // Not every type of input has a selection.
    }
  }

  #owe(el: HTMLInputElement | HTMLTextAreaElement, before: string): void {
    const left = (): void => this.settle();
    this.#typed = { el, before, left };
    el.addEventListener('blur', left);
  }

  #edit(el: HTMLElement, value: string): void {
    const doc = el.ownerDocument;
    el.focus();
    doc.getSelection()?.selectAllChildren(el);
    // Editors rely on the events of this old command; where it is gone, the text is set.
    if (doc.execCommand?.('insertText', false, value)) return;
    el.textContent = value;
    input(el, 'input', 'insertText', value);
  }

  #select(el: Element, indexes: number[]): void {
    if (el.localName !== 'select' || el.matches(':disabled')) refuse();
    const select = el as HTMLSelectElement;
    const options = Array.from(select.options);
    if (indexes.some((i) => options[i] === undefined) || (!select.multiple && indexes.length !== 1)) refuse();
    this.settle(el);
    if (this.#focused(el.ownerDocument) !== el) select.focus();
    const before = options.map((o) => o.selected).join();
    options.forEach((o, i) => {
      if (!o.disabled && !o.closest('optgroup:disabled') && o.selected !== indexes.includes(i)) o.selected = indexes.includes(i);
    });
    if (options.map((o) => o.selected).join() === before) return;
    simple(el, 'input');
    simple(el, 'change');
  }

  #scroll(id: number, left: number, top: number): void {
    const node = this.host.nodeOf(id);
    const target = node && isDocument(node) ? node.scrollingElement ?? node.documentElement : this.#element(id);
    target.scrollTo({ left, top, behavior: 'instant' });
  }

  #focus(el: Element | null): void {
    this.settle(el ?? undefined);
    if (el) (el as HTMLElement).focus();
    else this.#focused(this.win.document)?.blur?.();
  }

  #hover(el: Element): void {
    enter(this.#hovered, el, { ...pointIn(el, 5000, 5000), button: 0, mods: 0, detail: 0 });
    this.#hovered = el;
  }

  #navigate(what: string, url: string): void {
    const { history, location } = this.win;
    this.settle();
    let go: () => void;
    if (what === 'back') go = () => history.back();
    else if (what === 'forward') go = () => history.forward();
    else if (what === 'reload') go = () => location.reload();
    else if (what === 'go') {
      const to = new URL(url, location.href);
      if (!/^https?:$/.test(to.protocol) || (to.origin !== location.origin && !this.host.origins.includes(to.origin))) refuse();
      go = () => location.assign(to.href);
    } else {
      return refuse();
    }
    // The result of the act leaves first.
    this.host.later(go);
  }

  #key(el: Element, name: string, code: string, mods: number): void {
    if (name === 'Enter') {
      const form = (el as HTMLInputElement).form;
      if (el.localName === 'input' && form) this.#open(form);
    }
    if (/^(Enter| )$/.test(name) && submits(el)) this.#open(el);
    let go = key(el, 'keydown', name, code, mods);
    if (go && (name === 'Enter' || name === ' ')) go = key(el, 'keypress', name, code, mods);
    if (go && el.isConnected) this.#keyed(el as HTMLElement, name, mods);
    const target = el.isConnected ? el : this.#focused(el.ownerDocument);
    if (target) key(target, 'keyup', name, code, mods);
  }

  /** What a browser does by itself when a key is pressed. */
  #keyed(el: HTMLElement, name: string, mods: number): void {
    const type = el.localName === 'input' ? (el as HTMLInputElement).type : '';
    const button = el.localName === 'button' || el.localName === 'summary' || /^(button|submit|reset|image)$/.test(type);
    switch (name) {
      case 'Enter':
        if (button || el.matches('a[href],area[href]')) el.click();
        else if (el.localName === 'input') this.#implicitSubmit(el as HTMLInputElement);
        return;
      case ' ':
        if (button || type === 'checkbox' || type === 'radio') el.click();
        return;
      case 'Tab': return this.#tab(el, (mods & 1) !== 0);
      case 'Escape': return escape(el.ownerDocument);
      default:
        this.settle(el);
        arrows(el, type, name);
    }
  }

  #implicitSubmit(el: HTMLInputElement): void {
    this.settle();
    const { form } = el;
    if (!form) return;
    const fields = Array.from(form.elements) as HTMLInputElement[];
    const button = fields.find((f) => /^(input|button)$/.test(f.localName) && /^(submit|image)$/.test(f.type));
    if (button) {
      if (!button.disabled) button.click();
    } else if (fields.filter((f) => f.localName === 'input' && /^(text|search|url|tel|email|password|date|month|week|time|datetime-local|number)$/.test(f.type)).length === 1) {
      form.requestSubmit();
    }
  }

  /** Refuses what would submit a form that is closed to agents. */
  #open(el: Element): void {
    if (!this.host.submit) refuse(ErrorCode.SubmitClosed);
    const form = (el.closest('button,input') as HTMLInputElement | null)?.form ?? el;
    if (form.closest(CLOSED)) refuse(ErrorCode.ElementMasked);
  }

  /** Sequential focus, through shadow roots and frames. */
  #tab(from: Element, back: boolean): void {
    const all: HTMLElement[] = [];
    const walk = (node: Node): void => {
      if (isElement(node)) {
        const el = node as HTMLElement;
        if (el.matches(FOCUSABLE) && el.localName !== 'iframe' && el.tabIndex >= 0 && !el.matches(':disabled,[inert],[inert] *') && el.getClientRects().length > 0) all.push(el);
      }
      childrenOf(node, this.host.ignore).forEach(walk);
    };
    walk(this.win.document);
    const order = [...all.filter((e) => e.tabIndex > 0).sort((a, b) => a.tabIndex - b.tabIndex), ...all.filter((e) => e.tabIndex === 0)];
    const at = order.indexOf(from as HTMLElement);
    // The focus may go to what the agent cannot see into, as the customer's own Tab would; acts on it are refused.
    const next = back ? order.at(Math.max(at, 0) - 1) : order[(at + 1) % order.length];
    this.settle(next);
    next?.focus();
  }
}

function refuse(code: number = ErrorCode.ActInvalid): never {
  throw new Refused(code);
}

function submits(el: Element): boolean {
  const button = el.closest('button,input');
  return button !== null && /^(submit|image)$/.test((button as HTMLInputElement).type) && (button as HTMLInputElement).form !== null;
}

function escape(doc: Document): void {
  const popovers = doc.querySelectorAll<HTMLElement>('[popover]:not([popover=manual]):popover-open');
  if (popovers.length > 0) return popovers[popovers.length - 1]!.hidePopover();
  const dialogs = doc.querySelectorAll<HTMLDialogElement>('dialog:modal');
  const dialog = dialogs[dialogs.length - 1];
  if (dialog && simple(dialog, 'cancel')) dialog.close();
}

function arrows(el: HTMLElement, type: string, name: string): void {
  const step = name === 'ArrowDown' || name === 'ArrowRight' ? 1 : name === 'ArrowUp' || name === 'ArrowLeft' ? -1 : 0;
  if (el.localName === 'select') {
    const select = el as HTMLSelectElement;
    const to = select.selectedIndex + step;
    if (step === 0 || select.multiple || to < 0 || to >= select.options.length || select.options[to]!.disabled) return;
    select.selectedIndex = to;
  } else if (type === 'radio') {
    const radio = el as HTMLInputElement;
    const group = Array.from((el.getRootNode() as Document).querySelectorAll<HTMLInputElement>('input[type=radio]')).filter((r) => r.name === radio.name && r.form === radio.form && !r.disabled);
    const next = group[(group.indexOf(radio) + step + group.length) % group.length];
    next?.focus();
    if (step !== 0) next?.click();
    return;
  } else if (type === 'range' || type === 'number') {
    if (step === 0) return;
    const field = el as HTMLInputElement;
    const before = field.value;
    if (name === 'ArrowUp' || (type === 'range' && name === 'ArrowRight')) field.stepUp();
    else if (name === 'ArrowDown' || type === 'range') field.stepDown();
    if (field.value === before) return;
  } else if (type !== '' || el.localName === 'textarea' || el.isContentEditable) {
    return;
  } else {
    return scrollBy(el, name);
  }
  simple(el, 'input');
  simple(el, 'change');
}

/** Arrow and page keys scroll the nearest part that scrolls that way. */
function scrollBy(from: Element, name: string): void {
  const win = realm(from);
  const page = win.innerHeight * 0.875;
  const by: Record<string, [number, number]> = {
    ArrowUp: [0, -40], ArrowDown: [0, 40], ArrowLeft: [-40, 0], ArrowRight: [40, 0], PageUp: [0, -page], PageDown: [0, page], Home: [0, -1e9], End: [0, 1e9],
  };
  const [left, top] = by[name] ?? [0, 0];
  if (left === 0 && top === 0) return;
  for (let el: Element | null = from; el; el = el.parentElement) {
    const { scrollLeft, scrollTop } = el;
    if (el !== el.ownerDocument.scrollingElement && !/auto|scroll/.test(win.getComputedStyle(el)[left ? 'overflowX' : 'overflowY'])) continue;
    el.scrollBy({ left, top, behavior: 'instant' });
    if (el.scrollLeft !== scrollLeft || el.scrollTop !== scrollTop) return;
  }
}
