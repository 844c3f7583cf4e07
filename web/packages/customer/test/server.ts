/// <reference types="node" />
// A small server for the browser tests: the site's pages, and Bayeux with the session verbs as docs/protocol says them.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Act, Batch, Consent, Mode } from '@twinpane/protocol';

interface Message {
  channel: string;
  id?: string;
  clientId?: string;
  data?: Record<string, unknown>;
  connectionType?: string;
  advice?: { timeout?: number };
}

interface Client {
  id: string;
  queue: object[];
  /** Sends what is queued: on the WebSocket, or by answering the poll that is held. */
  flush: () => void;
  bound: boolean;
}

const kNoStore = { 'Cache-Control': 'no-store' };

/** Site and co-browse server, on two origins. */
export class TestServer {
  pages = new Map<string, string>();
  /** `script-src 'nonce-x'` and so on for the site's pages; the placeholder {server} is the server's origin. */
  csp = "default-src 'none'; script-src 'nonce-n1'; style-src 'self'; img-src 'self'; connect-src {server} {ws}; base-uri 'none'";
  script: Uint8Array = new Uint8Array();
  webSocket = true;
  /** Answers nothing and takes nothing while true. */
  dead = false;
  /** Takes this site for one that is not on its list: no Bayeux, and nothing that a script of the site could read of the refusal. */
  stranger = false;

  requests: { verb: string; data: Record<string, unknown> }[] = [];
  batches: Batch[] = [];
  transports: string[] = [];
  resources = new Map<string, { type: string; bytes: Buffer }>();
  missingAsked = 0;
  epoch = 0;
  folded = 0;
  complete = false;
  consent: Consent = 'none';
  mode: Mode = 'pointer';
  agents: { userId: string; role: number; name: string }[] = [];
  formValues: 'private' | 'shown' = 'private';
  expiresIn = 600;
  ended = false;

  #ids = 0;
  #clients = new Map<string, Client>();
  #sockets = new Set<WebSocket>();
  #site: Server;
  #server: Server;
  #ws = new WebSocketServer({ noServer: true, maxPayload: 2 << 20 });

  constructor() {
    this.#site = createServer((q, a) => { this.#page(q, a); });
    this.#server = createServer((q, a) => { void this.#serve(q, a); });
    this.#server.on('upgrade', (request, socket, head) => {
      if (!this.webSocket || this.dead || this.stranger) return socket.destroy();
      this.#ws.handleUpgrade(request, socket, head, (ws) => { this.#accept(ws); });
    });
  }

  async start(): Promise<void> {
    for (const server of [this.#site, this.#server]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  }
  async stop(): Promise<void> {
    this.cut();
    for (const server of [this.#site, this.#server]) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  get site(): string { return `http://shop.localhost:${String((this.#site.address() as AddressInfo).port)}`; }
  get base(): string { return `http://cobrowse.localhost:${String((this.#server.address() as AddressInfo).port)}/cobrowse`; }
  get tag(): string { return `<script async nonce="n1" src="${this.base}/js/twinpane.min.js" data-url="${this.base}"></script>`; }

  /** Breaks every connection. With `forget` the Bayeux sessions are gone as after a restart. */
  cut(forget = false): void {
    for (const ws of this.#sockets) ws.terminate();
    this.#server.closeAllConnections();
    if (forget) this.#clients.clear();
  }

  event(event: object): void {
    this.#toCustomer({ channel: '/service/session/event', data: { v: 1, ...event } });
  }
  act(...acts: Act[]): void {
    this.#toCustomer({ channel: '/service/act', data: { v: 1, e: this.epoch, n: 1, from: 'u2', a: acts } });
  }
  get bound(): number { return [...this.#clients.values()].filter((c) => c.bound).length; }

  agentJoins(name = 'Ines Okafor'): void {
    const user = { userId: 'u2', role: 2, name };
    this.agents = [user];
    this.consent = 'asked';
    this.event({ type: 'joined', user });
    this.event({ type: 'consent', state: 'asked', user });
  }
  setMode(mode: Mode): void {
    this.mode = mode;
    this.event({ type: 'mode', state: 'changed', mode, by: 'u1' });
  }
  end(by: string, reason: string): void {
    this.ended = true;
    this.event({ type: 'deactivated', by, reason });
  }

  #toCustomer(message: object): void {
    for (const client of this.#clients.values()) {
      if (!client.bound) continue;
      client.queue.push(message);
      client.flush();
    }
  }

  #page(request: IncomingMessage, answer: ServerResponse): void {
    const path = new URL(request.url!, 'http://x').pathname;
    const html = this.pages.get(path);
    if (html === undefined) return void answer.writeHead(path === '/favicon.ico' ? 204 : 404).end();
    const type = path.endsWith('.css') ? 'text/css' : path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8';
    const origin = new URL(this.base).origin;
    answer.writeHead(200, {
      'Content-Type': type,
      ...(type.startsWith('text/html') && this.csp !== '' && { 'Content-Security-Policy': this.csp.replace('{server}', origin).replace('{ws}', origin.replace('http', 'ws')) }),
    });
    answer.end(html.replaceAll('{tag}', this.tag));
  }

  async #serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (this.dead) return void request.socket.destroy();
    const url = new URL(request.url!, 'http://x');
    const cors = {
      'Access-Control-Allow-Origin': this.site, 'Access-Control-Allow-Headers': 'content-type,x-twinpane-user', 'Access-Control-Allow-Methods': 'GET,POST,PUT',
    };
    if (request.method === 'OPTIONS' && !this.stranger) return void answer.writeHead(204, cors).end();
    if (url.pathname.endsWith('/js/twinpane.min.js')) return void answer.writeHead(200, { 'Content-Type': 'text/javascript', 'Access-Control-Allow-Origin': '*', ...kNoStore }).end(this.script);
    if (this.stranger) return void answer.writeHead(403, { Vary: 'Origin' }).end();
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const resource = /\/resource\/(\w+)$/.exec(url.pathname)?.[1];
    if (resource !== undefined) {
      if (request.headers['x-twinpane-user'] === undefined) return void answer.writeHead(403, cors).end();
      if (resource !== 'missing') {
        this.resources.set(resource, { type: request.headers['content-type'] ?? '', bytes: body });
        return void answer.writeHead(201, cors).end();
      }
      ++this.missingAsked;
      const { hashes } = JSON.parse(body.toString()) as { hashes: string[] };
      return void answer.writeHead(200, { ...cors, 'Content-Type': 'application/json' }).end(JSON.stringify({ missing: hashes.filter((h) => !this.resources.has(h)) }));
    }
    if (!url.pathname.startsWith('/cobrowse/cometd')) return void answer.writeHead(404, cors).end();
    const reply = (messages: object[]): void => {
      if (!answer.writableEnded) answer.writeHead(200, { ...cors, 'Content-Type': 'application/json', ...kNoStore }).end(JSON.stringify(messages));
    };
    this.#poll(JSON.parse(body.toString()) as Message[], reply, request);
  }

  #poll(messages: Message[], reply: (messages: object[]) => void, request: IncomingMessage): void {
    const connect = messages.find((m) => m.channel === '/meta/connect');
    const client = this.#clients.get(messages[0]?.clientId ?? '');
    if (!connect || !client) {
      const replies: object[] = [];
      for (const m of messages) this.#handle(m, (r) => replies.push(r));
      return reply(replies);
    }
    this.transports.push(connect.connectionType ?? '');
    const done = (): void => {
      clearTimeout(timer);
      client.flush = () => undefined;
      reply([...client.queue.splice(0), { channel: '/meta/connect', id: connect.id, successful: true, advice: { reconnect: 'retry', interval: 0, timeout: 5000 } }]);
    };
    const timer = setTimeout(done, connect.advice?.timeout === 0 ? 0 : 5000);
    request.on('close', () => { clearTimeout(timer); });
    client.flush = done;
    if (client.queue.length > 0) done();
  }

  #accept(ws: WebSocket): void {
    this.#sockets.add(ws);
    ws.on('close', () => this.#sockets.delete(ws));
    ws.on('error', () => undefined);
    ws.on('message', (data) => {
      if (this.dead) return;
      const out: object[] = [];
      for (const m of JSON.parse(data.toString()) as Message[]) {
        const client = this.#clients.get(m.clientId ?? '');
        if (client) client.flush = () => { ws.send(JSON.stringify(client.queue.splice(0))); };
        if (client && m.channel === '/meta/connect' && m.advice?.timeout !== 0) {
          // Held for a while, as servers do.
          const timer = setTimeout(() => { ws.send(JSON.stringify([{ channel: m.channel, id: m.id, successful: true }])); }, 5000);
          ws.on('close', () => { clearTimeout(timer); });
        } else this.#handle(m, (r) => out.push(r));
      }
      if (out.length > 0) ws.send(JSON.stringify(out));
    });
  }

  #handle(m: Message, reply: (message: object) => void): void {
    const { channel, id } = m;
    if (channel === '/meta/handshake') {
      const client: Client = { id: `c${String(++this.#ids)}`, queue: [], flush: () => undefined, bound: false };
      this.#clients.set(client.id, client);
      return reply({ channel, id, successful: true, version: '1.0', clientId: client.id, supportedConnectionTypes: ['websocket', 'long-polling'], advice: { reconnect: 'retry', interval: 0, timeout: 5000, maxInterval: 10_000 } });
    }
    const client = this.#clients.get(m.clientId ?? '');
    if (!client) return reply({ channel, id, successful: false, error: '402::unknown client', advice: { reconnect: 'handshake', interval: 0 } });
    if (channel === '/meta/connect') {
      this.transports.push(m.connectionType ?? '');
      return reply({ channel, id, successful: true, advice: { reconnect: 'retry', interval: 0, timeout: 5000, maxInterval: 10_000 } });
    }
    if (channel === '/meta/disconnect') {
      this.#clients.delete(client.id);
      return reply({ channel, id, successful: true });
    }
    const fail = (error: string): void => { reply({ channel, id, successful: false, error }); };
    if (channel === '/service/page') {
      if (!client.bound) return fail('409:4205:not_joined');
      return this.#fold(m.data as unknown as Batch, fail, () => { reply({ channel, id, successful: true }); });
    }
    const verb = /^\/service\/session\/(\w+)$/.exec(channel)?.[1];
    if (verb === undefined) return fail('404:4004:unknown_verb');
    this.requests.push({ verb, data: m.data ?? {} });
    if (this.ended && verb === 'rejoin') return fail('410:4206:session_ended');
    const answer = this.#verb(client, verb, m.data ?? {});
    reply({ channel, id, data: answer });
    reply({ channel, id, successful: true });
  }

  #verb(client: Client, verb: string, data: Record<string, unknown>): object {
    switch (verb) {
      case 'create': return { sessionToken: '481302976', base: '/cobrowse', expiresIn: this.expiresIn };
      case 'join':
      case 'rejoin': {
        for (const other of this.#clients.values()) {
          if (!other.bound || other === client) continue;
          other.bound = false;
          other.queue.push({ channel: '/service/session/event', data: { v: 1, type: 'replaced' } });
          other.flush();
        }
        client.bound = true;
        const page = data['page'] as { e: number } | undefined;
        const known = page?.e === this.epoch && this.epoch > 0;
        if (!known) this.#newEpoch();
        return {
          userToken: 'ab'.repeat(17), userId: 'u1', sessionHistoryId: 'h', users: [{ userId: 'u1', role: 1, name: '' }, ...this.agents], state: 'waiting',
          mode: this.mode, consent: this.consent, base: '/cobrowse', page: { e: this.epoch, next: this.folded + 1 },
          policy: { formValues: this.formValues, mask: ['.secret'], allowWrite: true, allowSubmit: false }, grace: 600,
        };
      }
      case 'consent':
        this.consent = data['allow'] === true ? 'given' : 'refused';
        this.event({ type: 'consent', state: this.consent });
        if (this.consent === 'given') {
          this.#newEpoch();
          this.event({ type: 'page', do: 'begin', e: this.epoch });
        }
        return {};
      case 'mode':
        if (data['want'] === 'pointer') this.setMode('pointer');
        else if (data['allow'] === true) this.setMode('write');
        else this.event({ type: 'mode', state: 'refused', mode: this.mode, by: 'u1' });
        return {};
      case 'exit':
        this.ended = true;
        return {};
      default: return {};
    }
  }

  #newEpoch(): void {
    ++this.epoch;
    this.folded = 0;
    this.complete = false;
  }

  #fold(batch: Batch, fail: (error: string) => void, ok: () => void): void {
    if (batch.e !== this.epoch) return fail('409:4300:epoch_stale');
    if (batch.s > this.folded + 1) return fail(`409:4301,${String(this.folded + 1)}:sequence_gap`);
    if (batch.s === this.folded + 1) {
      ++this.folded;
      this.batches.push(batch);
      if (batch.o.some((op) => op[0] === 1)) this.complete = true;
    }
    ok();
  }
}
