/** Paint acknowledgements: the newest one, at most four a second. */
import type { Clock } from './clock.ts';

const INTERVAL_MS = 250;

export class AckPacer {
  #last = -Infinity;
  #pending: { e: number; s: number } | undefined;
  #cancel: (() => void) | undefined;

  constructor(private readonly clock: Clock, private readonly send: (ack: { e: number; s: number }) => void) {}

  painted(e: number, s: number): void {
    this.#pending = { e, s };
    if (this.#cancel) return;
    const wait = this.#last + INTERVAL_MS - this.clock.now();
    if (wait <= 0) this.#flush();
    else {
      this.#cancel = this.clock.after(wait, () => {
        this.#cancel = undefined;
        this.#flush();
      });
    }
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#pending = undefined;
  }

  #flush(): void {
    if (!this.#pending) return;
    this.#last = this.clock.now();
    this.send(this.#pending);
    this.#pending = undefined;
  }
}
