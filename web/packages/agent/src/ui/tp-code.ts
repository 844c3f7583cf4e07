/**
 * The nine digits: one input with one label under nine drawn boxes. (wa-otp-input has no place for "paste replaces
 * all", and Backspace after the last digit only moves its cursor.)
 */
import { LitElement, css, html } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { classMap } from 'lit/directives/class-map.js';
import { base } from './base.ts';

const LENGTH = 9;

@customElement('tp-code')
export class TpCode extends LitElement {
  static override shadowRootOptions: ShadowRootInit = { ...LitElement.shadowRootOptions, delegatesFocus: true };

  static override styles = [base, css`
    :host { display: block; position: relative; }
    .code { display: flex; align-items: center; gap: 16px; direction: ltr; }
    .g { display: flex; gap: 6px; }
    .d {
      width: 46px; height: 56px; border: 1px solid var(--line); border-radius: var(--r-2); display: grid; place-items: center;
      font: 500 26px/1 var(--font); font-variant-numeric: tabular-nums; background: var(--surface); position: relative;
    }
    .d.full { border-color: var(--line-strong); }
    .d.sel { background: var(--selected); }
    .on { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent), 0 0 0 4px var(--accent-soft); }
    .on.cursor::after { content: ""; position: absolute; width: 1.5px; height: 26px; background: var(--accent); }
    .bad .d { border-color: var(--rec); }
    input {
      position: absolute; inset: 0; width: 100%; height: 100%; border: 0; padding: 0; background: none; outline: none; cursor: text;
      color: transparent; caret-color: transparent; font-size: 16px; letter-spacing: 2ch;
    }
    input:focus-visible { outline: none; }
    input::selection { background: transparent; color: transparent; }
    @media (max-width: 640px) {
      .code { gap: 8px; justify-content: space-between; }
      .g { gap: 4px; flex: 1; }
      .d { width: auto; min-width: 0; flex: 1; height: 48px; font-size: 22px; }
    }
  `];

  @property() label = 'Nine-digit code';
  @property({ type: Boolean }) invalid = false;
  /** Id-less description, read after the label. */
  @property() description = '';
  @state() private focused = false;
  @state() private selection: [number, number] = [0, 0];
  @query('input') private input!: HTMLInputElement;
  #value = '';

  get value(): string {
    return this.#value;
  }

  get complete(): boolean {
    return this.#value.length === LENGTH;
  }

  override render() {
    const [from, to] = this.selection;
    const at = Math.min(to, LENGTH - 1);
    const box = (index: number) => html`<span class=${classMap({
      d: true,
      full: index < this.#value.length,
      sel: this.focused && from !== to && index >= from && index < to,
      on: this.focused && index === at,
      cursor: index >= this.#value.length,
    })}>${this.#value[index] ?? ''}</span>`;
    const group = (start: number) => html`<span class="g">${[0, 1, 2].map((n) => box(start + n))}</span>`;
    return html`
      <div class=${classMap({ code: true, bad: this.invalid })} aria-hidden="true">${group(0)}${group(3)}${group(6)}</div>
      <input type="text" inputmode="numeric" autocomplete="off" enterkeyhint="go" spellcheck="false" aria-label=${this.label}
        aria-description=${this.description} aria-invalid=${this.invalid ? 'true' : 'false'}
        @input=${this.#onInput} @paste=${this.#onPaste} @keydown=${this.#onKey} @keyup=${this.#onSelect} @pointerup=${this.#onSelect}
        @select=${this.#onSelect} @focus=${this.#onFocus} @blur=${() => { this.focused = false; }}>`;
  }

  /** A digit that was typed somewhere else. */
  type(digit: string): void {
    this.input.focus();
    if (this.complete && this.input.selectionStart === this.input.selectionEnd) return;
    this.input.setRangeText(digit, this.input.selectionStart ?? 0, this.input.selectionEnd ?? 0, 'end');
    this.#onInput();
  }

  /** Pasted anywhere: nine digits or more replace what is there. False: there were none. */
  paste(text: string): boolean {
    const digits = text.replace(/\D/g, '');
    if (digits.length < LENGTH) return false;
    this.input.focus();
    this.input.value = digits.slice(0, LENGTH);
    this.#onInput();
    return true;
  }

  /** So that the next digit begins a new code. */
  selectAll(): void {
    this.input.focus();
    this.input.select();
    this.#onSelect();
  }

  clear(): void {
    this.input.value = '';
    this.#onInput();
  }

  #onFocus = (): void => {
    this.focused = true;
    const end = this.#value.length;
    if (this.input.selectionStart === this.input.selectionEnd) this.input.setSelectionRange(end, end);
    this.#onSelect();
  };

  #onInput = (): void => {
    const raw = this.input.value;
    const digits = raw.replace(/\D/g, '').slice(0, LENGTH);
    if (digits !== raw) {
      const before = raw.slice(0, this.input.selectionStart ?? raw.length).replace(/\D/g, '').length;
      this.input.value = digits;
      this.input.setSelectionRange(Math.min(before, LENGTH), Math.min(before, LENGTH));
    }
    this.#value = digits;
    this.#onSelect();
    this.requestUpdate();
    this.dispatchEvent(new Event('tp-input', { bubbles: true, composed: true }));
  };

  #onPaste = (event: ClipboardEvent): void => {
    if (this.paste(event.clipboardData?.getData('text/plain') ?? '')) event.preventDefault();
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && this.complete) {
      this.dispatchEvent(new Event('tp-submit', { bubbles: true, composed: true }));
    }
  };

  #onSelect = (): void => {
    this.selection = [this.input.selectionStart ?? 0, this.input.selectionEnd ?? 0];
  };
}
