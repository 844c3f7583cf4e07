import { beforeEach, describe, expect, it } from 'vitest';
import { BayeuxBus } from '../src/bayeux.ts';
import { BusError } from '../src/bus.ts';
import { FakeClock, settle } from './fakes.ts';

interface Message { channel: string; id: string; clientId?: string; connectionType?: string; advice?: { timeout: number }; data?: Record<string, unknown>; supportedConnectionTypes?: string[] }

class FakeSocket {
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  sent: Message[] = [];
  closed = false;
  constructor(readonly url: string) { sockets.push(this); }
  send(text: string): void { this.sent.push(...(JSON.parse(text) as Message[])); }
  close(): void { this.closed = true; }
  /** Takes the oldest message sent. */
  take(channel: string): Message {
    const m = this.sent.shift();
    if (m?.channel !== channel) throw new Error(`expected ${channel}, got ${m?.channel ?? 'nothing'}`);
    return m;
  }
  reply(...messages: object[]): void { this.onmessage?.({ data: JSON.stringify(messages) }); }
  shake(): Message {
    this.onopen!();
    const m = this.take('/meta/handshake');
    this.reply({ channel: m.channel, id: m.id, successful: true, clientId: 'c1', advice: { reconnect: 'retry', interval: 0, timeout: 20_000 } });
    const first = this.take('/meta/connect');
    this.reply({ channel: first.channel, id: first.id, successful: true });
    return first;
  }
}

interface Request { url: string; messages: Message[]; init: RequestInit; answer(...messages: object[]): Promise<void>; fail(status?: number): Promise<void> }

let sockets: FakeSocket[];
let requests: Request[];
let clock: FakeClock;
let log: unknown[];
let bus: BayeuxBus;

function make(webSocket = true): void {
  bus = new BayeuxBus({
    clock,
    WebSocket: webSocket ? (FakeSocket as unknown as new (url: string) => WebSocket) : undefined,
    fetch: (input, init) => new Promise((resolve, reject) => {
      init!.signal?.addEventListener('abort', () => { reject(new Error('aborted')); });
      requests.push({
        url: String(input), messages: JSON.parse(init!.body as string) as Message[], init: init!,
        answer: async (...messages) => { resolve(Response.json(messages)); await settle(); await new Promise((done) => setImmediate(done)); },
        fail: async (status) => { if (status === undefined) reject(new TypeError('failed')); else resolve(new Response('x', { status })); await settle(); await new Promise((done) => setImmediate(done)); },
      });
    }),
  });
  bus.open('https://help.example/cobrowse', {
    up: () => log.push('up'), down: () => log.push('down'), event: (e) => log.push(e), act: (a) => log.push(a),
  });
}
const taken = (): Request => requests.shift()!;
const outcome = (call: Promise<unknown>): Promise<unknown> => call.catch((e: unknown) => (e instanceof BusError ? { code: e.code, args: e.args } : e));

async function polling(): Promise<void> {
  make(false);
  await settle();
  const { messages: [m], answer } = taken();
  expect(m!.supportedConnectionTypes).toEqual(['long-polling']);
  await answer({ channel: m!.channel, id: m!.id, successful: true, clientId: 'c1', advice: { timeout: 20_000 } });
}

beforeEach(() => {
  sockets = [];
  requests = [];
  log = [];
  clock = new FakeClock();
});

describe('Bayeux client on WebSocket', () => {
  it('shakes hands, connects, and is up', () => {
    make();
    const [socket] = sockets;
    expect(socket!.url).toBe('wss://help.example/cobrowse/cometd');
    expect(socket!.sent).toEqual([]);
    const first = socket!.shake();
    expect(first).toMatchObject({ clientId: 'c1', connectionType: 'websocket', advice: { timeout: 0 } });
    expect(log).toEqual(['up']);
    // The next one is held by the server.
    expect(socket!.take('/meta/connect').advice).toBeUndefined();
    expect(requests).toEqual([]);
  });

  it('calls: an answer is a message with data, a failure the reply', async () => {
    make();
    const socket = sockets[0]!;
    socket.shake();
    socket.take('/meta/connect');
    const good = outcome(bus.call('create', { v: 1 }));
    const m = socket.take('/service/session/create');
    expect(m).toMatchObject({ clientId: 'c1', data: { v: 1 } });
    socket.reply({ channel: m.channel, id: m.id, successful: true }, { channel: m.channel, id: m.id, data: { base: '/x' } });
    expect(await good).toEqual({ base: '/x' });
    const bad = outcome(bus.call('join', {}));
    socket.reply({ channel: m.channel, id: socket.take('/service/session/join').id, successful: false, error: '409:4301,7:sequence_gap' });
    expect(await bad).toEqual({ code: 4301, args: ['7'] });
  });

  it('publishes a batch as the text it is given, and hands events and acts on', () => {
    make();
    const socket = sockets[0]!;
    socket.shake();
    socket.take('/meta/connect');
    const done: unknown[] = [];
    bus.publish('{"v":1,"e":3,"s":1,"o":[[21,"ä"]]}', (e) => done.push(e?.code ?? 'ok'));
    const m = socket.take('/service/page');
    expect(m.data).toEqual({ v: 1, e: 3, s: 1, o: [[21, 'ä']] });
    socket.reply({ channel: '/service/session/event', data: { type: 'replaced' } }, { channel: '/service/act', data: { e: 3 } }, { channel: '/other', data: {} }, { channel: m.channel, id: m.id, successful: true });
    expect(log).toEqual(['up', { type: 'replaced' }, { e: 3 }]);
    expect(done).toEqual(['ok']);
  });

  it('after a break fails what is open, and shakes hands anew with growing pauses', async () => {
    make();
    sockets[0]!.shake();
    const open = outcome(bus.call('rejoin', {}));
    sockets[0]!.onclose!();
    expect(await open).toEqual({ code: undefined, args: [] });
    expect(log).toEqual(['up', 'down']);
    expect(await outcome(bus.call('rejoin', {}))).toEqual({ code: undefined, args: [] });
    await clock.pass(320);
    expect(sockets.length).toBe(2);
    sockets[1]!.onerror!();
    await clock.pass(100);
    expect(sockets.length).toBe(2);
    await clock.pass(400);
    expect(sockets.length).toBe(3);
    sockets[2]!.shake();
    expect(log).toEqual(['up', 'down', 'up']);
    // It worked before: polling was never tried.
    expect(requests).toEqual([]);
  });

  it('takes up where the server forgot it', async () => {
    make();
    const socket = sockets[0]!;
    socket.shake();
    const m = socket.take('/meta/connect');
    socket.reply({ channel: m.channel, id: m.id, successful: false, error: '402::session_unknown', advice: { reconnect: 'handshake', interval: 0 } });
    expect(socket.closed).toBe(true);
    expect(log).toEqual(['up', 'down']);
    await clock.pass(320);
    sockets[1]!.shake();
    expect(log).toEqual(['up', 'down', 'up']);
  });

  it('does not wait for ever for a reply', async () => {
    make();
    sockets[0]!.shake();
    const done: unknown[] = [];
    bus.publish('{}', (e) => done.push(e));
    await clock.pass(8000);
    expect(sockets[0]!.closed).toBe(true);
    expect(done.length).toBe(1);
    expect(log).toEqual(['up', 'down']);
  });

  it('gives the connect the time that the server holds it', async () => {
    make();
    sockets[0]!.shake();
    await clock.pass(27_000);
    expect(log).toEqual(['up']);
    await clock.pass(2000);
    expect(log).toEqual(['up', 'down']);
  });

  it.each([['is refused', (s: FakeSocket) => { s.onerror!(); }], ['never opens', () => undefined], ['opens and carries nothing', (s: FakeSocket) => { s.onopen!(); }]])('polls where a WebSocket %s', async (_, fate) => {
    make();
    fate(sockets[0]!);
    await settle();
    if (requests.length === 0) await clock.pass(4000);
    expect(sockets[0]!.closed).toBe(true);
    const { url, messages: [m], answer } = taken();
    expect(url).toBe('https://help.example/cobrowse/cometd');
    await answer({ channel: m!.channel, id: m!.id, successful: true, clientId: 'c2' });
    expect(log).toEqual(['up']);
    // A later break does not try it again.
    await taken().fail();
    await clock.pass(400);
    expect(sockets.length).toBe(1);
    expect(taken().messages[0]!.channel).toBe('/meta/handshake');
  });

  it('tries WebSocket again when polling failed as well: it was the server', async () => {
    make();
    sockets[0]!.onerror!();
    await settle();
    await taken().fail();
    await clock.pass(320);
    expect(sockets.length).toBe(2);
    sockets[1]!.shake();
    expect(log).toEqual(['up']);
  });

  it('survives nonsense', async () => {
    make();
    sockets[0]!.shake();
    for (const text of ['<html>', '{}', '[null]', '[{"id":"1"}]', '7']) {
      const socket = sockets.at(-1)!;
      socket.onmessage!({ data: text });
      expect(socket.closed, text).toBe(true);
      await clock.pass(5000);
      sockets.at(-1)!.shake();
    }
  });

  it('says goodbye, and is silent then', async () => {
    make();
    const socket = sockets[0]!;
    socket.shake();
    socket.take('/meta/connect');
    const open = outcome(bus.call('create', {}));
    socket.take('/service/session/create');
    bus.close();
    expect(await open).toEqual({ code: undefined, args: [] });
    expect(socket.take('/meta/disconnect').clientId).toBe('c1');
    expect(socket.closed).toBe(true);
    await clock.pass(60_000);
    expect(sockets.length).toBe(1);
    expect(clock.timers).toBe(0);
    expect(log).toEqual(['up']);
  });
});

describe('Bayeux client on long-polling', () => {
  it('sends without credentials', async () => {
    await polling();
    expect(log).toEqual(['up']);
    const connect = taken();
    expect(connect.messages[0]).toMatchObject({ channel: '/meta/connect', connectionType: 'long-polling' });
    expect(connect.init).toMatchObject({ method: 'POST', credentials: 'omit' });
  });

  it('keeps order: one request at a time beside the connect, with all that gathered', async () => {
    await polling();
    const connect = taken();
    const done: number[] = [];
    const publish = (n: number): void => { bus.publish(`{"s":${String(n)}}`, (e) => { if (!e) done.push(n); }); };
    publish(1);
    publish(2);
    await settle();
    publish(3);
    publish(4);
    await settle();
    expect(requests.length).toBe(1);
    const one = taken();
    expect(one.messages.map((m) => m.data!['s'])).toEqual([1, 2]);
    await one.answer(...one.messages.map((m) => ({ channel: m.channel, id: m.id, successful: true })));
    const two = taken();
    expect(two.messages.map((m) => m.data!['s'])).toEqual([3, 4]);
    await two.answer(...two.messages.map((m) => ({ channel: m.channel, id: m.id, successful: true })));
    expect(done).toEqual([1, 2, 3, 4]);
    // What the connect brings comes before its reply; the next one follows.
    await connect.answer({ channel: '/service/act', data: { e: 1 } }, { channel: '/meta/connect', id: connect.messages[0]!.id, successful: true, advice: { interval: 0, timeout: 20_000 } });
    expect(log).toEqual(['up', { e: 1 }]);
    expect(taken().messages[0]!.channel).toBe('/meta/connect');
  });

  it('bounds what one request carries', async () => {
    await polling();
    taken();
    const big = JSON.stringify('x'.repeat(200 * 1024));
    for (let i = 0; i < 4; ++i) bus.publish(big, () => undefined);
    await settle();
    expect(taken().messages.length).toBe(2);
  });

  it('waits between connects when told to', async () => {
    await polling();
    const connect = taken();
    await connect.answer({ channel: '/meta/connect', id: connect.messages[0]!.id, successful: true, advice: { interval: 2000 } });
    expect(requests).toEqual([]);
    await clock.pass(2000);
    expect(taken().messages[0]!.channel).toBe('/meta/connect');
  });

  it.each([['cut', undefined], ['refused', 503]])('starts anew when a request is %s', async (_, status) => {
    await polling();
    const connect = taken();
    const open = outcome(bus.call('create', {}));
    await settle();
    await taken().fail(status);
    expect(await open).toEqual({ code: undefined, args: [] });
    expect(connect.init.signal!.aborted).toBe(true);
    expect(log).toEqual(['up', 'down']);
    await clock.pass(400);
    expect(taken().messages[0]!.channel).toBe('/meta/handshake');
  });

  it('says goodbye with a request that outlives the page', async () => {
    await polling();
    const connect = taken();
    bus.close();
    expect(connect.init.signal!.aborted).toBe(true);
    const last = taken();
    expect(last.messages[0]!.channel).toBe('/meta/disconnect');
    expect(last.init.keepalive).toBe(true);
  });
});
