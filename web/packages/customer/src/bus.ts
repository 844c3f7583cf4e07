import type { ActMessage, SessionEvent } from '@twinpane/protocol';

/** Why a call or a publish did not succeed. `code` is missing when no answer of the server's came (lost, timed out). */
export class BusError extends Error {
  constructor(
    readonly code: number | undefined,
    readonly args: readonly string[] = [],
  ) {
    super(code === undefined ? 'no answer' : `error ${String(code)}`);
  }
}

export interface BusHandlers {
  /** Messages can be sent now. Called after each (re)connection; the caller has to bind itself again. */
  up(): void;
  /** Nothing gets through; the bus keeps trying by itself. */
  down(): void;
  event(event: SessionEvent): void;
  act(message: ActMessage): void;
}

/** The wire to the server: one connection that heals itself, until close(). */
export interface Bus {
  /** Connects to `base` (absolute URL without trailing slash); an earlier connection is closed first. */
  open(base: string, handlers: BusHandlers): void;
  /** Verb on `/service/session/<verb>`; rejects with {@link BusError}. */
  call<T>(verb: string, data: object): Promise<T>;
  /** Publishes a batch, given as JSON text; `done` is called exactly once. */
  publish(json: string, done: (error?: BusError) => void): void;
  close(): void;
}

/** Clock and timers, so that tests need no waiting. Milliseconds. */
export interface Clock {
  now(): number;
  set(fn: () => void, ms: number): unknown;
  clear(handle: unknown): void;
}
