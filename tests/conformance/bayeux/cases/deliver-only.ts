/** With metaConnectDeliverOnly everything to a client comes with the answers to its connects, on every transport. */
import assert from 'node:assert/strict';
import { both, dataOf, define, each, successful } from '../lib/case.ts';

const needs = { needs: ['deliver-only'] };

each(both, 'deliver-only: messages do not come between connects', async (t, kind) => {
  const session = await t.session(kind);
  await session.subscribe(t.channel());
  await session.publish(t.channel(), 'waits');
  await session.publish(t.channel('/other'), 'a reply in between');
  assert.deepEqual(session.data, []);
  successful(await session.connectNow());
  assert.deepEqual(dataOf(session.data), ['waits']);
}, needs);

each(both, 'deliver-only: a held connect is ended by a message', async (t, kind) => {
  const session = await t.session(kind);
  await session.subscribe(t.channel());
  const held = session.connect();
  await t.stillHeld(held, session);
  await (await t.session()).publish(t.channel(), 'now');
  successful(await held);
  assert.deepEqual(dataOf(session.data), ['now']);
}, needs);

each(both, 'deliver-only: what was queued is brought at once, in order', async (t, kind) => {
  const session = await t.session(kind);
  await session.subscribe(t.channel());
  const other = await t.session();
  for (let i = 0; i < 10; i += 1) await other.publish(t.channel(), i);
  successful(await session.connect());
  assert.deepEqual(dataOf(session.data), Array.from({ length: 10 }, (_, i) => i));
}, needs);

define('deliver-only: a message comes once', async (t) => {
  const session = await t.session('websocket');
  await session.subscribe(t.channel());
  await session.publish(t.channel(), 'once');
  await session.connect();
  await session.connectNow();
  assert.deepEqual(dataOf(session.data), ['once']);
}, { needs: ['deliver-only', 'websocket'] });
