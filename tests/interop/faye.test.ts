import faye from 'faye';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EchoServer, offers, until } from './lib/echo.ts';
import { Gate } from './lib/gate.ts';
import { make, open, publish as publishAs9, subscribe as subscribeAs9, disconnect } from './lib/cometd.ts';

type FayeClient = InstanceType<typeof faye.Client>;

let server: EchoServer; // with short holds
let patient: EchoServer; // whose connects stay held, behind the gate
let gate: Gate;
const clients: FayeClient[] = [];

beforeAll(async () => {
  server = await EchoServer.start({ hold: 700 });
  patient = await EchoServer.start();
  gate = await Gate.before(patient.port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await until('all sessions to go', async () => (await patient.counters()).sessions === 0);
});
afterAll(async () => {
  await gate.close();
  await Promise.all([server.stop(), patient.stop()]);
});

interface Spoken { client: FayeClient; handshakes: Record<string, unknown>[]; connectionTypes: Set<string> }

function speak(url: string, transport: 'websocket' | 'long-polling'): Spoken {
  const client = new faye.Client(url, { timeout: 4, retry: 1 });
  if (transport === 'long-polling') client.disable('websocket');
  clients.push(client);
  const spoken: Spoken = { client, handshakes: [], connectionTypes: new Set() };
  client.addExtension({
    incoming: (message, pass) => {
      if (message['channel'] === '/meta/handshake') spoken.handshakes.push(message);
      pass(message);
    },
    outgoing: (message, pass) => {
      if (message['channel'] === '/meta/connect') spoken.connectionTypes.add(String(message['connectionType']));
      pass(message);
    },
  });
  return spoken;
}

const done = (promised: { then(ok: () => void, failed: (error: unknown) => void): unknown }): Promise<void> =>
  new Promise((resolve, reject) => promised.then(() => resolve(), reject));

describe.each(['websocket', 'long-polling'] as const)('faye over %s', (transport) => {
  test('handshakes over HTTP, subscribes, publishes and receives', async () => {
    const { client, connectionTypes } = speak(server.url, transport);
    const got: unknown[] = [];
    await done(client.subscribe('/faye/*', (data) => got.push(data)));
    await done(client.publish('/faye/a', { text: 'grüße', n: 1 }));
    await until('it to come', () => got.length > 0);
    expect(got).toEqual([{ text: 'grüße', n: 1 }]);
    // While its WebSocket is still opening it connects over HTTP.
    await until('a connect over it', () => connectionTypes.has(transport));
  });

  test('stays through many holds without a new session', async () => {
    const { client, handshakes } = speak(server.url, transport);
    const got: unknown[] = [];
    let connects = 0;
    client.addExtension({ incoming: (message, pass) => { if (message['channel'] === '/meta/connect' && message['successful']) connects += 1; pass(message); } });
    await done(client.subscribe('/hold', (data) => got.push(data)));
    await until('three holds', () => connects >= 4);
    await done(client.publish('/hold', 1));
    await until('it to come', () => got.length === 1);
    // Faye's server forgets a session after two holds without a connect, so a busy machine may cost one.
    if (offers('cometd')) expect(handshakes).toHaveLength(1);
  });

  test('hears about a refusal', async () => {
    const { client } = speak(server.url, transport);
    await expect(done(client.subscribe('/closed/room', () => undefined))).rejects.toMatchObject({ code: 403 });
    await expect(done(client.publish('/closed/room', 1))).rejects.toMatchObject({ code: 403 });
  });

  test('re-subscribes by itself after the server was restarted', async () => {
    let mortal = await EchoServer.start({ hold: 2000 });
    const { client, handshakes } = speak(mortal.url, transport);
    const got: unknown[] = [];
    await done(client.subscribe('/restart', (data) => got.push(data)));
    await mortal.stop(true);
    mortal = await EchoServer.start({ hold: 2000, port: mortal.port });
    try {
      await until('a new session with its subscription', async () => handshakes.length === 2 && (await mortal.counters()).subscriptions === 1);
      await done(client.publish('/restart', 'again'));
      await until('messages to flow', () => got.length === 1);
      await done(client.disconnect());
    } finally {
      await mortal.stop();
    }
  });

  if (offers('own')) test('comes back after its connections were cut', async () => {
    const { client, handshakes } = speak(gate.url, transport);
    const other = speak(patient.url, transport);
    await done(other.client.subscribe('/other', () => undefined));
    const got: unknown[] = [];
    await done(client.subscribe('/cut', (data) => got.push(data)));
    await until('the connect to be held', async () => (await patient.counters()).held === 2);
    gate.cut();
    await until('the server to notice', async () => (await patient.counters()).held === 1);
    await done(other.client.publish('/cut', 'meanwhile'));
    await until('what was missed', () => got.length === 1);
    expect(handshakes).toHaveLength(1);
  });

  test('talks with a CometD client', async () => {
    const { client } = speak(server.url, transport);
    const got: unknown[] = [];
    await done(client.subscribe('/mixed', (data) => got.push(data)));
    const other = make('9.0.0', server.url, 'websocket');
    await open(other);
    const heard = await subscribeAs9(other, '/mixed');
    await publishAs9(other, '/mixed', 'from cometd');
    await done(client.publish('/mixed', 'from faye'));
    await until('both to have both', () => got.length === 2 && heard.messages.length === 2);
    await disconnect(other);
  });
});
