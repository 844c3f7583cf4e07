/** Callback-polling: scripts that call a function with the messages. */
import assert from 'node:assert/strict';
import { dataOf, define, each, successful } from '../lib/case.ts';
import { unwrapCallback, type Message } from '../lib/session.ts';

const handshake = [{ channel: '/meta/handshake', id: 'h', version: '1.0', supportedConnectionTypes: ['callback-polling'] }];
const query = (callback: string | undefined, message: unknown): string =>
  `${callback === undefined ? '' : `jsonp=${encodeURIComponent(callback)}&`}message=${encodeURIComponent(JSON.stringify(message))}`;
const needs = { needs: ['callback-polling'] };

define('callback: the answer is a script that calls the function with the messages', async (t) => {
  const answer = await t.get(query('back', handshake));
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^(text|application)\/javascript\b/);
  successful((JSON.parse(unwrapCallback(answer.body.toString('utf8'), 'back')) as Message[])[0]);
}, needs);

for (const name of ['a', '_x', 'jsonpcallback1', 'org.cometd.back_2']) {
  define(`callback: ${name} is a name`, async (t) => {
    const answer = await t.get(query(name, handshake));
    assert.equal(answer.status, 200);
    unwrapCallback(answer.body.toString('utf8'), name);
  }, needs);
}

for (const [what, name] of [['a call', 'alert(1)//'], ['a semicolon', 'a;b'], ['markup', '<script>'], ['a blank', 'a b'], ['a quotation mark', 'a"b'],
  ['a line end', 'a\nb']] as const) {
  define(`callback: a name with ${what} is refused`, async (t) => {
    const answer = await t.get(query(name, handshake));
    assert(answer.status >= 400, answer.body.toString('utf8'));
  }, needs);
}

define('callback: a name of 1,000 characters is refused', async (t) => {
  assert((await t.get(query('a'.repeat(1000), handshake))).status >= 400);
}, needs);

define('callback: several messages in one query', async (t) => {
  const session = await t.session('callback-polling');
  const one = (id: string): string => encodeURIComponent(JSON.stringify([{ channel: t.channel(), clientId: session.clientId, id, data: id }]));
  const answer = await t.get(`jsonp=back&message=${one('a')}&message=${one('b')}`, session.headers);
  const messages = JSON.parse(unwrapCallback(answer.body.toString('utf8'), 'back')) as Message[];
  assert.deepEqual(messages.map((message) => message['id']), ['a', 'b']);
}, needs);

define('callback: messages come with connects only', async (t) => {
  const session = await t.session('callback-polling');
  await session.subscribe(t.channel());
  await session.publish(t.channel(), 'own');
  await session.publish(t.channel('/other'), 1);
  assert.deepEqual(session.data, []);
  await session.connectNow();
  assert.deepEqual(dataOf(session.data), ['own']);
}, needs);

define('callback: broken JSON is refused', async (t) => {
  assert((await t.get('jsonp=back&message=%5B%7B')).status >= 400);
  await t.alive();
}, needs);

each(['callback-polling'], 'callback: the session may go on over long-polling', async (t, kind) => {
  const session = await t.session(kind);
  await session.subscribe(t.channel());
  await session.moveTo('long-polling');
  await session.publish(t.channel(), 'moved');
  await session.connectNow();
  assert.deepEqual(dataOf(session.data), ['moved']);
});

define('callback: the script cannot be mistaken for something else', async (t) => {
  const { headers } = await t.get(query('back', handshake));
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
}, needs);

define('callback: nothing that a client sends stands at the start of the script', async (t) => {
  const answer = await t.get(query('CWSMTP', handshake));
  assert(!answer.body.toString('utf8').startsWith('CWS'), 'the callback begins the script, as Flash and others would have it');
}, needs);
