/** One load of the viewer's iframe: hands over a port, passes messages both ways, notices when nobody answers. */
import type { FromViewer, ToViewer, ViewerInit } from '@twinpane/protocol';
import type { ViewerPort } from '../core/session-client.ts';

const READY_MS = 10_000;

export interface ViewerHostHandlers {
  message(message: FromViewer): void;
  /** The shell did not answer: wrong address, blocked, or not a viewer. */
  silent(): void;
}

export class ViewerHost implements ViewerPort {
  readonly #channel = new MessageChannel();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(frame: HTMLIFrameElement, origin: string, resources: string, handlers: ViewerHostHandlers) {
    this.#timer = setTimeout(() => handlers.silent(), READY_MS);
    this.#channel.port1.onmessage = (event: MessageEvent<FromViewer>) => {
      if (event.data.t === 'ready') clearTimeout(this.#timer);
      handlers.message(event.data);
    };
    const init: ViewerInit = { type: 'twinpane-viewer', v: 1, resources };
    frame.contentWindow?.postMessage(init, origin, [this.#channel.port2]);
  }

  post(message: ToViewer): void {
    this.#channel.port1.postMessage(message);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#channel.port1.close();
  }
}
