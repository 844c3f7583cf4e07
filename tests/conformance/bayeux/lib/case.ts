/** Cases and what they are given. */
import assert from 'node:assert/strict';
import { PATIENCE } from './bytes.ts';
import { Http, type Answer } from './http.ts';
import { Refused, Session, webSocketUrl, type Kind, type Message } from './session.ts';
import { Socket } from './websocket.ts';

/** What is known about the server under test. */
export interface Server {
  url: URL;
  /** Transports it offers, and what else `probe` or --features found. */
  features: Set<string>;
  /** As advised to clients, in ms. */
  timeout: number;
  /** In ms: how long it keeps a silent session (beyond the interval). */
  maxInterval: number;
  /** The largest transport message that it takes, in bytes, if known. */
  maxMessage: number | undefined;
}

export interface Case {
  name: string;
  run: (t: Context) => Promise<void>;
  needs: string[];
  /** It waits for the server's time-outs, so it wants a server with short ones. */
  clock: boolean;
}

export const cases: Case[] = [];

export function define(name: string, run: (t: Context) => Promise<void>, options: { needs?: string[]; clock?: boolean } = {}): void {
  assert(!cases.some((one) => one.name === name), `two cases are called ${name}`);
  cases.push({ name, run, needs: options.needs ?? [], clock: options.clock ?? false });
}

/** One case per transport. */
export function each(over: readonly Kind[], name: string, run: (t: Context, kind: Kind) => Promise<void>, options: { needs?: string[]; clock?: boolean } = {}): void {
  for (const kind of over) define(`${name} [${kind}]`, (t) => run(t, kind), { ...options, needs: [kind, ...(options.needs ?? [])] });
}

export const both = ['long-polling', 'websocket'] as const satisfies readonly Kind[];
export const all = ['long-polling', 'websocket', 'callback-polling'] as const satisfies readonly Kind[];

let names = 0;

export const JSON_TYPE = { 'Content-Type': 'application/json' };

export class Context {
  private readonly cleanups: (() => void)[] = [];
  private readonly root = `/conf${process.pid.toString(36)}${Date.now().toString(36)}x${(names += 1).toString(36)}`;

  constructor(readonly server: Server) {}

  get url(): URL { return this.server.url; }

  /** A channel that no other case uses. */
  channel(below = '/a'): string { return `${this.root}${below}`; }

  async http(): Promise<Http> {
    const http = await Http.open(this.url);
    this.cleanups.push(() => http.close());
    return http;
  }

  /** One POST on a connection of its own. Objects are sent as JSON. */
  async post(body: unknown, headers: Record<string, string> = JSON_TYPE, below = ''): Promise<Answer> {
    const http = await this.http();
    http.send('POST', this.url.pathname + below, headers, typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    return http.answer();
  }

  async get(query: string, headers: Record<string, string> = {}): Promise<Answer> {
    const http = await this.http();
    http.send('GET', `${this.url.pathname}?${query}`, headers);
    return http.answer('GET');
  }

  async socket(headers: Record<string, string | undefined> = {}): Promise<Socket> {
    const socket = await Socket.open(webSocketUrl(this.url), headers);
    this.cleanups.push(() => socket.close());
    return socket;
  }

  /** A session that has not shaken hands. */
  fresh(kind: Kind): Session {
    const session = new Session(this.url, kind);
    this.cleanups.push(() => session.end());
    return session;
  }

  /** A session that has shaken hands. */
  async shaken(kind: Kind, more: Message = {}): Promise<Session> {
    const session = this.fresh(kind);
    successful(await session.handshake(more));
    return session;
  }

  /** A session whose first connect has been answered too. */
  async session(kind: Kind = 'long-polling', more: Message = {}): Promise<Session> {
    const session = await this.shaken(kind, more);
    successful(await session.connectNow());
    return session;
  }

  /** A session that has subscribed and keeps connecting. */
  async listener(kind: Kind, ...subscriptions: string[]): Promise<Session> {
    const session = await this.session(kind);
    for (const one of subscriptions) successful(await session.subscribe(one));
    session.pump();
    return session;
  }

  async until(what: string, holds: () => boolean, patience = PATIENCE): Promise<void> {
    const deadline = Date.now() + patience;
    while (!holds()) {
      if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async received(session: Session, count: number): Promise<Message[]> {
    await this.until(`${count} messages; there are ${session.data.length}`, () => session.data.length >= count);
    return session.data;
  }

  /** Everything that `from` has published has come to `to`, if it comes at all: a message sent after it has. `to` must be connecting. */
  async fence(from: Session, to: Session): Promise<void> {
    const channel = this.channel(`/fence${(names += 1)}`);
    successful(await to.subscribe(channel));
    successful(await from.publish(channel, 'fence'));
    const found = (): number => to.data.findIndex((message) => message['channel'] === channel);
    await this.until('the fence', () => found() >= 0);
    to.data.splice(found(), 1);
  }

  /** The connect is not answered while the server has been asked `times` other things. */
  async stillHeld(connect: Promise<unknown>, session: Session, times = 3): Promise<void> {
    let answered = false;
    connect.then(() => { answered = true; }, () => { answered = true; });
    for (let i = 0; i < times; i += 1) await session.publish(this.channel('/nobody'), i);
    assert(!answered, 'the connect was answered at once, not held');
  }

  /** For what only time can bring about: the server's own time-outs. */
  pause(ms: number): Promise<void> { return new Promise((resolve) => setTimeout(resolve, ms)); }

  /** The server still serves others. */
  async alive(): Promise<void> {
    successful(await this.fresh('long-polling').handshake());
  }

  cleanUp(): void { for (const cleanUp of this.cleanups.splice(0).reverse()) cleanUp(); }
}

// --- what cases say ---

export function successful(reply: Message | undefined): void {
  assert(reply?.['successful'] === true, `not successful: ${JSON.stringify(reply)}`);
}

/** Refused like `refused`, or with the whole transport message by an HTTP status. */
export async function rejected(reply: Promise<Message>): Promise<void> {
  const answer = await reply.catch((error: unknown) => {
    if (error instanceof Refused && error.answer.status >= 400) return undefined;
    throw error;
  });
  if (answer) refused(answer);
}

/** Refused, with an error of the form "402:argument,argument:text", beginning with `code`. */
export function refused(reply: Message | undefined, code?: string): void {
  assert(reply?.['successful'] === false, `not refused: ${JSON.stringify(reply)}`);
  const error = String(reply['error']);
  assert.match(error, /^\d{3}:[^:]*(:[^:]+)+$/, `error is not "<digits>:<arguments>:<text>": ${error}`);
  if (code) assert(error.startsWith(`${code}:`), `error ${code} was expected, not ${error}`);
}

/** Advice that a client may put in the place of what it had: nothing is missing. */
export function completeAdvice(advice: unknown): asserts advice is { reconnect: string; interval: number; timeout: number } {
  const given = advice as Message | undefined;
  assert(given && typeof given === 'object', 'no advice');
  assert(['retry', 'handshake', 'none'].includes(String(given['reconnect'])), `advice.reconnect: ${JSON.stringify(given)}`);
  for (const name of ['interval', 'timeout']) {
    assert(Number.isInteger(given[name]) && (given[name] as number) >= 0, `advice.${name}: ${JSON.stringify(given)}`);
  }
}

export const messagesOf = (answer: Answer): Message[] => JSON.parse(answer.body.toString('utf8')) as Message[];
export const dataOf = (messages: Message[]): unknown[] => messages.map((message) => message['data']);
export const withData = (messages: Message[]): Message[] => messages.filter((message) => 'data' in message);
