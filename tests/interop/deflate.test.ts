/** permessage-deflate between stock clients (Node's ws below CometD and Faye offers it by itself) and a server that agrees. */
import type { CometD } from 'cometd';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { disconnect, generations, make, open, publish, subscribe, type Generation } from './lib/cometd.ts';
import { EchoServer, until } from './lib/echo.ts';

let server: EchoServer;
let plain: EchoServer;
const clients: CometD[] = [];
const sockets: WebSocket[] = [];

beforeAll(async () => {
  [server, plain] = await Promise.all([EchoServer.start({ options: ['deflate'] }), EchoServer.start()]);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await Promise.all(clients.splice(0).map(disconnect));
});
afterAll(() => Promise.all([server.stop(), plain.stop()]));

/** A WebSocket that speaks Bayeux by hand: it shows what was agreed on, and how many bytes came over the wire. */
async function raw(url: string, options: WebSocket.ClientOptions): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), options);
  sockets.push(socket);
  await new Promise((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject); });
  return socket;
}

async function subscriber(url: string, options: WebSocket.ClientOptions): Promise<{ socket: WebSocket; messages: { channel: string; data?: unknown }[] }> {
  const socket = await raw(url, options);
  const messages: { channel: string; data?: unknown; clientId?: string }[] = [];
  socket.on('message', (text) => messages.push(...(JSON.parse(String(text)) as typeof messages)));
  socket.send(JSON.stringify([{ channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['websocket'] }]));
  await until('the handshake', () => messages.length > 0);
  const { clientId } = messages[0]!;
  socket.send(JSON.stringify([{ channel: '/meta/subscribe', clientId, subscription: '/wire' }]));
  await until('the subscription', () => messages.some((message) => message.channel === '/meta/subscribe'));
  return { socket, messages };
}

/** Bytes that the socket has received, compressed or not. */
const received = (socket: WebSocket): number => (socket as unknown as { _socket: { bytesRead: number } })._socket.bytesRead;

const long = { text: 'the same words again, '.repeat(300), n: 9_007_199_254_740_991 };

test('is agreed on only by a server that is told to', async () => {
  const options = { perMessageDeflate: true };
  expect((await raw(plain.url, options)).extensions).toBe('');
  expect((await raw(server.url, { perMessageDeflate: false })).extensions).toBe('');
  expect((await raw(server.url, options)).extensions).toContain('permessage-deflate');
});

test('a broadcast comes compressed to those who agreed, whatever their window, and plain to the others', async () => {
  const small = await subscriber(server.url, { perMessageDeflate: { serverMaxWindowBits: 10, threshold: 0 } });
  const full = await subscriber(server.url, { perMessageDeflate: { threshold: 0 } });
  const none = await subscriber(server.url, { perMessageDeflate: false });
  const before = [small, full, none].map(({ socket }) => received(socket));
  const publisher = make('9.0.0', server.url, 'websocket');
  clients.push(publisher);
  await open(publisher);
  await publish(publisher, '/wire', long);
  for (const { messages } of [small, full, none]) {
    await until('the broadcast', () => messages.at(-1)?.channel === '/wire');
    expect(messages.at(-1)).toEqual({ channel: '/wire', data: long });
  }
  const sizes = [small, full, none].map(({ socket }, i) => received(socket) - before[i]!);
  expect(sizes[0]).toBeLessThan(1000);
  expect(sizes[1]).toBeLessThan(1000);
  expect(sizes[2]).toBeGreaterThan(6000);
});

test.each(Object.keys(generations) as Generation[])('cometd %s publishes and receives long and short messages', async (generation) => {
  const one = make(generation, server.url, 'websocket');
  const other = make(generation, server.url, 'websocket');
  clients.push(one, other);
  await Promise.all([open(one), open(other)]);
  const got = await subscribe(other, '/rooms/*');
  const sent = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? { i, ...long } : { i }));
  for (const data of sent) expect(await publish(one, '/rooms/a', data)).toMatchObject({ successful: true });
  await until('all of them', () => got.messages.length >= sent.length);
  expect(got.messages.map((message) => message.data)).toEqual(sent);
});
