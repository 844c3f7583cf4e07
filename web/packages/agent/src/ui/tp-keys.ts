/** The keys that work here. A panel, not a dialog: it covers nothing. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import '@awesome.me/webawesome/dist/components/switch/switch.js';
import type WaSwitch from '@awesome.me/webawesome/dist/components/switch/switch.js';
import { base } from './base.ts';
import { pref, setPref } from './prefs.ts';

type Row = [keys: string[], what: string];

const DESK: Row[] = [[['0', '…', '9'], 'Into the code, from anywhere'], [['Enter'], 'Join session'], [['?'], 'These keys']];
const SESSION: Row[] = [
  [['V'], 'Pointer'], [['W'], 'Ask to click and type'], [['Esc'], 'Give control back'], [['F'], 'Follow scrolling'],
  [['+', '−'], 'Zoom'], [['0'], 'Fit'], [['1'], '100 %'], [[']'], 'Side panel'], [['F6'], 'Next region; leaves the page'],
  [['Shift', 'E'], 'End, again to confirm'], [['?'], 'These keys'],
];

@customElement('tp-keys')
export class TpKeys extends LitElement {
  static override styles = [base, css`
    :host { display: block; }
    .h { display: flex; align-items: center; height: 44px; padding: 0 16px; }
    dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 8px 16px; padding: 0 16px 16px; align-items: center; }
    dt { display: flex; gap: 4px; color: var(--text-2); }
    dd { color: var(--text-2); }
    .kbd { min-width: 22px; height: 22px; color: var(--text-2); }
    .off { padding: 12px 16px 16px; border-top: 1px solid var(--line-soft); }
    wa-switch { font-size: 13px; }
  `];

  @property() where: 'desk' | 'session' = 'session';

  override render() {
    return html`<section aria-labelledby="h"><div class="h"><h2 class="h2" id="h">Keys</h2></div>
      <dl>${(this.where === 'desk' ? DESK : SESSION).map(([keys, what]) => html`
        <dt>${keys.map((key) => html`<span class="kbd">${key}</span>`)}</dt><dd>${what}</dd>`)}</dl>
      ${this.where === 'session' ? html`<div class="off">
        <wa-switch ?checked=${pref('letterKeys')} @change=${(event: Event) => setPref('letterKeys', (event.target as WaSwitch).checked)}>Single-letter keys</wa-switch>
      </div>` : ''}</section>`;
  }
}
