/** /meta/disconnect, from either side. */
import assert from 'node:assert/strict';
import { all, both, completeAdvice, dataOf, define, each, refused, successful } from '../lib/case.ts';

each(all, 'disconnect: the reply is successful', async (t, kind) => {
  successful(await (await t.session(kind)).disconnect());
});

each(both, 'disconnect: the session is unknown afterwards', async (t, kind) => {
  const session = await t.session(kind);
  await session.disconnect();
  refused(await session.publish(t.channel(), 1), '402');
  refused(await session.disconnect(), '402');
});

define('disconnect: a session that never was is refused with 402', async (t) => {
  refused(await t.fresh('long-polling').ask({ channel: '/meta/disconnect', clientId: 'z'.repeat(30) }), '402');
});

each(both, 'disconnect: a held connect is answered, and told not to come again', async (t, kind) => {
  const session = await t.session(kind);
  const held = session.connect();
  await t.stillHeld(held, session);
  successful(await session.disconnect());
  const reply = await held;
  assert.equal((reply['advice'] as { reconnect: string } | undefined)?.reconnect, 'none');
  successful(reply);
});

define('disconnect: the advice with the end of a held connect is complete', async (t) => {
  const session = await t.session();
  const held = session.connect();
  await t.stillHeld(held, session);
  await session.disconnect();
  completeAdvice((await held)['advice']);
});

define('disconnect: on a WebSocket the held connect is answered first', async (t) => {
  const session = await t.session('websocket');
  const held = session.connect();
  await t.stillHeld(held, session);
  await Promise.all([held, session.disconnect()]);
  assert.deepEqual(session.replies.slice(-2).map((reply) => reply['channel']), ['/meta/connect', '/meta/disconnect']);
}, { needs: ['websocket'] });

each(both, 'disconnect: what was queued is not lost', async (t, kind) => {
  const session = await t.session(kind);
  await session.subscribe(t.channel());
  await (await t.session()).publish(t.channel(), 'last');
  await session.disconnect();
  await t.until('what was queued', () => session.data.length > 0);
  assert.deepEqual(dataOf(session.data), ['last']);
});

define('disconnect: other sessions stay as they were', async (t) => {
  const leaving = await t.listener('long-polling', t.channel());
  const staying = await t.listener('long-polling', t.channel());
  await leaving.disconnect();
  await (await t.session()).publish(t.channel(), 'on');
  assert.deepEqual(dataOf(await t.received(staying, 1)), ['on']);
});

define('disconnect: a WebSocket may shake hands again', async (t) => {
  const session = await t.session('websocket');
  const old = session.clientId;
  await session.disconnect();
  successful(await session.handshake());
  assert.notEqual(session.clientId, old);
  successful(await session.connectNow());
}, { needs: ['websocket'] });

each(both, 'disconnect: the server\'s own is told and ends the held connect', async (t, kind) => {
  const session = await t.session(kind);
  const held = session.connect();
  await t.stillHeld(held, session);
  const asked = session.publish('/service/echo/bye', {}).catch(() => undefined);
  const reply = await held;
  assert.equal((reply['advice'] as { reconnect: string } | undefined)?.reconnect, 'none');
  await asked;
  await t.until('the disconnect message', () => session.replies.some((message) => message['channel'] === '/meta/disconnect'));
  const told = session.replies.find((message) => message['channel'] === '/meta/disconnect');
  successful(told);
  assert(told && !('id' in told));
}, { needs: ['echo'] });

define('disconnect: a session that the server has ended is unknown afterwards', async (t) => {
  const session = await t.session();
  const held = session.connect();
  await t.stillHeld(held, session);
  await session.publish('/service/echo/bye', {}).catch(() => undefined);
  await held;
  refused(await session.publish(t.channel(), 1), '402');
}, { needs: ['echo'] });
