/** The frame around the customer's page: strip, address bar, the viewer, and the line under it. */
import { LitElement, css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/dropdown/dropdown.js';
import '@awesome.me/webawesome/dist/components/dropdown-item/dropdown-item.js';
import type { FromViewer, PrivacyClass } from '@twinpane/protocol';
import type { SessionClient } from '../core/session-client.ts';
import type { Phase } from '../core/session-state.ts';
import { base } from './base.ts';
import { icon } from './icons.ts';
import { card } from './stage-cards.ts';
import { Watch } from './ticker.ts';
import type { TpStrip } from './tp-strip.ts';
import './tp-strip.ts';
import { ViewerHost } from './viewer-host.ts';
import { capital, clockTime, fieldsHidden, firstName, refusedSentence } from './words.ts';

const ZOOMS = [0.5, 0.67, 0.75, 0.9, 1, 1.25, 1.5, 2];
/** A page load shorter than this is not worth a change of frame. */
const BLINK_MS = 350;

@customElement('tp-stage')
export class TpStage extends LitElement {
  static override styles = [base, css`
    :host {
      display: flex; flex-direction: column; min-width: 0; min-height: 0; padding: 16px; background: var(--canvas);
      --m: var(--paused); --m-on: var(--on-paused); --m-soft: var(--paused-soft); --m-text: var(--paused-text);
    }
    :host(:focus-visible), .over h2:focus-visible { outline: none; }
    .frame { display: flex; flex-direction: column; flex: 1; min-height: 0; border: 2px solid var(--m); border-radius: var(--r-3); background: var(--surface); overflow: hidden; box-shadow: var(--shadow-2); }
    .frame.dashed { border-style: dashed; }
    .bar { display: flex; align-items: center; gap: 4px; height: 44px; flex: none; padding: 0 8px; border-bottom: 1px solid var(--line); background: var(--surface); }
    .addr { flex: 1; min-width: 0; display: flex; align-items: center; gap: 8px; height: 30px; padding: 0 10px; border-radius: var(--r-2); background: var(--sunken); margin: 0 6px; color: var(--text-2); }
    .addr b { font-weight: 500; color: var(--text); }
    .addr .ell { direction: ltr; }
    .zoom { min-width: 112px; text-align: end; }
    .view { position: relative; flex: 1; min-height: 0; background: var(--sunken); overflow: hidden; }
    iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; background: var(--sunken); }
    iframe.off { visibility: hidden; }
    .stat { display: flex; align-items: center; gap: 18px; height: 42px; flex: none; padding: 0 12px; border-top: 1px solid var(--line); color: var(--text-2); font: 400 12px/16px var(--font); background: var(--surface); overflow: hidden; }
    .stat > span { display: flex; align-items: center; gap: 6px; white-space: nowrap; }
    .stat .hint b { color: var(--text); font-weight: 600; }
    .stat .hint { min-width: 0; }
    .stat .hint .ell { display: block; }
    .stat .hint .hs { display: inline; }
    .stat .no { color: var(--text); min-width: 0; flex: 1; }
    .stat .no .i { color: var(--warn-text); }
    .stat .no b { font-weight: 600; }
    .stat .no .t3 { margin-inline-start: auto; }
    .over { position: absolute; inset: 0; display: grid; place-items: center; background: var(--surface); padding: 24px; overflow: auto; }
    .over .c { max-width: 380px; display: grid; justify-items: center; gap: 8px; text-align: center; }
    .over .i { width: 24px; height: 24px; color: var(--text-2); }
    .over h2 { font: 600 var(--fs-16) var(--font); letter-spacing: -.012em; }
    .over p { color: var(--text-2); }
    .over .acts { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; margin-top: 8px; }
    .sk { position: absolute; inset: 0; background: var(--surface); padding: 32px; display: grid; grid-template-columns: 2fr 1fr; gap: 32px; align-content: start; }
    .sk div { display: grid; gap: 16px; align-content: start; }
    .sk i { display: block; height: 14px; border-radius: 4px; background: var(--sunken); }
    .sk i.t { width: 40%; height: 24px; } .sk i.s { width: 70%; } .sk i.b { height: 220px; }
    @media (max-width: 1100px) { .hs { display: none !important; } .zoom { min-width: 0; } }
    @media (max-width: 640px) {
      :host { padding: 0; overflow: hidden; }
      /* The panel takes the page's place; the landmark stays. */
      :host([covered]) .frame { visibility: hidden; }
      .frame { border-width: 3px 0 0; border-radius: 0; box-shadow: none; }
      .bar { height: 48px; } .addr { height: 36px; margin: 0 2px; }
      .stat { gap: 12px; }
      .stat .hint .ell { white-space: normal; max-height: 32px; }
      .stat .hint b { flex: none; }
      .stat .no .ell { white-space: normal; max-height: 32px; }
      .zl { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      .zoom { --wa-form-control-height: 40px; }
      .zoom .i { margin: 0; }
    }
  `];

  @property({ attribute: false }) client!: SessionClient;
  @property() viewerOrigin = '';
  @property({ type: Boolean }) following = true;
  /** The phase as shown: a short `loading` between two live pages is left out. */
  @state() shown: Phase = 'joining';
  @state() private zoom: 'fit' | number = 'fit';
  @state() private view: Extract<FromViewer, { t: 'page' }> | undefined;
  @state() private hint: PrivacyClass | null = null;
  @state() private silent = false;
  @state() private load = 0;
  @query('tp-strip') strip!: TpStrip;
  @query('iframe') private frame?: HTMLIFrameElement;
  #host: ViewerHost | undefined;
  #blink: ReturnType<typeof setTimeout> | undefined;
  #dark = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    super();
    new Watch(this, () => this.client.changes, () => this.#follow());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#dark.addEventListener('change', this.#tellTheme);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#dark.removeEventListener('change', this.#tellTheme);
    clearTimeout(this.#blink);
    this.#closeViewer();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('client')) this.#follow();
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('following')) this.#host?.post({ t: 'follow', on: this.following });
    const { state } = this.client;
    const kind = this.#kind();
    for (const [name, role] of [['--m', ''], ['--m-on', 'on-'], ['--m-soft', '-soft'], ['--m-text', '-text']] as const) {
      const value = role === 'on-' ? `var(--on-${kind})` : `var(--${kind}${role})`;
      this.style.setProperty(name, value);
    }
    if (state.phase === 'ended' && this.#host) this.#closeViewer();
  }

  override render() {
    const { state } = this.client;
    const over = card(this.client, this.shown, this.silent, {
      fetchAgain: () => this.client.fetchAgain(),
      loadAgain: () => this.#loadAgain(),
      leave: () => this.dispatchEvent(new Event('tp-leave', { bubbles: true, composed: true })),
    });
    const dashed = this.shown === 'reconnecting';
    const hasFrame = this.client.resources !== undefined && !['ended', 'failed', 'joining'].includes(this.shown);
    const skeleton = !over && this.shown === 'loading' && !this.view;
    return html`<div class="frame ${dashed ? 'dashed' : ''}">
      <tp-strip .client=${this.client} .phase=${this.shown}></tp-strip>
      ${this.#bar()}
      <div class="view">
        ${hasFrame ? keyed(`${this.load} ${this.client.resources}`, html`<iframe class=${over || skeleton ? 'off' : ''} title="Page of ${firstName(state)}"
          src="${this.viewerOrigin}/cobrowse/view/" referrerpolicy="no-referrer" allow="" tabindex=${over ? -1 : 0} @load=${this.#onLoad}></iframe>`) : nothing}
        ${skeleton ? html`<div class="sk" aria-hidden="true"><div><i class="t"></i><i></i><i></i><i class="s"></i><i></i><i class="s"></i></div><div><i class="b"></i></div></div>` : nothing}
        ${over ?? nothing}
      </div>
      ${this.#stat(over !== undefined)}
    </div>`;
  }

  zoomBy(step: 1 | -1): void {
    const now = this.zoom === 'fit' ? this.view?.scale ?? 1 : this.zoom;
    const next = step > 0 ? ZOOMS.find((zoom) => zoom > now + 0.005) : ZOOMS.findLast((zoom) => zoom < now - 0.005);
    if (next !== undefined) this.zoomTo(next);
  }

  zoomTo(zoom: 'fit' | number): void {
    this.zoom = zoom;
    this.#host?.post({ t: 'zoom', zoom });
  }

  focusPage(): void {
    this.frame?.focus();
    this.#host?.post({ t: 'focus', on: true });
  }

  /** Takes the keys off the page; the caller says where they go. */
  leavePage(): void {
    this.#host?.post({ t: 'focus', on: false });
  }

  get inPage(): boolean {
    return this.frame !== undefined && this.shadowRoot?.activeElement === this.frame;
  }

  /** Where the keyboard goes on when what had it is gone: the news that took the page's place, the mode that was given, or the region. */
  focusRest(): void {
    const news = this.renderRoot.querySelector<HTMLElement>('.over h2');
    if (news) news.focus();
    else if (this.client.state.phase === 'live' && this.client.state.mode === 'write') this.strip.focusMode();
    else this.focus({ preventScroll: true });
  }

  /** Rests here, where no key does anything but those of the shell. */
  get resting(): boolean {
    const inside = this.shadowRoot?.activeElement;
    return (this.getRootNode() as ShadowRoot).activeElement === this && (!inside || inside.localName === 'h2');
  }

  #kind(): 'accent' | 'write' | 'paused' | 'rec' {
    const { state } = this.client;
    if (this.silent || (state.pageTrouble && this.shown === 'loading') || this.shown === 'failed') return 'rec';
    if (this.shown !== 'live') return 'paused';
    return state.mode === 'write' ? 'write' : 'accent';
  }

  #bar() {
    const { state } = this.client;
    const can = this.shown === 'live' && state.mode === 'write';
    const shares = ['live', 'loading', 'reconnecting'].includes(this.shown) && state.consent === 'given';
    const why = can ? '' : ', in write mode';
    const button = (where: 'back' | 'forward' | 'reload', name: string) => html`<button type="button" class="ib" aria-label=${name} title=${name + why}
      ?disabled=${!can} @click=${() => this.client.navigate(where)}>${icon(where)}</button>`;
    return html`<div class="bar">
      ${button('back', 'Back')}${button('forward', 'Forward')}${button('reload', 'Reload')}
      <div class="addr">${shares && state.page?.url ? html`${icon(/^https:/.test(state.page.url) ? 'lock' : 'globe', 14)}${address(state.page.url)}`
        : html`<span class="ell">${this.shown === 'ended' ? 'No page' : 'Not shared yet'}</span>`}</div>
      <wa-dropdown placement="bottom-end" @wa-select=${this.#onZoom}>
        <wa-button slot="trigger" class="s quiet zoom" ?disabled=${this.shown !== 'live'}>${icon('fit', 14)}<span class="sr">Zoom: </span><span class="num zl">${this.#zoomLabel()}</span></wa-button>
        <wa-dropdown-item type="checkbox" value="fit" ?checked=${this.zoom === 'fit'}>Fit to width</wa-dropdown-item>
        ${ZOOMS.map((zoom) => html`<wa-dropdown-item type="checkbox" value=${zoom} ?checked=${this.zoom === zoom}>${Math.round(zoom * 100)} %</wa-dropdown-item>`)}
      </wa-dropdown></div>`;
  }

  #zoomLabel(): string {
    const scale = this.zoom === 'fit' ? this.view?.scale : this.zoom;
    const percent = scale === undefined ? '' : `${Math.round(scale * 100)} %`;
    return this.zoom === 'fit' ? `Fit${percent ? `, ${percent}` : ''}` : percent;
  }

  #stat(covered: boolean) {
    const who = firstName(this.client.state);
    const { view } = this;
    if (covered || !view) return html`<div class="stat"></div>`;
    const { refused } = this.client.state;
    if (refused) {
      const { text, detail } = refusedSentence(this.client.state);
      return html`<div class="stat"><span class="no">${icon('warn', 14)}<span class="ell"><b>${text}</b> ${detail}</span><span class="t3 num hs">${refused.code}</span></span></div>`;
    }
    if (this.hint !== null && this.hint > 0) {
      const closed = this.hint === 2;
      return html`<div class="stat" role="status"><span class="hint">${icon('hidden', 14)}<b>This field is hidden.</b>
        <span class="ell">${closed ? `It is closed to you and never leaves ${who}’s browser.`
          : html`What is in it stays in ${who}’s browser.<span class="hs"> In write mode you can replace it, not read it.</span>`}</span></span></div>`;
    }
    return html`<div class="stat">
      <span class="hs num">${icon('screen', 14)}${view.width} × ${view.height}</span>
      ${this.shown === 'reconnecting' ? html`<span class="num">${icon('clock', 14)}Picture as of ${clockTime(this.client.state.since)}</span>`
        : html`<span>${icon('follow', 14)}${this.following ? `Following ${who}` : 'Scrolling freely'}</span>`}
      <span>${icon('hidden', 14)}${view.hidden === 0 ? 'No field hidden' : fieldsHidden(view.hidden)}</span></div>`;
  }

  #onZoom = (event: Event): void => {
    const { item } = (event as CustomEvent<{ item: { value: string } }>).detail;
    this.zoomTo(item.value === 'fit' ? 'fit' : Number(item.value));
  };

  #follow(): void {
    const { phase } = this.client.state;
    clearTimeout(this.#blink);
    if (this.shown === 'live' && phase === 'loading' && !this.client.state.pageTrouble) {
      this.#blink = setTimeout(() => { this.shown = this.client.state.phase; }, BLINK_MS);
      return;
    }
    this.shown = phase;
    if (phase === 'refused' || phase === 'ended') this.view = undefined;
    if (phase !== 'live') this.hint = null;
  }

  #onLoad = (): void => {
    const { frame } = this;
    if (!frame || this.client.resources === undefined) return;
    this.#closeViewer();
    this.silent = false;
    this.view = undefined;
    this.#host = new ViewerHost(frame, this.viewerOrigin, this.client.resources, {
      message: (message) => this.#onMessage(message),
      silent: () => { this.silent = true; },
    });
    this.client.attachViewer(this.#host);
  };

  #onMessage(message: FromViewer): void {
    if (message.t === 'ready') {
      this.silent = false;
      this.#tellTheme();
      this.#host?.post({ t: 'zoom', zoom: this.zoom });
      this.#host?.post({ t: 'follow', on: this.following });
    } else if (message.t === 'page') {
      this.view = message;
    } else if (message.t === 'hint') {
      this.hint = message.privacy;
    } else if (message.t === 'key') {
      this.dispatchEvent(new CustomEvent('tp-page-key', { detail: message.key, bubbles: true, composed: true }));
    }
    this.client.fromViewer(message);
  }

  #tellTheme = (): void => {
    this.#host?.post({ t: 'theme', theme: this.#dark.matches ? 'dark' : 'light' });
  };

  #loadAgain(): void {
    this.#closeViewer();
    this.silent = false;
    this.load++;
  }

  #closeViewer(): void {
    if (!this.#host) return;
    this.#host.close();
    this.#host = undefined;
    this.client.attachViewer(undefined);
  }
}

function address(url: string) {
  try {
    const { host } = new URL(url);
    // As it was sent: what stands for a hidden query (?…) must not come out percent-encoded.
    return html`<span class="ell" title=${url}><b>${host}</b>${url.replace(/^[^:]*:\/\/[^/?#]*/, '')}</span>`;
  } catch {
    return html`<span class="ell">${capital(url)}</span>`;
  }
}
