/** The desk itself: the code, and the sessions of this tab. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import '@awesome.me/webawesome/dist/components/button/button.js';
import type { Desk } from '../core/desk.ts';
import { troubleOf, type SessionClient } from '../core/session-client.ts';
import { base } from './base.ts';
import { icon } from './icons.ts';
import { Ticker } from './ticker.ts';
import type { TpCode } from './tp-code.ts';
import './tp-code.ts';
import './tp-keys.ts';
import './tp-small.ts';
import { duration, endedSentence, fullName, troubleText } from './words.ts';

@customElement('tp-home')
export class TpHome extends LitElement {
  static override styles = [base, css`
    :host { display: block; }
    .desk { display: grid; grid-template-columns: minmax(0, 1fr) 400px; gap: 24px; padding: 24px; align-items: start; }
    .col { display: flex; flex-direction: column; gap: 24px; min-width: 0; }
    .join { padding: 20px 20px 18px; display: grid; grid-template-columns: minmax(0, 1fr) auto; column-gap: 32px; }
    .lead { display: flex; align-items: baseline; gap: 2px 10px; margin-bottom: 14px; grid-column: 1/-1; flex-wrap: wrap; }
    .lead h2 { font: 600 var(--fs-16) var(--font); letter-spacing: -.012em; }
    tp-code { justify-self: start; }
    .go { font-size: 14px; --wa-form-control-height: 56px; --wa-form-control-padding-inline: 26px; align-self: center; justify-self: end; }
    .foot { grid-column: 1/-1; display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 14px; color: var(--text-3); font: 400 var(--fs-12) var(--font); min-height: 20px; align-items: center; }
    .foot > span { display: flex; gap: 6px; align-items: center; }
    .foot .bad { color: var(--rec-text); font: 500 var(--fs-13) var(--font); }
    .sec-h { display: flex; align-items: center; gap: 8px; height: 48px; padding: 0 16px; border-bottom: 1px solid var(--line-soft); }
    .ses { position: relative; padding: 14px 16px 14px 20px; padding-inline: 20px 16px; border-top: 1px solid var(--line-soft); }
    .ses:first-of-type { border-top: 0; }
    .ses::before { content: ""; position: absolute; inset-block: 12px; inset-inline-start: 8px; width: 3px; border-radius: 3px; background: var(--accent); }
    .ses.write::before { background: var(--write); }
    .ses.off::before { background: repeating-linear-gradient(135deg, var(--paused) 0 3px, transparent 3px 6px); }
    .l1 { display: flex; align-items: center; gap: 8px; margin-bottom: 2px; min-height: var(--ctl-s); }
    .l1 b { font-weight: 600; }
    .l2 { color: var(--text-2); }
    .l3 { display: flex; align-items: center; gap: 12px; margin-top: 8px; color: var(--text-3); font: 400 12px/16px var(--font); }
    .l3 span { display: flex; align-items: center; gap: 5px; }
    .empty { padding: 20px 16px; color: var(--text-2); }
    @media (max-width: 1340px) and (min-width: 1101px) { .join { column-gap: 16px; } .go { --wa-form-control-padding-inline: 16px; } }
    @media (max-width: 1240px) and (min-width: 1101px) { .desk { grid-template-columns: minmax(0, 1fr) 344px; } }
    @media (max-width: 1100px) { .desk { grid-template-columns: minmax(0, 1fr); } }
    @media (max-width: 760px) {
      .join { display: block; }
      tp-code { justify-self: stretch; }
      .foot { min-height: 44px; align-content: start; }
      .go { width: 100%; margin-top: 14px; --wa-form-control-height: 48px; }
    }
    @media (max-width: 640px) { .desk, .col { gap: 12px; } .desk { padding: 12px; } .join { padding: 16px; } }
  `];

  @property({ attribute: false }) desk!: Desk;
  @property({ type: Boolean }) keys = false;
  @state() private busy = false;
  @state() private problem = '';
  @state() private ready = false;
  @query('tp-code') private code!: TpCode;

  constructor() {
    super();
    new Ticker(this);
  }

  override render() {
    const { sessions } = this.desk;
    return html`<main class="desk">
      <div class="col">
        <section class="card join" aria-labelledby="lead" @tp-submit=${this.#join} @tp-input=${this.#onInput}>
          <div class="lead"><h2 id="lead">Enter the customer’s code</h2><span class="t3">Nine digits, read aloud</span></div>
          <tp-code label="Nine-digit code" description=${this.problem} ?invalid=${this.problem !== ''}></tp-code>
          <wa-button class="go ${this.ready ? 'pri' : ''}" ?disabled=${!this.ready || this.busy} @click=${this.#join}>
            ${this.busy ? 'Joining' : 'Join session'}</wa-button>
          <div class="foot" role="status">${this.problem
            ? html`<span class="bad">${icon('warn', 14)}${this.problem}</span>`
            : html`<span>${icon('clock', 12)}Works once, for ten minutes</span>
                <span>${icon('shield', 12)}The customer sees your name and can refuse</span>`}</div>
        </section>
      </div>
      <div class="col">
        <section class="card" aria-labelledby="mine">
          <div class="sec-h"><h2 class="h2" id="mine">My sessions</h2>${sessions.length > 0 ? html`<span class="cnt">${sessions.length}</span>` : nothing}</div>
          ${sessions.length === 0
            ? html`<p class="empty">No session is open in this tab. Enter a code to join one.</p>`
            : html`<ul>${repeat(sessions, (session) => session.state.sessionToken, (session) => this.#row(session))}</ul>`}
        </section>
        ${this.keys ? html`<tp-keys class="card" where="desk"></tp-keys>` : nothing}
      </div>
    </main>`;
  }

  /** A digit or a pasted code from anywhere on the desk. */
  type(digit: string): void {
    this.code.type(digit);
  }

  paste(text: string): boolean {
    return this.code.paste(text);
  }

  focusCode(): void {
    void this.updateComplete.then(() => this.code.updateComplete).then(() => this.code.focus());
  }

  #row(session: SessionClient) {
    const { state } = session;
    const over = state.phase === 'ended' || state.phase === 'failed';
    const line = state.ended ? endedSentence(state)
      : state.trouble && state.phase === 'failed' ? troubleText(state.trouble)
        : [state.page?.title || (state.phase === 'live' ? state.page?.url : 'Nothing shown'), state.site].filter(Boolean).join(' · ');
    const others = state.users.filter((user) => user.role === 2 && user.userId !== state.me);
    const kind = state.phase === 'live' ? state.mode : 'off';
    return html`<li class="ses ${kind}">
      <div class="l1"><b class="ell">${fullName(state)}</b><tp-mode .phase=${state.phase} .mode=${state.mode}></tp-mode><span class="grow"></span>
        ${over ? html`<wa-button class="s quiet" @click=${() => this.desk.dismiss(session)}>Close</wa-button>` : nothing}
        ${state.phase === 'failed' ? nothing
          : html`<wa-button class="s" @click=${() => this.desk.show(session)}>Return<span class="sr"> to ${fullName(state)}</span></wa-button>`}</div>
      <p class="l2 ell">${line}</p>
      ${over ? nothing : html`<div class="l3"><span class="num">${icon('clock', 12)}${duration(Date.now() - state.startedAt)}</span>
        <tp-link .rtt=${state.rtt}></tp-link>
        <span>${icon('person', 12)}${others.length === 0 ? 'Only you' : `${others.map((user) => user.name).join(', ')} here too`}</span></div>`}
    </li>`;
  }

  #onInput = (): void => {
    this.ready = this.code.complete;
    if (this.problem) this.problem = '';
  };

  #join = async (): Promise<void> => {
    if (this.busy || !this.code.complete) return;
    this.busy = true;
    this.problem = '';
    try {
      await this.desk.join(this.code.value);
      this.code.clear();
    } catch (error) {
      this.problem = troubleText(troubleOf(error));
      this.busy = false;
      await this.updateComplete;
      this.code.selectAll();
    } finally {
      this.busy = false;
    }
  };
}
