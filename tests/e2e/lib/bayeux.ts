/** A bare Bayeux client over one WebSocket, that sends what a well-behaved library would not. */
import WebSocket from 'ws';
import { until } from './server.ts';

export type Message = Record<string, unknown> & { channel: string; id?: string; successful?: boolean; error?: string; data?: unknown };

export class RawBayeux {
  readonly received: Message[] = [];
  clientId = '';
  closed: { code: number; reason: string } | undefined;
  private next = 1;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      for (const message of JSON.parse(String(data)) as Message[]) this.received.push(message);
    });
    socket.on('close', (code, reason) => { this.closed = { code, reason: String(reason) }; });
    socket.on('error', () => undefined);
  }

  static async connect(url: string, options: { origin?: string; token?: string; handshake?: boolean; ca?: string | undefined } = {}): Promise<RawBayeux> {
    // *.localhost is resolved by browsers, not by Node.
    const target = new URL(url);
    const { host, hostname } = target;
    target.hostname = '127.0.0.1';
    const socket = new WebSocket(target, {
      headers: { Host: host, ...(options.origin ? { Origin: options.origin } : {}) },
      ...(options.ca === undefined ? {} : { ca: options.ca, servername: hostname }),
    });
    const client = new RawBayeux(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    if (options.handshake !== false) {
      const reply = await client.ask({
        channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['websocket'],
        ...(options.token ? { ext: { twinpane: { v: 1, token: options.token } } } : {}),
      });
      client.clientId = String(reply['clientId'] ?? '');
      if (reply.successful) {
        await client.ask({ channel: '/meta/connect', connectionType: 'websocket', advice: { timeout: 0 } });
        client.send({ channel: '/meta/connect', connectionType: 'websocket' });
      }
    }
    return client;
  }

  send(message: Partial<Message>): string {
    const id = String(this.next++);
    this.raw(JSON.stringify([{ id, ...(this.clientId ? { clientId: this.clientId } : {}), ...message }]));
    return id;
  }

  raw(text: string): void {
    this.socket.send(text);
  }

  /** Sends and waits for the reply (the message of the same id without data). */
  async ask(message: Partial<Message>): Promise<Message> {
    const id = this.send(message);
    const find = () => this.received.find((m) => m.id === id && m.data === undefined);
    await until(find, 10_000, `the reply on ${message.channel}`);
    return find()!;
  }

  /** A verb: its answer's data, or the failed reply. */
  async verb(channel: string, data: unknown): Promise<{ ok: boolean; error?: string; data?: Record<string, unknown> }> {
    const id = this.send({ channel, data });
    const reply = () => this.received.find((m) => m.id === id && m.data === undefined);
    const answer = () => this.received.find((m) => m.id === id && m.data !== undefined);
    await until(() => (reply()?.successful === false ? true : reply() && answer()), 10_000, `the answer on ${channel}`);
    if (reply()?.successful === false) return { ok: false, error: String(reply()!.error) };
    return { ok: true, data: answer()!.data as Record<string, unknown> };
  }

  events(type: string): Record<string, unknown>[] {
    return this.received.filter((m) => m.channel === '/service/session/event').map((m) => m.data as Record<string, unknown>).filter((d) => d['type'] === type);
  }

  close(): void {
    this.socket.terminate();
  }
}

/** fetch() that reaches *.localhost from Node. */
export async function call(url: string, init: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array; ca?: string | undefined } = {}) {
  const target = new URL(url);
  const { request } = target.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string; json: () => Record<string, unknown> }>((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1', port: target.port, path: target.pathname + target.search, method: init.method ?? 'GET', agent: false,
      ...(init.ca === undefined ? {} : { ca: init.ca, servername: target.hostname }),
      headers: { Host: target.host, ...(init.body !== undefined ? { 'Content-Type': 'application/json' } : {}), ...init.headers },
    }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) as Record<string, unknown> });
      });
    });
    outgoing.setTimeout(15_000, () => outgoing.destroy(new Error(`no answer from ${url}`)));
    outgoing.on('error', reject);
    outgoing.end(init.body);
  });
}

export async function login(server: { internalUrl: string; login: string; password: string; ca?: string | undefined }): Promise<string> {
  const answer = await call(`${server.internalUrl}/cobrowse/rest/auth/login`, {
    method: 'POST', body: JSON.stringify({ login: server.login, password: server.password }), ca: server.ca,
  });
  if (answer.status !== 200) throw new Error(`login: ${answer.status} ${answer.text}`);
  return String(answer.json()['accessToken']);
}
