/** The desk as a whole: who is logged in, the sessions of this tab, and which of them is on the screen. */
import { Api, type DeskConfig } from './api.ts';
import { backoff, pause, type Clock } from './clock.ts';
import type { Bus } from './bus.ts';
import { Changes } from './emitter.ts';
import { SessionClient, type SavedSession } from './session-client.ts';

export interface DeskDeps {
  api: Api;
  clock: Clock;
  /** The tab's own storage: sessions survive a reload, not the tab. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** A connection under that base path. */
  makeBus(base: string): Bus;
}

const SESSIONS = 'twinpane.sessions';
const ACTIVE = 'twinpane.active';
const MAX_SESSIONS = 20;
/** Logging out waits so long for the ends of sessions to be heard. */
const FAREWELL_MS = 2000;

export type Stage = 'starting' | 'unreachable' | 'login' | 'in';

export class Desk {
  readonly changes = new Changes();
  stage: Stage = 'starting';
  config: DeskConfig | undefined;
  sessions: SessionClient[] = [];
  active: SessionClient | undefined;
  /** The agent was logged in and is no more, without having asked for it. */
  expired = false;

  constructor(private readonly deps: DeskDeps) {
    deps.api.changes.on(() => {
      if (!deps.api.agent && this.stage === 'in') this.#leave(true);
    });
  }

  get api(): Api {
    return this.deps.api;
  }

  /** Tries the refresh cookie until the server answers one way or the other. */
  async boot(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        if (await this.api.renew()) await this.#enter();
        else this.#set('login');
        return;
      } catch {
        this.#set('unreachable');
        await pause(this.deps.clock, backoff(attempt));
      }
    }
  }

  async login(login: string, password: string): Promise<void> {
    await this.api.login(login, password);
    await this.#enter();
  }

  /** Ends the sessions of this tab and logs out. */
  async logout(): Promise<void> {
    const living = this.sessions.filter((session) => !session.state.ended);
    for (const session of living) session.end();
    if (living.length > 0) await Promise.race([this.#allStopped(living), pause(this.deps.clock, FAREWELL_MS)]);
    this.#leave(false);
    await this.api.logout().catch(() => {
      // The token is forgotten here; the cookie runs out at the server.
    });
  }

  /** Looks the digits up, joins and shows the session. Rejects with an ApiError or BusError. */
  async join(code: string): Promise<void> {
    const known = this.sessions.find((session) => session.state.sessionToken === code && !session.state.ended);
    if (known) {
      this.show(known);
      return;
    }
    const found = await this.api.find(code);
    const session = this.#make({ sessionToken: code, base: basePath(found.sessionServerUrl) });
    session.state.site = found.site;
    await session.start();
    this.sessions = [...this.sessions.filter((other) => other.state.sessionToken !== code), session].slice(-MAX_SESSIONS);
    this.show(session);
  }

  show(session: SessionClient | undefined): void {
    const left = this.active;
    this.active = session;
    if (left && left !== session && gone(left)) this.sessions = this.sessions.filter((other) => other !== left);
    if (session) this.deps.storage.setItem(ACTIVE, session.state.sessionToken);
    else this.deps.storage.removeItem(ACTIVE);
    this.changes.fire();
  }

  /** Takes a session that is over off the list. */
  dismiss(session: SessionClient): void {
    session.stop();
    this.#save(session.state.sessionToken, undefined);
    this.sessions = this.sessions.filter((other) => other !== session);
    if (this.active === session) this.show(undefined);
    this.changes.fire();
  }

  async #enter(): Promise<void> {
    this.config = await this.api.config();
    this.expired = false;
    const active = this.deps.storage.getItem(ACTIVE);
    for (const saved of this.#saved()) {
      const session = this.#make(saved);
      this.sessions.push(session);
      if (saved.sessionToken === active) this.active = session;
      session.start().catch(() => {
        // The session's own state says what went wrong.
      });
    }
    this.#set('in');
  }

  #leave(expired: boolean): void {
    for (const session of this.sessions) session.stop();
    this.sessions = [];
    this.active = undefined;
    this.expired = expired;
    if (!expired) {
      this.deps.storage.removeItem(SESSIONS);
      this.deps.storage.removeItem(ACTIVE);
    }
    this.#set('login');
  }

  #make(start: { sessionToken: string; base: string } | SavedSession): SessionClient {
    const session = new SessionClient({
      bus: this.deps.makeBus(start.base),
      clock: this.deps.clock,
      fetchPage: (request, sink) => this.api.page(request, sink),
      history: (id) => this.api.history(id),
      save: (saved) => this.#save(start.sessionToken, saved),
    }, start);
    session.changes.on(() => this.changes.fire());
    return session;
  }

  async #allStopped(sessions: SessionClient[]): Promise<void> {
    await Promise.all(sessions.map((session) => new Promise<void>((resolve) => {
      const check = (): void => {
        if (session.stopped) resolve();
      };
      session.changes.on(check);
      check();
    })));
  }

  #saved(): SavedSession[] {
    try {
      const list = JSON.parse(this.deps.storage.getItem(SESSIONS) ?? '[]') as SavedSession[];
      return list.filter((entry) => typeof entry.userToken === 'string' && typeof entry.base === 'string').slice(-MAX_SESSIONS);
    } catch {
      return [];
    }
  }

  #save(sessionToken: string, saved: SavedSession | undefined): void {
    const rest = this.#saved().filter((entry) => entry.sessionToken !== sessionToken);
    this.deps.storage.setItem(SESSIONS, JSON.stringify(saved ? [...rest, saved] : rest));
  }

  #set(stage: Stage): void {
    this.stage = stage;
    this.changes.fire();
  }
}

function gone(session: SessionClient): boolean {
  return session.state.phase === 'ended' || session.state.phase === 'failed';
}

/** The path of a session server's URL: the desk always speaks to the listener it came from. */
export function basePath(url: string): string {
  const path = url.startsWith('/') ? url : new URL(url).pathname;
  return path.replace(/\/+$/, '');
}
