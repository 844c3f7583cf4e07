/** Two panes, one over the other. */
import { html, type TemplateResult } from 'lit';

export function logo(size: number): TemplateResult {
  return html`<svg width=${size} height=${size} viewBox="0 0 28 28" aria-hidden="true">
    <rect x="2" y="4" width="15" height="15" rx="3.5" fill="none" stroke="var(--text)" stroke-width="2"></rect>
    <rect x="10.5" y="9.5" width="15.5" height="15" rx="3.5" fill="var(--accent)" stroke="var(--canvas)" stroke-width="2"></rect></svg>`;
}
