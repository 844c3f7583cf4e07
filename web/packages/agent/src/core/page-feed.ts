/**
 * Keeps the viewer fed with one consistent page: fetch the snapshot, hold back the batches that arrive meanwhile, apply
 * them from the right number on, notice gaps and newer pages, fetch again. Pure: no DOM, no network, no clock of its own.
 */
import { ErrorCode, Op, type Batch, type ToViewer } from '@twinpane/protocol';
import { ApiError, type PageSink } from './api.ts';
import { backoff, type Clock } from './clock.ts';
import type { Trouble } from './session-state.ts';

export interface ServerPage { e: number; s: number; complete: boolean }

export interface FeedDeps {
  clock: Clock;
  /** Streams the snapshot; resolves at its end, rejects on failure or abort. */
  fetch(sink: PageSink, signal: AbortSignal): Promise<void>;
  post(message: ToViewer): void;
  /** Called before a fetch begins; false: the viewer is being replaced, {@link PageFeed.setReady} follows. */
  prepare(): boolean;
  /** Something that the screens show has changed. */
  changed(): void;
}

/** Batches held back during a fetch; one more and the fetch starts over, as the snapshot will then be newer. */
const MAX_HELD = 4096;
const MAX_TRIES = 8;
/** So many broken pictures within this time are not repaired by yet another fetch. */
const MAX_BROKEN = 3;
const BROKEN_WINDOW_MS = 15_000;

export class PageFeed {
  loading: { bytes: number; total: number | undefined } | undefined;
  trouble: Trouble | undefined;

  #ready = false;
  #open = false;
  #want: ServerPage | undefined;
  /** The newest batch the viewer was given; undefined while it holds no whole page. */
  #at: { e: number; s: number } | undefined;
  #paintedEpoch = 0;
  #fetching: { abort: AbortController; held: Batch[] } | undefined;
  #tries = 0;
  #cancelRetry: (() => void) | undefined;
  #broken: number[] = [];

  constructor(private readonly deps: FeedDeps) {}

  /** The viewer shows the page as it is now (not an old one, not a half one). */
  get current(): boolean {
    return this.#at !== undefined && this.#paintedEpoch === this.#at.e && this.#want?.e === this.#at.e;
  }

  /** The epoch for acts and acknowledgements; undefined while there is nothing to act on. */
  get epoch(): number | undefined {
    return this.#at?.e;
  }

  /** The viewer can take messages (a new one knows nothing), or is gone. */
  setReady(ready: boolean): void {
    this.#ready = ready;
    this.#drop();
    this.#start();
    this.deps.changed();
  }

  /** Pages may be fetched: bound to the session and the customer agreed. */
  setOpen(open: boolean): void {
    if (this.#open === open) return;
    this.#open = open;
    if (!open) this.#stopFetch();
    else if (!this.#upToDate) this.#start();
  }

  /** After (re)joining: what the server holds. Keeps the picture when it is that very one. */
  resume(page: ServerPage | null): void {
    this.#want = page ?? undefined;
    this.#tries = 0;
    if (this.#want && !this.#upToDate) this.#start();
    this.deps.changed();
  }

  /** A page began or became complete. */
  offer(page: ServerPage): void {
    if (this.#want && page.e < this.#want.e) return;
    const known = this.#want?.e === page.e && this.#want.complete;
    this.#want = page;
    if (page.complete && !known && this.#at?.e !== page.e) {
      this.#tries = 0;
      this.#start();
    } else if (!page.complete && this.#at?.e !== page.e) {
      this.#stopFetch();
    }
    this.deps.changed();
  }

  batch(batch: Batch): void {
    const fetching = this.#fetching;
    if (fetching) {
      if (fetching.held.length < MAX_HELD) {
        fetching.held.push(batch);
        return;
      }
    } else if (this.#apply(batch)) {
      return;
    }
    this.#start();
    this.deps.changed();
  }

  painted(epoch: number): void {
    if (this.#paintedEpoch === epoch || this.#at?.e !== epoch) return;
    this.#paintedEpoch = epoch;
    this.deps.changed();
  }

  /** The viewer could not apply what it was given. */
  broken(epoch: number): void {
    if (this.#at?.e !== epoch) return;
    const now = this.deps.clock.now();
    this.#broken = [...this.#broken.filter((at) => now - at < BROKEN_WINDOW_MS), now];
    if (this.#broken.length > MAX_BROKEN) {
      this.#drop();
      this.#fail({ code: ErrorCode.ChecksumMismatch, text: 'The picture differs from the page again and again.' });
      return;
    }
    this.#start();
    this.deps.changed();
  }

  /** The agent asks for a fresh picture. */
  retry(): void {
    this.#tries = 0;
    this.#broken = [];
    this.#start();
    this.deps.changed();
  }

  stop(): void {
    this.#open = false;
    this.#want = undefined;
    this.#drop();
  }

  get #upToDate(): boolean {
    return this.#at !== undefined && this.#at.e === this.#want?.e && this.#at.s >= this.#want.s;
  }

  /** False: `batch` does not follow on what the viewer has. */
  #apply(batch: Batch): boolean {
    const at = this.#at;
    if (!at || batch.e !== at.e || batch.s <= at.s) return true;
    if (batch.s !== at.s + 1) return false;
    at.s = batch.s;
    this.deps.post({ t: 'batch', batch });
    return true;
  }

  #start(): void {
    if (!this.#ready || !this.#open || !this.#want?.complete) return;
    this.#drop();
    this.trouble = undefined;
    if (!this.deps.prepare()) return;
    const fetching = { abort: new AbortController(), held: [] as Batch[] };
    this.#fetching = fetching;
    this.loading = { bytes: 0, total: undefined };
    const sink = new SnapshotSink((message) => this.deps.post(message), (bytes, total) => {
      if (this.#fetching !== fetching) return;
      this.loading = { bytes, total };
      this.deps.changed();
    });
    this.deps.fetch(sink, fetching.abort.signal).then(
      () => {
        if (this.#fetching === fetching) this.#finish(sink, fetching.held);
      },
      (error: unknown) => {
        if (this.#fetching === fetching) this.#retryLater(error);
      },
    );
  }

  #finish(sink: SnapshotSink, held: Batch[]): void {
    if (!sink.at || !sink.complete) {
      this.#retryLater(undefined);
      return;
    }
    this.#fetching = undefined;
    this.#tries = 0;
    this.loading = undefined;
    this.#at = sink.at;
    // A picture of this epoch that was painted before was dropped with the reset; wait for the new one's paint.
    this.#paintedEpoch = 0;
    if (!this.#want || this.#want.e < sink.at.e) this.#want = { ...sink.at, complete: true };
    for (const batch of held) {
      if (!this.#apply(batch)) {
        this.#start();
        break;
      }
    }
    this.deps.changed();
  }

  #retryLater(error: unknown): void {
    this.#drop();
    // The page went away; the event `page` announces the next one.
    if (error instanceof ApiError && (error.code === ErrorCode.NoPage || error.code === ErrorCode.EpochStale)) {
      if (this.#want) this.#want = { ...this.#want, complete: false };
      this.deps.changed();
      return;
    }
    if (++this.#tries >= MAX_TRIES) {
      this.#fail(error instanceof ApiError
        ? { code: error.code || error.status, text: error.message }
        : { code: 0, text: 'The page came only in part.' });
      return;
    }
    this.#cancelRetry = this.deps.clock.after(backoff(this.#tries), () => this.#start());
    this.deps.changed();
  }

  #fail(trouble: Trouble): void {
    this.trouble = trouble;
    this.deps.changed();
  }

  #stopFetch(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#fetching?.abort.abort();
    if (this.#fetching) this.#at = undefined;
    this.#fetching = undefined;
    this.loading = undefined;
  }

  #drop(): void {
    this.#stopFetch();
    this.#at = undefined;
    this.#paintedEpoch = 0;
  }
}

/** Passes the lines of one snapshot on and checks that they are one whole snapshot. */
class SnapshotSink implements PageSink {
  at: { e: number; s: number } | undefined;
  complete = false;

  constructor(
    private readonly post: (message: ToViewer) => void,
    readonly progress: (bytes: number, total: number | undefined) => void,
  ) {}

  batch(batch: Batch): void {
    if (!this.at) {
      if (batch.o[0]?.[0] !== Op.Begin) throw new Error('a snapshot begins with op 0');
      this.at = { e: batch.e, s: batch.s };
      this.post({ t: 'reset' });
    } else if (batch.e !== this.at.e || batch.s !== this.at.s) {
      throw new Error('lines of different snapshots');
    }
    this.complete = batch.o.some((op) => op[0] === Op.Complete);
    this.post({ t: 'batch', batch, snapshot: true });
  }
}
