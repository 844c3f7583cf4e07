/** Draws its host again every second while it is connected, for running times. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export class Ticker implements ReactiveController {
  #handle: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#handle = setInterval(() => this.host.requestUpdate(), 1000);
  }

  hostDisconnected(): void {
    clearInterval(this.#handle);
  }
}

/** Draws its host again when a source of changes fires. The source may be replaced. */
export class Watch implements ReactiveController {
  #off: (() => void) | undefined;
  #source: { on(listener: () => void): () => void } | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly source: () => { on(listener: () => void): () => void } | undefined,
    private readonly changed?: () => void,
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    const source = this.source();
    if (source === this.#source) return;
    this.#off?.();
    this.#source = source;
    this.#off = source?.on(() => {
      this.changed?.();
      this.host.requestUpdate();
    });
  }

  hostConnected(): void {
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#off?.();
    this.#off = undefined;
    this.#source = undefined;
  }
}
