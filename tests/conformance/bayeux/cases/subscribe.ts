/** /meta/subscribe and /meta/unsubscribe. */
import assert from 'node:assert/strict';
import { all, both, dataOf, define, each, JSON_TYPE, refused, successful } from '../lib/case.ts';

for (const verb of ['subscribe', 'unsubscribe'] as const) {
  each(all, `${verb}: the reply repeats the subscription as a string`, async (t, kind) => {
    const session = await t.session(kind);
    if (verb === 'unsubscribe') await session.subscribe(t.channel());
    const reply = await session[verb](t.channel());
    successful(reply);
    assert.equal(reply['subscription'], t.channel());
  });

  each(both, `${verb}: the reply repeats an array as an array`, async (t, kind) => {
    const names = [t.channel('/a'), t.channel('/b/*')];
    assert.deepEqual((await (await t.session(kind))[verb](names))['subscription'], names);
  });

  define(`${verb}: an array of one stays an array`, async (t) => {
    assert.deepEqual((await (await t.session())[verb]([t.channel()]))['subscription'], [t.channel()]);
  });

  define(`${verb}: without a subscription it is refused with 403`, async (t) => {
    refused(await (await t.session()).ask({ channel: `/meta/${verb}` }), '403');
  });

  for (const [name, wrong] of [['a number', 7], ['an object', { a: 1 }], ['an array of numbers', [1, 2]]] as const) {
    define(`${verb}: ${name} is no subscription`, async (t) => {
      const session = await t.session();
      // The whole message may be refused too.
      const answer = await t.post([{ channel: `/meta/${verb}`, clientId: session.clientId, id: 'w', subscription: wrong }], { ...JSON_TYPE, ...session.headers });
      if (answer.status === 200) refused(JSON.parse(answer.body.toString('utf8'))[0]);
      else assert(answer.status >= 400);
      successful(await session.publish(t.channel(), 'unharmed'));
    });
  }

  each(both, `${verb}: twice is as good as once`, async (t, kind) => {
    const session = await t.session(kind);
    if (verb === 'unsubscribe') await session.subscribe(t.channel());
    successful(await session[verb](t.channel()));
    successful(await session[verb](t.channel()));
  });

  each(both, `${verb}: an unknown session is refused with 402`, async (t, kind) => {
    const session = await t.session(kind);
    await session.disconnect();
    refused(await session[verb](t.channel()), '402');
  });
}

each(both, 'subscribe: who subscribed twice gets one copy', async (t, kind) => {
  const listener = await t.listener(kind, t.channel(), t.channel());
  const session = await t.session(kind);
  await session.publish(t.channel(), 1);
  await t.fence(session, listener);
  assert.deepEqual(dataOf(listener.data), [1]);
});

each(both, 'subscribe: an array subscribes to each', async (t, kind) => {
  const listener = await t.session(kind);
  successful(await listener.subscribe([t.channel('/a'), t.channel('/b'), t.channel('/c/*')]));
  listener.pump();
  const session = await t.session(kind);
  for (const name of ['/a', '/b', '/c/d']) await session.publish(t.channel(name), name);
  assert.deepEqual(dataOf(await t.received(listener, 3)), ['/a', '/b', '/c/d']);
});

each(both, 'subscribe: several in one transport message all count', async (t, kind) => {
  const listener = await t.session(kind);
  const replies = await listener.askAll(...['/a', '/b', '/c'].map((name) => ({ channel: '/meta/subscribe', subscription: t.channel(name) })));
  assert.deepEqual(replies.map((reply) => reply['subscription']), ['/a', '/b', '/c'].map((name) => t.channel(name)));
  listener.pump();
  const session = await t.session(kind);
  for (const name of ['/c', '/a', '/b']) await session.publish(t.channel(name), name);
  assert.deepEqual(dataOf(await t.received(listener, 3)), ['/c', '/a', '/b']);
});

define('subscribe: an array with one that is no channel fails', async (t) => {
  const session = await t.session();
  refused(await session.subscribe([t.channel('/good'), 'no-slash', t.channel('/later')]));
  await session.publish(t.channel('/later'), 'later');
  await session.connectNow();
  assert(!dataOf(session.data).includes('later'), 'what follows the failure must not count');
});

define('subscribe: a refusal repeats the subscription', async (t) => {
  const reply = await (await t.session()).subscribe('/a?b');
  refused(reply);
  assert.equal(reply['subscription'], '/a?b');
});

define('subscribe: it holds for messages from then on', async (t) => {
  const session = await t.session();
  await session.publish(t.channel(), 'before');
  const listener = await t.listener('long-polling', t.channel());
  await session.publish(t.channel(), 'after');
  await t.fence(session, listener);
  assert.deepEqual(dataOf(listener.data), ['after']);
});

define('subscribe: one closed by policy is refused with 403, its reason and subscribe_denied', async (t) => {
  const reply = await (await t.session()).subscribe('/closed/room');
  refused(reply, '403');
  assert.match(String(reply['error']), /^403:[^:]+:subscribe_denied$/);
}, { needs: ['closed'] });

define('subscribe: 30 channels are not too many for a session', async (t) => {
  const listener = await t.session();
  for (let i = 0; i < 30; i += 1) successful(await listener.subscribe(t.channel(`/${i}`)));
  listener.pump();
  const session = await t.session();
  for (let i = 0; i < 30; i += 1) await session.publish(t.channel(`/${i}`), i);
  assert.deepEqual(dataOf(await t.received(listener, 30)), Array.from({ length: 30 }, (_, i) => i));
});

each(both, 'unsubscribe: nothing comes any more', async (t, kind) => {
  const listener = await t.listener(kind, t.channel());
  const session = await t.session(kind);
  await session.publish(t.channel(), 'one');
  await t.received(listener, 1);
  successful(await listener.unsubscribe(t.channel()));
  await session.publish(t.channel(), 'two');
  await t.fence(session, listener);
  assert.deepEqual(dataOf(listener.data), ['one']);
});

define('unsubscribe: a channel that the session never subscribed to', async (t) => {
  successful(await (await t.session()).unsubscribe(t.channel('/never')));
});

define('unsubscribe: one of two channels leaves the other', async (t) => {
  const listener = await t.listener('long-polling', t.channel('/a'), t.channel('/b'));
  const session = await t.session();
  await listener.unsubscribe(t.channel('/a'));
  await session.publish(t.channel('/a'), 'a');
  await session.publish(t.channel('/b'), 'b');
  await t.fence(session, listener);
  assert.deepEqual(dataOf(listener.data), ['b']);
});

define('unsubscribe: an array unsubscribes from each', async (t) => {
  const listener = await t.listener('long-polling', t.channel('/a'), t.channel('/b'));
  const session = await t.session();
  successful(await listener.unsubscribe([t.channel('/a'), t.channel('/b')]));
  for (const name of ['/a', '/b']) await session.publish(t.channel(name), name);
  await t.fence(session, listener);
  assert.deepEqual(listener.data, []);
});

define('unsubscribe: it is the caller\'s own subscription only', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  const session = await t.session();
  await session.subscribe(t.channel());
  successful(await session.unsubscribe(t.channel()));
  await session.publish(t.channel(), 'still');
  assert.deepEqual(dataOf(await t.received(listener, 1)), ['still']);
});

define('unsubscribe: one may subscribe again', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  const session = await t.session();
  await listener.unsubscribe(t.channel());
  await session.publish(t.channel(), 'away');
  await listener.subscribe(t.channel());
  await session.publish(t.channel(), 'back');
  await t.fence(session, listener);
  assert.deepEqual(dataOf(listener.data), ['back']);
});
