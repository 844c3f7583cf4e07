/// <reference types="node" />
/**
 * A small stand-in for a node, for the desk's browser tests: REST with tokens and the refresh cookie, Bayeux over
 * WebSocket (handshake, connect, publish), and a viewer shell on a host of its own that paints what it is told.
 * The test is the customer: it sends events and batches and looks at what came in.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import type { AddressInfo } from 'node:net';

interface Message { id?: string; advice?: { timeout?: number }; channel: string; clientId?: string; data?: Record<string, unknown>; ext?: { twinpane?: { token?: string } } }
interface Line { socket: WebSocket; connect?: Message | undefined }

const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

export const AGENT = { id: 'a1', login: 'ines', name: 'Ines Ostrowska', roles: ['agent'] };

/** The shell: answers init with ready, paints a list of what it was given, acknowledges, and can be driven by the test. */
const VIEWER = `<!doctype html><meta charset="utf-8"><title>viewer</title>
<style>body{margin:0;font:16px/24px Georgia,serif;background:#fff;color:#221F1A;padding:32px}.veil-stale{opacity:.45}.veil-hidden{display:none}h1{font-weight:400}</style>
<body><div id="p"></div><script>
let port, at = {e: 0, s: 0}, log = [];
const p = document.getElementById('p');
addEventListener('message', (event) => {
  if (event.data.type !== 'twinpane-viewer' || port) return;
  port = event.ports[0];
  window.init = event.data;
  port.onmessage = (m) => on(m.data);
  port.postMessage({t: 'ready'});
});
function on(m) {
  log.push(m);
  if (m.t === 'reset') p.innerHTML = '';
  if (m.t === 'veil') p.className = 'veil-' + m.veil;
  if (m.t !== 'batch') return;
  for (const op of m.batch.o) {
    if (op[0] === 0) {
      p.innerHTML = '<h1></h1><p>Moss green, 38 cm</p><p>Goods 468.00, delivery 18.00</p><button>Apply</button>';
      p.querySelector('h1').textContent = op[1].t;
      port.postMessage({t: 'page', url: op[1].u, title: op[1].t, width: op[1].w, height: op[1].h, scale: 0.78, hidden: 6});
    }
    if (op[0] === 21) p.querySelector('h1').textContent = op[1];
  }
  if (m.snapshot && !m.batch.o.some((op) => op[0] === 1)) return;
  at = {e: m.batch.e, s: m.batch.s};
  requestAnimationFrame(() => port.postMessage({t: 'painted', ...at}));
}
window.say = (m) => port.postMessage(m);
window.acts = (acts) => port.postMessage({t: 'acts', e: at.e, acts});
</script>`;

export class FakeNode {
  readonly published: { channel: string; data: Record<string, unknown> }[] = [];
  /** Replies to verbs: data to answer with, or an error string. */
  readonly verbs: Record<string, (data: Record<string, unknown>) => Record<string, unknown> | string> = {};
  /** Pages to serve at the snapshot address: lines, or a status with code. */
  snapshot: () => { lines: string[]; headers?: Record<string, string> } | { status: number; code: number } = () => ({ status: 409, code: 4304 });
  password = 'a fine password';
  known = new Set(['481302977', '105220338', '700100200']);
  record: Record<string, unknown> = {};
  handshakes = 0;
  snapshots = 0;
  /** Refresh cookies that are good. */
  readonly cookies = new Set<string>();
  readonly tokens = new Set<string>();
  viewerSilent = false;
  #counter = 0;
  #lines = new Map<string, Line>();
  #sockets = new Set<WebSocket>();
  #server: Server | undefined;
  #ws: WebSocketServer | undefined;
  port = 0;

  constructor(private readonly dist: string) {}

  get desk(): string {
    return `http://agent.localhost:${this.port}/cobrowse/desk/`;
  }

  get viewerOrigin(): string {
    return `http://view.localhost:${this.port}`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      this.#http(request, response).catch(() => response.destroy());
    });
    this.#ws = new WebSocketServer({ server: this.#server });
    this.#ws.on('connection', (socket) => this.#accept(socket));
    await new Promise<void>((resolve) => this.#server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** As kill -9 would: every connection breaks, nothing is remembered, the port is closed. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    this.#sockets.clear();
    this.#lines.clear();
    this.#ws?.close();
    const closed = new Promise<void>((resolve) => this.#server?.close(() => resolve()) ?? resolve());
    this.#server?.closeAllConnections();
    await closed;
  }

  /** Breaks the connections only; the Bayeux sessions live on. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  event(event: Record<string, unknown>): void {
    this.#push('/service/session/event', { v: 1, ...event });
  }

  batch(batch: Record<string, unknown>): void {
    this.#push('/service/page', { v: 1, ...batch });
  }

  sent(channel: string): Record<string, unknown>[] {
    return this.published.filter((entry) => entry.channel === channel).map((entry) => entry.data);
  }

  #push(channel: string, data: unknown): void {
    for (const line of this.#lines.values()) send(line.socket, [{ channel, data }]);
  }

  async #http(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    if (url.hostname === 'view.localhost') {
      response.writeHead(200, { 'Content-Type': TYPES['.html'] }).end(this.viewerSilent ? '' : VIEWER);
      return;
    }
    if (url.pathname.startsWith('/cobrowse/desk/')) {
      await this.#file(url.pathname.slice('/cobrowse/desk/'.length) || 'index.html', response);
      return;
    }
    const body = await text(request);
    const rest = url.pathname.replace(/^\/cobrowse(\/n\/a)?\/rest/, '');
    const json = (status: number, value: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));
    };
    const problem = (status: number, code: number): void => json(status, { code, title: 'no' });
    const grant = (): void => {
      const token = `t${++this.#counter}`;
      const cookie = `r${this.#counter}`;
      this.tokens.add(token);
      this.cookies.add(cookie);
      json(200, { accessToken: token, expiresIn: 900, agent: AGENT }, { 'Set-Cookie': `refresh=${cookie}; HttpOnly; SameSite=Strict; Path=/` });
    };
    if (rest === '/auth/login') {
      const { login, password } = JSON.parse(body) as { login: string; password: string };
      if (login === AGENT.login && password === this.password) grant();
      else problem(401, 4101);
      return;
    }
    if (rest === '/auth/refresh') {
      const cookie = /refresh=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
      if (request.headers['x-twinpane'] === '1' && this.cookies.delete(cookie)) grant();
      else problem(401, 4100);
      return;
    }
    if (rest === '/auth/logout') {
      this.cookies.clear();
      response.writeHead(204, { 'Set-Cookie': 'refresh=; Max-Age=0; Path=/' }).end();
      return;
    }
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!this.tokens.has(bearer)) problem(401, 4102);
    else if (rest === '/desk/config') json(200, { viewerOrigin: this.viewerOrigin, publicUrl: '', version: 'test' });
    else if (rest.startsWith('/history/')) json(200, this.record);
    else if (rest.endsWith('/page')) this.#page(request, response, problem);
    else if (rest.startsWith('/live/sessions/')) {
      const token = rest.split('/').at(-1)!;
      if (!this.known.has(token)) problem(404, 4200);
      else json(200, { sessionToken: token, sessionServerName: 'a', sessionServerUrl: 'http://cobrowse.localhost/cobrowse/n/a', state: 'waiting', site: 'fennhus.example' });
    } else problem(404, 4005);
  }

  #page(request: IncomingMessage, response: ServerResponse, problem: (status: number, code: number) => void): void {
    this.snapshots++;
    if (!request.headers['x-twinpane-user']) {
      problem(403, 4203);
      return;
    }
    const answer = this.snapshot();
    if ('status' in answer) problem(answer.status, answer.code);
    else response.writeHead(200, { 'Content-Type': 'application/x-ndjson', ...answer.headers }).end(answer.lines.map((line) => `${line}\n`).join(''));
  }

  async #file(name: string, response: ServerResponse): Promise<void> {
    try {
      const bytes = await readFile(path.join(this.dist, 'desk', path.normalize(name)));
      response.writeHead(200, {
        'Content-Type': TYPES[path.extname(name)] ?? 'application/octet-stream',
        'Content-Security-Policy': `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self' ws: wss:; frame-src ${this.viewerOrigin}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
      }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  #accept(socket: WebSocket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('message', (raw) => {
      for (const message of JSON.parse(String(raw)) as Message[]) this.#bayeux(socket, message);
    });
  }

  #bayeux(socket: WebSocket, message: Message): void {
    const { id, channel } = message;
    if (channel === '/meta/handshake') {
      this.handshakes++;
      if (!this.tokens.has(message.ext?.twinpane?.token ?? '')) {
        send(socket, [{ id, channel, successful: false, error: '401:4102:token_expired', advice: { reconnect: 'none' } }]);
        return;
      }
      const clientId = `c${++this.#counter}`;
      this.#lines.set(clientId, { socket });
      send(socket, [{ id, channel, successful: true, clientId, version: '1.0', supportedConnectionTypes: ['websocket'], advice: { reconnect: 'retry', interval: 0, timeout: 30_000 } }]);
      return;
    }
    const line = this.#lines.get(message.clientId ?? '');
    if (!line) {
      send(socket, [{ id, channel, successful: false, error: '402::unknown_session', advice: { reconnect: 'handshake', interval: 0 } }]);
      return;
    }
    line.socket = socket;
    if (channel === '/meta/connect') {
      // Bayeux: a client that is not connected (yet) asks for an answer at once; others are held.
      if (message.advice?.timeout === 0) send(socket, [{ id, channel, successful: true, advice: { reconnect: 'retry', interval: 0, timeout: 30_000 } }]);
      line.connect = message;
      return;
    }
    if (channel === '/meta/disconnect') {
      this.#lines.delete(message.clientId!);
      send(socket, [{ id, channel, successful: true }]);
      return;
    }
    const data = message.data ?? {};
    this.published.push({ channel, data });
    const answer = this.verbs[channel]?.(data);
    if (typeof answer === 'string') send(socket, [{ id, channel, successful: false, error: answer }]);
    else send(socket, [{ id, channel, successful: true }, ...(answer ? [{ id, channel, data: answer }] : [])]);
  }
}

function send(socket: WebSocket, messages: unknown[]): void {
  if (socket.readyState === 1) socket.send(JSON.stringify(messages));
}

async function text(request: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of request) all += String(chunk);
  return all;
}
