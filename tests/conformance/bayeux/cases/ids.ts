/** Message ids and client ids. */
import assert from 'node:assert/strict';
import { all, both, define, each, JSON_TYPE, messagesOf, refused, successful } from '../lib/case.ts';
import type { Context } from '../lib/case.ts';
import type { Message, Session } from '../lib/session.ts';

const requests: [string, (t: Context) => Message][] = [
  ['connect', () => ({ channel: '/meta/connect', advice: { timeout: 0 } })],
  ['subscribe', (t) => ({ channel: '/meta/subscribe', subscription: t.channel() })],
  ['unsubscribe', (t) => ({ channel: '/meta/unsubscribe', subscription: t.channel('/subscribed') })],
  ['publish', (t) => ({ channel: t.channel(), data: 1 })],
  ['disconnect', () => ({ channel: '/meta/disconnect' })],
];

each(all, 'ids: the reply to a handshake has its id and channel', async (t, kind) => {
  const reply = await t.fresh(kind).handshake({ id: 'Abc123' });
  assert.deepEqual([reply['id'], reply['channel']], ['Abc123', '/meta/handshake']);
});

for (const [name, request] of requests) {
  each(all, `ids: the reply to a ${name} has its id and channel`, async (t, kind) => {
    const session = await t.session(kind);
    await session.subscribe(t.channel('/subscribed'));
    const message = request(t);
    const reply = await session.ask({ ...message, id: 'Abc123' });
    assert.deepEqual([reply['id'], reply['channel']], ['Abc123', message['channel']]);
  });
}

for (const [name, request] of requests.slice(1)) {
  define(`ids: a ${name} without an id is served, and its reply has none`, async (t) => {
    const session = await t.session();
    await session.subscribe(t.channel('/subscribed'));
    const answer = await t.post([{ ...request(t), clientId: session.clientId }], { ...JSON_TYPE, ...session.headers });
    const reply = messagesOf(answer).find((message) => message['channel'] === request(t)['channel']);
    successful(reply);
    assert(reply && (!('id' in reply) || reply['id'] === null), JSON.stringify(reply));
  });
}

each(both, 'ids: a number as id comes back as that number or its text', async (t, kind) => {
  const session = await t.session(kind);
  const reply = await session.publish(t.channel(), 1, { id: 77 });
  assert.equal(String(reply['id']), '77');
});

each(both, 'ids: the same id may be used again', async (t, kind) => {
  const session = await t.session(kind);
  successful(await session.publish(t.channel(), 1, { id: 'same' }));
  successful(await session.publish(t.channel(), 2, { id: 'same' }));
});

define('ids: an id of 64 letters and digits is not too long', async (t) => {
  const id = 'aZ09'.repeat(16);
  assert.equal((await (await t.session()).publish(t.channel(), 1, { id }))['id'], id);
});

for (const [name, id] of [['blanks', 'a b'], ['quotation marks', 'a"b'], ['nothing', ''], ['markup', '<b>'], ['letters outside ASCII', 'é']] as const) {
  define(`ids: an id of ${name} is refused with 405`, async (t) => {
    const session: Session = await t.session();
    const answer = await session.raw(JSON.stringify([{ channel: t.channel(), clientId: session.clientId, id, data: 1 }]));
    refused(answer[0], '405');
  });
}

define('ids: client ids are long and never the same', async (t) => {
  const sessions = await Promise.all(Array.from({ length: 20 }, () => t.shaken('long-polling')));
  const found = new Set(sessions.map((session) => session.clientId));
  assert.equal(found.size, 20);
  // 128 random bits take 22 characters of 64 kinds.
  for (const id of found) assert(id.length >= 22, `short client id: ${id.length} characters`);
});

each(both, 'ids: what subscribers get has neither the publisher\'s client id nor the id of its message', async (t, kind) => {
  const listener = await t.listener(kind, t.channel());
  await (await t.session(kind)).publish(t.channel(), 1, { id: 'mine' });
  const [message] = await t.received(listener, 1);
  assert(message && !('clientId' in message), 'the client id is a secret');
  assert(!('id' in message), 'an id makes the message look like a reply');
});

each(both, 'ids: a publisher that subscribed gets its own message without them too', async (t, kind) => {
  const session = await t.listener(kind, t.channel());
  await session.publish(t.channel(), 1, { id: 'own' });
  const [message] = await t.received(session, 1);
  assert(message && !('clientId' in message) && !('id' in message), JSON.stringify(message));
});
