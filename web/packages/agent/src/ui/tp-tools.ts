/** The rail of tools: only those that do something. A row above the bar where the screen is narrow. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { base } from './base.ts';
import { icon, type IconName } from './icons.ts';

export type Tool = 'pointer' | 'write' | 'follow' | 'panel' | 'keys';

@customElement('tp-tools')
export class TpTools extends LitElement {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; align-items: center; padding: 12px 0; gap: 4px; background: var(--surface); border-inline-end: 1px solid var(--line); }
    .tl { width: 36px; height: 36px; border: 0; padding: 0; background: none; border-radius: var(--r-2); display: grid; place-items: center; color: var(--text-2); cursor: pointer; transition: background var(--t-1); }
    .tl:hover:not(:disabled) { background: var(--hover); }
    .tl .i { width: 18px; height: 18px; }
    .tl[aria-pressed="true"].mode { background: var(--m); color: var(--m-on); }
    .tl[aria-pressed="true"]:not(.mode) { background: var(--selected); color: var(--accent-text); }
    .tl:disabled { color: var(--line-strong); cursor: default; }
    hr { width: 20px; border: 0; border-top: 1px solid var(--line); margin: 6px 0; }
    @media (max-width: 640px) {
      :host { flex-direction: row; justify-content: space-around; padding: 0 8px; border: 0; border-top: 1px solid var(--line); }
      hr, .grow, .wide { display: none; }
      .tl { width: 44px; height: 44px; }
    }
  `];

  @property({ type: Boolean }) live = false;
  @property() mode = 'pointer';
  @property({ type: Boolean }) asking = false;
  @property({ type: Boolean }) following = true;
  @property({ type: Boolean }) panel = false;
  @property({ type: Boolean }) keys = false;

  override render() {
    const write = this.mode === 'write';
    const one = (tool: Tool, sign: IconName, name: string, pressed: boolean, kind = '', disabled = false) => html`
      <button type="button" class="tl ${kind}" title=${name} aria-label=${name} aria-pressed=${pressed ? 'true' : 'false'} ?disabled=${disabled}
        @click=${() => this.dispatchEvent(new CustomEvent<Tool>('tp-tool', { detail: tool }))}>${icon(sign, 18)}</button>`;
    return html`
      ${one('pointer', 'pointer', 'Pointer, V', this.live && !write, 'mode', !this.live)}
      ${one('write', 'hand', write ? 'Click and type' : 'Ask to click and type, W', this.live && write, 'mode', !this.live || this.asking)}
      <hr>
      ${one('follow', 'follow', 'Follow scrolling, F', this.following, '', !this.live)}
      <span class="grow"></span>
      ${one('keys', 'keys', 'Keys, ?', this.keys, 'wide')}
      ${one('panel', 'panel', 'Side panel, ]', this.panel, 'wide')}
      ${nothing}`;
  }
}
