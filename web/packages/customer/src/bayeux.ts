import { Channel, parseError, type ActMessage, type SessionEvent } from '@twinpane/protocol';
import { BusError, type Bus, type BusHandlers, type Clock } from './bus.ts';

/** How long a WebSocket may take to open and carry the handshake before polling is tried. */
const kOpenMs = 4000;
/** How long any reply may take; a connect may take the server's hold on top. */
const kReplyMs = 8000;
const kHoldMs = 60_000;
const kBackoff = { first: 250, factor: 1.5, max: 4000 };
/** One poll request carries what has gathered meanwhile, up to this many characters (or one message). */
const kBodyChars = 512 * 1024;
/** A WebSocket that has worked before gets this many failures in a row before polling is tried. */
const kTrust = 3;

interface Reply {
  channel: string;
  id?: string;
  clientId?: string;
  successful?: boolean;
  error?: string;
  data?: unknown;
  advice?: { reconnect?: 'retry' | 'handshake' | 'none'; interval?: number; timeout?: number };
}

interface Pending {
  /** Waits for an answer with data; otherwise the reply is enough. */
  call: boolean;
  timer: unknown;
  done(reply: Reply | undefined): void;
}

/** Carries JSON texts of messages; `receive` gets parsed arrays, `lost` is called once when it has failed. */
interface Transport {
  readonly type: 'websocket' | 'long-polling';
  /** `connect`: this one is answered late. */
  send(message: string, connect: boolean): void;
  close(farewell?: string): void;
}

export interface BayeuxOptions {
  clock: Clock;
  /** Missing where the browser or a policy took it away. */
  WebSocket: (new (url: string) => WebSocket) | undefined;
  fetch: typeof fetch;
}

/**
 * {@link Bus} as a Bayeux 1.0 client: WebSocket first, long-polling where that does not get through. A break of any
 * kind leads to a new handshake; whoever uses it binds himself again, so nothing depends on the old Bayeux session.
 */
export class BayeuxBus implements Bus {
  #link: Link | undefined;

  constructor(private readonly o: BayeuxOptions) {}

  open(base: string, handlers: BusHandlers): void {
    this.close();
    this.#link = new Link(`${base}/cometd`, handlers, this.o);
  }

  call<T>(verb: string, data: object): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#send(`/service/session/${verb}`, JSON.stringify(data), true, (error, answer) => {
        if (error) reject(error);
        else resolve(answer as T);
      });
    });
  }

  publish(json: string, done: (error?: BusError) => void): void {
    this.#send(Channel.Page, json, false, done);
  }

  close(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  #send(channel: string, json: string, call: boolean, done: (error?: BusError, answer?: unknown) => void): void {
    if (!this.#link) return done(new BusError(undefined));
    this.#link.send(channel, json, call, (reply) => {
      if (reply && reply.successful !== false) return done(undefined, reply.data);
      const error = parseError(reply?.error);
      done(error ? new BusError(error.code, error.args) : new BusError(undefined));
    });
  }
}

class Link {
  #transport: Transport | undefined;
  #clientId: string | undefined;
  #ids = 0;
  #pending = new Map<string, Pending>();
  #timer: unknown;
  #delay = kBackoff.first;
  #up = false;
  #closed = false;
  /** A WebSocket carried a handshake; it did not, but polling did; failures since it last did. */
  #webSocketWorked = false;
  #webSocketBlocked = false;
  #webSocketFailures = 0;
  #hold = kHoldMs;

  constructor(private readonly url: string, private readonly handlers: BusHandlers, private readonly o: BayeuxOptions) {
    this.#begin();
  }

  send(channel: string, json: string, call: boolean, done: (reply: Reply | undefined) => void): void {
    if (!this.#transport || this.#clientId === undefined) return done(undefined);
    this.#post(channel, `"clientId":${JSON.stringify(this.#clientId)},"data":${json}`, call, done);
  }

  close(): void {
    this.#closed = true;
    this.o.clock.clear(this.#timer);
    const id = this.#clientId;
    const farewell = id === undefined ? undefined : `[{"channel":"/meta/disconnect","id":"0","clientId":${JSON.stringify(id)}}]`;
    this.#transport?.close(farewell);
    this.#transport = undefined;
    this.#clientId = undefined;
    this.#fail();
  }

  #begin(): void {
    const socket = this.o.WebSocket && !this.#webSocketBlocked && (!this.#webSocketWorked || this.#webSocketFailures < kTrust);
    this.#shake(socket ? 'websocket' : 'long-polling');
  }

  #shake(type: Transport['type']): void {
    const receive = (replies: unknown): void => {
      if (this.#transport !== transport) return;
      try {
        for (const reply of replies as Reply[]) {
          this.#receive(reply);
          if (this.#transport !== transport) return;
        }
      } catch {
        // Not Bayeux. Nothing of it may end up in the site's error reports.
        lost();
      }
    };
    const lost = (): void => {
      if (this.#transport === transport) this.#lost();
    };
    const transport: Transport = type === 'websocket' ? new Socket(this.url, this.o, receive, lost) : new Poll(this.url, this.o, receive, lost);
    this.#transport = transport;
    this.#post('/meta/handshake', `"version":"1.0","supportedConnectionTypes":["${type}"],"ext":{"twinpane":{"v":1}}`, false, (reply) => {
      if (this.#transport !== transport) return;
      if (reply?.successful !== true || typeof reply.clientId !== 'string') return this.#lost();
      this.#clientId = reply.clientId;
      if (type === 'websocket') {
        this.#webSocketWorked = true;
        this.#webSocketFailures = 0;
      } else if (!this.#webSocketWorked) this.#webSocketBlocked = true;
      this.#up = true;
      // Asks for an answer at once, so that the server holds this session to be connected.
      this.#connect(0);
      this.handlers.up();
    }, kOpenMs);
  }

  #connect(timeout?: number): void {
    if (!this.#transport) return;
    const advice = timeout === undefined ? '' : `,"advice":{"timeout":${String(timeout)}}`;
    const transport = this.#transport;
    this.#post('/meta/connect', `"clientId":${JSON.stringify(this.#clientId)},"connectionType":"${transport.type}"${advice}`, false, (reply) => {
      if (this.#transport !== transport) return;
      if (reply?.successful !== true || (reply.advice?.reconnect ?? 'retry') !== 'retry') return this.#lost();
      this.#delay = kBackoff.first;
      const interval = reply.advice?.interval ?? 0;
      if (interval > 0) this.#after(interval, () => { this.#connect(); });
      else this.#connect();
    }, kReplyMs + (timeout ?? this.#hold));
  }

  #post(channel: string, fields: string, call: boolean, done: Pending['done'], ms = kReplyMs): void {
    const id = String(++this.#ids);
    // No reply in time: whatever it is that stands open, nothing gets through it.
    const timer = this.o.clock.set(() => { this.#lost(); }, ms);
    this.#pending.set(id, { call, timer, done });
    this.#transport!.send(`{"channel":"${channel}","id":"${id}",${fields}}`, channel === '/meta/connect');
  }

  #receive(reply: Reply): void {
    if (typeof reply.advice?.timeout === 'number') this.#hold = reply.advice.timeout;
    const pending = reply.id === undefined ? undefined : this.#pending.get(reply.id);
    const own = reply.channel.startsWith('/meta/') || reply.data === undefined;
    if (pending && (own ? !pending.call || reply.successful === false : pending.call)) {
      this.#pending.delete(reply.id!);
      this.o.clock.clear(pending.timer);
      pending.done(reply);
    } else if (reply.channel === '/meta/disconnect') this.#lost();
    else if (!own && this.#up) {
      if (reply.channel === Channel.Event) this.handlers.event(reply.data as SessionEvent);
      else if (reply.channel === Channel.Act) this.handlers.act(reply.data as ActMessage);
    }
  }

  /** The transport failed, or what it carried made no sense: fall back or start again, ever more slowly. */
  #lost(): void {
    const transport = this.#transport;
    if (!transport || this.#closed) return;
    const wasUp = this.#up;
    this.#transport = undefined;
    this.#clientId = undefined;
    this.#up = false;
    transport.close();
    if (transport.type === 'websocket') ++this.#webSocketFailures;
    this.#fail();
    if (wasUp) this.handlers.down();
    if (this.#closed) return;
    if (transport.type === 'websocket' && !wasUp && !this.#webSocketWorked) return this.#shake('long-polling');
    if (transport.type === 'long-polling') {
      this.#webSocketFailures = 0;
      // It may have been the server all the time.
      if (!wasUp) this.#webSocketBlocked = false;
    }
    const delay = this.#delay * (0.75 + Math.random() / 2);
    this.#delay = Math.min(this.#delay * kBackoff.factor, kBackoff.max);
    this.#after(delay, () => { this.#begin(); });
  }

  #fail(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { timer, done } of pending) {
      this.o.clock.clear(timer);
      done(undefined);
    }
  }

  #after(ms: number, fn: () => void): void {
    this.o.clock.clear(this.#timer);
    this.#timer = this.o.clock.set(fn, ms);
  }
}

type Receive = (replies: unknown) => void;

class Socket implements Transport {
  readonly type = 'websocket';
  #socket: WebSocket | undefined;
  #waiting: string[] | undefined = [];

  constructor(url: string, o: BayeuxOptions, receive: Receive, lost: () => void) {
    try {
      const socket = (this.#socket = new o.WebSocket!(url.replace(/^http/, 'ws')));
      socket.onopen = () => {
        for (const message of this.#waiting ?? []) socket.send(message);
        this.#waiting = undefined;
      };
      socket.onclose = socket.onerror = lost;
      socket.onmessage = (event) => {
        const replies = parse(event.data);
        if (replies === undefined) lost();
        else receive(replies);
      };
    } catch {
      o.clock.set(lost, 0);
    }
  }

  send(message: string): void {
    if (this.#waiting) this.#waiting.push(`[${message}]`);
    else this.#socket?.send(`[${message}]`);
  }

  close(farewell?: string): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onclose = socket.onerror = socket.onmessage = null;
    if (farewell !== undefined && this.#waiting === undefined) socket.send(farewell);
    socket.close();
  }
}

/** At most two requests at a time: the connect that the server holds, and one with all else, so that order is kept. */
class Poll implements Transport {
  readonly type = 'long-polling';
  #queue: string[] = [];
  #busy = false;
  #abort = new AbortController();

  constructor(private readonly url: string, private readonly o: BayeuxOptions, private readonly receive: Receive, private readonly lost: () => void) {}

  send(message: string, connect: boolean): void {
    if (connect) return void this.#request(`[${message}]`);
    this.#queue.push(message);
    void this.#pump();
  }

  close(farewell?: string): void {
    this.#queue = [];
    this.#abort.abort();
    // Has to outlive the page, perhaps.
    if (farewell !== undefined) this.#fetch(farewell, { keepalive: true }).catch(() => undefined);
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    // What is sent in one turn goes in one request.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      let size = 0;
      let count = 0;
      while (count < this.#queue.length && (count === 0 || size + this.#queue[count]!.length <= kBodyChars)) size += this.#queue[count++]!.length;
      if (!(await this.#request(`[${this.#queue.splice(0, count).join(',')}]`))) return;
    }
    this.#busy = false;
  }

  async #request(body: string): Promise<boolean> {
    const { signal } = this.#abort;
    try {
      const answer = await this.#fetch(body, { signal });
      const replies = answer.ok ? parse(await answer.text()) : undefined;
      if (signal.aborted) return false;
      if (replies !== undefined) {
        this.receive(replies);
        return true;
      }
    } catch {
      // Refused, cut or aborted: all the same.
    }
    if (!signal.aborted) this.lost();
    return false;
  }

  /** Without credentials: no cookie of the server's is ever needed, or wanted on a customer's site. */
  #fetch(body: string, more: RequestInit): Promise<Response> {
    return this.o.fetch(this.url, { method: 'POST', body, credentials: 'omit', headers: { 'Content-Type': 'application/json' }, ...more });
  }
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
