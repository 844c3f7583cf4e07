import type { ActMessage, Batch, Joined, SessionEvent } from '@twinpane/protocol';
import { BusError, type Bus, type BusHandlers, type Clock } from '../src/bus.ts';
import type { Keep, Kept } from '../src/keep.ts';
import type { PageSource } from '../src/session.ts';

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  time = 1_000_000;
  #timers = new Map<number, { at: number; fn: () => void }>();
  #id = 0;

  now = (): number => this.time;
  set = (fn: () => void, ms: number): unknown => {
    this.#timers.set(++this.#id, { at: this.time + ms, fn });
    return this.#id;
  };
  clear = (handle: unknown): void => { this.#timers.delete(handle as number); };
  get timers(): number { return this.#timers.size; }

  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const next = [...this.#timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!next) break;
      this.#timers.delete(next[0]);
      this.time = next[1].at;
      next[1].fn();
    }
    this.time = end;
    await settle();
  }
}

/** Lets all promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; ++i) await Promise.resolve();
}

export interface Call {
  verb: string;
  data: Record<string, unknown>;
  resolve(answer: object): void;
  reject(code?: number, ...args: string[]): void;
}

/** A wire whose other end is the test. */
export class FakeBus implements Bus {
  base = '';
  handlers: BusHandlers | undefined;
  calls: Call[] = [];
  published: { batch: Batch; done: (error?: BusError) => void }[] = [];
  opened = 0;
  closed = 0;

  open(base: string, handlers: BusHandlers): void {
    ++this.opened;
    this.base = base;
    this.handlers = handlers;
  }
  call<T>(verb: string, data: object): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.calls.push({
        verb, data: data as Record<string, unknown>,
        resolve: (answer) => { resolve(answer as T); },
        reject: (code, ...args) => { reject(new BusError(code, args)); },
      });
    });
  }
  publish(json: string, done: (error?: BusError) => void): void {
    this.published.push({ batch: JSON.parse(json) as Batch, done });
  }
  close(): void {
    ++this.closed;
    this.handlers = undefined;
  }

  /** Takes the oldest open call, which has to be `verb`, and answers it. */
  async answer(verb: string, answer: object | number, ...args: string[]): Promise<Record<string, unknown>> {
    await settle();
    const call = this.calls.shift();
    if (call?.verb !== verb) throw new Error(`expected ${verb}, got ${call?.verb ?? 'nothing'}`);
    if (typeof answer === 'number') call.reject(answer === 0 ? undefined : answer, ...args);
    else call.resolve(answer);
    await settle();
    return call.data;
  }
  async event(event: object): Promise<void> {
    this.handlers!.event({ v: 1, ...event } as SessionEvent);
    await settle();
  }
  act(message: Omit<ActMessage, 'v'>): void {
    this.handlers!.act({ v: 1, ...message });
  }
}

export class FakeKeep implements Keep {
  kept: Kept | undefined;
  load(now: number): Kept | undefined { return this.kept && this.kept.until >= now ? { ...this.kept } : undefined; }
  save(kept: Kept): void { this.kept = { ...kept }; }
  clear(): void { this.kept = undefined; }
}

export class FakeSource implements PageSource {
  running = false;
  epoch = 0;
  seq = 0;
  begun: number[] = [];
  performed: unknown[] = [];
  flushed = 0;
  constructor(private readonly emit: (batch: Batch) => void, readonly snapshotBatches = 2) {}

  begin(epoch: number): void {
    this.begun.push(epoch);
    this.running = true;
    this.epoch = epoch;
    this.seq = 0;
    for (let i = 1; i <= this.snapshotBatches; ++i) this.change(i === this.snapshotBatches ? [1] : [2, 0, 0, i]);
  }
  change(...ops: Batch['o']): void {
    this.emit({ v: 1, e: this.epoch, s: ++this.seq, o: ops });
  }
  stop(): void { this.running = false; }
  flush(): void { ++this.flushed; }
  perform(acts: unknown[]): void { this.performed.push(...acts); }
}

export const ines = { userId: 'u2', role: 2 as const, name: 'Ines Okafor' };

export function joined(more: Partial<Joined> = {}): Joined {
  return {
    userToken: 'ab'.repeat(17), userId: 'u1', sessionHistoryId: 'h', users: [{ userId: 'u1', role: 1, name: '' }],
    state: 'waiting', mode: 'pointer', consent: 'none', base: '/cobrowse', page: null,
    policy: { formValues: 'private', mask: [], allowWrite: true, allowSubmit: false }, grace: 600, ...more,
  };
}
