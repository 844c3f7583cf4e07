/** What is known about the session, from the server's own record and events. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import '@awesome.me/webawesome/dist/components/copy-button/copy-button.js';
import type { SessionClient } from '../core/session-client.ts';
import { base } from './base.ts';
import { Ticker, Watch } from './ticker.ts';
import { dayAndTime, clockTime, fullName, threes } from './words.ts';

@customElement('tp-details')
export class TpDetails extends LitElement {
  static override styles = [base, css`
    :host { display: block; overflow-y: auto; min-height: 0; }
    section + section { border-top: 1px solid var(--line); }
    .h { display: flex; align-items: center; gap: 8px; height: 44px; padding: 0 16px; }
    dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 7px 16px; padding: 0 16px 14px; align-items: center; }
    dt { color: var(--text-2); }
    dd { text-align: end; font-variant-numeric: tabular-nums; }
    dd.id { display: flex; align-items: center; justify-content: flex-end; gap: 4px; }
    .mono { font: 400 12px/16px var(--mono); direction: ltr; }
    li { padding: 8px 16px; border-top: 1px solid var(--line-soft); display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 12px; }
    li:first-child { border-top: 0; }
    li b { font-weight: 500; }
    li .u { grid-column: 1 / -1; color: var(--text-2); font: 400 12px/16px var(--font); }
    time { color: var(--text-2); font-variant-numeric: tabular-nums; }
    .empty { padding: 0 16px 16px; color: var(--text-2); }
    wa-copy-button { display: inline-flex; height: 20px; align-items: center; font-size: 14px; }
    wa-copy-button::part(button) { height: 24px; width: 24px; padding: 0; display: grid; place-items: center; border-radius: var(--r-1); color: var(--text-2); }
  `];

  @property({ attribute: false }) client!: SessionClient;

  constructor() {
    super();
    new Ticker(this);
    new Watch(this, () => this.client.changes);
  }

  override render() {
    const { state } = this.client;
    const now = Date.now();
    const pages = [...state.pages].reverse();
    const shown = state.consent === 'given';
    return html`
      <section aria-labelledby="d"><div class="h"><h2 class="h2" id="d">Details</h2></div>
        <dl>
          <dt>Customer</dt><dd class="ell"><bdi>${fullName(state)}</bdi></dd>
          ${state.site ? html`<dt>Site</dt><dd class="ell">${state.site}</dd>` : nothing}
          <dt>Started</dt><dd>${dayAndTime(state.startedAt, now)}</dd>
          <dt>Code</dt><dd dir="ltr">${threes(state.sessionToken)}</dd>
          ${state.historyId ? html`<dt>Session id</dt><dd class="id"><span class="mono ell" title=${state.historyId}>${state.historyId}</span>
            <wa-copy-button value=${state.historyId} copy-label="Copy the session id" success-label="Copied" error-label="Could not copy" tooltip="none"></wa-copy-button></dd>` : nothing}
        </dl></section>
      <section aria-labelledby="w"><div class="h"><h2 class="h2" id="w">People</h2><span class="cnt">${state.users.length}</span></div>
        <ul>${state.users.map((user) => html`<li><b class="ell"><bdi>${user.role === 1 ? fullName(state) : user.name}</bdi>${user.userId === state.me ? ' (you)' : ''}</b>
          <span class="t2">${user.online ? user.role === 1 ? 'customer' : 'agent' : 'away'}</span></li>`)}</ul></section>
      <section aria-labelledby="p"><div class="h"><h2 class="h2" id="p">Pages visited</h2>${shown && pages.length > 0 ? html`<span class="cnt">${pages.length}</span>` : nothing}</div>
        ${shown && pages.length > 0
          ? html`<ul>${pages.map((page) => html`<li><b class="ell"><bdi>${page.title || page.url}</bdi></b><time>${clockTime(page.at)}</time>
              <span class="u ell" dir="ltr">${page.url}</span></li>`)}</ul>`
          : html`<p class="empty">${shown ? 'None yet.' : 'Nothing is shared yet.'}</p>`}</section>`;
  }
}
