/** Which subscriptions a message reaches, and how often. */
import assert from 'node:assert/strict';
import { both, dataOf, define, each, rejected } from '../lib/case.ts';

const reach: [pattern: string, channel: string, matches: boolean][] = [
  ['/*', '/x', true], ['/*', '/x/y', false],
  ['/a/*', '/a/x', true], ['/a/*', '/a', false], ['/a/*', '/a/x/y', false], ['/a/*', '/b/x', false], ['/a/*', '/ab/x', false], ['/a/*', '/ab', false],
  ['/a/**', '/a/x', true], ['/a/**', '/a/x/y', true], ['/a/**', '/a/x/y/z', true], ['/a/**', '/a', false], ['/a/**', '/ab/x', false], ['/a/**', '/b/a/x', false],
  ['/**', '/x', true], ['/**', '/x/y/z', true],
  ['/a/x', '/a/x', true], ['/a/x', '/a', false], ['/a/x', '/a/x/y', false], ['/a/x', '/a/xy', false],
];
for (const [pattern, channel, matches] of reach) {
  define(`wildcards: ${pattern} ${matches ? 'has' : 'has not'} ${channel}`, async (t) => {
    const root = t.channel('');
    const listener = await t.listener('long-polling', root + pattern);
    const session = await t.session();
    await session.publish(root + channel, 'tried');
    await t.fence(session, listener);
    const got = listener.data.filter((message) => message['data'] === 'tried');
    assert.deepEqual(got.map((message) => message['channel']), matches ? [root + channel] : []);
  });
}

each(both, 'wildcards: who subscribed in several ways gets one copy, on the concrete channel', async (t, kind) => {
  const root = t.channel('');
  const listener = await t.listener(kind, `${root}/a/b`, `${root}/a/*`, `${root}/a/**`, `${root}/**`);
  const session = await t.session(kind);
  await session.publish(`${root}/a/b`, 'once');
  await t.fence(session, listener);
  const got = listener.data.filter((message) => message['data'] === 'once');
  assert.deepEqual(got.map((message) => message['channel']), [`${root}/a/b`]);
});

each(both, 'wildcards: taking one of several subscriptions away leaves the others', async (t, kind) => {
  const root = t.channel('');
  const listener = await t.listener(kind, `${root}/a/b`, `${root}/a/*`);
  const session = await t.session(kind);
  await listener.unsubscribe(`${root}/a/b`);
  await session.publish(`${root}/a/b`, 'still');
  assert.deepEqual(dataOf(await t.received(listener, 1)), ['still']);
  await listener.unsubscribe(`${root}/a/*`);
  await session.publish(`${root}/a/b`, 'no more');
  await t.fence(session, listener);
  assert.deepEqual(dataOf(listener.data), ['still']);
});

define('wildcards: a pattern is taken away by its own name only', async (t) => {
  const root = t.channel('');
  const listener = await t.listener('long-polling', `${root}/a/*`);
  const session = await t.session();
  await listener.unsubscribe(`${root}/a/b`);
  await session.publish(`${root}/a/b`, 'still');
  assert.deepEqual(dataOf(await t.received(listener, 1)), ['still']);
});

for (const pattern of ['/a/*/b', '/a/**/b', '/*/*', '/**/*']) {
  define(`wildcards: ${pattern} is no pattern`, async (t) => {
    await rejected((await t.session()).subscribe(t.channel(pattern)));
  });
}

for (const pattern of ['/a/*', '/a/**']) {
  define(`wildcards: nobody can publish to ${pattern}`, async (t) => {
    await rejected((await t.session()).publish(t.channel(pattern), 1));
  });
}

define('wildcards: a star inside of a segment is a character', async (t) => {
  const listener = await t.listener('long-polling', t.channel('/a*'));
  const session = await t.session();
  await session.publish(t.channel('/ab'), 'other');
  await session.publish(t.channel('/a*'), 'same');
  await t.fence(session, listener);
  assert.deepEqual(dataOf(listener.data), ['same']);
});

define('wildcards: many listeners on patterns and names each get their own', async (t) => {
  const root = t.channel('');
  const session = await t.session();
  const patterns = [`${root}/r/1`, `${root}/r/2`, `${root}/r/*`, `${root}/**`];
  const listeners = await Promise.all(patterns.map((pattern) => t.listener('long-polling', pattern)));
  for (const channel of ['/r/1', '/r/2', '/r/3', '/r/3/4']) await session.publish(root + channel, channel);
  const expected = [['/r/1'], ['/r/2'], ['/r/1', '/r/2', '/r/3'], ['/r/1', '/r/2', '/r/3', '/r/3/4']];
  for (const [i, listener] of listeners.entries()) {
    await t.fence(session, listener);
    assert.deepEqual(dataOf(listener.data).filter((data) => data !== 'fence'), expected[i]);
  }
});
