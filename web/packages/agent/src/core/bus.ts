/** What the session needs from a Bayeux connection. The real one is {@link CometBus} in comet-bus.ts. */
import { errorText, parseError } from '@twinpane/protocol';

export interface BusHandlers {
  /** The connection is there (again); bind to the session now. */
  up(): void;
  /** The connection broke; the bus is already trying to get it back. */
  down(): void;
  /** The server will not have us; the bus has stopped. */
  refused(error: BusError): void;
  /** A data message that is no answer to a call. */
  message(channel: string, data: unknown): void;
}

export interface Bus {
  start(handlers: BusHandlers): void;
  /** Says good-bye and stops for good. */
  stop(): void;
  /** Publishes and waits for the answer, a data message with the same id. Rejects with a BusError. */
  call(channel: string, data: unknown): Promise<unknown>;
  /** Publishes and waits for the receipt. Rejects with a BusError. */
  publish(channel: string, data: unknown): Promise<void>;
  /** Drops a connection that has gone silent, so that it is built anew. */
  kick(): void;
}

/** `code` 0: not a numbered error of the server's. `lost`: it never got an answer. */
export class BusError extends Error {
  constructor(readonly code: number, readonly lost: boolean, message: string, readonly args: string[] = []) {
    super(message);
  }

  static fromReply(error: string | undefined): BusError {
    const parsed = parseError(error);
    if (!parsed) return new BusError(0, false, error ? `The server said: ${error}` : 'The server said no.');
    return new BusError(parsed.code, false, errorText[parsed.code] ?? parsed.name, parsed.args);
  }

  static lost(): BusError {
    return new BusError(0, true, 'The connection broke.');
  }
}

/** Publishes on this channel do nothing at the server; the receipt's round trip is the latency. */
export const PING_CHANNEL = '/service/ping';
