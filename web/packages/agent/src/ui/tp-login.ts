/** Name and password. */
import { LitElement, css, html } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import '@awesome.me/webawesome/dist/components/button/button.js';
import '@awesome.me/webawesome/dist/components/input/input.js';
import type WaInput from '@awesome.me/webawesome/dist/components/input/input.js';
import type { Desk } from '../core/desk.ts';
import { troubleOf } from '../core/session-client.ts';
import { base } from './base.ts';
import { icon } from './icons.ts';
import { logo } from './logo.ts';
import { troubleText } from './words.ts';

@customElement('tp-login')
export class TpLogin extends LitElement {
  static override styles = [base, css`
    :host { display: grid; place-items: center; min-height: 100vh; padding: 16px; }
    main { width: 100%; max-width: 360px; }
    .logo { display: flex; align-items: center; gap: 12px; margin-bottom: 24px; font: 600 var(--fs-20) var(--font); letter-spacing: -.02em; }
    form { padding: 24px; display: grid; gap: 16px; }
    h1 { font: 600 var(--fs-16) var(--font); letter-spacing: -.012em; }
    wa-input, form wa-button { --wa-form-control-height: var(--ctl-l); }
    wa-input::part(form-control-label) { font: 500 var(--fs-13) var(--font); margin-bottom: 4px; }
    form wa-button { width: 100%; }
    .say { min-height: 20px; display: flex; gap: 8px; align-items: flex-start; color: var(--text-2); }
    .say.bad { color: var(--rec-text); }
    .say .i { margin-top: 3px; }
    @media (max-width: 640px) { wa-input, form wa-button { --wa-form-control-height: var(--touch); } }
  `];

  @property({ attribute: false }) desk!: Desk;
  @state() private busy = false;
  @state() private problem = '';
  @query('wa-input[name=login]') private name!: WaInput;
  @query('wa-input[name=password]') private password!: WaInput;

  override firstUpdated(): void {
    void this.name.updateComplete.then(() => this.name.focus());
  }

  override render() {
    const note = this.problem
      ? html`<p class="say bad" id="say">${icon('warn', 14)}<span>${this.problem}</span></p>`
      : html`<p class="say" id="say">${this.desk.expired
        ? 'Your log-in ran out. Your sessions wait for you.'
        : 'With the account of this Twinpane server.'}</p>`;
    return html`<main>
      <div class="logo">${logo(32)}Twinpane</div>
      <form class="card" novalidate @submit=${this.#submit}>
        <h1>Log in to the desk</h1>
        <wa-input name="login" label="Name" autocomplete="username" autocapitalize="none" spellcheck="false" @keydown=${this.#enter}></wa-input>
        <wa-input name="password" label="Password" type="password" autocomplete="current-password" password-toggle @keydown=${this.#enter}></wa-input>
        <div role="alert">${note}</div>
        <wa-button class="pri" type="submit" ?disabled=${this.busy}>${this.busy ? 'Logging in' : 'Log in'}</wa-button>
      </form>
    </main>`;
  }

  #enter = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      void this.#login();
    }
  };

  #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.#login();
  };

  async #login(): Promise<void> {
    if (this.busy) return;
    const login = (this.name.value ?? '').trim();
    const password = this.password.value ?? '';
    if (!login || !password) {
      this.problem = login ? 'Enter the password.' : 'Enter your name.';
      (login ? this.password : this.name).focus();
      return;
    }
    this.busy = true;
    this.problem = '';
    try {
      await this.desk.login(login, password);
    } catch (error) {
      this.problem = troubleText(troubleOf(error));
      this.password.value = '';
      this.password.focus();
    } finally {
      this.busy = false;
    }
  }
}
