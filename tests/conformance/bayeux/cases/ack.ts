/** The ack extension: no message is lost with a reply. */
import assert from 'node:assert/strict';
import { all, both, dataOf, define, each, successful } from '../lib/case.ts';
import type { Context } from '../lib/case.ts';
import type { Kind, Message, Session } from '../lib/session.ts';

const needs = { needs: ['ack'] };
const batchOf = (reply: Message): unknown => (reply['ext'] as { ack?: unknown } | undefined)?.ack;

async function acknowledging(t: Context, kind: Kind): Promise<Session> {
  const session = await t.shaken(kind, { ext: { ack: true } });
  successful(await session.subscribe(t.channel()));
  successful(await connect(session, 0));
  return session;
}

function connect(session: Session, ack: number, more: Message = { advice: { timeout: 0 } }): Promise<Message> {
  return session.connect({ ext: { ack }, ...more });
}

each(all, 'ack: the reply to the handshake agrees', async (t, kind) => {
  const reply = await t.fresh(kind).handshake({ ext: { ack: true } });
  successful(reply);
  assert(batchOf(reply), JSON.stringify(reply));
}, needs);

each(both, 'ack: who did not ask for it does not get it', async (t, kind) => {
  const session = await t.shaken(kind);
  assert.equal(batchOf(await session.connectNow()), undefined);
}, needs);

each(all, 'ack: a reply to connect names its batch by a number', async (t, kind) => {
  const session = await acknowledging(t, kind);
  await (await t.session()).publish(t.channel(), 1);
  assert.equal(typeof batchOf(await connect(session, 0)), 'number');
}, needs);

each(both, 'ack: batches are numbered upwards', async (t, kind) => {
  const session = await acknowledging(t, kind);
  const other = await t.session();
  let last = 0;
  for (let i = 0; i < 5; i += 1) {
    await other.publish(t.channel(), i);
    const batch = batchOf(await connect(session, last)) as number;
    assert(batch > last, `${batch} after ${last}`);
    last = batch;
  }
}, needs);

each(all, 'ack: what was not acknowledged comes again', async (t, kind) => {
  const session = await acknowledging(t, kind);
  await (await t.session()).publish(t.channel(), 'again');
  await connect(session, 0);
  await connect(session, 0);
  assert.deepEqual(dataOf(session.data), ['again', 'again']);
}, needs);

each(all, 'ack: what was acknowledged does not', async (t, kind) => {
  const session = await acknowledging(t, kind);
  await (await t.session()).publish(t.channel(), 'once');
  const batch = batchOf(await connect(session, 0)) as number;
  await connect(session, batch);
  await connect(session, batch);
  assert.deepEqual(dataOf(session.data), ['once']);
}, needs);

each(both, 'ack: what comes again comes first', async (t, kind) => {
  const session = await acknowledging(t, kind);
  const other = await t.session();
  for (const round of [1, 2, 3]) {
    await other.publish(t.channel(), round);
    await connect(session, 0);
  }
  assert.deepEqual(dataOf(session.data), [1, 1, 2, 1, 2, 3]);
}, needs);

each(both, 'ack: a connect is answered at once while something is unacknowledged', async (t, kind) => {
  const session = await acknowledging(t, kind);
  await (await t.session()).publish(t.channel(), 1);
  await connect(session, 0);
  successful(await connect(session, 0, {}));
  assert.deepEqual(dataOf(session.data), [1, 1]);
}, needs);

each(both, 'ack: a held connect is ended by a message', async (t, kind) => {
  const session = await acknowledging(t, kind);
  const held = connect(session, 0, {});
  await t.stillHeld(held, session);
  await (await t.session()).publish(t.channel(), 'now');
  assert.equal(typeof batchOf(await held), 'number');
  assert.deepEqual(dataOf(session.data), ['now']);
}, needs);

define('ack: on a WebSocket too messages come with connects only', async (t) => {
  const session = await acknowledging(t, 'websocket');
  await (await t.session()).publish(t.channel(), 'waits');
  await session.publish(t.channel('/other'), 'a reply in between');
  assert.deepEqual(session.data, []);
  await connect(session, 0);
  assert.deepEqual(dataOf(session.data), ['waits']);
}, { needs: ['ack', 'websocket'] });

define('ack: on a WebSocket the reply that confirms messages does not overtake them', async (t) => {
  const session = await acknowledging(t, 'websocket');
  const other = await t.session();
  for (let i = 0; i < 10; i += 1) await other.publish(t.channel(), i);
  await connect(session, 0);
  assert.equal(session.data.length, 10);
}, { needs: ['ack', 'websocket'] });

define('ack: what was lost with a connection comes over the next transport', async (t) => {
  const session = await acknowledging(t, 'long-polling');
  await (await t.session()).publish(t.channel(), 'twice');
  await connect(session, 0);
  await session.moveTo('websocket');
  await connect(session, 0);
  assert.deepEqual(dataOf(await t.received(session, 2)), ['twice', 'twice']);
}, { needs: ['ack', 'websocket'] });

each(both, 'ack: a hundred messages with every third reply lost: all arrive, in order', async (t, kind) => {
  const session = await acknowledging(t, kind);
  const other = await t.session();
  const kept: unknown[] = [];
  let acknowledged = 0;
  for (let sent = 0, round = 0; kept.length < 100; round += 1) {
    assert(round < 200, 'it takes too long');
    for (let i = 0; i < 7 && sent < 100; i += 1, sent += 1) await other.publish(t.channel(), sent);
    const before = session.data.length;
    const batch = batchOf(await connect(session, acknowledged)) as number;
    if (round % 3 === 2) continue;
    kept.push(...dataOf(session.data.slice(before)));
    acknowledged = batch;
  }
  assert.deepEqual(kept, Array.from({ length: 100 }, (_, i) => i));
}, needs);

each(both, 'ack: messages from before the first connect are in it', async (t, kind) => {
  const session = await t.shaken(kind, { ext: { ack: true } });
  await session.subscribe(t.channel());
  await (await t.session()).publish(t.channel(), 'early');
  await connect(session, 0);
  assert.deepEqual(dataOf(session.data), ['early']);
}, needs);
