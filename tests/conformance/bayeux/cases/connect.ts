/** /meta/connect: when it is answered, with what, and what a second one does. */
import assert from 'node:assert/strict';
import { all, both, completeAdvice, dataOf, define, each, refused, successful, withData } from '../lib/case.ts';
import { Refused } from '../lib/session.ts';

each(all, 'connect: the first one is answered at once', async (t, kind) => {
  const session = await t.shaken(kind);
  successful(await session.connect());
});

each(all, 'connect: the first one is answered with advice in full', async (t, kind) => {
  const session = await t.shaken(kind);
  const { advice } = await session.connectNow();
  completeAdvice(advice);
  assert.equal(advice.reconnect, 'retry');
});

each(all, 'connect: one with the advice not to wait is answered at once', async (t, kind) => {
  const session = await t.session(kind);
  for (let i = 0; i < 3; i += 1) successful(await session.connect({ advice: { timeout: 0 } }));
});

each(both, 'connect: advice, wherever it stands, is complete', async (t, kind) => {
  const session = await t.session(kind);
  for (const more of [{ advice: { timeout: 0 } }, { advice: { timeout: 0, interval: 1000 } }, { advice: { timeout: 500 } }]) {
    const reply = await session.connect(more);
    if ('advice' in reply) completeAdvice(reply['advice']);
  }
});

each(all, 'connect: a later one is held', async (t, kind) => {
  const session = await t.session(kind);
  await t.stillHeld(session.connect(), session);
});

each(all, 'connect: a held one ends in success after the time that the client advised', async (t, kind) => {
  const session = await t.session(kind);
  const held = session.connect({ advice: { timeout: 400 } });
  await t.stillHeld(held, session, 1);
  const reply = await held;
  successful(reply);
  assert(reply['advice'] === undefined || (reply['advice'] as { reconnect: string }).reconnect === 'retry');
});

for (const kind of ['long-polling', 'callback-polling'] as const) {
  define(`connect: a held one brings the message that arrives [${kind}]`, async (t) => {
    const session = await t.session(kind);
    await session.subscribe(t.channel());
    const held = session.connect();
    await t.stillHeld(held, session);
    await (await t.session()).publish(t.channel(), 'fresh');
    successful(await held);
    assert.deepEqual(dataOf(session.data), ['fresh']);
  }, { needs: [kind] });

  define(`connect: what was queued is brought at once, in order [${kind}]`, async (t) => {
    const session = await t.session(kind);
    await session.subscribe(t.channel());
    const other = await t.session();
    for (let i = 0; i < 20; i += 1) await other.publish(t.channel(), i);
    successful(await session.connect());
    assert.deepEqual(dataOf(session.data), Array.from({ length: 20 }, (_, i) => i));
  }, { needs: [kind] });
}

define('connect: on a WebSocket a held one stays held while messages arrive', async (t) => {
  const session = await t.session('websocket');
  await session.subscribe(t.channel());
  const held = session.connect();
  const other = await t.session();
  for (let i = 0; i < 3; i += 1) await other.publish(t.channel(), i);
  await t.received(session, 3);
  await t.stillHeld(held, session);
}, { needs: ['websocket'] });

define('connect: on a WebSocket what was queued comes by itself, and the connect is held', async (t) => {
  const session = await t.session('long-polling');
  await session.subscribe(t.channel());
  await (await t.session()).publish(t.channel(), 'queued');
  await session.moveTo('websocket');
  successful(await session.connectNow());
  await t.received(session, 1);
  await t.stillHeld(session.connect(), session);
}, { needs: ['websocket'] });

define('connect: over HTTP one that is not alone is answered at once', async (t) => {
  const session = await t.session();
  const [published, connected] = await session.askAll({ channel: t.channel(), data: 1 }, { channel: '/meta/connect' });
  successful(published);
  successful(connected);
});

define('connect: over HTTP the messages and the reply come in one answer', async (t) => {
  const session = await t.session();
  await session.subscribe(t.channel());
  await (await t.session()).publish(t.channel(), 'both');
  const answer = await session.raw(JSON.stringify([{ channel: '/meta/connect', clientId: session.clientId, connectionType: 'long-polling', id: 'c' }]));
  assert.deepEqual(dataOf(withData(answer)), ['both']);
  assert(answer.some((message) => message['channel'] === '/meta/connect' && message['id'] === 'c'));
});

define('connect: over HTTP a message is brought once', async (t) => {
  const session = await t.session();
  await session.subscribe(t.channel());
  await (await t.session()).publish(t.channel(), 'once');
  await session.connect();
  await session.connectNow();
  await session.connectNow();
  assert.deepEqual(dataOf(session.data), ['once']);
});

define('connect: over HTTP a second one ends the first with an error status', async (t) => {
  const session = await t.session();
  const first = session.connect();
  const failed = assert.rejects(first, (error) => error instanceof Refused && error.answer.status >= 400);
  await t.stillHeld(first, session);
  const second = session.connect();
  await failed;
  await t.stillHeld(second, session);
});

define('connect: over HTTP the second one brings what the first would have', async (t) => {
  const session = await t.session();
  await session.subscribe(t.channel());
  const first = session.connect().catch(() => undefined);
  await t.stillHeld(first, session);
  const second = session.connect();
  await first;
  await (await t.session()).publish(t.channel(), 'late');
  successful(await second);
  assert.deepEqual(dataOf(session.data), ['late']);
});

define('connect: on a WebSocket a second one takes the place of the first, which gets no reply', async (t) => {
  const session = await t.session('websocket');
  session.connect({ id: 'first', advice: { timeout: 300 } }).catch(() => undefined);
  await session.publish(t.channel('/nobody'), 'the connect before this has been taken');
  successful(await session.connect({ id: 'second', advice: { timeout: 900 } }));
  assert(!session.replies.some((reply) => reply['id'] === 'first'), 'the first one was answered too');
}, { needs: ['websocket'] });

each(all, 'connect: an unknown session is refused with 402', async (t, kind) => {
  const session = await t.shaken(kind);
  await session.disconnect();
  refused(await session.connect(), '402');
});

each(both, 'connect: an unknown session is told to shake hands, at once', async (t, kind) => {
  const session = await t.shaken(kind);
  await session.disconnect();
  const { advice } = await session.connect();
  assert.deepEqual([(advice as { reconnect: string }).reconnect, (advice as { interval: number }).interval], ['handshake', 0]);
});

define('connect: the advice for an unknown session is complete', async (t) => {
  completeAdvice((await t.fresh('long-polling').connect({ clientId: 'nobody' }))['advice']);
});

define('connect: one without a client id is refused with 402', async (t) => {
  refused(await t.fresh('long-polling').connect({ clientId: undefined }), '402');
});

each(both, 'connect: what is published between two of them comes with the next', async (t, kind) => {
  const session = await t.session(kind);
  const other = await t.session();
  await session.subscribe(t.channel());
  for (let round = 0; round < 3; round += 1) {
    await other.publish(t.channel(), round);
    await session.connectNow();
  }
  assert.deepEqual(dataOf(await t.received(session, 3)), [0, 1, 2]);
});

define('connect: many in a row keep a session', async (t) => {
  const session = await t.session();
  for (let i = 0; i < 30; i += 1) successful(await session.connectNow());
  successful(await session.publish(t.channel(), 1));
});
