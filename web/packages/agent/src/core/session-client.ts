/**
 * One session as the agent has it: binds to it over the bus, follows its events, keeps the viewer fed, carries acts.
 * A state machine over injected bus, fetch, clock and viewer port: no DOM in here.
 */
import {
  ActOp, Channel, ErrorCode, Role,
  type Act, type Batch, type FromViewer, type Joined, type Mode, type SessionEvent, type ToViewer, type User,
} from '@twinpane/protocol';
import { AckPacer } from './ack-pacer.ts';
import { ApiError, type HistoryRecord, type PageRequest, type PageSink } from './api.ts';
import { BusError, PING_CHANNEL, type Bus } from './bus.ts';
import { backoff, type Clock } from './clock.ts';
import { Changes } from './emitter.ts';
import { PageFeed, type ServerPage } from './page-feed.ts';
import type { ModeNote, Participant, Phase, SessionState } from './session-state.ts';

/** What survives a reload of the desk (in the tab's sessionStorage). */
export interface SavedSession {
  sessionToken: string;
  userToken: string;
  base: string;
  historyId: string;
  customer: string;
}

export interface SessionDeps {
  bus: Bus;
  clock: Clock;
  fetchPage(request: PageRequest, sink: PageSink): Promise<void>;
  history(id: string): Promise<HistoryRecord>;
  /** Called when there is something new to keep, and with undefined when there is nothing to return to any more. */
  save(saved: SavedSession | undefined): void;
}

/** One viewer's end of the line. */
export interface ViewerPort { post(message: ToViewer): void }

/** Bad for a moment only: try the verb again. */
const PASSING = new Set<number>([
  ErrorCode.ShuttingDown, ErrorCode.StoreFailed, ErrorCode.Timeout, ErrorCode.RateLimited, ErrorCode.Internal,
]);
/** The server does not know our user token any more: the session is over for us. */
const OVER = new Set<number>([ErrorCode.UserTokenUnknown, ErrorCode.SessionEnded, ErrorCode.SessionUnknown, ErrorCode.CodeExpired]);

const PING_EVERY_MS = 2000;
const SILENCE_MS = 5000;
/** The server says it of absences longer than a page load; one that ends at once is not shown. */
const AWAY_AFTER_MS = 500;
/** The server lets a request for write mode wait 30 s; this is for an answer that got lost. */
const ASK_MS = 35_000;
/** So long the line under the page says why an act did nothing. */
const REFUSED_MS = 6000;
const MAX_PAGES = 500;

export class SessionClient {
  readonly changes = new Changes();
  readonly state: SessionState;
  /** Base URL for the viewer's resources; changes only when the page is fetched anew. */
  resources: string | undefined;

  #bound = false;
  #everBound = false;
  #userToken: string | undefined;
  #base: string;
  #resourcesNext: string | undefined;
  #viewer: ViewerPort | undefined;
  #viewerReady = false;
  #posted = '';
  #actNumber = 0;
  #lastReceipt = -Infinity;
  #pinging = false;
  #cancelPing: (() => void) | undefined;
  #cancelBind: (() => void) | undefined;
  #cancelAsk: (() => void) | undefined;
  #cancelAway: (() => void) | undefined;
  #cancelRefused: (() => void) | undefined;
  #customerAway = false;
  #awaySince = 0;
  #replaced = false;
  #leaving = false;
  #stopped = false;
  #bindTries = 0;
  readonly #feed: PageFeed;
  readonly #acks: AckPacer;
  #first: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(private readonly deps: SessionDeps, start: { sessionToken: string; base: string } | SavedSession) {
    const saved = 'userToken' in start ? start : undefined;
    this.#userToken = saved?.userToken;
    this.#base = start.base;
    const now = deps.clock.now();
    this.state = {
      sessionToken: start.sessionToken, phase: saved ? 'reconnecting' : 'joining', since: now,
      historyId: saved?.historyId ?? '', me: '',
      users: saved?.customer ? [{ userId: '', role: Role.Customer, name: saved.customer, online: true }] : [],
      consent: 'none', mode: 'pointer', ask: undefined, modeNote: undefined, refused: undefined, page: undefined, pages: [], site: '',
      startedAt: now, loading: undefined, rtt: undefined, ended: undefined, trouble: undefined, pageTrouble: undefined,
    };
    this.#feed = new PageFeed({
      clock: deps.clock,
      fetch: (sink, signal) => deps.fetchPage({
        base: this.#base, sessionToken: start.sessionToken, userToken: this.#userToken ?? '', signal,
      }, sink),
      post: (message) => this.#viewer?.post(message),
      prepare: () => this.#renewResources(),
      changed: () => this.#update(),
    });
    this.#acks = new AckPacer(deps.clock, (ack) => this.#sendAck(ack));
  }

  get base(): string {
    return this.#base;
  }

  /** It has said good-bye: nothing is sent or received any more. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Resolves when bound for the first time; rejects when the server will not have us. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      this.deps.bus.start({
        up: () => this.#bind(),
        down: () => this.#unbind(),
        refused: (error) => this.#fail(error),
        message: (channel, data) => this.#onMessage(channel, data),
      });
    });
  }

  /** Leaves without a word: the place in the session is kept for the grace time. For logging out and tests. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#unbind();
    this.#feed.stop();
    this.#cancelAsk?.();
    this.#dropRefused();
    this.deps.bus.stop();
    this.changes.fire();
  }

  // ---- what the agent does

  /** Ends the session. Shown at once; told to the server now, or as soon as it can be reached. */
  end(): void {
    if (this.state.ended) return;
    this.#leaving = true;
    this.#finish({ by: 'agent', reason: 'self', at: this.deps.clock.now(), mine: true });
    if (this.#bound) this.#sendExit();
  }

  askForWrite(why = ''): void {
    const { state } = this;
    if (state.phase !== 'live' || state.mode === 'write' || state.ask) return;
    state.ask = { since: this.deps.clock.now(), why };
    state.modeNote = undefined;
    this.#cancelAsk = this.deps.clock.after(ASK_MS, () => this.#endAsk('no-answer'));
    this.deps.bus.call(Channel.Mode, { v: 1, want: 'write', ...(why ? { why } : {}) }).catch((error: unknown) => {
      this.#clearAsk();
      this.#note(error);
    });
    this.#update();
  }

  /** Gives write mode back, or withdraws the request for it. */
  toPointer(): void {
    const { state } = this;
    if (!state.ask && state.mode === 'pointer') return;
    this.#clearAsk();
    this.#update();
    this.deps.bus.call(Channel.Mode, { v: 1, want: 'pointer' }).catch((error: unknown) => this.#note(error));
  }

  /** Back, forward and reload are acts like others. */
  navigate(where: 'back' | 'forward' | 'reload'): void {
    if (this.state.mode === 'write') this.#sendActs([[8, where]]);
  }

  fetchAgain(): void {
    this.#feed.retry();
  }

  /** After "replaced" or a failure: come back on this connection. */
  takeBack(): void {
    if (!this.#replaced) return;
    this.#replaced = false;
    this.#bind();
    this.#update();
  }

  // ---- the viewer

  /** Replaces the viewer's line; undefined when its frame is gone. */
  attachViewer(port: ViewerPort | undefined): void {
    this.#viewer = port;
    this.#viewerReady = false;
    this.#posted = '';
    this.#acks.clear();
    this.#feed.setReady(false);
  }

  fromViewer(message: FromViewer): void {
    switch (message.t) {
      case 'ready':
        this.#viewerReady = true;
        this.#posted = '';
        this.#feed.setReady(true);
        break;
      case 'painted':
        this.#feed.painted(message.e);
        if (this.#feed.epoch === message.e) this.#acks.painted(message.e, message.s);
        break;
      case 'broken':
        this.#feed.broken(message.e);
        break;
      case 'acts':
        if (message.e === this.#feed.epoch) this.#sendActs(message.acts);
        break;
      case 'page':
        // What is drawn is what the address must say, also when we joined in the middle of a page.
        this.#onPage(message);
        this.#update();
        break;
      default:
        // `hint` and `key` are the stage's business.
        break;
    }
  }

  // ---- binding

  #bind(): void {
    if (this.#stopped || this.#replaced) return;
    const rejoin = this.#userToken !== undefined;
    const request = rejoin
      ? this.deps.bus.call(Channel.Rejoin, { v: 1, userToken: this.#userToken })
      : this.deps.bus.call(Channel.Join, { v: 1, sessionToken: this.state.sessionToken, role: Role.Agent });
    request.then(
      (answer) => this.#onBound(answer as Joined),
      (error: unknown) => this.#onBindFailed(error, rejoin),
    );
  }

  #onBound(joined: Joined): void {
    if (this.#stopped) return;
    const { state } = this;
    this.#bound = true;
    this.#bindTries = 0;
    this.#userToken = joined.userToken;
    this.#base = joined.base || this.#base;
    this.#actNumber = 0;
    if (this.#leaving) {
      this.#sendExit();
      return;
    }
    state.me = joined.userId;
    state.historyId = joined.sessionHistoryId;
    state.users = joined.users.map((user) => ({ ...user, online: true }));
    state.consent = joined.consent;
    if (joined.mode !== state.mode) this.#setMode(joined.mode, undefined);
    this.#setAway(false);
    this.#resourcesNext = joined.resources;
    this.resources ??= joined.resources;
    this.#save();
    this.#feed.setOpen(state.consent === 'given');
    this.#feed.resume(joined.page as ServerPage | null);
    if (!this.#everBound) this.#loadHistory();
    this.#everBound = true;
    this.#ping();
    this.#first?.resolve();
    this.#first = undefined;
    this.#update();
  }

  #onBindFailed(error: unknown, rejoin: boolean): void {
    if (this.#stopped) return;
    const failure = error instanceof BusError ? error : new BusError(0, false, String(error));
    // Lost: the bus says `up` again when it has a connection.
    if (failure.lost) return;
    if (PASSING.has(failure.code)) {
      this.#cancelBind = this.deps.clock.after(backoff(++this.#bindTries), () => this.#bind());
    } else if (this.#leaving) {
      this.stop();
    } else if (rejoin && OVER.has(failure.code)) {
      this.#over();
    } else {
      this.#fail(failure);
    }
  }

  #unbind(): void {
    this.#bound = false;
    this.#cancelBind?.();
    this.#cancelPing?.();
    this.#cancelPing = undefined;
    this.#pinging = false;
    this.#acks.clear();
    this.#feed.setOpen(false);
    this.state.rtt = undefined;
    this.#update();
  }

  /** The session was over when we came back; the record says by whom. */
  #over(): void {
    const end = (record?: HistoryRecord): void => {
      this.#finish({
        by: record?.endedBy ?? 'server', reason: record?.endReason ?? 'lost',
        at: record?.deactivationTime ?? this.deps.clock.now(), mine: false,
      });
      this.stop();
    };
    if (!this.state.historyId) end();
    else this.deps.history(this.state.historyId).then(end, () => end());
  }

  #fail(error: BusError): void {
    this.state.trouble = { code: error.code, text: error.message };
    if (!this.#everBound && this.#first) this.#first.reject(error);
    this.#first = undefined;
    this.stop();
    this.#update();
  }

  #sendExit(): void {
    this.deps.bus.call(Channel.Exit, { v: 1, userToken: this.#userToken }).then(() => this.stop(), (error: unknown) => {
      // Not heard: once more after the next binding. Anything else: it was over anyway.
      if (!(error instanceof BusError) || !error.lost) this.stop();
    });
  }

  // ---- events

  #onMessage(channel: string, data: unknown): void {
    if (this.#stopped || typeof data !== 'object' || data === null) return;
    if (channel === Channel.Page) this.#feed.batch(data as Batch);
    else if (channel === Channel.Event && !this.state.ended) this.#onEvent(data as SessionEvent);
  }

  #onEvent(event: SessionEvent): void {
    const { state } = this;
    switch (event.type) {
      case 'joined':
        this.#setUser(event.user, true);
        break;
      case 'left':
        if (event.user.role === Role.Customer) this.#setUser(event.user, false);
        else state.users = state.users.filter((user) => user.userId !== event.user.userId);
        break;
      case 'presence': {
        const user = state.users.find((candidate) => candidate.userId === event.userId);
        if (user) this.#setUser(user, event.online);
        break;
      }
      case 'consent':
        state.consent = event.state;
        this.#feed.setOpen(this.#bound && event.state === 'given');
        break;
      case 'page':
        if (event.do === undefined) {
          this.#onPage(event);
          this.#feed.offer({ e: event.e, s: event.s, complete: event.complete });
        }
        break;
      case 'mode':
        this.#onMode(event);
        break;
      case 'deactivated':
        this.#finish({ by: event.by, reason: event.reason, at: this.deps.clock.now(), mine: false });
        this.stop();
        break;
      case 'replaced':
        this.#replaced = true;
        this.#unbind();
        break;
      default:
        break;
    }
    this.#update();
  }

  #onPage(page: { url: string; title: string }): void {
    const { state } = this;
    state.page = { url: page.url, title: page.title };
    const last = state.pages.at(-1);
    // As in the server's record: another query or fragment alone is the same page.
    if (last && path(last.url) === path(page.url)) {
      last.title = page.title || last.title;
    } else if (page.url) {
      state.pages = [...state.pages, { url: page.url, title: page.title, at: this.deps.clock.now() }].slice(-MAX_PAGES);
    }
  }

  #onMode(event: Extract<SessionEvent, { type: 'mode' }>): void {
    if (event.state === 'changed') {
      const byMe = event.by === this.state.me;
      this.#setMode(event.mode, event.mode === 'write' ? 'agreed' : byMe ? 'given-back' : event.by === 'server' ? 'lapsed' : 'taken-back');
    } else if (event.state === 'refused') {
      this.#endAsk('refused');
    } else if (event.state === 'withdrawn' && this.state.ask) {
      this.#endAsk('no-answer');
    }
  }

  #setMode(mode: Mode, note: ModeNote['kind'] | undefined): void {
    this.#clearAsk();
    const changed = this.state.mode !== mode;
    this.state.mode = mode;
    if (!changed) return;
    this.#dropRefused();
    this.state.modeNote = note && { kind: note, at: this.deps.clock.now() };
  }

  #endAsk(kind: ModeNote['kind']): void {
    if (!this.state.ask) return;
    this.#clearAsk();
    this.state.modeNote = { kind, at: this.deps.clock.now() };
    this.#update();
  }

  #clearAsk(): void {
    this.#cancelAsk?.();
    this.#cancelAsk = undefined;
    this.state.ask = undefined;
  }

  #note(error: unknown): void {
    if (!(error instanceof BusError) || error.lost) return;
    this.state.modeNote = { kind: 'failed', at: this.deps.clock.now(), code: error.code };
    this.#update();
  }

  #setUser(user: User, online: boolean): void {
    const next: Participant = { ...user, online };
    const { state } = this;
    const known = state.users.some((other) => other.userId === user.userId);
    state.users = known ? state.users.map((other) => (other.userId === user.userId ? next : other)) : [...state.users, next];
    if (user.role !== Role.Customer) return;
    this.#save();
    this.#cancelAway?.();
    this.#cancelAway = undefined;
    if (online) this.#setAway(false);
    else {
      if (!this.#customerAway) this.#awaySince = this.deps.clock.now();
      this.#cancelAway = this.deps.clock.after(AWAY_AFTER_MS, () => this.#setAway(true));
    }
  }

  #setAway(away: boolean): void {
    if (!away) this.#cancelAway?.();
    if (this.#customerAway === away) return;
    this.#customerAway = away;
    this.#update();
  }

  #finish(ended: NonNullable<SessionState['ended']>): void {
    if (this.state.ended) return;
    this.state.ended = ended;
    this.#clearAsk();
    this.#viewer?.post({ t: 'reset' });
    this.#feed.stop();
    this.deps.save(undefined);
    this.#update();
  }

  #save(): void {
    if (!this.#userToken || this.state.ended) return;
    this.deps.save({
      sessionToken: this.state.sessionToken, userToken: this.#userToken, base: this.#base, historyId: this.state.historyId,
      customer: this.state.users.find((user) => user.role === Role.Customer)?.name ?? '',
    });
  }

  /** The partial record of a living session: since when it runs and what was visited before this desk (re)loaded. */
  #loadHistory(): void {
    const id = this.state.historyId;
    if (!id) return;
    this.deps.history(id).then((record) => {
      const { state } = this;
      state.startedAt = record.creationTime || state.startedAt;
      state.site = record.site || state.site;
      const before = (record.pages ?? []).map((page) => ({ url: page.url, title: page.title, at: page.enteredTimestamp }));
      const last = before.at(-1);
      const mine = state.pages.filter((page, index) => !(index === 0 && last?.url === page.url));
      state.pages = [...before, ...mine.filter((page) => !last || page.at > last.at)].slice(-MAX_PAGES);
      if (!state.page && last && state.consent === 'given') state.page = { url: last.url, title: last.title };
      this.#update();
    }, () => {
      // The panel then shows what this desk has seen itself.
    });
  }

  // ---- sending

  #sendActs(acts: Act[]): void {
    const epoch = this.#feed.epoch;
    if (!this.#bound || this.state.phase !== 'live' || epoch === undefined || acts.length === 0) return;
    // Where the pointer is, is said again a moment later; all else is something that the agent waits to see.
    const meant = acts.some((act) => act[0] !== ActOp.Pointer);
    this.deps.bus.publish(Channel.Act, { v: 1, e: epoch, n: ++this.#actNumber, a: acts }).then(
      () => {
        if (meant) this.#setRefused(undefined);
      },
      (error: unknown) => {
        if (!(error instanceof BusError) || error.lost) return;
        if (error.code === ErrorCode.WriteModeNeeded) {
          this.#setMode('pointer', undefined);
          this.#update();
        } else if (meant && this.state.phase === 'live') {
          this.#setRefused(error.code);
        }
      },
    );
  }

  #dropRefused(): void {
    this.#cancelRefused?.();
    this.#cancelRefused = undefined;
    this.state.refused = undefined;
  }

  #setRefused(code: number | undefined): void {
    if (code === undefined && !this.state.refused) return;
    this.#dropRefused();
    if (code !== undefined) {
      this.state.refused = { code, at: this.deps.clock.now() };
      this.#cancelRefused = this.deps.clock.after(REFUSED_MS, () => this.#setRefused(undefined));
    }
    this.#update();
  }

  #sendAck(ack: { e: number; s: number }): void {
    if (!this.#bound) return;
    this.#timed(this.deps.bus.publish(Channel.Page, { v: 1, e: ack.e, s: ack.s, p: 1 }));
  }

  /** Every receipt tells the round trip and that the line lives. */
  #timed(receipt: Promise<void>): void {
    const sent = this.deps.clock.now();
    receipt.then(() => {
      this.#lastReceipt = this.deps.clock.now();
      const took = this.#lastReceipt - sent;
      const { state } = this;
      state.rtt = state.rtt === undefined ? took : Math.round(state.rtt * 0.7 + took * 0.3);
      this.#update();
    }, () => undefined);
  }

  #ping(): void {
    this.#cancelPing?.();
    if (!this.#bound || this.#stopped) return;
    if (!this.#pinging && this.deps.clock.now() - this.#lastReceipt >= PING_EVERY_MS) {
      this.#pinging = true;
      const answered = this.deps.bus.publish(PING_CHANNEL, {});
      const cancel = this.deps.clock.after(SILENCE_MS, () => {
        if (this.#pinging && this.#bound) this.deps.bus.kick();
      });
      this.#timed(answered);
      answered.catch(() => undefined).finally(() => {
        cancel();
        this.#pinging = false;
      });
    }
    this.#cancelPing = this.deps.clock.after(PING_EVERY_MS, () => this.#ping());
  }

  // ---- showing

  #renewResources(): boolean {
    if (this.#resourcesNext === undefined || this.#resourcesNext === this.resources) return true;
    // The viewer takes its resource base once: its frame is loaded anew.
    this.resources = this.#resourcesNext;
    this.#viewerReady = false;
    this.#feed.setReady(false);
    this.#update();
    return false;
  }

  #phase(): Phase {
    const { state } = this;
    if (state.ended) return 'ended';
    if (this.#replaced) return 'replaced';
    if (this.#stopped) return 'failed';
    if (!this.#bound) return this.#everBound || this.#userToken !== undefined ? 'reconnecting' : 'joining';
    if (state.consent === 'refused') return 'refused';
    if (this.#customerAway) return 'reconnecting';
    if (state.consent !== 'given') return 'consent';
    return this.#feed.current ? 'live' : 'loading';
  }

  #update(): void {
    const { state } = this;
    const phase = this.#phase();
    if (phase !== state.phase) {
      state.phase = phase;
      state.since = phase === 'reconnecting' && this.#bound ? this.#awaySince : this.deps.clock.now();
      // It was about the page that was there.
      if (phase !== 'live') this.#dropRefused();
    }
    state.loading = this.#feed.loading;
    state.pageTrouble = this.#feed.trouble;
    this.#tellViewer();
    this.changes.fire();
  }

  /** Mode, names and veil follow the state; each is posted when it changes. */
  #tellViewer(): void {
    if (!this.#viewer || !this.#viewerReady) return;
    const { state } = this;
    const shows = state.phase === 'live' || state.phase === 'loading' || state.phase === 'reconnecting';
    const messages: ToViewer[] = [
      { t: 'mode', mode: state.mode, enabled: state.phase === 'live' },
      { t: 'names', customer: state.users.find((user) => user.role === Role.Customer)?.name ?? '', agent: 'You' },
      { t: 'veil', veil: state.phase === 'live' ? 'none' : shows ? 'stale' : 'hidden' },
    ];
    const key = JSON.stringify(messages);
    if (key === this.#posted) return;
    this.#posted = key;
    for (const message of messages) this.#viewer.post(message);
  }
}

function path(url: string): string {
  return url.replace(/[?#].*$/, '');
}

/** What to show for a failure of any kind. */
export function troubleOf(error: unknown): { code: number; text: string } {
  if (error instanceof BusError || error instanceof ApiError) return { code: error.code, text: error.message };
  return { code: 0, text: error instanceof Error ? error.message : String(error) };
}
