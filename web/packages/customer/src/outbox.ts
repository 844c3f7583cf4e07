import { ErrorCode, Op, type Batch } from '@twinpane/protocol';
import type { BusError, Clock } from './bus.ts';

/** Operations held without a receipt, beside the snapshot (page-stream.md 1). */
const kWindowBytes = 2 * 1024 * 1024;
const kWindowMs = 15_000;
const kSnapshotBytes = 64 * 1024 * 1024;
const kMessageBytes = 1024 * 1024;
const kInFlight = 8;
/** One long-polling request carries all that is queued, so the bytes under way are bounded too. */
const kInFlightBytes = 512 * 1024;
const kGapsInARow = 5;

export type Trouble =
  /** What is held can't complete this epoch: ask for a new one. */
  | 'fresh'
  /** A newer epoch exists; the server's order is on its way. */
  | 'stale'
  /** The connection is not bound to our participant (any more): rejoin. */
  | 'unbound'
  /** Send nothing until the server says begin. */
  | 'wait'
  /** As `wait`; the page is beyond what the server mirrors. */
  | 'too_large'
  | 'ended';

export interface OutboxOptions {
  clock: Clock;
  send(json: string, done: (error?: BusError) => void): void;
  /** Called at most once per epoch for everything but `unbound`. The epoch is closed then. */
  trouble(what: Trouble): void;
}

interface Held {
  s: number;
  json: string;
  at: number;
  snapshot: boolean;
}

/**
 * Keeps the batches of one epoch until their receipts, sends them in order with bounded pipelining and again after a
 * break or a gap. Bounds: 2 MiB of operations, 64 MiB of snapshot, 15 s without any receipt.
 */
export class Outbox {
  #epoch = 0;
  #held: Held[] = [];
  #cursor = 0;
  #liveBytes = 0;
  #snapshotBytes = 0;
  #inSnapshot = false;
  #inFlight = 0;
  #inFlightBytes = 0;
  /** Receipts of an earlier generation still acknowledge, but their failures say nothing new. */
  #generation = 0;
  #online = false;
  #added = 0;
  #sent = 0;
  #progressAt = 0;
  #gaps = 0;
  #delay = 250;
  #retry: unknown;

  constructor(private readonly o: OutboxOptions) {}

  /** 0: closed. */
  get epoch(): number { return this.#epoch; }
  /** Highest number ever handed to the wire in this epoch. */
  get lastSent(): number { return this.#sent; }
  get pending(): number { return this.#held.length; }
  get snapshotSent(): boolean { return !this.#inSnapshot && this.#snapshotBytes === 0; }

  begin(epoch: number): void {
    this.close();
    this.#epoch = epoch;
    this.#inSnapshot = true;
    this.#progressAt = this.o.clock.now();
  }

  close(): void {
    this.#epoch = 0;
    this.#held = [];
    this.#cursor = this.#liveBytes = this.#snapshotBytes = this.#added = this.#sent = this.#gaps = 0;
    this.#inSnapshot = false;
    this.#forgetFlight();
  }

  add(batch: Batch): void {
    if (batch.e !== this.#epoch || this.#epoch === 0) return;
    const json = JSON.stringify(batch);
    const snapshot = this.#inSnapshot;
    if (snapshot && batch.o.some((op) => op[0] === Op.Complete)) this.#inSnapshot = false;
    if (this.#held.length === 0) this.#progressAt = this.o.clock.now();
    this.#held.push({ s: batch.s, json, at: this.o.clock.now(), snapshot });
    this.#added = batch.s;
    if (snapshot) this.#snapshotBytes += json.length;
    else this.#liveBytes += json.length;
    if (json.length > kMessageBytes || this.#snapshotBytes > kSnapshotBytes) return this.#fail('too_large');
    if (this.#liveBytes > kWindowBytes) return this.#fail('fresh');
    this.#pump();
  }

  /** The wire is gone: everything without a receipt will be sent again. */
  offline(): void {
    this.#online = false;
    this.#forgetFlight();
  }

  /** The wire is back; the server expects batch `next` of our epoch. */
  online(next: number): void {
    this.#online = true;
    this.#rewind(next);
  }

  /** To be called about once a second. */
  tick(): void {
    const now = this.o.clock.now();
    const oldest = this.#held[0];
    if (oldest && now - oldest.at > kWindowMs && now - this.#progressAt > kWindowMs) this.#fail('fresh');
  }

  #forgetFlight(): void {
    ++this.#generation;
    this.#inFlight = this.#inFlightBytes = this.#cursor = 0;
    this.o.clock.clear(this.#retry);
    this.#retry = undefined;
  }

  #fail(what: Trouble): void {
    this.close();
    this.o.trouble(what);
  }

  #drop(upTo: number): boolean {
    let n = 0;
    for (; n < this.#held.length && this.#held[n]!.s <= upTo; ++n) {
      const held = this.#held[n]!;
      if (held.snapshot) this.#snapshotBytes -= held.json.length;
      else this.#liveBytes -= held.json.length;
    }
    if (n === 0) return false;
    this.#held.splice(0, n);
    this.#cursor = Math.max(0, this.#cursor - n);
    this.#progressAt = this.o.clock.now();
    this.#gaps = 0;
    this.#delay = 250;
    return true;
  }

  #rewind(next: number): void {
    const first = this.#held[0]?.s ?? this.#added + 1;
    if (!Number.isInteger(next) || next < first || next > this.#added + 1) return this.#fail('fresh');
    this.#drop(next - 1);
    this.#forgetFlight();
    this.#pump();
  }

  #pump(): void {
    while (this.#online && this.#retry === undefined && this.#cursor < this.#held.length && this.#inFlight < kInFlight) {
      const held = this.#held[this.#cursor]!;
      if (this.#inFlight > 0 && this.#inFlightBytes + held.json.length > kInFlightBytes) return;
      ++this.#cursor;
      ++this.#inFlight;
      this.#inFlightBytes += held.json.length;
      this.#sent = Math.max(this.#sent, held.s);
      const { s } = held;
      const size = held.json.length;
      const epoch = this.#epoch;
      const generation = this.#generation;
      this.o.send(held.json, (error) => {
        if (epoch !== this.#epoch) return;
        if (generation === this.#generation) {
          --this.#inFlight;
          this.#inFlightBytes -= size;
        }
        this.#receipt(s, generation, error);
      });
    }
  }

  #receipt(s: number, generation: number, error: BusError | undefined): void {
    if (!error) {
      // The server folds in order, so a receipt stands for everything before it as well.
      this.#drop(s);
      return this.#pump();
    }
    if (generation !== this.#generation) return;
    switch (error.code) {
      case ErrorCode.SequenceGap:
        // The same gap again and again means that the two sides do not agree on what was sent.
        if (++this.#gaps > kGapsInARow) return this.#fail('fresh');
        return this.#rewind(Number(error.args[0]));
      case ErrorCode.EpochStale: return this.#fail('stale');
      case ErrorCode.StreamInvalid:
      case ErrorCode.SessionUnknown:
      case ErrorCode.SessionEnded: return this.#fail('ended');
      case ErrorCode.PageTooLarge:
      case ErrorCode.MessageTooLarge: return this.#fail('too_large');
      case ErrorCode.ChecksumMismatch:
      case ErrorCode.ConsentNeeded:
      case ErrorCode.WrongState: return this.#fail('wait');
      case ErrorCode.NotJoined:
      case ErrorCode.UserTokenUnknown:
        this.offline();
        return this.o.trouble('unbound');
      default:
        // Lost, late, rate limited, stopping: again after a pause that grows. A break of the wire comes as offline().
        this.#forgetFlight();
        this.#retry = this.o.clock.set(() => {
          this.#retry = undefined;
          this.#pump();
        }, this.#delay);
        this.#delay = Math.min(this.#delay * 2, 4000);
    }
  }
}
