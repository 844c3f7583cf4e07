/** A Bayeux session over any transport, on the raw clients: it adds ids and sorts what comes, and decides nothing. */
import { PATIENCE } from './bytes.ts';
import { Http, type Answer } from './http.ts';
import { Opcode, Socket } from './websocket.ts';

export type Message = Record<string, unknown>;
export const kinds = ['websocket', 'long-polling', 'callback-polling'] as const;
export type Kind = (typeof kinds)[number];

export function webSocketUrl(url: URL): URL {
  const socket = new URL(url);
  socket.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return socket;
}

/** `callback([...])`, with the comment before and the semicolon after that some servers add, as JSON text. */
export function unwrapCallback(text: string, callback: string): string {
  const body = text.replace(/^\/\*\*\//, '').trim().replace(/;$/, '');
  if (!body.startsWith(`${callback}(`) || !body.endsWith(')')) throw new Error(`not wrapped in ${callback}(): ${text.slice(0, 60)}`);
  return body.slice(callback.length + 1, -1);
}

/** The server's refusal of a whole transport message. */
export class Refused extends Error {
  constructor(readonly answer: Answer) { super(`HTTP ${answer.status}: ${answer.body.toString('utf8').slice(0, 200)}`); }
}

let ids = 0;

export class Session {
  clientId = '';
  advice: Message = {};
  /** Messages with data, in the order in which they came. */
  readonly data: Message[] = [];
  /** Replies and other messages without data. */
  readonly replies: Message[] = [];
  /** Transport messages as they came. */
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | undefined;
  private readonly waiting = new Map<string, { done: (message: Message) => void; failed: (error: Error) => void }>();
  private idle: Http[] = [];
  private readonly opened: { close(): void }[] = [];
  /** What the server has set, as it goes back: "name=value; name=value". */
  cookies = '';
  /** The page that the requests seem to come from. */
  origin: string | undefined;
  private ended = false;
  socket: Socket | undefined;

  constructor(readonly url: URL, public kind: Kind) {}

  /** What requests beside the session's own must carry to count as its own. */
  get headers(): Record<string, string> {
    return { ...(this.cookies ? { Cookie: this.cookies } : {}), ...(this.origin ? { Origin: this.origin } : {}) };
  }

  /** From now on over `kind`, on new connections. */
  async moveTo(kind: Kind): Promise<void> {
    this.kind = kind;
    this.idle = [];
    if (kind !== 'websocket') return;
    const socket = await Socket.open(webSocketUrl(this.url), this.headers);
    this.opened.push(socket);
    this.socket = socket;
    this.closed = undefined;
    void this.listen(socket);
  }

  private async listen(socket: Socket): Promise<void> {
    try {
      for (;;) {
        const got = await socket.message(24 * 3_600_000);
        if (got.opcode === Opcode.text) this.take(got.payload.toString('utf8'));
        if (got.opcode === Opcode.close) {
          if (this.socket === socket) this.closed = { code: got.payload.length > 1 ? got.payload.readUInt16BE(0) : 1005, reason: got.payload.subarray(2).toString('utf8') };
          socket.close();
          break;
        }
      }
    } catch (error) {
      if (this.socket === socket) this.closed ??= { code: 1006, reason: String(error) };
    }
    if (this.socket !== socket) return;
    for (const [id, { failed }] of this.waiting) failed(new Error(`the WebSocket was closed before the reply to message ${id}`));
    this.waiting.clear();
  }

  private take(text: string): Message[] {
    this.texts.push(text);
    const messages = JSON.parse(text) as Message[];
    if (!Array.isArray(messages)) throw new Error(`not an array: ${text.slice(0, 60)}`);
    for (const message of messages) {
      if ('data' in message) {
        this.data.push(message);
        continue;
      }
      this.replies.push(message);
      if (message['advice']) this.advice = message['advice'] as Message;
      const id = String(message['id']);
      this.waiting.get(id)?.done(message);
      this.waiting.delete(id);
    }
    return messages;
  }

  /** Posts text (or, for callback-polling, gets with it) and returns the messages of the answer. Throws Refused. */
  private async poll(text: string): Promise<Message[]> {
    const http = this.idle.pop() ?? await Http.open(this.url);
    this.opened.push(http);
    const get = this.kind === 'callback-polling';
    if (get) http.send('GET', `${this.url.pathname}?jsonp=back&message=${encodeURIComponent(text)}`, this.headers);
    else http.send('POST', this.url.pathname, { 'Content-Type': 'application/json', ...this.headers }, text);
    const answer = await http.answer('POST', 24 * 3_600_000);
    if (answer.cookies.length) this.cookies = answer.cookies.join('; ');
    if (answer.status !== 200) throw new Refused(answer);
    this.idle.push(http);
    const body = answer.body.toString('utf8');
    return this.take(get ? unwrapCallback(body, 'back') : body);
  }

  /** One transport message as it is; over HTTP with the messages of the answer, on a WebSocket with nothing. */
  async raw(text: string): Promise<Message[]> {
    if (this.kind !== 'websocket') return this.poll(text);
    this.socket?.text(text);
    return [];
  }

  private complete(message: Message): Message {
    return {
      ...(message['channel'] === '/meta/handshake' ? {} : { clientId: this.clientId }),
      id: String((ids += 1)),
      ...(message['channel'] === '/meta/connect' ? { connectionType: this.kind } : {}),
      ...message,
    };
  }

  private reply(id: string): Promise<Message> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { if (!this.ended) reject(new Error(`no reply to message ${id}`)); }, PATIENCE);
      this.waiting.set(id, {
        done: (message) => { clearTimeout(timer); resolve(message); },
        failed: (error) => { clearTimeout(timer); reject(error); },
      });
    });
  }

  /** Sends messages together, with client id and ids; their replies, each matched by its id. Throws Refused. */
  async askAll(...messages: Message[]): Promise<Message[]> {
    const whole = messages.map((message) => this.complete(message));
    if (this.kind === 'websocket') {
      const replies = Promise.all(whole.map((message) => this.reply(String(message['id']))));
      this.socket?.text(JSON.stringify(whole));
      return replies;
    }
    const answer = await this.poll(JSON.stringify(whole));
    return whole.map((message) => {
      const found = answer.find((one) => String(one['id']) === String(message['id']) && !('data' in one));
      if (!found) throw new Error(`no reply to ${String(message['channel'])} in ${JSON.stringify(answer)}`);
      return found;
    });
  }

  async ask(message: Message): Promise<Message> { return (await this.askAll(message))[0]!; }

  async handshake(more: Message = {}): Promise<Message> {
    if (this.kind === 'websocket' && !this.socket) await this.moveTo('websocket');
    const reply = await this.ask({ channel: '/meta/handshake', version: '1.0', minimumVersion: '1.0', supportedConnectionTypes: [this.kind], ...more });
    if (reply['successful'] === true) this.clientId = String(reply['clientId']);
    return reply;
  }

  connect(more: Message = {}): Promise<Message> { return this.ask({ channel: '/meta/connect', ...more }); }
  /** A connect that is to be answered at once. */
  connectNow(more: Message = {}): Promise<Message> { return this.connect({ advice: { timeout: 0 }, ...more }); }
  subscribe(subscription: unknown): Promise<Message> { return this.ask({ channel: '/meta/subscribe', subscription }); }
  unsubscribe(subscription: unknown): Promise<Message> { return this.ask({ channel: '/meta/unsubscribe', subscription }); }
  publish(channel: string, data: unknown, more: Message = {}): Promise<Message> { return this.ask({ channel, data, ...more }); }
  disconnect(): Promise<Message> { return this.ask({ channel: '/meta/disconnect' }); }

  /** Sends connects, one after the other, until the session ends or the case does. */
  pump(): void {
    void (async () => {
      while (!this.ended) {
        const reply = await this.connect().catch(() => undefined);
        if (reply?.['successful'] !== true || (reply['advice'] as Message | undefined)?.['reconnect'] === 'none') return;
      }
    })();
  }

  end(): void {
    this.ended = true;
    for (const one of this.opened) one.close();
  }
}
