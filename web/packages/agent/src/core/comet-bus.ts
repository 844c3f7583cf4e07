/** The bus on the stock CometD client. Re-connects and re-handshakes by itself: 250 ms more each time, at most 2 s. */
import { CometD, type Message } from 'cometd';
import { Channel, ErrorCode } from '@twinpane/protocol';
import { BusError, type Bus, type BusHandlers } from './bus.ts';

/** How often a handshake is denied for its token before we give up. */
const MAX_DENIED = 5;

export interface CometBusOptions {
  /** Absolute http(s) URL of the Bayeux end point. */
  url: string;
  /** The access token of this moment. */
  token(): string | undefined;
  /** Gets a new one; false: the agent has to log in again. Rejects when the server is away. */
  renew(): Promise<boolean>;
}

export class CometBus implements Bus {
  readonly #comet = new CometD();
  #handlers: BusHandlers | undefined;
  #up = false;
  #denied = 0;

  constructor(private readonly options: CometBusOptions) {}

  start(handlers: BusHandlers): void {
    this.#handlers = handlers;
    const comet = this.#comet;
    comet.configure({
      url: this.options.url,
      logLevel: 'warn',
      // Its worker comes from a blob: URL, which the desk's CSP refuses.
      useWorkerScheduler: false,
      appendMessageTypeToURL: false,
      connectTimeout: 5000,
      backoffIncrement: 250,
      maxBackoff: 2000,
      maxNetworkDelay: 10_000,
    });
    comet.registerExtension('twinpane', {
      outgoing: (message) => {
        if (message.channel === '/meta/handshake') {
          message.ext = { ...message.ext, twinpane: { v: 1, token: this.options.token() } };
        }
        return message;
      },
    });
    comet.addListener('/meta/handshake', (message) => this.#onHandshake(message));
    comet.addListener('/meta/connect', (message) => this.#onConnect(message));
    for (const channel of [Channel.Event, Channel.Page, Channel.Act]) {
      comet.addListener(channel, (message) => this.#handlers?.message(channel, message.data));
    }
    comet.handshake();
  }

  stop(): void {
    this.#handlers = undefined;
    this.#up = false;
    this.#comet.disconnect();
  }

  call(channel: string, data: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.#up) {
        reject(BusError.lost());
        return;
      }
      // CometD puts "/service" in front itself.
      this.#comet.remoteCall(channel.replace(/^\/service/, ''), data, (reply) => {
        if (reply.data !== undefined) resolve(reply.data);
        else reject(toError(reply));
      });
    });
  }

  publish(channel: string, data: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#up) {
        reject(BusError.lost());
        return;
      }
      this.#comet.publish(channel, data, (reply) => {
        if (reply.successful) resolve();
        else reject(toError(reply));
      });
    });
  }

  kick(): void {
    const transport = this.#comet.getTransport();
    if (transport && this.#up) transport.abort();
  }

  #setUp(up: boolean): void {
    if (this.#up === up) return;
    this.#up = up;
    if (up) this.#handlers?.up();
    else this.#handlers?.down();
  }

  #onHandshake(message: Message): void {
    if (!this.#handlers) return;
    if (message.successful) {
      this.#denied = 0;
      // A handshake makes a new Bayeux session that is bound to nobody: to those above it's a new connection.
      this.#setUp(false);
      this.#setUp(true);
      return;
    }
    this.#setUp(false);
    // Without `error` nobody answered; CometD tries again by itself.
    if (message.error === undefined) return;
    const error = toError(message);
    if (!/^401/.test(message.error)) {
      if (error.code === ErrorCode.ShuttingDown || error.code === ErrorCode.RateLimited) this.#again(2000);
      else this.#refuse(error);
      return;
    }
    if (++this.#denied > MAX_DENIED) {
      this.#refuse(error);
      return;
    }
    this.options.renew().then(
      (renewed) => (renewed ? this.#again(0) : this.#refuse(error)),
      () => this.#again(2000),
    );
  }

  #onConnect(message: Message): void {
    if (!this.#handlers) return;
    this.#setUp(message.successful === true);
  }

  /** CometD stops when the advice is "none"; where it goes on by itself there is nothing to do. */
  #again(ms: number): void {
    this.#comet.setTimeout(() => {
      if (this.#handlers && this.#comet.getStatus() === 'disconnected') this.#comet.handshake();
    }, ms);
  }

  #refuse(error: BusError): void {
    const handlers = this.#handlers;
    this.stop();
    handlers?.refused(error);
  }
}

function toError(reply: Message): BusError {
  return reply.error === undefined || /^406::/.test(reply.error) ? BusError.lost() : BusError.fromReply(reply.error);
}
