/** The small signs: a person, the connection, the mode. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { base } from './base.ts';
import { icon, type IconName } from './icons.ts';
import type { Phase } from '../core/session-state.ts';
import { initials } from './words.ts';

/** Somebody in the session: initials, name, what they are doing. */
@customElement('tp-person')
export class TpPerson extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; align-items: center; gap: 8px; height: 36px; padding-block: 0; padding-inline: 5px 12px; border-radius: 18px; border: 1px solid var(--line); }
    :host([drives]) { border-color: var(--m, var(--accent)); box-shadow: inset 0 0 0 .5px var(--m, var(--accent)); }
    :host([away]) { border-style: dashed; }
    b { font: 500 12px/15px var(--font); display: block; }
    small { font: 400 11px/13px var(--font); color: var(--text-3); display: block; }
    :host([drives]) small { color: var(--m-text, var(--accent-text)); font-weight: 500; }
  `];

  @property() name = '';
  @property() does = '';
  /** c, p1 … p4. */
  @property() hue = 'c';
  /** Whose initials; the name shown may be "You". */
  @property() whole = '';

  override render() {
    return html`<span class="av s ${this.hue}" aria-hidden="true">${initials(this.whole || this.name)}</span>
      <span><b>${this.name}</b><small>${this.does}</small></span>`;
  }
}

/** Connection: four bars and the round trip in milliseconds. */
@customElement('tp-link')
export class TpLink extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; align-items: center; gap: 6px; font: inherit; color: inherit; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .bars { display: inline-flex; align-items: flex-end; gap: 2px; height: 12px; }
    .bars b { width: 3px; border-radius: 1px; background: var(--line-strong); opacity: .45; }
    .bars b:nth-child(1) { height: 4px; } .bars b:nth-child(2) { height: 7px; } .bars b:nth-child(3) { height: 10px; } .bars b:nth-child(4) { height: 12px; }
    .bars b.lit { background: var(--ok); opacity: 1; }
    .bars.mid b.lit { background: var(--warn); }
    span.ms { min-width: 6ch; }
  `];

  @property({ type: Number }) rtt: number | undefined;

  override render() {
    const { rtt } = this;
    const lit = rtt === undefined ? 0 : rtt < 100 ? 4 : rtt < 250 ? 3 : rtt < 600 ? 2 : 1;
    return html`<span class="bars ${lit < 3 ? 'mid' : ''}" aria-hidden="true">
        ${[1, 2, 3, 4].map((n) => html`<b class=${n <= lit ? 'lit' : ''}></b>`)}</span>
      <span class="ms"><span class="sr">Connection: </span>${rtt === undefined ? '– ms' : `${rtt} ms`}</span>`;
  }
}

const MODES: Partial<Record<Phase, [string, string, IconName]>> = {
  joining: ['paused', 'Joining', 'clock'],
  consent: ['paused', 'Waiting for the answer', 'clock'],
  refused: ['paused', 'Not shared', 'shield'],
  loading: ['paused', 'Fetching the page', 'clock'],
  reconnecting: ['paused', 'Reconnecting', 'reload'],
  replaced: ['paused', 'Open in another place', 'screen'],
  failed: ['rec', 'Broken off', 'warn'],
  ended: ['paused', 'Ended', 'exit'],
};

/** State of a session as a pill. */
@customElement('tp-mode')
export class TpMode extends LitElement {
  static override styles = [base, css`
    :host { display: inline-flex; align-items: center; gap: 5px; height: 20px; padding: 0 8px; border-radius: var(--r-full); font: 500 var(--fs-12) var(--font); white-space: nowrap; background: var(--paused-soft); color: var(--paused-text); }
    :host([kind="pointer"]) { background: var(--accent-soft); color: var(--accent-text); }
    :host([kind="write"]) { background: var(--write-soft); color: var(--write-text); }
    :host([kind="rec"]) { background: var(--rec-soft); color: var(--rec-text); }
  `];

  @property() phase: Phase = 'joining';
  @property() mode = 'pointer';
  @property({ reflect: true }) kind = 'paused';

  override willUpdate(): void {
    this.kind = this.phase === 'live' ? this.mode : MODES[this.phase]?.[0] ?? 'paused';
  }

  override render() {
    const [, words, sign] = MODES[this.phase]
      ?? (this.mode === 'write' ? ['', 'Write', 'hand' as IconName] : ['', 'Pointer', 'pointer' as IconName]);
    return html`${icon(sign, 12)}${words || nothing}`;
  }
}
