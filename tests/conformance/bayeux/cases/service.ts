/** /service channels and remote calls. */
import assert from 'node:assert/strict';
import { all, both, dataOf, define, each, successful, withData } from '../lib/case.ts';

define('service: a publish that nobody handles succeeds', async (t) => {
  successful(await (await t.session()).publish('/service/conformance/unhandled', { any: 'thing' }));
});

define('service: subscribing succeeds', async (t) => {
  successful(await (await t.session()).subscribe('/service/conformance/any'));
});

define('service: unsubscribing succeeds', async (t) => {
  const session = await t.session();
  await session.subscribe('/service/conformance/any');
  successful(await session.unsubscribe('/service/conformance/any'));
});

each(both, 'service: messages are broadcast to nobody', async (t, kind) => {
  const channel = `/service${t.channel()}`;
  const listener = await t.listener(kind, channel, '/**');
  const session = await t.session(kind);
  await session.publish(channel, 'private');
  await t.fence(session, listener);
  assert(!listener.data.some((message) => message['channel'] === channel));
});

each(all, 'service: a remote call is answered under its id', async (t, kind) => {
  const session = await t.session(kind);
  session.pump();
  successful(await session.publish('/service/echo', { question: 'é' }, { id: 'call1' }));
  const [answer] = await t.received(session, 1);
  assert.deepEqual([answer?.['channel'], answer?.['id'], answer?.['data']], ['/service/echo', 'call1', { question: 'é' }]);
}, { needs: ['echo'] });

each(both, 'service: a remote call goes to the caller alone', async (t, kind) => {
  const session = await t.session(kind);
  const other = await t.listener(kind, '/service/echo');
  session.pump();
  await session.publish('/service/echo', 'mine');
  await t.received(session, 1);
  await t.fence(session, other);
  assert.deepEqual(other.data, []);
}, { needs: ['echo'] });

each(both, 'service: remote calls in one batch are answered each, in order', async (t, kind) => {
  const session = await t.session(kind);
  session.pump();
  const ids = ['a1', 'a2', 'a3', 'a4', 'a5'];
  (await session.askAll(...ids.map((id) => ({ channel: '/service/echo', id, data: id })))).forEach(successful);
  assert.deepEqual((await t.received(session, 5)).map((message) => [message['id'], message['data']]), ids.map((id) => [id, id]));
}, { needs: ['echo'] });

define('service: over HTTP an answer waits for the connect, or comes with the reply', async (t) => {
  const session = await t.session();
  const first = await session.raw(JSON.stringify([{ channel: '/service/echo', clientId: session.clientId, id: 'w', data: 5 }]));
  const second = withData(first).length ? [] : await session.raw(JSON.stringify([{ channel: '/meta/connect', clientId: session.clientId, connectionType: 'long-polling', id: 'c', advice: { timeout: 0 } }]));
  assert.deepEqual(dataOf(withData([...first, ...second])), [5]);
}, { needs: ['echo'] });

each(both, 'service: a reply may be late without holding up other messages', async (t, kind) => {
  const session = await t.session(kind);
  session.pump();
  const late = session.publish('/service/echo/late', 'slow');
  successful(await session.publish(t.channel(), 'quick'));
  successful(await late);
  assert.deepEqual(dataOf(await t.received(session, 1)), ['slow']);
}, { needs: ['echo'] });

define('service: integers of 64 bits stay exact through a service', async (t) => {
  const session = await t.session();
  session.pump();
  await session.raw(`[{"channel":"/service/echo","clientId":"${session.clientId}","id":"i","data":9223372036854775807}]`);
  await t.received(session, 1);
  assert(session.texts.some((text) => text.includes('9223372036854775807')), 'it was rounded');
}, { needs: ['echo'] });
