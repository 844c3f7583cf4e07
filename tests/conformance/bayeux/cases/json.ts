/** Data arrives as it was sent. */
import assert from 'node:assert/strict';
import { all, both, dataOf, define, each } from '../lib/case.ts';
import type { Context } from '../lib/case.ts';
import type { Kind } from '../lib/session.ts';

/** Publishes JSON text as data; returns the text of the data that arrived. */
async function through(t: Context, kind: Kind, json: string): Promise<string> {
  const channel = t.channel();
  const listener = await t.listener(kind, channel);
  const session = await t.session(kind);
  await session.raw(`[{"channel":"${channel}","clientId":"${session.clientId}","id":"p","data":${json}}]`);
  await t.received(listener, 1);
  const text = listener.texts.find((one) => one.includes('"data"')) ?? '';
  const end = /"data"\s*:\s*/.exec(text);
  return text.slice((end?.index ?? 0) + (end?.[0].length ?? 0));
}

const values: [string, unknown][] = [
  ['null', null], ['false', false], ['zero', 0], ['an empty string', ''], ['an empty array', []], ['an empty object', {}],
  ['a string', 'text'], ['a negative number', -17], ['a fraction', 1.5], ['a large number', 6.02e23], ['a small number', 1.6e-19],
  ['nested arrays', [[[]], [1, [2, [3]]]]], ['nested objects', { a: { b: { c: { d: null } } }, '': 0 }],
];
for (const [name, value] of values) {
  each(both, `json: ${name} as data arrives`, async (t, kind) => {
    const channel = t.channel();
    const listener = await t.listener(kind, channel);
    const session = await t.session(kind);
    await session.publish(channel, value);
    assert.deepEqual(dataOf(await t.received(listener, 1)), [value]);
  });
}

const strings: [string, string][] = [
  ['letters of many scripts', 'grüße ελληνικά русский עברית हिन्दी 日本語 한국어'],
  ['characters beyond the basic plane', '\u{1F600}\u{10348}\u{20BB7}'],
  ['quotes, backslashes and slashes', '"\\/\\"'],
  ['control characters', '\u0000\u0001\b\f\n\r\t\u001f\u007f'],
  ['U+2028 and U+2029', 'a\u2028b\u2029c'],
  ['what HTML would read', '</script><!--&amp;'],
];
for (const [name, value] of strings) {
  each(all, `json: ${name} arrive unharmed`, async (t, kind) => {
    const channel = t.channel();
    const listener = await t.listener(kind, channel);
    const session = await t.session(kind);
    await session.publish(channel, { [value]: value });
    assert.deepEqual(dataOf(await t.received(listener, 1)), [{ [value]: value }]);
  });
}

define('json: escapes are what they stand for', async (t) => {
  const channel = t.channel();
  const listener = await t.listener('long-polling', channel);
  const session = await t.session();
  await session.raw(`[{"channel":"${channel}","clientId":"${session.clientId}","id":"e","data":"\\u00fc\\ud83d\\ude00\\/\\u0041"}]`);
  assert.deepEqual(dataOf(await t.received(listener, 1)), ['ü\u{1F600}/A']);
});

each(both, 'json: integers of 64 bits stay exact', async (t, kind) => {
  const text = await through(t, kind, '[9223372036854775807,-9223372036854775808,9007199254740993]');
  assert(text.startsWith('[9223372036854775807,-9223372036854775808,9007199254740993]'), text.slice(0, 80));
});

define('json: unsigned integers of 64 bits stay exact', async (t) => {
  const text = await through(t, 'long-polling', '[18446744073709551615]');
  assert(text.startsWith('[18446744073709551615]'), text.slice(0, 80));
});

define('json: 100 levels deep is not too deep', async (t) => {
  const channel = t.channel();
  const listener = await t.listener('long-polling', channel);
  let deep: unknown = 'bottom';
  for (let i = 0; i < 100; i += 1) deep = { deep };
  await (await t.session()).publish(channel, deep);
  assert.deepEqual(dataOf(await t.received(listener, 1)), [deep]);
});

define('json: many members and elements arrive', async (t) => {
  const channel = t.channel();
  const listener = await t.listener('long-polling', channel);
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, [i, String(i)]]));
  await (await t.session()).publish(channel, wide);
  assert.deepEqual(dataOf(await t.received(listener, 1)), [wide]);
});
