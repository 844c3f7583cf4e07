/** Names of channels and their kinds. */
import assert from 'node:assert/strict';
import { both, dataOf, define, each, refused, rejected, successful } from '../lib/case.ts';

const spelt: Record<string, string> = { ' ': 'a blank', '*': 'a star' };
for (const character of ' !#$()*+-./@_{}~') {
  define(`channels: a name may contain ${spelt[character] ?? character}`, async (t) => {
    const channel = t.channel(`/a${character}b`);
    const listener = await t.listener('long-polling', channel);
    successful(await (await t.session()).publish(channel, character));
    const [message] = await t.received(listener, 1);
    assert.equal(message?.['channel'], channel);
  });
}

const bad: [string, string][] = [
  ['an empty name', ''], ['a lone slash', '/'], ['a name without a slash', 'abc'], ['a quotation mark', '/a"b'], ['a question mark', '/a?b'],
  ['an ampersand', '/a&b'], ['a colon', '/a:b'], ['a comma', '/a,b'], ['a letter outside ASCII', '/grüße'], ['a backslash', '/a\\b'],
  ['angle brackets', '/<a>'], ['a percent sign', '/a%2fb'], ['a line end', '/a\nb'], ['a NUL', '/a\u0000b'],
];
for (const [name, channel] of bad) {
  define(`channels: ${name} is no channel to subscribe to`, async (t) => {
    await rejected((await t.session()).subscribe(channel));
  });
}
for (const [name, channel] of bad.slice(1)) {
  define(`channels: ${name} is no channel to publish to`, async (t) => {
    await rejected((await t.session()).publish(channel, 1));
  });
}

define('channels: what is no channel to publish to is refused with 405', async (t) => {
  refused(await (await t.session()).publish('/a?b', 1), '405');
});

define('channels: what is no channel to subscribe to is refused with 403 or 405', async (t) => {
  const reply = await (await t.session()).subscribe('/a?b');
  refused(reply);
  assert.match(String(reply['error']), /^40[35]:/);
});

define('channels: names tell upper and lower case apart', async (t) => {
  const listener = await t.listener('long-polling', t.channel('/Case'));
  const session = await t.session();
  await session.publish(t.channel('/case'), 'lower');
  await session.publish(t.channel('/Case'), 'upper');
  await t.fence(session, listener);
  assert.deepEqual(dataOf(listener.data), ['upper']);
});

define('channels: a trailing slash is nothing', async (t) => {
  const listener = await t.listener('long-polling', t.channel('/slash/'));
  const session = await t.session();
  successful(await session.publish(t.channel('/slash'), 1));
  successful(await session.publish(t.channel('/slash/'), 2));
  assert.deepEqual(dataOf(await t.received(listener, 2)), [1, 2]);
});

define('channels: an empty segment is refused', async (t) => {
  await rejected((await t.session()).subscribe(t.channel('//b')));
});

define('channels: 20 segments are not too many', async (t) => {
  const channel = t.channel('/s'.repeat(19));
  const listener = await t.listener('long-polling', channel);
  await (await t.session()).publish(channel, 1);
  assert.equal((await t.received(listener, 1))[0]?.['channel'], channel);
});

define('channels: a name of 200 characters is not too long', async (t) => {
  const channel = t.channel(`/${'n'.repeat(200 - t.channel('').length - 1)}`);
  const listener = await t.listener('long-polling', channel);
  await (await t.session()).publish(channel, 1);
  assert.equal((await t.received(listener, 1))[0]?.['channel'], channel);
});

for (const channel of ['/meta/connect', '/meta/subscribe', '/meta/*', '/meta/**', '/meta/other']) {
  define(`channels: nobody may subscribe to ${channel}`, async (t) => {
    refused(await (await t.session()).subscribe(channel));
  });
}

for (const channel of ['/meta/other', '/meta/connect/x', '/meta/Connect', '/meta']) {
  define(`channels: nobody may publish to ${channel}`, async (t) => {
    refused(await (await t.session()).publish(channel, { forged: true }));
  });
}

each(both, 'channels: meta messages go to nobody, whatever they subscribed to', async (t, kind) => {
  const listener = await t.listener(kind, '/**');
  const session = await t.session(kind);
  await session.subscribe(t.channel());
  await session.disconnect();
  const other = await t.session(kind);
  await other.publish(t.channel('/after'), 1);
  await t.until('what was published', () => listener.data.some((message) => message['channel'] === t.channel('/after')));
  assert(!listener.data.some((message) => String(message['channel']).startsWith('/meta/')));
});
