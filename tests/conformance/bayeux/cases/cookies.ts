/** Cookie mode: a browser's cookie bounds its held connects, and may be part of a session's proof. */
import assert from 'node:assert/strict';
import { define, JSON_TYPE, refused, successful } from '../lib/case.ts';
import type { Context } from '../lib/case.ts';
import { ORIGIN } from '../lib/probe.ts';
import type { Message, Session } from '../lib/session.ts';

const needs = { needs: ['browser-cookie'] };
const handshake = [{ channel: '/meta/handshake', id: 'h', version: '1.0', supportedConnectionTypes: ['long-polling'] }];

/** A session of a page, in a browser of its own or in that of `other`. */
async function tab(t: Context, other?: Session): Promise<Session> {
  const session = t.fresh('long-polling');
  session.origin = ORIGIN;
  if (other) session.cookies = other.cookies;
  successful(await session.handshake());
  successful(await session.connectNow());
  return session;
}

define('cookies: a browser gets one with its first handshake, for all paths and hidden from scripts', async (t) => {
  const answer = await t.post(handshake, { ...JSON_TYPE, Origin: ORIGIN });
  const set = answer.headers.get('set-cookie') ?? '';
  assert.match(set, /^[\w-]+=[\w-]{10,}/);
  assert.match(set, /;\s*Path=\/(;|$)/i);
  assert.match(set, /;\s*HttpOnly\b/i);
}, needs);

define('cookies: no two browsers get the same', async (t) => {
  const [one, other] = [await tab(t), await tab(t)];
  assert.notEqual(one.cookies, other.cookies);
}, needs);

define('cookies: a browser that has one keeps it', async (t) => {
  const one = await tab(t);
  const answer = await t.post(handshake, { ...JSON_TYPE, ...one.headers });
  assert.equal(answer.headers.get('set-cookie'), undefined);
}, needs);

define('cookies: of one browser\'s sessions the second is not held, and advised to pause', async (t) => {
  const one = await tab(t);
  const two = await tab(t, one);
  const held = one.connect();
  await t.stillHeld(held, one);
  const reply = await two.connect();
  successful(reply);
  const advice = reply['advice'] as Message;
  assert.equal(advice['multiple-clients'], true);
  assert.equal(advice['reconnect'], 'retry');
  assert((advice['interval'] as number) > 0, JSON.stringify(advice));
  await t.stillHeld(held, two);
}, needs);

define('cookies: the second is held once the first is not', async (t) => {
  const one = await tab(t);
  const two = await tab(t, one);
  successful(await one.connect({ advice: { timeout: 200 } }));
  await t.stillHeld(two.connect(), two);
}, needs);

define('cookies: other browsers\' sessions are held meanwhile', async (t) => {
  const one = await tab(t);
  const other = await tab(t);
  const held = one.connect();
  await t.stillHeld(held, one);
  await t.stillHeld(other.connect(), other);
}, needs);

define('cookies: the second gets its messages all the same', async (t) => {
  const one = await tab(t);
  const two = await tab(t, one);
  await two.subscribe(t.channel());
  await t.stillHeld(one.connect(), one);
  await one.publish(t.channel(), 'for the other tab');
  await two.connect();
  assert.deepEqual(two.data.map((message) => message['data']), ['for the other tab']);
}, needs);

for (const [name, wrong] of [['without the cookie', ''], ['with another\'s cookie', 'other']] as const) {
  define(`cookies: a session is unknown over HTTP ${name}`, async (t) => {
    const one = await tab(t);
    const thief = await tab(t);
    thief.clientId = one.clientId;
    if (wrong === '') thief.cookies = '';
    refused(await thief.publish(t.channel(), 'stolen'), '402');
    refused(await thief.connectNow(), '402');
    successful(await one.publish(t.channel(), 'own'));
  }, { needs: ['cookie-proof', 'browser-cookie'] });
}

define('cookies: over a WebSocket the client id is proof enough', async (t) => {
  const one = await tab(t);
  one.cookies = '';
  await one.moveTo('websocket');
  successful(await one.connectNow());
}, { needs: ['cookie-proof', 'browser-cookie', 'websocket'] });
