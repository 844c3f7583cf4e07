/** What only time brings about: holds that end, sessions that expire. These cases wait for the server's own time-outs. */
import assert from 'node:assert/strict';
import { both, define, each, refused, successful } from '../lib/case.ts';
import type { Context } from '../lib/case.ts';

const clock = { clock: true, needs: ['max-interval'] };

/** Long enough for every server: its limit twice over, and the pauses between its looks. */
const untilExpired = (t: Context): Promise<void> => t.pause(2 * t.server.maxInterval + 2000);

each(both, 'expiry: a session that never connected', async (t, kind) => {
  const session = await t.shaken(kind);
  await untilExpired(t);
  refused(await session.publish(t.channel(), 1), '402');
}, clock);

each(both, 'expiry: a session that connected and fell silent', async (t, kind) => {
  const session = await t.session(kind);
  await untilExpired(t);
  refused(await session.publish(t.channel(), 1), '402');
}, clock);

define('expiry: a session whose WebSocket was closed', async (t) => {
  const session = await t.session('websocket');
  session.socket?.close();
  await untilExpired(t);
  await session.moveTo('websocket');
  refused(await session.connect(), '402');
}, { ...clock, needs: ['websocket', 'max-interval'] });

define('expiry: a session whose WebSocket broke while a connect was held', async (t) => {
  const session = await t.session('websocket');
  void session.connect().catch(() => undefined);
  await session.publish(t.channel(), 'the connect before this has been taken');
  session.socket?.close();
  await untilExpired(t);
  await session.moveTo('websocket');
  refused(await session.connect(), '402');
}, { ...clock, needs: ['websocket', 'max-interval', 'notices-break'] });

each(both, 'expiry: an expired session is told to shake hands again', async (t, kind) => {
  const session = await t.session(kind);
  await untilExpired(t);
  const reply = await session.connect();
  refused(reply, '402');
  const advice = reply['advice'] as { reconnect: string; interval: number };
  assert.deepEqual([advice.reconnect, advice.interval], ['handshake', 0]);
}, clock);

each(both, 'expiry: a held connect ends in success after the server\'s own time-out', async (t, kind) => {
  const session = await t.session(kind);
  const before = Date.now();
  const reply = await session.connect({ id: 'held' });
  successful(reply);
  assert.equal(reply['id'], 'held');
  assert(Date.now() - before >= t.server.timeout - 100, 'it was not held that long');
}, { clock: true });

each(both, 'expiry: not while a connect is held', async (t, kind) => {
  assert(t.server.timeout > 2 * t.server.maxInterval, 'the server must hold longer than it keeps silent sessions');
  const session = await t.session(kind);
  successful(await session.connect());
  successful(await session.publish(t.channel(), 1));
}, { ...clock, needs: ['max-interval', 'long-hold'] });

each(both, 'expiry: not while connects follow each other', async (t, kind) => {
  const session = await t.session(kind);
  for (let i = 0; i < 6; i += 1) successful(await session.connect({ advice: { timeout: t.server.maxInterval / 2 } }));
  successful(await session.publish(t.channel(), 1));
}, clock);

each(both, 'expiry: not while other messages come', async (t, kind) => {
  const session = await t.session(kind);
  for (let i = 0; i < 10; i += 1) {
    await t.pause(t.server.maxInterval / 4);
    successful(await session.publish(t.channel(), i));
  }
}, clock);

each(both, 'expiry: later for a client that said it would pause', async (t, kind) => {
  const session = await t.session(kind);
  successful(await session.connect({ advice: { timeout: 0, interval: 2 * t.server.maxInterval } }));
  await t.pause(2 * t.server.maxInterval);
  successful(await session.publish(t.channel(), 1));
}, clock);
