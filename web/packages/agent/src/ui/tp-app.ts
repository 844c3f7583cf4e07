/** The desk's frame: which screen, the keys that work everywhere, the live regions. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/dialog/dialog.js';
import '@awesome.me/webawesome/dist/components/dropdown/dropdown.js';
import '@awesome.me/webawesome/dist/components/dropdown-item/dropdown-item.js';
import type { Desk } from '../core/desk.ts';
import type { Announcement } from './announce.ts';
import { base } from './base.ts';
import { icon } from './icons.ts';
import { logo } from './logo.ts';
import { Watch } from './ticker.ts';
import type { TpHome } from './tp-home.ts';
import './tp-home.ts';
import './tp-login.ts';
import type { TpSession } from './tp-session.ts';
import './tp-session.ts';
import { fullName, initials } from './words.ts';

@customElement('tp-app')
export class TpApp extends LitElement {
  static override styles = [base, css`
    :host { display: block; min-height: 100vh; }
    .app { display: grid; grid-template-columns: 76px minmax(0, 1fr); min-height: 100vh; }
    .rail { display: flex; flex-direction: column; align-items: center; gap: 4px; padding: 12px 6px; border-inline-end: 1px solid var(--line); background: var(--canvas); position: sticky; top: 0; height: 100vh; }
    .rail > svg { margin-bottom: 12px; }
    .rail button.to, .rail .to { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 4px; width: 64px; height: 52px; border: 0; border-radius: var(--r-2); background: none; font: 500 12px/16px var(--font); color: var(--text-2); cursor: pointer; }
    .rail button.to:hover { background: var(--hover); }
    .rail .to .i { width: 18px; height: 18px; }
    .rail .to[aria-current], .rail .to[aria-pressed="true"] { color: var(--text); background: color-mix(in srgb, var(--text) 7%, transparent); }
    .me { display: grid; place-items: center; width: 44px; height: 44px; border: 0; border-radius: 50%; background: none; padding: 0; cursor: pointer; }
    .top { display: flex; align-items: center; gap: 12px; height: 56px; padding: 0 24px; border-bottom: 1px solid var(--line); background: var(--canvas); }
    .top h1 { font: 600 16px/24px var(--font); letter-spacing: -.012em; }
    .top .small { display: none; }
    .main { min-width: 0; display: flex; flex-direction: column; }
    .who { padding: 8px 12px; }
    .who b { display: block; font-weight: 600; }
    .wait { display: grid; place-items: center; align-content: center; gap: 12px; min-height: 100vh; padding: 24px; text-align: center; color: var(--text-2); }
    tp-session:not([current]) { position: fixed; inset: 0; visibility: hidden; }
    tp-session[current] { position: relative; }
    wa-dialog { --width: 400px; }
    wa-dialog::part(title) { font: 600 var(--fs-16) var(--font); }
    @media (max-width: 640px) {
      .app { grid-template-columns: minmax(0, 1fr); }
      .rail { display: none; }
      .top { padding: 0 16px; height: 52px; }
      .top .small { display: block; }
    }
  `];

  @property({ attribute: false }) desk!: Desk;
  @state() private keys = false;
  @state() private polite = '';
  @state() private assertive = '';
  @state() private leaving = false;
  @query('tp-home') private home?: TpHome;
  #shownToken: string | undefined;
  #stageBefore = '';

  constructor() {
    super();
    new Watch(this, () => this.desk.changes);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.#onKey);
    document.addEventListener('paste', this.#onPaste);
    window.addEventListener('popstate', this.#onPop);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.#onKey);
    document.removeEventListener('paste', this.#onPaste);
    window.removeEventListener('popstate', this.#onPop);
  }

  override updated(): void {
    const { desk } = this;
    const token = desk.active?.state.sessionToken;
    const name = desk.active && fullName(desk.active.state);
    document.title = desk.stage !== 'in' ? 'Log in · Twinpane' : name ? `Session with ${name} · Twinpane` : 'Desk · Twinpane';
    const moved = token !== this.#shownToken;
    const entered = desk.stage === 'in' && this.#stageBefore !== 'in';
    // The browser's own Back leads from a session to the desk.
    if (moved && token && history.state?.session !== token) history.pushState({ session: token }, '');
    if ((moved || entered) && desk.stage === 'in' && !token) this.home?.focusCode();
    this.#shownToken = token;
    this.#stageBefore = desk.stage;
  }

  override render() {
    return html`
      <div @tp-announce=${this.#announce} @tp-desk=${this.#toDesk}>${this.#screen()}</div>
      <div class="sr" role="status" aria-live="polite">${this.polite}</div>
      <div class="sr" role="alert" aria-live="assertive">${this.assertive}</div>`;
  }

  #screen() {
    const { desk } = this;
    if (desk.stage === 'starting') return nothing;
    if (desk.stage === 'unreachable') {
      return html`<main class="wait">${logo(40)}<p role="status">The server can’t be reached. Trying again every two seconds.</p></main>`;
    }
    if (desk.stage === 'login') return html`<tp-login .desk=${desk}></tp-login>`;
    const { active } = desk;
    return html`
      ${active ? nothing : this.#homeScreen()}
      ${repeat(desk.sessions, (session) => session.state.sessionToken, (session) => html`
        <tp-session .client=${session} .viewerOrigin=${desk.config?.viewerOrigin ?? ''} ?current=${session === active} ?inert=${session !== active}
          aria-hidden=${session === active ? 'false' : 'true'}></tp-session>`)}`;
  }

  #homeScreen() {
    const name = this.desk.api.agent?.name ?? '';
    return html`<div class="app">
      <nav class="rail" aria-label="Main">${logo(32)}
        <a class="to" aria-current="page">${icon('desk', 18)}Desk</a>
        <span class="grow"></span>
        <button type="button" class="to" aria-pressed=${this.keys ? 'true' : 'false'} @click=${() => { this.keys = !this.keys; }}>${icon('keys', 18)}Keys</button>
        ${this.#account(name, 'right-end')}
      </nav>
      <div class="main">
        <header class="top"><h1>Desk</h1><span class="grow"></span><span class="small">${this.#account(name, 'bottom-end')}</span></header>
        <tp-home .desk=${this.desk} ?keys=${this.keys}></tp-home>
      </div>
      <wa-dialog label="Log out and end your sessions?" ?open=${this.leaving} @wa-after-hide=${() => { this.leaving = false; }}>
        <p>${this.#living() === 1 ? 'One session is open in this tab. It ends when you log out.' : `${this.#living()} sessions are open in this tab. They end when you log out.`}</p>
        <wa-button slot="footer" @click=${() => { this.leaving = false; }}>Stay</wa-button>
        <wa-button slot="footer" class="danger" @click=${() => { this.leaving = false; void this.desk.logout(); }}>End and log out</wa-button>
      </wa-dialog>
    </div>`;
  }

  #account(name: string, placement: 'right-end' | 'bottom-end') {
    return html`<wa-dropdown .placement=${placement} @wa-select=${this.#logout}>
      <button slot="trigger" type="button" class="me" aria-label="Your account, ${name}"><span class="av p1" aria-hidden="true">${initials(name)}</span></button>
      <div class="who"><b>${name}</b><span class="t2">${this.desk.api.agent?.login}</span></div>
      <wa-dropdown-item value="logout">Log out</wa-dropdown-item>
    </wa-dropdown>`;
  }

  #living(): number {
    return this.desk.sessions.filter((session) => !session.state.ended && session.state.phase !== 'failed').length;
  }

  #logout = (): void => {
    if (this.#living() > 0) this.leaving = true;
    else void this.desk.logout();
  };

  #announce = (event: Event): void => {
    const { text, assertive } = (event as CustomEvent<Announcement>).detail;
    // The same sentence once more is no change to a live region, so it gets a space that nobody hears.
    const said = (before: string): string => (before === text ? `${text}\u00a0` : text);
    if (assertive) this.assertive = said(this.assertive);
    else this.polite = said(this.polite);
  };

  /** One step back in the browser's own history, where a session is one step on from the desk. */
  #toDesk = (): void => {
    if ((history.state as { session?: string } | null)?.session) history.back();
    else this.desk.show(undefined);
  };

  #onPop = (event: PopStateEvent): void => {
    const token = (event.state as { session?: string } | null)?.session;
    this.desk.show(this.desk.sessions.find((session) => session.state.sessionToken === token));
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || this.desk.stage !== 'in') return;
    const inField = isField(event.composedPath()[0]);
    const active = this.desk.active;
    if (active) {
      const screen = [...this.renderRoot.querySelectorAll<TpSession>('tp-session')].find((session) => session.client === active);
      if (screen?.key(event, inField)) event.preventDefault();
      return;
    }
    // The code takes digits only, so the help key works in it as well.
    const inCode = event.composedPath().some((node) => node instanceof HTMLElement && node.localName === 'tp-code');
    if ((inField && !(inCode && event.key === '?')) || event.ctrlKey || event.metaKey || event.altKey || this.leaving) return;
    if (/^\d$/.test(event.key)) {
      event.preventDefault();
      this.home?.type(event.key);
    } else if (event.key === '?') {
      event.preventDefault();
      this.keys = !this.keys;
    }
  };

  #onPaste = (event: ClipboardEvent): void => {
    if (event.defaultPrevented || this.desk.stage !== 'in' || this.desk.active || isField(event.composedPath()[0])) return;
    if (this.home?.paste(event.clipboardData?.getData('text/plain') ?? '')) event.preventDefault();
  };
}

function isField(target: EventTarget | undefined): boolean {
  return (target instanceof HTMLInputElement && target.type !== 'checkbox') || target instanceof HTMLTextAreaElement
    || (target instanceof HTMLElement && target.isContentEditable);
}

declare global {
  interface HTMLElementTagNameMap { 'tp-app': TpApp }
}
