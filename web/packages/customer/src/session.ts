import { ErrorCode, Role, type Act, type ActMessage, type Batch, type Consent, type Created, type EndedBy, type EndReason, type Joined, type Mode, type Policy, type SessionEvent, type User } from '@twinpane/protocol';
import { BusError, type Bus, type BusHandlers, type Clock } from './bus.ts';
import type { Keep, Kept } from './keep.ts';
import { Outbox, type Trouble } from './outbox.ts';

/** What the session needs of `Capture`. Made once the policy is known. */
export interface PageSource {
  begin(epoch: number): void;
  stop(): void;
  flush(): void;
  perform(acts: Act[]): unknown;
  readonly running: boolean;
}

export type Phase =
  | 'idle'
  /** Reaching the server, or coming back after a page load. */
  | 'starting'
  /** The nine digits are shown. */
  | 'waiting'
  /** Consent is asked. */
  | 'asked'
  /** The customer said no; nothing is shared. */
  | 'refused'
  /** The page is shared. */
  | 'live'
  | 'ended';

/** All that is shown; replaced as a whole, never changed. */
export interface View {
  phase: Phase;
  /** Not while `starting` for the first time: then there is nothing to lose yet. */
  link: 'up' | 'down';
  /** Nine digits and the time (ms since the Unix epoch) at which they stop working. They name the session, also when it has ended. */
  code?: string;
  codeUntil?: number;
  agents: readonly User[];
  /** Ids of agents whose connection is gone for now. */
  away: readonly string[];
  mode: Mode;
  request?: { id: string; by: string; why: string };
  /** Set with `ended`. `none`: it never came about (`code` says why). */
  ended?: { by: EndedBy | 'none'; reason: EndReason | 'elsewhere' | 'refused'; code?: number; agent?: string };
  /** The server can't mirror this page. */
  tooLarge: boolean;
}

export interface SessionOptions {
  bus: Bus;
  clock: Clock;
  keep: Keep;
  /** Address of the server as in `data-url`, without trailing slash. */
  base: string;
  site?: string;
  source(policy: Policy, emit: (batch: Batch) => void): PageSource;
  changed(view: View): void;
  /** Acts 1 and 2, to be drawn. */
  point(from: string, acts: Act[]): void;
  /** Whether the server is there at all. Never rejects. */
  reachable(): Promise<boolean>;
}

const kIdle: View = { phase: 'idle', link: 'up', agents: [], away: [], mode: 'pointer', tooLarge: false };
/** How long a start may take that does not get through. A session that is under way keeps trying. */
const kStartMs = 15_000;
const kFresh = { first: 250, max: 30_000 };
/** How long a stale epoch waits for the order that replaces it. */
const kStaleMs = 3000;
/** How long an end that can't be told keeps trying. */
const kFarewellMs = 15_000;
/** How long a session that went on in another tab may come back to this one. */
const kElsewhereMs = 24 * 3600_000;
const kHops = 3;

/** The nine digits' session seen from the customer's page. One instance per page; start() may be called again after an end. */
export class Session {
  #view: View = kIdle;
  #keep: Kept | undefined;
  #created: Created | undefined;
  #base: string;
  #policy: Policy | undefined;
  #source: PageSource | undefined;
  readonly #outbox: Outbox;
  #bound = false;
  /** Answers that belong to an earlier binding are ignored. */
  #turn = 0;
  #retries = 0;
  /** Why the last try failed, as far as the server said. */
  #why: number | undefined;
  #hops = 0;
  #freshDelay = 0;
  #timers = new Map<string, unknown>();
  /** The customer took control back and the server has not confirmed it yet. */
  #released = false;
  #asleep = false;
  #farewell = false;

  constructor(private readonly o: SessionOptions) {
    this.#base = o.base;
    this.#outbox = new Outbox({
      clock: o.clock,
      send: (json, done) => { o.bus.publish(json, done); },
      trouble: (what) => { this.#trouble(what); },
    });
  }

  get view(): View { return this.#view; }
  get base(): string { return this.#base; }
  get userToken(): string | undefined { return this.#keep?.userToken; }
  get policy(): Policy | undefined { return this.#policy; }
  get epoch(): number { return this.#outbox.epoch; }
  get source(): PageSource | undefined { return this.#source; }
  get uploaded(): number { return this.#keep?.uploaded ?? 0; }
  set uploaded(bytes: number) {
    if (!this.#keep) return;
    this.#keep.uploaded = bytes;
    this.o.keep.save(this.#keep);
  }

  // ---- what the customer does ----

  start(): void {
    if (this.#view.phase !== 'idle' && this.#view.phase !== 'ended') return;
    this.#reset();
    this.#base = this.o.base;
    this.#replace({ ...kIdle, phase: 'starting' });
    this.#connect();
    this.#limitStart();
  }

  /** A browser does not tell a refusal (403 without CORS headers) from a dead network; whether the server is there at all, it does. */
  #limitStart(): void {
    this.#timer('start', kStartMs, () => {
      this.#limitStart();
      const asked = this.#timers.get('start');
      void (this.#why === undefined ? this.o.reachable() : Promise.resolve(false)).then((there) => {
        // It may have got through meanwhile, or have been ended.
        if (this.#timers.get('start') !== asked) return;
        this.#finish({ by: 'none', reason: 'error', code: this.#why ?? (there ? ErrorCode.OriginNotAllowed : ErrorCode.Timeout) });
      });
    });
  }

  /** Continues a session that an earlier page of this tab began. False if there is none. */
  resume(): boolean {
    const kept = this.o.keep.load(this.o.clock.now());
    if (!kept || (this.#view.phase !== 'idle' && this.#view.phase !== 'ended')) return false;
    this.#reset();
    this.#keep = kept;
    this.#base = kept.base;
    this.#replace({ ...kIdle, phase: 'starting', code: kept.sessionToken, codeUntil: kept.codeUntil });
    this.#connect();
    return true;
  }

  /** `text`: what the customer read, to the letter. */
  consent(allow: boolean, text: string): void {
    if (this.#view.phase !== 'asked') return;
    this.#tell('consent', { allow, text });
    this.#show({ phase: allow ? 'live' : 'refused' });
  }

  /** After a no: the question once more, as long as somebody is there who would see the page. */
  reconsider(): void {
    if (this.#view.phase === 'refused') this.#show({ phase: 'asked' });
  }

  answer(requestId: string, allow: boolean): void {
    if (this.#view.request?.id !== requestId) return;
    this.#hideRequest();
    this.#tell('mode', { answer: requestId, allow });
  }

  takeBack(): void {
    if (this.#view.mode !== 'write') return;
    this.#released = true;
    this.#show({ mode: 'pointer' });
    this.#tell('mode', { want: 'pointer' });
  }

  end(): void {
    const { phase } = this.#view;
    if (phase === 'idle' || phase === 'ended') return;
    const token = this.#keep?.userToken;
    const told = this.#bound;
    this.#finish({ by: 'customer', reason: 'self' }, token !== undefined);
    if (token === undefined) return;
    this.#farewell = true;
    this.#timer('farewell', kFarewellMs, () => { this.#hangUp(); });
    if (told) this.#sayGoodbye(token);
    else this.#goodbye = token;
  }
  #goodbye: string | undefined;

  /** Puts the notice of an ended session away. */
  dismiss(): void {
    if (this.#view.phase === 'ended') this.#replace(kIdle);
  }

  // ---- the page's own life ----

  /** The page is going away; `persisted`: it may come back from the back/forward cache. */
  pageHide(persisted: boolean): void {
    this.#source?.flush();
    if (this.#keep) this.#save();
    if (!persisted || (this.#view.phase === 'idle' || this.#view.phase === 'ended')) return;
    this.#asleep = true;
    this.#stopPage();
    this.#bound = false;
    ++this.#turn;
    this.o.bus.close();
  }

  /** The page came back from the cache: other pages of this tab may have moved on or ended the session. */
  pageShow(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    this.#reset();
    this.#replace(kIdle);
    this.resume();
  }

  /** The customer is here again, or the other page is gone. A session that went on in another tab comes back to this one. */
  comeBack(): void {
    if (this.#view.ended?.reason === 'elsewhere') this.resume();
  }

  /** The session that went on in another tab has ended there. */
  endedElsewhere(ended: NonNullable<View['ended']>): void {
    if (this.#view.ended?.reason === 'elsewhere') this.#finish(ended);
  }

  // ---- the wire ----

  #connect(): void {
    this.#bound = false;
    const handlers: BusHandlers = {
      up: () => { void this.#bind(); },
      down: () => { this.#down(); },
      event: (event) => { this.#event(event); },
      act: (message) => { this.#act(message); },
    };
    this.o.bus.open(this.#base, handlers);
    this.#timer('tick', 1000, () => { this.#tick(); });
  }

  #down(): void {
    ++this.#turn;
    this.#bound = false;
    this.#outbox.offline();
    this.#clear('rebind');
    if (this.#farewell || this.#view.phase === 'ended') return;
    this.#show({ link: 'down' });
  }

  async #bind(fresh = false): Promise<void> {
    const turn = ++this.#turn;
    const { bus } = this.o;
    this.#clear('rebind');
    try {
      if (this.#farewell) {
        const token = this.#goodbye;
        this.#goodbye = undefined;
        if (token !== undefined) this.#sayGoodbye(token);
        return;
      }
      let joined: Joined;
      if (this.#keep) {
        const running = this.#source?.running === true && this.#outbox.epoch > 0 && !fresh;
        const page = running ? { e: this.#outbox.epoch, s: this.#outbox.lastSent } : undefined;
        joined = await bus.call<Joined>('rejoin', { v: 1, userToken: this.#keep.userToken, ...(page && { page }) });
      } else {
        this.#created ??= await bus.call<Created>('create', { v: 1, ...(this.o.site !== undefined && { site: this.o.site }) });
        if (turn !== this.#turn) return;
        if (this.#hop(this.#created.base)) return;
        const created = this.#created;
        joined = await bus.call<Joined>('join', { v: 1, sessionToken: created.sessionToken, role: Role.Customer });
        if (turn === this.#turn) this.#show({ code: created.sessionToken, codeUntil: this.o.clock.now() + created.expiresIn * 1000 });
      }
      if (turn !== this.#turn) return;
      this.#retries = 0;
      this.#joined(joined);
    } catch (error) {
      if (turn === this.#turn) this.#bindFailed(error);
    }
  }

  #bindFailed(error: unknown): void {
    const code = error instanceof BusError ? error.code : 0;
    const again = (): void => {
      const delay = Math.min(500 * 2 ** this.#retries++, 5000);
      this.#timer('rebind', delay, () => { void this.#bind(); });
    };
    // A join whose answer got lost can't be repeated; a new session can be made.
    if (!this.#keep) this.#created = undefined;
    this.#why = code;
    switch (code) {
      case undefined:
      case ErrorCode.RateLimited:
      case ErrorCode.QueueFull:
      case ErrorCode.Timeout:
      case ErrorCode.ShuttingDown:
      case ErrorCode.StoreFailed:
        return again();
      case ErrorCode.SessionUnknown:
      case ErrorCode.UserTokenUnknown:
      case ErrorCode.SessionEnded:
      case ErrorCode.CodeExpired:
        if (this.#keep) return this.#finish({ by: 'server', reason: this.#view.phase === 'waiting' ? 'timeout' : 'lost' });
        break;
      default:
        if (this.#keep && this.#retries < 5) return again();
    }
    this.#finish({ by: 'none', reason: 'error', ...(code !== undefined && code > 0 && { code }) });
  }

  /** Moves to another base of the same server. True if it has to connect first. */
  #hop(base: string): boolean {
    const url = new URL(base, this.o.base).href.replace(/\/+$/, '');
    if (url === this.#base || this.#hops >= kHops) return false;
    ++this.#hops;
    this.#base = url;
    ++this.#turn;
    this.#connect();
    return true;
  }

  #joined(j: Joined): void {
    if (this.#keep) this.#keep.userToken = j.userToken;
    else {
      this.#keep = {
        userToken: j.userToken, base: this.#base, sessionToken: this.#view.code ?? '', codeUntil: this.#view.codeUntil ?? 0, until: 0, uploaded: 0,
      };
    }
    this.#grace = j.grace;
    const before = this.#base;
    if (this.#hop(j.base)) {
      this.#keep.base = this.#base;
      this.#save();
      return;
    }
    this.#keep.base = before;
    this.#save();
    this.#hops = 0;
    this.#bound = true;
    this.#clear('start');
    if (j.policy && !this.#source) {
      this.#policy = j.policy;
      // Made now, not with the first epoch: it also knows which fields to mark while consent is asked.
      this.#source = this.o.source(j.policy, (batch) => { this.#outbox.add(batch); });
    }
    this.#replace({
      ...kIdle,
      phase: phaseOf(j.consent, this.#view.phase),
      ...digits(this.#view.code, this.#view.codeUntil),
      // Who is away, and a question that is still open, follow as events.
      agents: j.users.filter((u) => u.role === Role.Agent),
      mode: this.#released ? 'pointer' : j.mode,
      tooLarge: this.#view.tooLarge,
    });
    if (this.#released) {
      if (j.mode === 'write') this.#tell('mode', { want: 'pointer' });
      else this.#released = false;
    }
    if (j.consent !== 'given') return this.#stopPage();
    const page = j.page as { e: number; next: number } | null;
    if (!page) return;
    if (page.e === this.#outbox.epoch && this.#source?.running === true) this.#outbox.online(page.next);
    else this.#beginPage(page.e);
  }
  #grace = 600;

  #event(event: SessionEvent): void {
    if (this.#farewell || this.#view.phase === 'ended') return;
    const { agents } = this.#view;
    switch (event.type) {
      case 'joined':
        if (event.user.role === Role.Agent) this.#show({ agents: [...agents.filter((u) => u.userId !== event.user.userId), event.user] });
        return;
      case 'left':
        return this.#show({ agents: agents.filter((u) => u.userId !== event.user.userId) });
      case 'presence': {
        const others = this.#view.away.filter((id) => id !== event.userId);
        return this.#show({ away: event.online ? others : [...others, event.userId] });
      }
      case 'consent': {
        const user = event.user;
        const known = user === undefined || user.role !== Role.Agent || agents.some((u) => u.userId === user.userId);
        this.#show({ phase: phaseOf(event.state, this.#view.phase), ...(!known && { agents: [...agents, user] }) });
        if (event.state !== 'given') this.#stopPage();
        return;
      }
      case 'page':
        if (event.do === 'begin') {
          if (event.e === this.#outbox.epoch && this.#source?.running === true) return;
          this.#beginPage(event.e);
        } else if (event.do === 'stop') this.#stopPage();
        return;
      case 'mode':
        return this.#mode(event);
      case 'deactivated':
        return this.#finish({ by: event.by, reason: event.reason });
      case 'replaced':
        if (this.#keep) {
          // How long it goes on there is not known here; whether it still does, the server tells.
          this.#keep.until = this.o.clock.now() + kElsewhereMs;
          this.o.keep.save(this.#keep);
        }
        return this.#finish({ by: 'customer', reason: 'elsewhere' }, false, true);
    }
  }

  #mode(event: Extract<SessionEvent, { type: 'mode' }>): void {
    switch (event.state) {
      case 'asked':
        if (event.requestId === undefined || this.#view.phase !== 'live') return;
        return this.#show({ request: { id: event.requestId, by: event.by, why: event.why ?? '' } });
      case 'changed':
        this.#hideRequest();
        // A grant that was on its way while the customer took control back does not count.
        if (event.mode === 'pointer') this.#released = false;
        return this.#show({ mode: this.#released ? 'pointer' : event.mode });
      default:
        this.#hideRequest();
    }
  }

  #act(message: ActMessage): void {
    if (this.#view.phase !== 'live' || this.#source?.running !== true || message.e !== this.#outbox.epoch) return;
    const pointing = message.a.filter((a) => a[0] <= 2);
    if (pointing.length > 0) this.o.point(message.from ?? '', pointing);
    const writing = message.a.filter((a) => a[0] > 2);
    if (writing.length > 0 && this.#view.mode === 'write') this.#source.perform(writing);
  }

  // ---- the page stream ----

  #beginPage(epoch: number): void {
    if (!this.#source || !this.#bound || epoch <= 0) return;
    this.#clear('fresh');
    if (this.#source.running) this.#source.stop();
    this.#outbox.begin(epoch);
    this.#outbox.online(1);
    this.#show({ phase: 'live', tooLarge: false });
    this.#source.begin(epoch);
  }

  #stopPage(): void {
    this.#clear('fresh');
    if (this.#source?.running === true) this.#source.stop();
    this.#outbox.close();
  }

  #trouble(what: Trouble): void {
    if (what === 'unbound') {
      this.#bound = false;
      void this.#bind();
      return;
    }
    // Possibly from inside an emit of the source's: let it finish first.
    queueMicrotask(() => {
      if (this.#outbox.epoch === 0) this.#source?.stop();
    });
    switch (what) {
      case 'fresh': return this.#askFresh();
      case 'stale': return this.#timer('fresh', kStaleMs, () => { this.#askFresh(); });
      case 'too_large': return this.#show({ tooLarge: true });
      // `ended`: the server's word on who and why is on its way; if it isn't, coming back tells.
      case 'ended': return this.#timer('rebind', 1000, () => { void this.#bind(true); });
      case 'wait': return;
    }
  }

  /** A new epoch, at once the first time, ever more slowly when it does not help. Without a wire the next binding asks anyway. */
  #askFresh(): void {
    if (!this.#bound) return;
    const delay = this.#freshDelay;
    this.#freshDelay = Math.min(Math.max(delay * 2, kFresh.first), kFresh.max);
    this.#timer('fresh', delay, () => {
      if (this.#bound) void this.#bind(true);
    });
  }

  #tick(): void {
    this.#timer('tick', 1000, () => { this.#tick(); });
    this.#outbox.tick();
    if (this.#outbox.epoch > 0 && this.#outbox.snapshotSent) this.#freshDelay = 0;
  }

  // ---- ends ----

  #finish(ended: NonNullable<View['ended']>, lingering = false, keepStored = false): void {
    const { code, codeUntil, agents } = this.#view;
    const agent = agents[0]?.name ?? ended.agent;
    this.#stopPage();
    this.#source = undefined;
    this.#bound = false;
    ++this.#turn;
    this.#keep = undefined;
    this.#created = undefined;
    this.#released = false;
    if (!keepStored) this.o.keep.clear();
    for (const name of [...this.#timers.keys()]) this.#clear(name);
    if (!lingering) this.o.bus.close();
    this.#replace({ ...kIdle, ...digits(code, codeUntil), phase: 'ended', ended: { ...ended, ...(agent !== undefined && { agent }) } });
  }

  #sayGoodbye(token: string): void {
    const done = (): void => { this.#hangUp(); };
    this.o.bus.call('exit', { v: 1, userToken: token }).then(done, done);
  }

  #hangUp(): void {
    if (!this.#farewell) return;
    this.#farewell = false;
    this.#goodbye = undefined;
    this.#clear('farewell');
    this.o.bus.close();
  }

  #reset(): void {
    this.#hangUp();
    for (const name of [...this.#timers.keys()]) this.#clear(name);
    this.#stopPage();
    this.#source = undefined;
    this.#keep = undefined;
    this.#created = undefined;
    this.#policy = undefined;
    this.#why = undefined;
    this.#released = false;
    this.#retries = this.#hops = this.#freshDelay = 0;
    ++this.#turn;
  }

  // ---- helpers ----

  /** A verb whose answer changes nothing here: what follows from it comes as an event, or with the next rejoin. */
  #tell(verb: string, data: object): void {
    this.o.bus.call(verb, { v: 1, ...data }).catch((error: unknown) => {
      // Refused: what we show may not be so. The answer to a rejoin tells.
      if (!(error instanceof BusError) || !this.#bound) return;
      if (error.code !== undefined) void this.#bind();
      else if (this.#released) this.#timer('release', 1000, () => { this.#tell('mode', { want: 'pointer' }); });
    });
  }

  #save(): void {
    if (!this.#keep) return;
    this.#keep.until = this.o.clock.now() + this.#grace * 1000;
    this.o.keep.save(this.#keep);
  }

  #hideRequest(): void {
    if (!this.#view.request) return;
    const view = { ...this.#view };
    delete view.request;
    this.#replace(view);
  }

  #show(part: Partial<View>): void {
    this.#replace({ ...this.#view, ...part });
  }

  #replace(view: View): void {
    this.#view = view;
    this.o.changed(view);
  }

  #timer(name: string, ms: number, fn: () => void): void {
    this.#clear(name);
    this.#timers.set(name, this.o.clock.set(() => {
      this.#timers.delete(name);
      fn();
    }, ms));
  }

  #clear(name: string): void {
    this.o.clock.clear(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

function digits(code?: string, codeUntil?: number): Pick<View, 'code' | 'codeUntil'> {
  return code === undefined || codeUntil === undefined ? {} : { code, codeUntil };
}

function phaseOf(consent: Consent, now: Phase): Phase {
  switch (consent) {
    case 'none': return 'waiting';
    case 'asked': return 'asked';
    case 'given': return 'live';
    case 'refused': return now === 'starting' || now === 'waiting' || now === 'asked' || now === 'live' ? 'refused' : now;
  }
}
