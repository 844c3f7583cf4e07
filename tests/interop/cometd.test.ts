import type { CometD } from 'cometd';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { call, disconnect, generations, handshake, make, open, publish, subscribe, transportOf, type Generation, type TransportName } from './lib/cometd.ts';
import { EchoServer, kind, offers, until } from './lib/echo.ts';
import { Gate } from './lib/gate.ts';

let server: EchoServer; // with short holds
let patient: EchoServer; // whose connects stay held, behind the gate
let gate: Gate;
const clients: CometD[] = [];

beforeAll(async () => {
  server = await EchoServer.start({ hold: 700 });
  patient = await EchoServer.start();
  gate = await Gate.before(patient.port);
});
afterEach(async () => {
  gate.refuseWebSockets = false;
  await Promise.all(clients.splice(0).map(disconnect));
});
afterAll(async () => {
  await gate.close();
  await Promise.all([server.stop(), patient.stop()]);
});

function client(generation: Generation, url: string, transport?: TransportName, more = {}): CometD {
  const made = make(generation, url, transport, more);
  clients.push(made);
  return made;
}

const matrix = (Object.keys(generations) as Generation[]).flatMap((generation) =>
  (['websocket', 'long-polling'] as const).map((transport) => ({ generation, transport })));

describe.each(matrix)('cometd $generation over $transport', ({ generation, transport }) => {
  test('handshakes, subscribes, publishes and receives', async () => {
    const one = client(generation, server.url, transport);
    const other = client(generation, server.url, transport);
    await Promise.all([open(one), open(other)]);
    expect(transportOf(one)).toBe(transport);
    const exact = await subscribe(one, '/rooms/a');
    const wild = await subscribe(other, '/rooms/*');
    expect(exact.reply.successful && wild.reply.successful).toBe(true);
    const data = { text: 'grüße \u{1F600}', n: [1, 2.5, null], nested: { a: { b: {} } } };
    const reply = await publish(one, '/rooms/a', data);
    expect(reply).toMatchObject({ successful: true, channel: '/rooms/a' });
    expect(reply.data).toBeUndefined();
    await until('both to have it', () => exact.messages.length > 0 && wild.messages.length > 0);
    expect(exact.messages).toHaveLength(1);
    expect(wild.messages[0]).toMatchObject({ channel: '/rooms/a', data });
    expect(wild.messages[0]).not.toHaveProperty('clientId');
    if (offers('cometd')) expect(wild.messages[0]).not.toHaveProperty('id');
  });

  test('keeps order and loses nothing in a burst', async () => {
    const one = client(generation, server.url, transport);
    const other = client(generation, server.url, transport);
    await Promise.all([open(one), open(other)]);
    const got = await subscribe(other, '/burst/*');
    const sent = Array.from({ length: 300 }, (_, i) => i);
    one.batch(() => { for (const i of sent.slice(0, 100)) one.publish('/burst/a', { i }); });
    for (const i of sent.slice(100)) one.publish('/burst/a', { i });
    await until('the burst', () => got.messages.length >= sent.length);
    expect(got.messages.map((message) => (message.data as { i: number }).i)).toEqual(sent);
  });

  if (offers('cometd')) test('calls a service and gets its answer, late replies too', async () => {
    const one = client(generation, server.url, transport);
    await open(one);
    expect(await call(one, 'echo', { question: 1 })).toMatchObject({ successful: true, data: { question: 1 } });
    expect(await call(one, 'echo/late', { question: 2 })).toMatchObject({ data: { question: 2 } });
  });

  if (offers('own')) test('learns which verb is unknown', async () => {
    const one = client(generation, server.url, transport);
    await open(one);
    expect(await call(one, 'echo/nosuch', {})).toMatchObject({ successful: false, error: '404:4004:unknown_verb' });
  });

  if (offers('cometd')) test('learns that a channel is closed, and that other services accept anything', async () => {
    const one = client(generation, server.url, transport);
    await open(one);
    expect(await publish(one, '/service/elsewhere', {})).toMatchObject({ successful: true });
    expect(await publish(one, '/closed/room', {})).toMatchObject({ successful: false, error: '403:denied_by_security_policy:publish_denied' });
    expect((await subscribe(one, '/closed/room')).reply).toMatchObject({ successful: false, error: '403:denied_by_security_policy:subscribe_denied' });
  });

  if (offers('cometd')) test('stops when the handshake is denied', async () => {
    const one = client(generation, server.url, transport);
    const reply = await handshake(one, { deny: true });
    expect(reply).toMatchObject({ successful: false, error: kind.denied });
    await until('it to give up', () => one.isDisconnected());
  });

  test('goes through many holds', async () => {
    const one = client(generation, server.url, transport);
    let connects = 0;
    let failures = 0;
    one.addListener('/meta/connect', (message) => { if (message.successful) connects += 1; else failures += 1; });
    await open(one);
    await until('three more connects', () => connects >= 4);
    expect(failures).toBe(0);
  });

  test('ends in order, and its messages end with it', async () => {
    const one = client(generation, server.url, transport);
    await open(one);
    await subscribe(one, '/rooms/x');
    const before = await server.counters();
    expect(await disconnect(one)).toMatchObject({ successful: true });
    await until('the session to go', async () => (await server.counters()).sessions === before.sessions - 1);
    expect(one.isDisconnected()).toBe(true);
  });

  if (offers('cometd')) test('is told to go by the server', async () => {
    const one = client(generation, server.url, transport);
    await open(one);
    one.publish('/service/echo/bye', {});
    await until('it to go', () => one.isDisconnected());
  });

  if (offers('own')) test('comes back after its connections were cut, into the same session', async () => {
    const one = client(generation, gate.url, transport);
    const other = client(generation, patient.url, transport);
    await Promise.all([open(one), open(other)]);
    const got = await subscribe(one, '/again/*');
    const id = one.getClientId();
    let handshakes = 0;
    one.addListener('/meta/handshake', () => { handshakes += 1; });
    await until('the connect to be held', async () => (await patient.counters()).held === 2);
    gate.cut();
    await until('the server to notice', async () => (await patient.counters()).held === 1);
    await publish(other, '/again/a', { while: 'away' });
    await until('what was missed', () => got.messages.length > 0);
    expect(got.messages[0]?.data).toEqual({ while: 'away' });
    expect(one.getClientId()).toBe(id);
    expect(handshakes).toBe(0);
  });

  test('shakes hands again after the server was restarted', async () => {
    let mortal = await EchoServer.start({ hold: 2000 });
    const one = client(generation, mortal.url, transport);
    await open(one);
    const id = one.getClientId();
    await mortal.stop(true);
    mortal = await EchoServer.start({ hold: 2000, port: mortal.port });
    try {
      await until('a new session', () => ![id, null].includes(one.getClientId()) && one.getStatus() === 'connected');
      const got = await subscribe(one, '/after');
      expect(got.reply.successful).toBe(true);
      await publish(one, '/after', { ok: true });
      await until('messages to flow', () => got.messages.length === 1);
      await disconnect(one);
    } finally {
      await mortal.stop();
    }
  });
});

describe.each(Object.keys(generations) as Generation[])('cometd %s', (generation) => {
  test('falls back to long-polling where WebSockets are refused', async () => {
    gate.refuseWebSockets = true;
    const before = gate.upgrades;
    const one = client(generation, gate.url);
    await open(one);
    expect(gate.upgrades).toBeGreaterThan(before);
    expect(transportOf(one)).toBe('long-polling');
    const got = await subscribe(one, '/fallback');
    await publish(one, '/fallback', 1);
    await until('it to come', () => got.messages.length === 1);
  });

  if (offers('own')) test('sessions of both loops, over both transports, talk to each other', async () => {
    // The kernel deals the connections out; a session's loop is in its id.
    const byLoop = new Map<string, CometD>();
    for (let i = 0; byLoop.size < 2 && i < 100; i += 1) {
      const one = client(generation, server.url, i % 2 ? 'websocket' : 'long-polling');
      await open(one);
      const loop = one.getClientId()?.slice(0, 2) ?? '';
      if (byLoop.has(loop)) await disconnect(one);
      else byLoop.set(loop, one);
    }
    const [a, b] = [...byLoop.values()];
    if (!a || !b) throw new Error('all sessions came to one loop');
    const atA = await subscribe(a, '/both/**');
    const atB = await subscribe(b, '/both/**');
    await publish(a, '/both/x', 'from a');
    await publish(b, '/both/y/z', 'from b');
    await until('both to have both', () => atA.messages.length === 2 && atB.messages.length === 2);
    expect(new Set(atA.messages.map((message) => message.data))).toEqual(new Set(['from a', 'from b']));
  });
});
