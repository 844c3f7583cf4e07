/** The WebSocket transport below its messages: upgrade, frames, close. */
import assert from 'node:assert/strict';
import { dataOf, define, refused, successful } from '../lib/case.ts';
import { webSocketUrl, type Message } from '../lib/session.ts';
import { frame, Opcode, Socket } from '../lib/websocket.ts';

const needs = { needs: ['websocket'] };
const handshake = (id: string): string => JSON.stringify([{ channel: '/meta/handshake', id, version: '1.0', supportedConnectionTypes: ['websocket'] }]);
const first = async (socket: Socket): Promise<Message> => (JSON.parse((await socket.message()).payload.toString('utf8')) as Message[])[0]!;

define('websocket: the upgrade is answered with 101 and the key\'s digest', async (t) => { await t.socket(); }, needs);

define('websocket: a query in the address is nothing', async (t) => {
  const url = webSocketUrl(t.url);
  url.search = '?token=1';
  const socket = await Socket.open(url);
  socket.text(handshake('q'));
  successful(await first(socket));
  socket.close();
}, needs);

for (const [name, headers] of [['without a key', { 'Sec-WebSocket-Key': undefined }], ['of an unknown version', { 'Sec-WebSocket-Version': '7' }]] as const) {
  define(`websocket: an upgrade ${name} is refused`, async (t) => {
    const { bytes, status } = await Socket.knock(webSocketUrl(t.url), headers);
    bytes.close();
    assert(status >= 400, `status ${status}`);
  }, needs);
}

define('websocket: a sub-protocol that is offered is answered', async (t) => {
  const { bytes, status, headers } = await Socket.knock(webSocketUrl(t.url), { 'Sec-WebSocket-Protocol': 'cometd' });
  bytes.close();
  // Browsers fail a connection whose offer was not answered; so it is taken, or the upgrade is refused.
  assert(status >= 400 || headers.get('sec-websocket-protocol') === 'cometd', `status ${status}, ${headers.get('sec-websocket-protocol')}`);
}, needs);

define('websocket: no sub-protocol is answered that was not offered', async (t) => {
  assert.equal((await t.socket()).protocol, undefined);
}, needs);

define('websocket: a connection may be idle before its first message, as Faye\'s probe is', async (t) => {
  const socket = await t.socket();
  for (let i = 0; i < 3; i += 1) await t.alive();
  socket.text(handshake('late'));
  assert.equal((await first(socket))['id'], 'late');
}, needs);

define('websocket: a message in fragments is one message', async (t) => {
  const socket = await t.socket();
  const text = Buffer.from(handshake('frag'));
  socket.send(Opcode.text, text.subarray(0, 10), false);
  socket.send(Opcode.continuation, text.subarray(10, 11), false);
  socket.send(Opcode.continuation, Buffer.alloc(0), false);
  socket.send(Opcode.continuation, text.subarray(11));
  successful(await first(socket));
}, needs);

define('websocket: a character may be cut in two by fragments', async (t) => {
  const listener = await t.listener('websocket', t.channel());
  const session = await t.session('websocket');
  const text = Buffer.from(JSON.stringify([{ channel: t.channel(), clientId: session.clientId, id: 'c', data: 'ü\u{1F600}' }]));
  const cut = text.indexOf(0xf0) + 2;
  session.socket?.send(Opcode.text, text.subarray(0, cut), false);
  session.socket?.send(Opcode.continuation, text.subarray(cut));
  assert.deepEqual(dataOf(await t.received(listener, 1)), ['ü\u{1F600}']);
}, needs);

define('websocket: a ping is answered with its payload, between fragments too', async (t) => {
  const socket = await t.socket();
  const text = Buffer.from(handshake('ping'));
  socket.send(Opcode.text, text.subarray(0, 10), false);
  socket.send(Opcode.ping, 'are you there?');
  const pong = await socket.next();
  assert.deepEqual([pong.opcode, pong.payload.toString('utf8')], [Opcode.pong, 'are you there?']);
  socket.send(Opcode.continuation, text.subarray(10));
  successful(await first(socket));
}, needs);

define('websocket: a pong that nobody asked for is nothing', async (t) => {
  const socket = await t.socket();
  socket.send(Opcode.pong, 'here');
  socket.text(handshake('pong'));
  successful(await first(socket));
}, needs);

define('websocket: many frames in one segment are all served, in order', async (t) => {
  const session = await t.session('websocket');
  const before = session.replies.length;
  const text = (id: number): string => JSON.stringify([{ channel: t.channel(), clientId: session.clientId, id: String(id), data: id }]);
  session.socket?.bytes.write(Buffer.concat(Array.from({ length: 20 }, (_, i) => frame(Opcode.text, text(i)))));
  await t.until('20 replies', () => session.replies.length === before + 20);
  assert.deepEqual(session.replies.slice(before).map((reply) => reply['id']), Array.from({ length: 20 }, (_, i) => String(i)));
}, needs);

define('websocket: a frame that comes byte by byte is served', async (t) => {
  const socket = await t.socket();
  for (const byte of frame(Opcode.text, handshake('slow'))) {
    socket.bytes.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  successful(await first(socket));
}, needs);

define('websocket: the frames of a whole session may come with the upgrade', async (t) => {
  const url = webSocketUrl(t.url);
  const socket = await Socket.open(url);
  socket.bytes.write(Buffer.concat([frame(Opcode.text, handshake('one')), frame(Opcode.ping, 'two')]));
  const got = [await socket.next(), await socket.next()].map(({ opcode }) => opcode).sort((a, b) => a - b);
  assert.deepEqual(got, [Opcode.text, Opcode.pong]);
  socket.close();
}, needs);

define('websocket: a close is answered with a close', async (t) => {
  const socket = await t.socket();
  socket.text(handshake('bye'));
  await first(socket);
  socket.send(Opcode.close, Buffer.from([0x03, 0xe8]));
  const answer = await socket.message();
  assert.deepEqual([answer.opcode, answer.payload.readUInt16BE(0)], [Opcode.close, 1000]);
  await socket.bytes.end();
}, needs);

define('websocket: a binary message is refused or passed over, and harms nobody', async (t) => {
  const socket = await t.socket();
  socket.send(Opcode.binary, handshake('bin'));
  socket.send(Opcode.ping, 'fence');
  const got = await socket.message().catch(() => undefined);
  assert(got === undefined || got.opcode === Opcode.close || got.opcode === Opcode.pong || got.opcode === Opcode.text);
  await t.alive();
}, needs);

for (const [name, text] of [['broken JSON', '[{"channel":'], ['a string', '"text"'], ['a number', '7'], ['an array of numbers', '[1]'], ['an empty text', '']] as const) {
  define(`websocket: ${name} is refused, and the connection closed`, async (t) => {
    const session = await t.session('websocket');
    await session.raw(text);
    await t.until('the end of the connection', () => session.closed !== undefined);
  }, needs);

  define(`websocket: ${name} does not end the session`, async (t) => {
    const session = await t.session('websocket');
    await session.raw(text);
    await session.moveTo('websocket');
    successful(await session.connectNow());
  }, needs);
}

for (const [name, bytes] of [
  ['an unmasked frame', Buffer.from([0x81, 0x02, 0x5b, 0x5d])], ['a reserved bit', Buffer.from([0xc1, 0x82, 1, 2, 3, 4, 0x5a, 0x5f])],
  ['an unknown opcode', Buffer.from([0x83, 0x82, 1, 2, 3, 4, 0x5a, 0x5f])], ['a continuation of nothing', Buffer.from([0x80, 0x82, 1, 2, 3, 4, 0x5a, 0x5f])],
  ['text that is not UTF-8', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff])],
] as const) {
  define(`websocket: ${name} ends the connection`, async (t) => {
    const socket = await t.socket();
    socket.bytes.write(bytes);
    await socket.bytes.end();
    await t.alive();
  }, needs);
}

define('websocket: a message without a session is refused with 402, and the connection stays', async (t) => {
  const socket = await t.socket();
  socket.text(JSON.stringify([{ channel: t.channel(), clientId: 'x'.repeat(30), id: 'n', data: 1 }]));
  refused(await first(socket), '402');
  socket.text(handshake('then'));
  successful(await first(socket));
}, needs);
