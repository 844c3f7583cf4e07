/** Time, bus and page source that a test drives by hand. */
import type { Batch, FromViewer, Joined, SessionEvent, ToViewer } from '@twinpane/protocol';
import { Channel } from '@twinpane/protocol';
import { ApiError, type HistoryRecord, type PageRequest, type PageSink } from '../src/core/api.ts';
import { BusError, type Bus, type BusHandlers } from '../src/core/bus.ts';
import type { Clock } from '../src/core/clock.ts';
import { SessionClient, type SavedSession } from '../src/core/session-client.ts';

export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #timers: { at: number; fn: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves on, running what is due in order, and lets promises settle after each. */
  async tick(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.fn();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

interface Sent { channel: string; data: Record<string, unknown>; answer(data?: unknown): void; fail(error: BusError): void }

export class FakeBus implements Bus {
  handlers: BusHandlers | undefined;
  /** Everything sent, oldest first. */
  readonly sent: Sent[] = [];
  stopped = false;
  kicks = 0;

  start(handlers: BusHandlers): void {
    this.handlers = handlers;
  }

  stop(): void {
    this.stopped = true;
  }

  call(channel: string, data: unknown): Promise<unknown> {
    return this.#send(channel, data);
  }

  async publish(channel: string, data: unknown): Promise<void> {
    await this.#send(channel, data);
  }

  kick(): void {
    this.kicks++;
  }

  last(channel: string): Sent {
    const found = this.sent.filter((sent) => sent.channel === channel).at(-1);
    if (!found) throw new Error(`nothing sent on ${channel}`);
    return found;
  }

  count(channel: string): number {
    return this.sent.filter((sent) => sent.channel === channel).length;
  }

  #send(channel: string, data: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.sent.push({ channel, data: data as Record<string, unknown>, answer: resolve, fail: reject });
    });
  }
}

export class FakeFetch {
  readonly open: { request: PageRequest; sink: PageSink; end(): void; fail(error: Error): void }[] = [];

  readonly fetchPage = (request: PageRequest, sink: PageSink): Promise<void> => new Promise((resolve, reject) => {
    this.open.push({ request, sink, end: resolve, fail: reject });
    request.signal.addEventListener('abort', () => reject(request.signal.reason));
  });

  get last(): FakeFetch['open'][number] {
    return this.open.at(-1)!;
  }

  /** Delivers a whole snapshot at (e, s) in two lines. */
  async serve(e: number, s: number): Promise<void> {
    const { sink, end } = this.last;
    sink.batch({ v: 1, e, s, o: [[0, { u: 'https://shop.example/', t: 'Shop', w: 800, h: 600, d: 1, q: 0, l: 'en' }]] });
    sink.progress(100, 200);
    sink.batch({ v: 1, e, s, o: [[1], [22, 1, 0]] });
    end();
    await settle();
  }
}

export const joined = (over: Partial<Joined> = {}): Joined => ({
  userToken: '07aa', userId: 'u2', sessionHistoryId: 'h1',
  users: [{ userId: 'u1', role: 1, name: 'Marta Lindqvist' }, { userId: 'u2', role: 2, name: 'Ines Ostrowska' }],
  state: 'active', mode: 'pointer', consent: 'given', base: '/cobrowse/n/a', page: { e: 1, s: 5, complete: true },
  resources: 'https://view.example/r/', grace: 600, ...over,
});

export const batch = (e: number, s: number): Batch => ({ v: 1, e, s, o: [[21, `title ${s}`]] });

export const record = (over: Partial<HistoryRecord> = {}): HistoryRecord => ({
  id: 'h1', creationTime: 1_699_999_900_000, activationTime: 1_699_999_950_000, deactivationTime: null,
  endedBy: null, endReason: null, site: 'shop', pages: [], ...over,
});

export class Bench {
  readonly clock = new FakeClock();
  readonly bus = new FakeBus();
  readonly pages = new FakeFetch();
  readonly posted: ToViewer[] = [];
  readonly saved: (SavedSession | undefined)[] = [];
  history = (): Promise<HistoryRecord> => Promise.resolve(record());
  readonly client: SessionClient;
  started: Promise<void> | undefined;

  constructor(saved?: SavedSession) {
    this.client = new SessionClient({
      bus: this.bus, clock: this.clock, fetchPage: this.pages.fetchPage, history: () => this.history(),
      save: (state) => this.saved.push(state),
    }, saved ?? { sessionToken: '481302977', base: '/cobrowse' });
  }

  /** Starts and binds; the viewer is ready when `viewer` is set. */
  async bind(answer: Joined = joined(), viewer = true): Promise<void> {
    this.started = this.client.start();
    this.started.catch(() => undefined);
    if (viewer) this.viewer();
    this.bus.handlers!.up();
    this.bus.sent.at(-1)!.answer(answer);
    await settle();
  }

  viewer(): void {
    this.client.attachViewer({ post: (message) => this.posted.push(message) });
    this.from({ t: 'ready' });
  }

  /** Bound, snapshot (1, 5) served and painted. */
  async live(): Promise<void> {
    await this.bind();
    await this.pages.serve(1, 5);
    this.from({ t: 'painted', e: 1, s: 5 });
  }

  from(message: FromViewer): void {
    this.client.fromViewer(message);
  }

  event(event: SessionEvent extends infer E ? (E extends { v: 1 } ? Omit<E, 'v'> : never) : never): void {
    this.bus.handlers!.message(Channel.Event, { v: 1, ...event });
  }

  page(data: Batch): void {
    this.bus.handlers!.message(Channel.Page, data);
  }

  /** Sequence numbers of the live batches (not the snapshot's lines) the viewer was given. */
  get applied(): number[] {
    return this.posted.filter((m) => m.t === 'batch' && !m.snapshot).map((m) => (m as { batch: Batch }).batch.s);
  }

  get phase(): string {
    return this.client.state.phase;
  }
}

export const noPage = (): ApiError => new ApiError(409, 4304, 'No page is being shared right now.');
