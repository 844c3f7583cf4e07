/** A session on the screen: head, tools, stage, panel; and its keys. */
import { LitElement, css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import '@awesome.me/webawesome/dist/components/button/button.js';
import type { SessionClient } from '../core/session-client.ts';
import type { Participant } from '../core/session-state.ts';
import { announce } from './announce.ts';
import { base } from './base.ts';
import { icon } from './icons.ts';
import { pref, setPref } from './prefs.ts';
import { Ticker, Watch } from './ticker.ts';
import './tp-details.ts';
import './tp-keys.ts';
import './tp-small.ts';
import './tp-stage.ts';
import type { TpStage } from './tp-stage.ts';
import './tp-tools.ts';
import type { Tool, TpTools } from './tp-tools.ts';
import { capital, duration, endedSentence, firstName, fullName, initials, refusedSentence, stripSentence } from './words.ts';

const CONFIRM_MS = 4000;

@customElement('tp-session')
export class TpSession extends LitElement {
  static override styles = [base, css`
    :host { display: grid; grid-template: 56px minmax(0, 1fr) / 52px minmax(0, 1fr) 360px; height: 100vh; height: 100dvh; min-height: 480px; --m: var(--paused); --m-on: var(--on-paused); --m-text: var(--paused-text); }
    :host([kind="pointer"]) { --m: var(--accent); --m-on: var(--on-accent); --m-text: var(--accent-text); }
    :host([kind="write"]) { --m: var(--write); --m-on: var(--on-write); --m-text: var(--write-text); }
    :host([nopanel]) { grid-template-columns: 52px minmax(0, 1fr); }
    header { grid-column: 1/-1; display: flex; align-items: center; gap: 16px; padding: 0 16px; border-bottom: 1px solid var(--line); background: var(--surface); min-width: 0; }
    .bk { display: flex; align-items: center; gap: 6px; height: 32px; padding: 0; padding-inline-end: 16px; border: 0; border-inline-end: 1px solid var(--line); background: none; color: var(--text-2); font-weight: 500; cursor: pointer; border-radius: 0; }
    .bk:hover { color: var(--text); }
    .cust { display: flex; align-items: center; gap: 10px; min-width: 0; }
    .cust h1 { font: 600 14px/20px var(--font); letter-spacing: -.01em; }
    .cust span span { color: var(--text-3); font: 400 12px/16px var(--font); display: block; }
    .people { display: flex; align-items: center; gap: 6px; }
    .meta { display: flex; align-items: center; gap: 16px; color: var(--text-2); }
    .meta > span { display: flex; align-items: center; gap: 6px; min-width: 8ch; }
    .end { min-width: 132px; }
    .side { border-inline-start: 1px solid var(--line); background: var(--surface); display: flex; flex-direction: column; min-height: 0; overflow-y: auto; }
    .side tp-details { flex: 1; }
    .nt { display: none; }
    @media (max-width: 1439px) { :host(:not([nopanel])) { grid-template-columns: 52px minmax(0, 1fr) 344px; } .more { display: none; } }
    @media (max-width: 1100px) { :host(:not([nopanel])) { grid-template-columns: 52px minmax(0, 1fr) 300px; } .people { display: none; } }
    @media (max-width: 640px) {
      :host, :host([nopanel]), :host(:not([nopanel])) { grid-template: 52px minmax(0, 1fr) 56px 60px / minmax(0, 1fr); }
      header { padding: 0 12px; gap: 12px; }
      .bk { border: 0; padding: 0; width: 32px; justify-content: center; height: 44px; }
      .hs { display: none !important; }
      .end { min-width: 84px; --wa-form-control-height: 40px; }
      tp-tools { grid-row: 3; }
      tp-stage { grid-row: 2; }
      .side { grid-row: 2; grid-column: 1; z-index: 1; border: 0; }
      tp-stage { grid-column: 1; }
      .nt { display: grid; grid-template-columns: repeat(3, 1fr); background: var(--surface); border-top: 1px solid var(--line); }
      .nt button { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 3px; border: 0; background: none; font: 500 12px/16px var(--font); color: var(--text-2); cursor: pointer; }
      .nt button[aria-pressed="true"] { color: var(--accent-text); }
      .nt .i { width: 20px; height: 20px; }
    }
  `];

  @property({ attribute: false }) client!: SessionClient;
  @property() viewerOrigin = '';
  /** On the screen; hidden sessions go on living. */
  @property({ type: Boolean }) current = false;
  @state() private following = true;
  @state() private panel = false;
  @state() private keys = false;
  @state() private confirming = false;
  @query('tp-stage') private stage!: TpStage;
  @query('tp-tools') private tools!: TpTools;
  #confirm: ReturnType<typeof setTimeout> | undefined;
  #spoken = { phase: '', mode: 'pointer', ask: false, refused: 0, users: new Map<string, string>() };

  constructor() {
    super();
    new Ticker(this);
    new Watch(this, () => this.client.changes, () => this.#speak());
    this.panel = matchMedia('(min-width: 1101px)').matches && pref('panel');
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#confirm);
  }

  override updated(changed: PropertyValues<this>): void {
    const { state } = this.client;
    this.setAttribute('kind', state.phase === 'live' ? state.mode : 'off');
    this.toggleAttribute('nopanel', !this.panel);
    if (changed.has('current') && this.current) {
      this.#speak();
      void this.#keepFocus();
    }
  }

  override render() {
    const { state } = this.client;
    const name = fullName(state);
    const over = state.phase === 'ended' || state.phase === 'failed';
    const end = state.ended?.at ?? Date.now();
    return html`
      <header>
        <button type="button" class="bk" aria-label="Back to the desk" @click=${this.#leave}>${icon('back', 14)}<span class="hs">Desk</span></button>
        <div class="cust"><span class="av c l hs" aria-hidden="true">${initials(name)}</span>
          <span class="ell"><h1 class="ell"><bdi>${name}</bdi></h1><span class="ell">${state.site || 'Co-browse'}</span></span></div>
        <span class="grow"></span>
        <div class="people" role="group" aria-label="Participants">${state.users.map((user, index) => this.#person(user, index))}</div>
        <span class="grow"></span>
        <div class="meta"><span class="num" title="Session time">${icon('clock', 14)}<span class="sr">Session time </span>${duration(end - state.startedAt)}</span>
          <tp-link class="hs" title="To the server and back" .rtt=${state.rtt}></tp-link></div>
        <wa-button class="end danger" ?disabled=${over} @click=${() => this.#end()}>${icon('exit', 14)}<span aria-live="polite">${this.confirming
          ? html`Again<span class="hs">&nbsp;to end</span>` : html`End<span class="hs">&nbsp;session</span>`}</span></wa-button>
      </header>
      <tp-tools role="region" aria-label="Tools" ?live=${state.phase === 'live'} .mode=${state.mode} ?asking=${state.ask !== undefined} ?following=${this.following}
        ?panel=${this.panel && !this.keys} ?keys=${this.panel && this.keys} @tp-tool=${(event: CustomEvent<Tool>) => this.#tool(event.detail)}></tp-tools>
      <tp-stage ?covered=${this.panel} .client=${this.client} .viewerOrigin=${this.viewerOrigin} ?following=${this.following} role="main" tabindex="-1"
        aria-label="Page of ${firstName(state)}"
        @tp-leave=${this.#leave} @tp-page-key=${this.#pageKey}></tp-stage>
      ${this.panel ? html`<aside class="side" aria-label="Session" tabindex="-1">${this.keys
        ? html`<tp-keys></tp-keys>` : html`<tp-details .client=${this.client}></tp-details>`}</aside>` : nothing}
      <nav class="nt" aria-label="Views">
        <button type="button" aria-pressed=${this.panel ? 'false' : 'true'} @click=${() => { this.panel = false; }}>${icon('screen')}Page</button>
        <button type="button" aria-pressed=${this.panel && !this.keys ? 'true' : 'false'} @click=${() => this.#show(false)}>${icon('info')}Details</button>
        <button type="button" aria-pressed=${this.panel && this.keys ? 'true' : 'false'} @click=${() => this.#show(true)}>${icon('keys')}Keys</button>
      </nav>`;
  }

  /** A key of the shell. True: it was one of ours. */
  key(event: KeyboardEvent, inField: boolean): boolean {
    if (event.key === 'F6') {
      this.#nextRegion();
      return true;
    }
    if (event.key === 'Escape') return this.stage.strip.pointer();
    if (inField || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === '?') {
      this.#toggleKeys();
      return true;
    }
    if (!pref('letterKeys')) return false;
    switch (event.key) {
      case 'E':
        this.#endByKey();
        return true;
      case 'v': case 'V':
        this.stage.strip.pointer();
        return true;
      case 'w': case 'W':
        this.stage.strip.ask();
        return true;
      case 'f': case 'F':
        this.#tool('follow');
        return true;
      case ']':
        this.#tool('panel');
        return true;
      case '+': case '=':
        this.stage.zoomBy(1);
        return true;
      case '-': case '−':
        this.stage.zoomBy(-1);
        return true;
      case '0':
        this.stage.zoomTo('fit');
        return true;
      case '1':
        this.stage.zoomTo(1);
        return true;
      default:
        return false;
    }
  }

  #person(user: Participant, index: number) {
    const { state } = this.client;
    const me = user.userId === state.me && state.me !== '';
    const write = state.mode === 'write';
    const live = state.phase === 'live';
    if (user.role === 1) {
      const name = fullName(state).split(/\s+/)[0]!;
      return html`<tp-person name=${name} whole=${fullName(state)} hue="c" ?away=${!user.online}
        does=${!user.online ? 'away' : live && !write ? 'acts' : 'customer'}></tp-person>`;
    }
    const hue = `p${(state.users.filter((other, at) => at < index && other.role !== 1).length % 4) + 1}`;
    return html`<tp-person class=${me ? '' : 'more'} name=${me ? 'You' : user.name} whole=${user.name} hue=${hue} ?away=${!user.online} ?drives=${me && live}
      does=${me ? (!live ? 'wait' : write ? 'drive' : 'point') : user.online ? 'watches' : 'away'}></tp-person>`;
  }

  #leave = (): void => {
    this.dispatchEvent(new Event('tp-desk', { bubbles: true, composed: true }));
  };

  #tool(tool: Tool): void {
    if (tool === 'pointer') this.stage.strip.pointer();
    else if (tool === 'write') this.stage.strip.ask();
    else if (tool === 'follow') this.following = !this.following;
    else if (tool === 'keys') this.#toggleKeys();
    else if (this.panel && !this.keys) this.#hide();
    else this.#show(false);
  }

  #toggleKeys(): void {
    if (this.panel && this.keys) this.#hide();
    else this.#show(true);
  }

  #show(keys: boolean): void {
    this.keys = keys;
    this.panel = true;
    if (!keys) setPref('panel', true);
  }

  #hide(): void {
    this.panel = false;
    setPref('panel', false);
  }

  #end(): void {
    this.confirming = false;
    clearTimeout(this.#confirm);
    this.client.end();
  }

  /** By key it takes two: the second within four seconds, in place. */
  #endByKey(): void {
    if (this.client.state.ended) return;
    if (this.confirming) {
      this.#end();
      return;
    }
    this.confirming = true;
    announce(this, 'Press Shift E again to end the session.');
    this.#confirm = setTimeout(() => { this.confirming = false; }, CONFIRM_MS);
  }

  #pageKey = (event: Event): void => {
    const { detail } = event as CustomEvent<string>;
    if (detail === 'F6') this.#nextRegion();
    else if (detail === 'Escape') this.stage.strip.pointer();
  };

  #nextRegion(): void {
    const active = this.shadowRoot?.activeElement;
    const write = this.client.state.phase === 'live' && this.client.state.mode === 'write';
    const regions: [string, () => void][] = [
      ['header', () => this.renderRoot.querySelector<HTMLElement>('.bk')?.focus()],
      ['tp-tools', () => this.tools.renderRoot.querySelector<HTMLElement>('button:not(:disabled)')?.focus()],
      ['tp-stage', () => this.stage.strip.focusFirst()],
      ...(write ? [['page', () => this.stage.focusPage()] as [string, () => void]] : []),
      ...(this.panel ? [['aside', () => this.renderRoot.querySelector<HTMLElement>('.side')?.focus()] as [string, () => void]] : []),
    ];
    const { inPage } = this.stage;
    const here = inPage && write ? 'page' : undefined;
    const at = active ? regions.findIndex(([selector]) => (here ? selector === here : selector !== 'page' && active.closest(selector))) : -1;
    if (inPage) this.stage.leavePage();
    regions[(at + 1) % regions.length]![1]();
  }

  /** Where something that had the keyboard is gone, it goes on in the stage; from anywhere else it is not taken. */
  async #keepFocus(): Promise<void> {
    await this.updateComplete;
    await this.stage.updateComplete;
    await this.stage.strip.updateComplete;
    // The browser takes the focus off what was disabled with the next picture.
    await new Promise(requestAnimationFrame);
    if (!this.current || !this.isConnected) return;
    const active = document.activeElement;
    if (!active || active === document.body || this.stage.resting) this.stage.focusRest();
  }

  /** Says aloud what changed: control assertively, all else politely. */
  #speak(): void {
    const { state } = this.client;
    const before = this.#spoken;
    const users = new Map(state.users.filter((user) => user.online).map((user) => [user.userId, user.name]));
    this.#spoken = { phase: state.phase, mode: state.mode, ask: state.ask !== undefined, refused: state.refused?.at ?? 0, users };
    if (!this.current) return;
    if (state.phase !== before.phase || state.mode !== before.mode || (state.ask !== undefined) !== before.ask) void this.#keepFocus();
    if (state.phase === 'ended') {
      if (before.phase !== 'ended') announce(this, endedSentence(state), true);
      return;
    }
    if (state.mode !== before.mode || (before.ask && !state.ask)) {
      const sentence = stripSentence(state, Date.now());
      announce(this, `${sentence.text} ${sentence.detail}`.trim(), true);
    } else if (state.phase !== before.phase) {
      announce(this, state.phase === 'live' ? `You see ${firstName(state)}’s page. ${stripSentence(state, Date.now()).text}`
        : stripSentence(state, Date.now()).text);
    }
    if (state.refused && state.refused.at !== before.refused) {
      const { text, detail } = refusedSentence(state);
      announce(this, `${text} ${detail}`);
    }
    for (const user of state.users) {
      if (user.role !== 1 && user.userId !== state.me && users.has(user.userId) && !before.users.has(user.userId) && before.phase) {
        announce(this, `${capital(user.name)} joined.`);
      }
    }
  }
}
