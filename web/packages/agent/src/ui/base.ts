/** Style that every component of the desk shares. Values come from tokens.css. */
import { css } from 'lit';

export const base = css`
  *, *::before, *::after { box-sizing: border-box; }
  :host { font: 400 var(--fs-13) var(--font); color: var(--text); }
  :host([hidden]) { display: none !important; }
  h1, h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
  ul, ol { list-style: none; }
  button { font: inherit; color: inherit; letter-spacing: inherit; }
  .i { flex: none; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; display: block; }
  :host(:dir(rtl)) .flip { transform: scaleX(-1); }
  .num { font-variant-numeric: tabular-nums; }
  .t2 { color: var(--text-2); }
  .t3 { color: var(--text-3); }
  .ell { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
  .grow { flex: 1; min-width: 0; }
  .sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  .card { background: var(--surface); border: 1px solid var(--line); border-radius: var(--r-3); }
  .h2 { font: 600 var(--fs-14) var(--font); letter-spacing: -.006em; }
  .cnt { font: 500 var(--fs-12) var(--font); color: var(--text-3); font-variant-numeric: tabular-nums; }
  .kbd {
    display: inline-flex; align-items: center; justify-content: center; min-width: 18px; height: 18px; padding: 0 4px;
    border: 1px solid var(--line); border-radius: var(--r-1); background: var(--surface); color: var(--text-3); font: 500 11px/1 var(--font);
  }
  .av {
    display: inline-flex; align-items: center; justify-content: center; width: 28px; height: 28px; border-radius: 50%; flex: none;
    font: 600 11px/1 var(--font); letter-spacing: .02em; background: var(--sunken); color: var(--text-2);
  }
  .av.s { width: 22px; height: 22px; font-size: 9px; }
  .av.l { width: 36px; height: 36px; font-size: 13px; }
  .av.c { background: color-mix(in srgb, var(--p-customer) 12%, var(--surface)); color: var(--p-customer); }
  .av.p1 { background: color-mix(in srgb, var(--p-1) 16%, var(--surface)); color: var(--accent-text); }
  .av.p2 { background: color-mix(in srgb, var(--p-2) 16%, var(--surface)); color: var(--p-2); }
  .av.p3 { background: color-mix(in srgb, var(--p-3) 18%, var(--surface)); color: var(--p-3); }
  .av.p4 { background: color-mix(in srgb, var(--p-4) 16%, var(--surface)); color: var(--p-4); }
  .ib {
    display: grid; place-items: center; width: var(--ctl-s); height: var(--ctl-s); padding: 0; border: 0; border-radius: var(--r-2);
    background: none; color: var(--text-2); cursor: pointer; transition: background var(--t-1);
  }
  .ib:hover:not(:disabled) { background: var(--hover); color: var(--text); }
  .ib:disabled { color: var(--line-strong); cursor: default; }

  wa-button { font-size: 13px; --wa-form-control-height: var(--ctl-m); }
  wa-button::part(base) { background: var(--raised); color: var(--text); border-color: var(--line); box-shadow: var(--shadow-1); line-height: 20px; }
  wa-button::part(base):hover { background: var(--hover); }
  wa-button.s { font-size: 12px; --wa-form-control-height: var(--ctl-s); --wa-form-control-padding-inline: 10px; }
  wa-button.pri::part(base) { background: var(--accent); border-color: transparent; color: var(--on-accent); }
  wa-button.pri::part(base):hover { background: var(--accent-hover); }
  wa-button.quiet::part(base) { background: transparent; border-color: transparent; box-shadow: none; color: var(--text-2); }
  wa-button.quiet::part(base):hover { background: var(--hover); color: var(--text); }
  wa-button.danger::part(base) { color: var(--rec-text); }
  wa-button[disabled] { opacity: 1; }
  wa-button[disabled]::part(base) { background: var(--sunken); border-color: transparent; color: var(--text-3); box-shadow: none; }
  wa-button.quiet[disabled]::part(base) { background: none; }
  wa-button .i { margin-inline-end: 6px; }
  wa-button::part(label) { display: inline-flex; align-items: center; }
  @media (max-width: 640px) {
    wa-button, wa-button.s { --wa-form-control-height: var(--touch); }
    .ib { width: 40px; height: 40px; }
  }
  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; transition: none !important; } }
`;
