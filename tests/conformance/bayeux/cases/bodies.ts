/** The forms in which messages come in a POST. */
import assert from 'node:assert/strict';
import { dataOf, define, JSON_TYPE, messagesOf, refused, successful } from '../lib/case.ts';
import type { Context } from '../lib/case.ts';
import type { Message } from '../lib/session.ts';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const enc = encodeURIComponent;
const handshake = { channel: '/meta/handshake', id: 'h', version: '1.0', supportedConnectionTypes: ['long-polling'] };

async function replies(t: Context, body: string | Buffer, headers: Record<string, string>): Promise<Message[]> {
  const answer = await t.post(body, headers);
  assert.equal(answer.status, 200, `status ${answer.status}`);
  return messagesOf(answer);
}

for (const type of ['application/json', 'application/json;charset=UTF-8', 'application/json; charset="utf-8"', 'APPLICATION/JSON']) {
  define(`bodies: Content-Type ${type}`, async (t) => successful((await replies(t, JSON.stringify([handshake]), { 'Content-Type': type }))[0]));
}

define('bodies: JSON without a Content-Type', async (t) => successful((await replies(t, JSON.stringify([handshake]), {}))[0]));

define('bodies: a form with an array or an object as message', async (t) => {
  for (const message of [handshake, [handshake]]) successful((await replies(t, `message=${enc(JSON.stringify(message))}`, FORM))[0]);
});

define('bodies: a form with several messages', async (t) => {
  const session = await t.session();
  const one = (id: string): Message => ({ channel: t.channel(), clientId: session.clientId, id, data: id });
  const body = `message=${enc(JSON.stringify(one('a')))}&message=${enc(JSON.stringify([one('b'), one('c')]))}&message=${enc(JSON.stringify([one('d')]))}`;
  const got = await replies(t, body, { ...FORM, ...session.headers });
  assert.deepEqual(got.map((reply) => reply['id']), ['a', 'b', 'c', 'd']);
  got.forEach(successful);
});

define('bodies: other fields of a form are passed over', async (t) => {
  const type = 'application/x-www-form-urlencoded; charset=UTF-8';
  successful((await replies(t, `a=b&message=${enc(JSON.stringify(handshake))}&jsonp=x`, { 'Content-Type': type }))[0]);
});

define('bodies: in a form + is a blank, %2B a plus, and UTF-8 is decoded', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  const session = await t.session();
  const text = 'a b+c & ü=\u{1F600} %';
  const json = JSON.stringify([{ channel: t.channel(), clientId: session.clientId, id: 'f', data: text }]);
  successful((await replies(t, `message=${enc(json).replaceAll('%20', '+')}`, { ...FORM, ...session.headers }))[0]);
  assert.deepEqual(dataOf(await t.received(listener, 1)), [text]);
});

define('bodies: text/plain with a form in it, as Faye\'s browsers send it', async (t) => {
  successful((await replies(t, `message=${enc(JSON.stringify([handshake]))}`, { 'Content-Type': 'text/plain' }))[0]);
});

define('bodies: a form without a Content-Type', async (t) => successful((await replies(t, `message=${enc(JSON.stringify([handshake]))}`, {}))[0]));

define('bodies: bytes that are not UTF-8 reach nobody as they are', async (t) => {
  const listener = await t.listener('long-polling', t.channel());
  const session = await t.session();
  const json = JSON.stringify([{ channel: t.channel(), clientId: session.clientId, id: 'u', data: '@@' }]);
  await t.post(Buffer.from(json, 'latin1').map((byte) => (byte === 0x40 ? 0xff : byte)) as Buffer, { ...JSON_TYPE, ...session.headers });
  await t.fence(session, listener);
  // The client's decoder would have replaced broken bytes too; so the text may only hold the server's own replacement.
  assert(dataOf(listener.data).every((data) => typeof data === 'string' && !data.includes('\u00ff')));
  await t.alive();
});

define('bodies: JSON that ends too early is refused with 400', async (t) => {
  assert.equal((await t.post('[{"channel":"/meta/hand')).status, 400);
  await t.alive();
});

const broken: [string, string][] = [
  ['no JSON at all', 'hello'], ['a missing bracket', '[{"channel":"/meta/handshake"}'], ['a missing quotation mark', '[{"channel:1}]'],
  ['a second value behind the first', '[]{}x'], ['a comma too much', '[{"channel":"/x","id":"1",}]'], ['single quotes', "[{'channel':'/x'}]"],
  ['a name without quotes', '[{channel:"/x"}]'], ['a line end in a string', '[{"channel":"/x\n"}]'], ['an unknown escape', '[{"channel":"/\\x"}]'],
  ['an unknown word', '[{"channel":nope}]'],
];
for (const [name, body] of broken) {
  define(`bodies: ${name} is refused`, async (t) => {
    const answer = await t.post(body);
    assert(answer.status >= 400, `status ${answer.status}: ${answer.body.toString('utf8')}`);
    await t.alive();
  });
}

const alien: [string, string][] = [['a number', '7'], ['a string', '"/meta/handshake"'], ['true', 'true'], ['null', 'null'], ['an array of numbers', '[1,2]'],
  ['an array of arrays', '[[{"channel":"/x"}]]'], ['an array with null in it', '[null]']];
for (const [name, body] of alien) {
  define(`bodies: ${name} is JSON but no transport message`, async (t) => {
    const answer = await t.post(body);
    assert(answer.status >= 400, `status ${answer.status}: ${answer.body.toString('utf8')}`);
    await t.alive();
  });
}

define('bodies: fields of the wrong type harm nobody', async (t) => {
  for (const wrong of [{ channel: 7 }, { channel: { a: 1 } }, { ...handshake, ext: 'text' }, { ...handshake, advice: 5 }, { ...handshake, supportedConnectionTypes: 'long-polling' },
    { channel: '/meta/connect', clientId: 9, connectionType: [], id: 'c' }, { channel: '/meta/subscribe', clientId: null, subscription: {}, id: 's' }]) {
    const answer = await t.post([wrong]);
    assert(answer.status === 200 || answer.status >= 400);
    if (answer.status === 200 && wrong.channel !== '/meta/handshake') refused(messagesOf(answer)[0]);
  }
  await t.alive();
});

define('bodies: an empty body is refused', async (t) => {
  assert((await t.post('')).status >= 400);
  await t.alive();
});

define('bodies: 5,000 brackets are refused or served, and harm nobody', async (t) => {
  const session = await t.session();
  const deep = '['.repeat(5000) + ']'.repeat(5000);
  const answer = await t.post(`[{"channel":"${t.channel()}","clientId":"${session.clientId}","id":"d","data":${deep}}]`, { ...JSON_TYPE, ...session.headers });
  assert(answer.status === 200 || answer.status >= 400);
  successful(await session.publish(t.channel(), 1));
});
