/** Transport messages: arrays, single objects, order, what must be alone. */
import assert from 'node:assert/strict';
import { both, dataOf, define, each, messagesOf, refused, successful } from '../lib/case.ts';
import { Refused } from '../lib/session.ts';
import { Opcode } from '../lib/websocket.ts';

const handshake = { channel: '/meta/handshake', id: 'h1', version: '1.0', supportedConnectionTypes: ['long-polling', 'websocket'] };

define('framing: an array with one message is answered with an array', async (t) => {
  const messages = messagesOf(await t.post([handshake]));
  assert(Array.isArray(messages));
  assert.equal(messages.length, 1);
  successful(messages[0]);
});

define('framing: a bare object is taken too, and answered with an array', async (t) => {
  const messages = messagesOf(await t.post(handshake));
  assert(Array.isArray(messages));
  successful(messages[0]);
});

define('framing: a bare object is taken on a WebSocket too', async (t) => {
  const socket = await t.socket();
  socket.text(JSON.stringify(handshake));
  const messages = JSON.parse((await socket.message()).payload.toString('utf8'));
  assert(Array.isArray(messages));
  successful(messages[0]);
}, { needs: ['websocket'] });

define('framing: every WebSocket message is a text frame with an array', async (t) => {
  const socket = await t.socket();
  socket.text(JSON.stringify([handshake]));
  const first = await socket.message();
  assert.equal(first.opcode, Opcode.text);
  const { clientId } = JSON.parse(first.payload.toString('utf8'))[0];
  socket.text(JSON.stringify(['a', 'b', 'c'].map((id) => ({ channel: t.channel(), clientId, id, data: id }))));
  const ids: unknown[] = [];
  while (ids.length < 3) {
    const { opcode, payload } = await socket.message();
    assert.equal(opcode, Opcode.text);
    const messages = JSON.parse(payload.toString('utf8')) as { id: string }[];
    assert(Array.isArray(messages) && messages.length > 0);
    ids.push(...messages.map((message) => message.id));
  }
  assert.deepEqual(ids, ['a', 'b', 'c']);
}, { needs: ['websocket'] });

define('framing: an HTTP answer is 200 and application/json', async (t) => {
  const answer = await t.post([handshake]);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json\b/);
});

define('framing: an HTTP answer may not be stored by caches, or its request could not be repeated from one', async (t) => {
  const answer = await t.post([handshake]);
  // A POST is never answered from a cache unless it says so itself.
  assert.doesNotMatch(answer.headers.get('cache-control') ?? '', /\bmax-age=[1-9]|\bpublic\b/);
});

each(both, 'framing: replies come in the order of the messages', async (t, kind) => {
  const session = await t.session(kind);
  const before = session.replies.length;
  await session.askAll(
    { channel: '/meta/subscribe', subscription: t.channel(), id: 'first' }, { channel: t.channel('/other'), data: 1, id: 'second' },
    { channel: '/meta/unsubscribe', subscription: t.channel(), id: 'third' }, { channel: t.channel('/other'), data: 2, id: 'fourth' });
  assert.deepEqual(session.replies.slice(before).map((reply) => reply['id']), ['first', 'second', 'third', 'fourth']);
});

each(both, 'framing: messages take effect in their order', async (t, kind) => {
  const session = await t.session(kind);
  const channel = t.channel();
  for (const reply of await session.askAll(
    { channel, data: 'too early' }, { channel: '/meta/subscribe', subscription: channel }, { channel, data: 'in time' },
    { channel: '/meta/unsubscribe', subscription: channel }, { channel, data: 'too late' })) successful(reply);
  session.pump();
  await t.fence(session, session);
  assert.deepEqual(dataOf(session.data), ['in time']);
});

each(both, 'framing: every message of a batch has its own reply', async (t, kind) => {
  const session = await t.session(kind);
  const replies = await session.askAll(...Array.from({ length: 50 }, (_, i) => ({ channel: t.channel(`/${i % 5}`), data: i, id: `n${i}` })));
  assert.deepEqual(replies.map((reply) => reply['id']), Array.from({ length: 50 }, (_, i) => `n${i}`));
  replies.forEach(successful);
});

each(both, 'framing: one bad message of a batch does not spoil the others', async (t, kind) => {
  const session = await t.session(kind);
  const [good, bad, alsoGood] = await session.askAll(
    { channel: t.channel(), data: 1 }, { channel: '/meta/subscribe', subscription: 'no-slash' }, { channel: t.channel(), data: 2 });
  successful(good);
  refused(bad);
  successful(alsoGood);
});

each(both, 'framing: a handshake that is not alone makes no session', async (t, kind) => {
  const session = t.fresh(kind);
  if (kind === 'websocket') await session.moveTo(kind);
  await session.raw(JSON.stringify([handshake, { channel: '/meta/connect', clientId: '', id: 'c1', connectionType: kind }]))
    .catch((error: unknown) => assert(error instanceof Refused));
  if (kind === 'websocket') await t.until('the refusal', () => session.closed !== undefined || session.replies.length > 0);
  assert(!session.replies.some((reply) => reply['channel'] === '/meta/handshake' && reply['successful'] === true), 'it was served');
  await t.alive();
});

define('framing: an empty array over HTTP harms nobody', async (t) => {
  const answer = await t.post('[]');
  assert(answer.status === 200 || answer.status >= 400);
  if (answer.status === 200) assert.equal(answer.body.toString('utf8').trim(), '[]');
  await t.alive();
});

define('framing: an empty array on a WebSocket is a keep-alive, as of old Faye clients', async (t) => {
  const session = await t.session('websocket');
  await session.raw('[]');
  await session.raw('[]');
  successful(await session.publish(t.channel(), 1));
}, { needs: ['websocket'] });

each(both, 'framing: blanks and line ends around everything are nothing', async (t, kind) => {
  const session = await t.session(kind);
  const before = session.replies.length;
  await session.raw(` \r\n\t[ { "channel" : "${t.channel()}" ,\n"clientId"\t: "${session.clientId}" , "id":"blank" , "data" : { } } ] \n`);
  await t.until('the reply', () => session.replies.length > before);
  assert.equal(session.replies.at(-1)?.['id'], 'blank');
  successful(session.replies.at(-1));
});

each(both, 'framing: a message without a channel is refused with 400', async (t, kind) => {
  const session = await t.session(kind);
  refused(await session.ask({ data: 1 }), '400');
});

each(both, 'framing: fields that Bayeux does not know are no reason to refuse', async (t, kind) => {
  const session = await t.shaken(kind, { 'x-client': { version: [1, 2] } });
  successful(await session.connectNow({ 'x-more': null }));
  successful(await session.ask({ channel: '/meta/subscribe', subscription: t.channel(), extra: true }));
  successful(await session.ask({ channel: '/meta/unsubscribe', subscription: t.channel(), extra: 'é' }));
});

each(both, 'framing: an escaped name of a field is that name', async (t, kind) => {
  const session = await t.session(kind);
  const before = session.replies.length;
  await session.raw(`[{"\\u0063hannel":"${t.channel()}","client\\u0049d":"${session.clientId}","\\u0069d":"esc","data":1}]`);
  await t.until('the reply', () => session.replies.length > before);
  successful(session.replies.at(-1));
  assert.equal(session.replies.at(-1)?.['id'], 'esc');
});

define('framing: of a field given twice the last one counts, as in JavaScript', async (t) => {
  const listener = await t.listener('long-polling', t.channel('/*'));
  const session = await t.session();
  await session.raw(`[{"channel":"${t.channel('/one')}","channel":"${t.channel('/two')}","clientId":"${session.clientId}","id":"d","data":1,"data":2}]`);
  const [message] = await t.received(listener, 1);
  assert.deepEqual([message?.['channel'], message?.['data']], [t.channel('/two'), 2]);
});
