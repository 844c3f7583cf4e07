/** The line above the page: which mode, in a switch and a sentence. 44 px in every state. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import '@awesome.me/webawesome/dist/components/button/button.js';
import type { SessionClient } from '../core/session-client.ts';
import type { Phase } from '../core/session-state.ts';
import { base } from './base.ts';
import { icon, type IconName } from './icons.ts';
import { Ticker, Watch } from './ticker.ts';
import { firstName, stripSentence } from './words.ts';

const SIGNS: Partial<Record<Phase, IconName>> = {
  joining: 'clock', consent: 'clock', refused: 'shield', loading: 'clock', reconnecting: 'reload', replaced: 'screen', failed: 'warn', ended: 'exit',
};
const MAX_WHY = 120;

@customElement('tp-strip')
export class TpStrip extends LitElement {
  static override styles = [base, css`
    :host { display: flex; align-items: center; gap: 12px; height: 44px; flex: none; padding-block: 0; padding-inline: 6px 12px; background: var(--m-soft); color: var(--text); }
    .seg { display: inline-flex; flex: none; padding: 2px; border-radius: var(--r-2); background: color-mix(in srgb, var(--m) 14%, transparent); }
    .seg button { display: flex; align-items: center; gap: 6px; height: 28px; padding: 0 12px; border: 0; border-radius: var(--r-1); background: none; font-weight: 500; color: var(--m-text); cursor: pointer; }
    .seg button[aria-pressed="true"] { background: var(--m); color: var(--m-on); cursor: default; }
    .kbd { background: transparent; border-color: color-mix(in srgb, currentColor 40%, transparent); color: inherit; }
    .sign { margin-inline-start: 6px; color: var(--m-text); }
    .ask { display: flex; flex: 1; align-items: center; gap: 8px; min-width: 0; }
    .ask input {
      flex: 1; min-width: 0; max-width: 380px; height: 30px; padding: 0 10px; border: 1px solid var(--line-strong); border-radius: var(--r-2);
      background: var(--surface); color: var(--text); font: inherit;
    }
    .ask input::placeholder { color: var(--text-3); opacity: 1; }
    .short { display: none; }
    @media (max-width: 1100px) { .d { display: none; } }
    @media (max-width: 640px) {
      :host { height: 52px; padding-inline: 8px; gap: 8px; }
      .seg button { height: 40px; padding: 0 10px; }
      .seg .kbd, .long { display: none; }
      /* A question needs the width; the tools below show the mode. */
      .seg.room { display: none; }
      .seg.room + p { padding-inline-start: 8px; }
      .short { display: inline; }
      p.grow { font: 400 12px/16px var(--font); white-space: normal; max-height: 32px; }
      .ask { gap: 6px; }
      .ask input { height: 40px; }
    }
  `];

  @property({ attribute: false }) client!: SessionClient;
  /** The phase as shown; a page load too short to notice is not shown. */
  @property() phase: Phase = 'joining';
  @state() private asking = false;
  @query('.ask input') private why?: HTMLInputElement;

  constructor() {
    super();
    new Ticker(this);
    new Watch(this, () => this.client.changes, () => {
      if (this.client.state.phase !== 'live' || this.client.state.mode === 'write') this.asking = false;
    });
  }

  override render() {
    const { state } = this.client;
    const shown = { ...state, phase: this.phase };
    const sentence = stripSentence(shown, Date.now());
    const words = html`<p class="grow ell" title=${sentence.detail}>${sentence.text} ${sentence.detail ? html`<span class="d t2">${sentence.detail}</span>` : nothing}</p>`;
    if (this.phase !== 'live') {
      return html`<span class="sign">${icon(state.pageTrouble && this.phase === 'loading' ? 'warn' : SIGNS[this.phase] ?? 'clock')}</span>${words}
        ${this.phase === 'consent' ? html`<wa-button class="s" @click=${() => this.client.end()}>Withdraw</wa-button>` : nothing}`;
    }
    const write = state.mode === 'write';
    return html`
      <div class="seg ${this.asking || state.ask ? 'room' : ''}" role="group" aria-label="Mode">
        <button type="button" aria-pressed=${write ? 'false' : 'true'} @click=${() => this.pointer()}>${icon('pointer', 14)}Pointer${write ? html`<span class="kbd" aria-hidden="true">Esc</span>` : nothing}</button>
        <button type="button" aria-pressed=${write ? 'true' : 'false'} @click=${() => this.ask()}>${icon('hand', 14)}Write${write ? nothing : html`<span class="kbd" aria-hidden="true">W</span>`}</button>
      </div>
      ${this.asking ? this.#form() : words}
      ${state.ask ? html`<wa-button class="s" @click=${() => this.client.toPointer()}>Withdraw</wa-button>` : nothing}`;
  }

  /** Opens the question, or sends it when it is open. */
  ask(): void {
    const { state } = this.client;
    if (this.phase !== 'live' || state.mode === 'write' || state.ask) return;
    if (this.asking) {
      this.#send();
      return;
    }
    this.asking = true;
    void this.updateComplete.then(() => this.why?.focus());
  }

  /** Closes the question, withdraws it, or gives write mode back. False: there was nothing to take back. */
  pointer(): boolean {
    const open = this.asking;
    const { state } = this.client;
    if (!state.ask && state.mode === 'pointer') {
      if (open) this.#cancel();
      return open;
    }
    this.asking = false;
    this.client.toPointer();
    return true;
  }

  focusFirst(): void {
    this.renderRoot.querySelector<HTMLElement>('button, wa-button')?.focus();
  }

  /** The switch, at the mode that is on. */
  focusMode(): void {
    this.renderRoot.querySelector<HTMLElement>('.seg [aria-pressed="true"]')?.focus();
  }

  /** Closes the question; the keyboard goes back to where it was opened. */
  #cancel(): void {
    this.asking = false;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('.seg [aria-pressed="false"]')?.focus());
  }

  #form() {
    const who = firstName(this.client.state);
    return html`<form class="ask" @submit=${(event: Event) => { event.preventDefault(); this.#send(); }}>
      <input maxlength=${MAX_WHY} autocomplete="off" aria-label="Why, for ${who} to read; may stay empty" placeholder="Why, for ${who} to read (optional)" @keydown=${this.#onKey}>
      <wa-button class="s" @click=${() => this.#send()}><span class="long">Ask to click and type</span><span class="short">Ask</span></wa-button>
      <wa-button class="s quiet long" @click=${() => this.#cancel()}>Cancel</wa-button>
    </form>`;
  }

  #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      this.#send();
    }
  };

  #send(): void {
    const why = this.why?.value.trim() ?? '';
    this.asking = false;
    this.client.askForWrite(why);
  }
}
