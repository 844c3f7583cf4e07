import { ActOp, type Act } from '@twinpane/protocol';
import { isTextField } from '../fields.ts';
import { boxOf } from '../hit.ts';
import { caretBoxes } from './caret.ts';
import { EditSession, fitting, LOST_MS, moveCaret, QUIET_MS } from './edit.ts';
import type { Mirror } from '../mirror.ts';
import type { MirrorNode } from '../tree.ts';

/** Keys that are no text and go to the customer as keys. */
const NAMED = /^(?:Enter|Tab|Escape|Arrow(?:Up|Down|Left|Right)|Page(?:Up|Down)|Home|End|Backspace|Delete|Insert|F(?:[1-57-9]|1[0-2]))$/;

/** After a Tab, or a click on what takes no text, the customer's focus is on its way for so long at most; keys pressed meanwhile wait for it. */
const TAB_MS = 1000;
const CLICK_MS = 400;
const MAX_AHEAD = 64;

interface Press { key: string; code: string; mods: number }

export interface KeyboardHost {
  readonly mirror: Mirror;
  readonly marks: HTMLElement;
  scale(): number;
  /** Write mode, connected, not paused. */
  mayWrite(): boolean;
  send(act: Act): void;
  /** A key of the desk's. */
  report(key: string): void;
  /** The field that has the agent's focus has changed. */
  targetChanged(): void;
  /** An open list takes all keys. */
  intercept(event: KeyboardEvent): boolean;
}

/**
 * Typing. A text area that nobody sees holds the value and the selection of the field the agent types into, so that the agent's browser does
 * the editing: input methods, paste, word moves, undo. The customer gets the whole value after each change.
 */
export class Keyboard {
  target: MirrorNode | undefined;
  private session: EditSession;
  private selection = '';
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerAt = 0;
  private drawn: HTMLElement[] = [];
  private clickedAt = -Infinity;
  private composing = false;
  /** The node that a Tab left (0: a click, from wherever), until the focus has arrived elsewhere; and what was pressed meanwhile. */
  private waiting: { from: number; timer: ReturnType<typeof setTimeout> } | undefined;
  private ahead: Press[] = [];

  constructor(private readonly keys: HTMLTextAreaElement, private readonly host: KeyboardHost) {
    this.session = new EditSession('', () => performance.now());
    keys.addEventListener('keydown', (e) => this.keydown(e));
    keys.addEventListener('input', () => this.input());
    keys.addEventListener('compositionstart', () => void (this.composing = true));
    keys.addEventListener('compositionend', () => {
      this.composing = false;
      this.input();
    });
    keys.addEventListener('blur', () => this.draw());
    keys.addEventListener('focus', () => this.draw());
    document.addEventListener('selectionchange', () => this.selected());
  }

  focus(on: boolean): void {
    if (on) this.keys.focus({ preventScroll: true });
    else this.keys.blur();
  }

  get focused(): boolean {
    return document.activeElement === this.keys;
  }

  /** The agent has clicked: typing goes to `n` from now on, if it takes text. */
  clicked(n: MirrorNode | undefined, caret?: number): void {
    this.clickedAt = performance.now();
    this.stopWaiting();
    this.aim(n && isTextField(n) && n.effective < 2 ? n : undefined, caret);
    if (!this.target) this.waitForFocus(0, CLICK_MS);
  }

  /** The customer's focus is elsewhere now. Right after a click of the agent's it is still on its way. */
  followFocus(id: number): void {
    if (this.waiting) {
      // Not the answer yet: where it came from, or nowhere in between.
      if (id !== 0 && id !== this.waiting.from) this.arrived(id);
      return;
    }
    if (!this.host.mayWrite() || id === this.target?.id || performance.now() - this.clickedAt < 1000) return;
    this.aimAt(id);
  }

  private aimAt(id: number): void {
    const n = this.host.mirror.node(id);
    this.aim(n && isTextField(n) && n.effective < 2 ? n : undefined);
  }

  /** Value, selection or class of a field has changed at the customer. */
  fieldChanged(n: MirrorNode): void {
    if (n !== this.target) return;
    if (n.effective === 2 || !isTextField(n)) return this.aim(undefined);
    if (n.effective > 0 || this.composing) return;
    this.take(this.session.remote(n.x?.value ?? this.shown(n)));
    // An echo that was overtaken must not undo what the agent sees.
    if (this.session.value !== this.shown(n)) this.host.mirror.view.fields.showValue(n, this.session.value);
    this.later(QUIET_MS);
  }

  /** The page has changed; what is drawn may be elsewhere. */
  refresh(): void {
    if (this.target && this.host.mirror.node(this.target.id) !== this.target) this.aim(undefined);
    else if (this.target) this.draw();
  }

  reset(): void {
    this.stopWaiting();
    this.aim(undefined);
  }

  private aim(n: MirrorNode | undefined, caret?: number): void {
    if (n === this.target && n !== undefined) {
      if (caret !== undefined && n.effective === 0) this.keys.setSelectionRange(caret, caret);
      return this.draw();
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    const before = this.target;
    this.target = n;
    const value = n && n.effective === 0 ? this.shown(n) : '';
    this.session.restart(value);
    this.keys.value = value;
    const max = n?.attribute('maxlength');
    if (max != null && /^\d+$/.test(max)) this.keys.maxLength = Number(max);
    else this.keys.removeAttribute('maxlength');
    const lines = n?.local === 'textarea';
    this.keys.wrap = lines ? 'soft' : 'off';
    this.keys.classList.toggle('open', n !== undefined && n.effective > 0);
    this.keys.classList.toggle('lines', lines);
    if (n) {
      const [start, end] = caret !== undefined ? [caret, caret] : n.x?.selection ?? [value.length, value.length];
      this.keys.setSelectionRange(start, end);
    }
    this.selection = this.selectionKey();
    this.draw();
    if (before !== n) this.host.targetChanged();
  }

  private shown(n: MirrorNode): string {
    return (n.element as HTMLInputElement).value;
  }

  private keydown(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === 'F6') {
      event.preventDefault();
      return this.host.report('F6');
    }
    if (this.host.intercept(event)) return;
    if (event.key === 'Escape') this.host.report('Escape');
    if (!this.host.mayWrite()) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const mods = (event.shiftKey ? 1 : 0) | (event.ctrlKey ? 2 : 0) | (event.altKey ? 4 : 0) | (event.metaKey ? 8 : 0);
    const press = { key: event.key, code: event.code, mods };
    if (this.waiting && plain && (event.key.length === 1 || NAMED.test(event.key))) {
      event.preventDefault();
      if (this.ahead.length < MAX_AHEAD) this.ahead.push(press);
      return;
    }
    if (this.target && this.isEditing(event.key, plain)) return;
    if ((NAMED.test(event.key) && (plain || this.target === undefined)) || (event.key === ' ' && plain && !this.target)) {
      event.preventDefault();
      this.send(press);
    } else if (!this.target && event.key.length === 1 && plain) {
      event.preventDefault();
    }
  }

  private send({ key, code, mods }: Press): void {
    const id = this.target?.id ?? (this.host.mirror.focus || 1);
    this.host.send([ActOp.Key, id, key, code, mods]);
    if (key !== 'Tab') return;
    // What comes next belongs to where the Tab leads, not to where it was pressed.
    this.aim(undefined);
    this.waitForFocus(id, TAB_MS);
  }

  private waitForFocus(from: number, ms: number): void {
    this.stopWaiting();
    this.waiting = { from, timer: setTimeout(() => this.arrived(this.host.mirror.focus), ms) };
  }

  private stopWaiting(): void {
    clearTimeout(this.waiting?.timer);
    this.waiting = undefined;
    this.ahead = [];
  }

  /** The focus is there (or did not move): what was pressed ahead goes to it. */
  private arrived(id: number): void {
    const held = this.ahead;
    this.stopWaiting();
    this.clickedAt = -Infinity;
    if (!this.host.mayWrite()) return;
    this.aimAt(id);
    for (const [i, press] of held.entries()) {
      const text = press.key.length === 1 ? press.key : press.key === 'Enter' && this.target?.local === 'textarea' ? '\n' : '';
      if (this.target && text !== '') {
        this.keys.setRangeText(text, this.keys.selectionStart, this.keys.selectionEnd, 'end');
        this.input();
      } else if (NAMED.test(press.key) ? !this.target || !this.isEditing(press.key, true) : press.key === ' ') {
        this.send(press);
      }
      if (press.key === 'Tab') {
        this.ahead = held.slice(i + 1);
        return;
      }
    }
  }

  /** True for keys that the text area deals with itself. */
  private isEditing(key: string, plain: boolean): boolean {
    if (key.length === 1 || /^(?:Backspace|Delete|ArrowLeft|ArrowRight|Home|End)$/.test(key)) return true;
    const lines = this.target!.local === 'textarea';
    if (key === 'Enter') return lines && plain;
    if (/^(?:ArrowUp|ArrowDown|PageUp|PageDown)$/.test(key)) return lines;
    return !NAMED.test(key);
  }

  private input(): void {
    const n = this.target;
    if (this.composing) return this.draw();
    if (!n || !this.host.mayWrite()) {
      this.keys.value = this.session.value;
      return;
    }
    const max = this.keys.maxLength >= 0 ? this.keys.maxLength : Infinity;
    const value = fitting(this.keys.value, n.local === 'textarea', max);
    if (value !== this.keys.value) {
      const caret = moveCaret(this.keys.value, value, this.keys.selectionEnd);
      this.keys.value = value;
      this.keys.setSelectionRange(caret, caret);
    }
    this.session.local(value);
    this.selection = this.selectionKey();
    this.host.mirror.view.fields.showValue(n, value);
    this.host.send([ActOp.Type, n.id, value, this.keys.selectionStart, this.keys.selectionEnd]);
    this.later(LOST_MS);
    this.draw();
  }

  /** Only the selection has changed: said as well, so that the customer sees where the agent is. Not of what was never read. */
  private selected(): void {
    if (!this.focused || !this.target || this.composing) return;
    this.draw();
    if (this.keys.value !== this.session.value || this.selection === this.selectionKey()) return;
    this.selection = this.selectionKey();
    if (this.target.effective === 0 && this.host.mayWrite()) {
      this.host.send([ActOp.Type, this.target.id, this.keys.value, this.keys.selectionStart, this.keys.selectionEnd]);
    }
  }

  private selectionKey(): string {
    return `${this.keys.selectionStart}-${this.keys.selectionEnd}`;
  }

  /** Looks again whether the customer's value is to be taken over. */
  private later(ms: number): void {
    const at = performance.now() + ms;
    if (this.timer !== undefined && this.timerAt <= at) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const n = this.target;
      if (!n || n.effective > 0) return;
      if (this.session.lost()) {
        const real = n.x?.value ?? n.attribute('value') ?? '';
        this.session.restart(real);
        this.host.mirror.view.fields.showValue(n, real);
        this.take(real);
      } else {
        this.take(this.session.due());
      }
      if (this.session.pending) this.later(QUIET_MS);
    }, ms);
  }

  private take(value: string | undefined): void {
    if (value === undefined) return;
    if (value !== this.keys.value) {
      const before = this.keys.value;
      const [start, end] = [this.keys.selectionStart, this.keys.selectionEnd].map((c) => moveCaret(before, value, c)) as [number, number];
      this.keys.value = value;
      this.keys.setSelectionRange(start, end);
      this.selection = this.selectionKey();
    }
    if (this.target) this.host.mirror.view.fields.showValue(this.target, value);
    this.draw();
  }

  /** Caret and selection over the page; the text area itself goes there too, for the windows of input methods. */
  private draw(): void {
    for (const d of this.drawn) d.remove();
    this.drawn = [];
    const n = this.target, scale = this.host.scale();
    if (!n || !this.host.mayWrite()) return;
    const put = (name: string, b: { x: number; y: number; width: number; height: number }): void => {
      const el = document.createElement('div');
      el.className = name;
      Object.assign(el.style, { left: `${b.x * scale}px`, top: `${b.y * scale}px`, height: `${b.height * scale}px` });
      if (name === 'chosen') el.style.width = `${b.width * scale}px`;
      this.host.marks.append(el);
      this.drawn.push(el);
    };
    let at = boxOf(n);
    if (n.effective === 0 && this.focused) {
      const boxes = caretBoxes(n, this.keys.selectionStart, this.keys.selectionEnd);
      for (const b of boxes?.chosen ?? []) put('chosen', b);
      if (boxes) put('caret', (at = boxes.caret));
    }
    if (!at) return;
    const open = n.effective > 0;
    Object.assign(this.keys.style, {
      left: `${at.x * scale}px`, top: `${at.y * scale}px`, width: open ? `${Math.max(80, at.width * scale)}px` : '', height: open ? `${Math.max(28, at.height * scale)}px` : '',
    });
  }
}
