/** Large messages, and messages that are too large. */
import assert from 'node:assert/strict';
import { both, dataOf, define, each, JSON_TYPE, messagesOf, successful } from '../lib/case.ts';
import type { Context } from '../lib/case.ts';
import type { Session } from '../lib/session.ts';

each(both, 'limits: 60,000 bytes of text arrive', async (t, kind) => {
  const listener = await t.listener(kind, t.channel());
  const session = await t.session(kind);
  const text = 'Wörter '.repeat(7500);
  successful(await session.publish(t.channel(), text));
  assert.deepEqual(dataOf(await t.received(listener, 1)), [text]);
});

each(both, 'limits: 20 messages of 50,000 bytes arrive in order', async (t, kind) => {
  const listener = await t.listener(kind, t.channel());
  const session = await t.session(kind);
  for (let i = 0; i < 20; i += 1) await session.publish(t.channel(), { i, fill: 'x'.repeat(50_000) });
  assert.deepEqual((await t.received(listener, 20)).map((message) => (message['data'] as { i: number }).i), Array.from({ length: 20 }, (_, i) => i));
});

/** A publish of exactly that many bytes. */
function sized(t: Context, session: Session, size: number): string {
  const text = (fill: string): string => JSON.stringify([{ channel: t.channel(), clientId: session.clientId, id: 'big', data: fill }]);
  return text('x'.repeat(size - text('').length));
}

const needs = { needs: ['max-message'] };

each(both, 'limits: a transport message of the largest size is served', async (t, kind) => {
  const session = await t.session(kind);
  await session.raw(sized(t, session, t.server.maxMessage!));
  await t.until('the reply', () => session.replies.some((reply) => reply['id'] === 'big'));
  successful(session.replies.find((reply) => reply['id'] === 'big'));
}, needs);

for (const [name, factor, more] of [['one byte more', 1, 1], ['four times as much', 4, 0]] as const) {
  define(`limits: ${name} is refused over HTTP`, async (t) => {
    const session = await t.session();
    const answer = await t.post(sized(t, session, t.server.maxMessage! * factor + more), { ...JSON_TYPE, ...session.headers });
    assert(answer.status >= 400, `status ${answer.status}`);
    successful(await session.publish(t.channel(), 'the session is unharmed'));
  }, needs);

  define(`limits: ${name} closes a WebSocket with 1009`, async (t) => {
    const session = await t.session('websocket');
    await session.raw(sized(t, session, t.server.maxMessage! * factor + more));
    await t.until('the end of the connection', () => session.closed !== undefined);
    // The rest of a message that nobody reads may cut the close frame off.
    if (factor === 1) assert.equal(session.closed?.code, 1009);
    await session.moveTo('websocket');
    successful(await session.connectNow());
  }, { needs: ['max-message', 'websocket'] });
}

define('limits: a body that only promises to be too large is refused without being read', async (t) => {
  const http = await t.http();
  http.send('POST', t.url.pathname, { 'Content-Type': 'application/json', 'Content-Length': String(t.server.maxMessage! * 100) }, '[');
  assert((await http.answer()).status >= 400);
  await t.alive();
}, needs);

define('limits: chunks that together are too large are refused', async (t) => {
  const http = await t.http();
  http.send('POST', t.url.pathname, { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' });
  const part = ' '.repeat(65_536);
  for (let sent = 0; sent <= t.server.maxMessage! + 65_536; sent += part.length) http.bytes.write(`10000\r\n${part}\r\n`);
  assert((await http.answer()).status >= 400);
  await t.alive();
}, needs);

define('limits: 200 messages in one transport message are served', async (t) => {
  const session = await t.session();
  const text = JSON.stringify(Array.from({ length: 200 }, (_, i) => ({ channel: t.channel(), clientId: session.clientId, id: `m${i}`, data: i })));
  const answer = await t.post(text, { ...JSON_TYPE, ...session.headers });
  assert.equal(messagesOf(answer).filter((reply) => reply['successful'] === true).length, 200);
});
