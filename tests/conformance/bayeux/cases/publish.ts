/** Publishing: replies, what subscribers get, order. */
import assert from 'node:assert/strict';
import { all, both, dataOf, define, each, refused, successful } from '../lib/case.ts';
import { Session } from '../lib/session.ts';

each(all, 'publish: the reply is successful and has no data', async (t, kind) => {
  const reply = await (await t.session(kind)).publish(t.channel(), { secret: 1 }, { id: 'p1' });
  successful(reply);
  assert.deepEqual([reply['channel'], reply['id'], 'data' in reply], [t.channel(), 'p1', false]);
});

each(all, 'publish: subscribers get channel and data', async (t, kind) => {
  const listener = await t.listener(kind, t.channel());
  await (await t.session(kind)).publish(t.channel(), { text: 'hello', n: [1, null] });
  const [message] = await t.received(listener, 1);
  assert.deepEqual([message?.['channel'], message?.['data']], [t.channel(), { text: 'hello', n: [1, null] }]);
});

for (const from of both) {
  for (const to of both) {
    if (from === to) continue;
    define(`publish: from ${from} to ${to}`, async (t) => {
      const listener = await t.listener(to, t.channel('/**'));
      const session = await t.session(from);
      for (let i = 0; i < 5; i += 1) await session.publish(t.channel('/x'), i);
      assert.deepEqual(dataOf(await t.received(listener, 5)), [0, 1, 2, 3, 4]);
    }, { needs: ['websocket'] });
  }
}

each(both, 'publish: fields that Bayeux does not know travel', async (t, kind) => {
  const listener = await t.listener(kind, t.channel());
  await (await t.session(kind)).publish(t.channel(), 1, { 'x-trace': { id: 5 }, priority: 'high', 'ключ': null });
  const [message] = await t.received(listener, 1);
  assert.deepEqual([message?.['x-trace'], message?.['priority'], message?.['ключ']], [{ id: 5 }, 'high', null]);
});

define('publish: ext travels', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  await (await t.session()).publish(t.channel(), 1, { ext: { mine: { a: [1] } } });
  assert.deepEqual((await t.received(listener, 1))[0]?.['ext'], { mine: { a: [1] } });
});

define('publish: a timestamp travels', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  await (await t.session()).publish(t.channel(), 1, { timestamp: '2024-02-29T12:00:00.00' });
  assert.equal((await t.received(listener, 1))[0]?.['timestamp'], '2024-02-29T12:00:00.00');
});

each(both, 'publish: binary data of the binary extension passes untouched', async (t, kind) => {
  const listener = await t.listener(kind, t.channel());
  const data = { data: 'HelloWorld', meta: { type: 'image/png' }, last: true };
  await (await t.session(kind)).publish(t.channel(), data, { ext: { binary: {} } });
  const [message] = await t.received(listener, 1);
  assert.deepEqual([message?.['data'], message?.['ext']], [data, { binary: {} }]);
});

define('publish: a forged advice does not reach the subscribers', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  await (await t.session()).publish(t.channel(), 1, { advice: { reconnect: 'none' } });
  assert(!('advice' in (await t.received(listener, 1))[0]!));
});

define('publish: forged results do not reach the subscribers', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  await (await t.session()).publish(t.channel(), 1, { successful: false, error: '402::session_unknown' });
  const [message] = await t.received(listener, 1);
  assert(message && !('successful' in message) && !('error' in message), JSON.stringify(message));
});

define('publish: a channel with no subscriber takes it', async (t) => {
  successful(await (await t.session()).publish(t.channel('/lonely'), 1));
});

each(both, 'publish: the publisher gets it only if it has subscribed', async (t, kind) => {
  const session = await t.session(kind);
  session.pump();
  await session.publish(t.channel(), 'unheard');
  await t.fence(session, session);
  assert.deepEqual(session.data, []);
  await session.subscribe(t.channel());
  await session.publish(t.channel(), 'heard');
  assert.deepEqual(dataOf(await t.received(session, 1)), ['heard']);
});

each(both, 'publish: many subscribers each get every message once, in order', async (t, kind) => {
  const listeners = await Promise.all(Array.from({ length: 5 }, () => t.listener(kind, t.channel())));
  const session = await t.session(kind);
  for (let i = 0; i < 20; i += 1) await session.publish(t.channel(), i);
  for (const listener of listeners) {
    await t.fence(session, listener);
    assert.deepEqual(dataOf(listener.data), Array.from({ length: 20 }, (_, i) => i));
  }
});

each(both, 'publish: a burst of 300 in batches keeps its order', async (t, kind) => {
  const listener = await t.listener(kind, t.channel());
  const session = await t.session(kind);
  const numbers = Array.from({ length: 300 }, (_, i) => i);
  for (let at = 0; at < 300; at += 60) await session.askAll(...numbers.slice(at, at + 60).map((data) => ({ channel: t.channel(), data })));
  assert.deepEqual(dataOf(await t.received(listener, 300)), numbers);
});

define('publish: messages to several channels of one listener keep their order', async (t) => {
  const listener = await t.listener('long-polling', t.channel('/*'));
  const session = await t.session();
  await session.askAll(...Array.from({ length: 30 }, (_, i) => ({ channel: t.channel(`/${i % 3}`), data: i })));
  assert.deepEqual(dataOf(await t.received(listener, 30)), Array.from({ length: 30 }, (_, i) => i));
});

define('publish: a message without a session is refused with 402', async (t) => {
  refused(await t.fresh('long-polling').publish(t.channel(), 1, { clientId: undefined }), '402');
});

define('publish: a message of an unknown session is refused with 402, and goes to nobody', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  refused(await t.fresh('long-polling').publish(t.channel(), 'forged', { clientId: 'x'.repeat(30) }), '402');
  await t.fence(await t.session(), listener);
  assert.deepEqual(listener.data, []);
});

define('publish: a refusal has no advice that would end the session', async (t) => {
  const reply = await t.fresh('long-polling').publish(t.channel(), 1, { clientId: 'x'.repeat(30) });
  assert(reply['advice'] === undefined || (reply['advice'] as { reconnect: string }).reconnect !== 'none');
});

define('publish: on a WebSocket another session\'s client id is refused with 402', async (t) => {
  const session = await t.session('websocket');
  const other = await t.session('websocket');
  refused(await session.publish(t.channel(), 'stolen', { clientId: other.clientId }), '402');
  successful(await session.publish(t.channel(), 'own'));
}, { needs: ['websocket'] });

define('publish: one closed by policy is refused with 403, its reason and publish_denied', async (t) => {
  const reply = await (await t.session()).publish('/closed/room', 1);
  refused(reply, '403');
  assert.match(String(reply['error']), /^403:[^:]+:publish_denied$/);
}, { needs: ['closed'] });

define('publish: the sessions of one batch over HTTP are the first message\'s', async (t) => {
  const one = await t.session();
  const stranger = new Session(t.url, 'long-polling');
  stranger.clientId = 'y'.repeat(30);
  const [own, foreign] = await one.askAll({ channel: t.channel(), data: 1 }, { channel: t.channel(), data: 2, clientId: stranger.clientId });
  successful(own);
  refused(foreign, '402');
});
