/** Sessions outlive their connections and move between transports. */
import assert from 'node:assert/strict';
import { all, dataOf, define, messagesOf, refused, successful } from '../lib/case.ts';
import type { Kind } from '../lib/session.ts';

const pairs: [Kind, Kind][] = [['long-polling', 'websocket'], ['websocket', 'long-polling'], ['websocket', 'websocket'], ['long-polling', 'long-polling'],
  ['callback-polling', 'websocket']];

for (const [from, to] of pairs) {
  const needs = { needs: [from, to, ...(from === 'websocket' && to !== 'websocket' ? ['cookieless'] : [])] };

  define(`moving: a session goes on from ${from} to ${to === from ? 'another connection' : to}`, async (t) => {
    const session = await t.session(from);
    const id = session.clientId;
    await session.moveTo(to);
    successful(await session.connectNow());
    assert.equal(session.clientId, id);
    successful(await session.publish(t.channel(), 1));
  }, needs);

  define(`moving: subscriptions go along from ${from} to ${to === from ? 'another connection' : to}`, async (t) => {
    const session = await t.session(from);
    await session.subscribe(t.channel());
    await session.moveTo(to);
    successful(await session.connectNow());
    session.pump();
    const other = await t.session();
    for (let i = 0; i < 3; i += 1) await other.publish(t.channel(), i);
    assert.deepEqual(dataOf(await t.received(session, 3)), [0, 1, 2]);
  }, needs);
}

define('moving: what was queued over HTTP comes first over the WebSocket', async (t) => {
  const session = await t.session('long-polling');
  await session.subscribe(t.channel());
  const other = await t.session();
  await other.publish(t.channel(), 'queued');
  await session.moveTo('websocket');
  await session.connectNow();
  await other.publish(t.channel(), 'fresh');
  assert.deepEqual(dataOf(await t.received(session, 2)), ['queued', 'fresh']);
}, { needs: ['websocket'] });

define('moving: closing a WebSocket does not end the session', async (t) => {
  const session = await t.session('websocket');
  session.socket?.close();
  await session.moveTo('websocket');
  successful(await session.connectNow());
}, { needs: ['websocket'] });

define('moving: a WebSocket that was closed in order does not end the session', async (t) => {
  const session = await t.session('websocket');
  await session.subscribe(t.channel());
  session.socket?.send(8, Buffer.from([0x03, 0xe8]));
  await t.until('the close', () => session.closed !== undefined);
  await (await t.session()).publish(t.channel(), 'meanwhile');
  await session.moveTo('websocket');
  successful(await session.connectNow());
  assert.deepEqual(dataOf(await t.received(session, 1)), ['meanwhile']);
}, { needs: ['websocket'] });

define('moving: with a held connect on a WebSocket that was closed, the session goes on', async (t) => {
  const session = await t.session('websocket');
  await session.subscribe(t.channel());
  void session.connect().catch(() => undefined);
  await session.publish(t.channel('/nobody'), 'the connect before this has been taken');
  session.socket?.send(8, Buffer.from([0x03, 0xe8]));
  await t.until('the close', () => session.closed !== undefined);
  await (await t.session()).publish(t.channel(), 'meanwhile');
  await session.moveTo('websocket');
  successful(await session.connectNow());
  assert.deepEqual(dataOf(await t.received(session, 1)), ['meanwhile']);
}, { needs: ['websocket'] });

define('moving: messages go to the newer of two WebSockets', async (t) => {
  const session = await t.session('websocket');
  await session.subscribe(t.channel());
  await session.moveTo('websocket');
  successful(await session.connectNow());
  const texts = session.texts.length;
  await (await t.session()).publish(t.channel(), 'here');
  await t.received(session, 1);
  assert(session.texts.slice(texts).some((text) => text.includes('here')));
}, { needs: ['websocket'] });

define('moving: a new page needs no handshake to go on over a WebSocket, as with reload', async (t) => {
  const before = await t.session('websocket');
  await before.subscribe(t.channel());
  before.socket?.send(8, Buffer.from([0x03, 0xe9]));
  const after = t.fresh('websocket');
  after.clientId = before.clientId;
  await after.moveTo('websocket');
  successful(await after.connectNow());
  await (await t.session()).publish(t.channel(), 'reloaded');
  assert.deepEqual(dataOf(await t.received(after, 1)), ['reloaded']);
}, { needs: ['websocket'] });

for (const kind of all) {
  define(`moving: an unknown client id opens no session over ${kind}`, async (t) => {
    const session = t.fresh(kind);
    session.clientId = 'f'.repeat(34);
    if (kind === 'websocket') await session.moveTo(kind);
    refused(await session.connect(), '402');
    refused(await session.publish(t.channel(), 1), '402');
  }, { needs: [kind] });
}

define('moving: over HTTP the client id is proof enough; no cookie is needed', async (t) => {
  const session = await t.session('long-polling');
  const answer = await t.post([{ channel: t.channel(), clientId: session.clientId, id: 'n', data: 1 }, { channel: '/meta/connect', clientId: session.clientId, id: 'c', connectionType: 'long-polling' }]);
  assert.equal(answer.status, 200);
  for (const reply of messagesOf(answer)) successful(reply);
}, { needs: ['cookieless'] });
