/** The program as a plain pub/sub server beside its own work: paths, open channels, origins, transports, cookies. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, RawBayeux } from '../lib/bayeux.ts';
import { TwinpaneServer, until } from '../lib/server.ts';

let server: TwinpaneServer;
const chat = 'https://chat.example';
const url = (path = '/bayeux'): string => `${server.publicUrl}${path}`;
const socketUrl = (path?: string): string => url(path).replace('http', 'ws');

beforeAll(async () => {
  server = await TwinpaneServer.start({
    sites: [{ name: 'shop', origins: ['https://shop.example'] }],
    extra: `
limits: {publishes: 4, channels: 3}
cometd:
  paths: [/cobrowse/cometd, /bayeux]
  allowedTransports: websocket,long-polling,callback-polling
  open_channels: ["/chat/**", /news]
  origins: ["${chat}"]
  browserCookie: true
  browserCookieName: PUBSUB
  long-polling: {timeout: 300, jsonp.maxMessageSize: 500}
  sweepPeriod: 997
`,
  });
});
afterAll(async () => { await server.stop(); });

test('what only a JVM understands, and what is risky, is warned of at start', () => {
  expect(server.errors).toContain('warning: cometd.sweepPeriod has no effect');
  expect(server.errors).toContain('warning: callback-polling is on');
});

test('open channels are open to everybody, and only they', async () => {
  const one = await RawBayeux.connect(socketUrl());
  const other = await RawBayeux.connect(socketUrl('/cobrowse/cometd'), { origin: chat });
  expect((await other.ask({ channel: '/meta/subscribe', subscription: ['/chat/**', '/news'] })).successful).toBe(true);
  expect((await one.ask({ channel: '/chat/room/1', data: { n: 9007199254740993n.toString() } })).successful).toBe(true);
  await until(() => other.received.some((m) => m.channel === '/chat/room/1'), 5000, 'the message');
  for (const closed of ['/chat', '/chatter/a', '/news/a', '/**', '/other']) {
    expect((await other.ask({ channel: '/meta/subscribe', subscription: closed })).error, closed).toBe('403:denied_by_security_policy:subscribe_denied');
    if (!closed.includes('*')) expect((await one.ask({ channel: closed, data: 1 })).error, closed).toMatch(/^403:denied_by_security_policy:(publish|channel_create)_denied$/);
  }
  expect((await one.ask({ channel: '/service/nobody', data: 1 })).successful).toBe(true);
  one.close();
  other.close();
});

test('a session publishes so much a second and subscribes to so many channels', async () => {
  const one = await RawBayeux.connect(socketUrl());
  const replies = await Promise.all(Array.from({ length: 60 }, () => one.ask({ channel: '/news', data: 1 })));
  expect(replies.filter((m) => m.successful).length).toBeGreaterThanOrEqual(20);
  expect(replies.map((m) => m.error)).toContain('429:4501,publishes:rate_limited');
  const subscribed = await Promise.all([1, 2, 3, 4].map((n) => one.ask({ channel: '/meta/subscribe', subscription: `/chat/${n}` })));
  expect(subscribed.map((m) => m.successful)).toEqual([true, true, true, false]);
  one.close();
});

test('pages of the sites and of cometd.origins are served, others are not', async () => {
  for (const origin of [chat, 'https://shop.example']) (await RawBayeux.connect(socketUrl(), { origin })).close();
  for (const origin of ['https://evil.example', 'null', 'https://chat.example.evil']) {
    await expect(RawBayeux.connect(socketUrl(), { origin })).rejects.toThrow(/403/);
  }
});

test('long-polling holds for as long as its own timeout says, and its browsers have cookies', async () => {
  const post = (message: object, headers: Record<string, string> = {}) =>
    call(url(), { method: 'POST', body: JSON.stringify([message]), headers: { Origin: chat, ...headers } });
  const shaken = await post({ channel: '/meta/handshake', id: '1', version: '1.0', supportedConnectionTypes: ['long-polling'] });
  const [reply] = JSON.parse(shaken.text) as Record<string, unknown>[];
  expect(reply).toMatchObject({ successful: true, advice: { timeout: 300 }, supportedConnectionTypes: ['websocket', 'long-polling', 'cross-origin-long-polling', 'callback-polling'] });
  const cookie = String(shaken.headers['set-cookie']);
  expect(cookie).toMatch(/^PUBSUB=[0-9a-f]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
  const connect = { channel: '/meta/connect', id: '2', connectionType: 'long-polling', clientId: reply!['clientId'] };
  expect((await post(connect)).text).toContain('402::session_unknown');
  const headers = { Cookie: cookie.split(';')[0]! };
  expect((await post(connect, headers)).text).toContain('"successful":true');
  expect((await post({ ...connect, id: '3' }, headers)).text).toContain('"successful":true'); // held, then let go
});

test('callback-polling has its own limit', async () => {
  const get = (message: string) => call(`${url()}?jsonp=cb&message=${encodeURIComponent(message)}`);
  expect((await get('[{"channel":"/meta/handshake","id":"1"}]')).text).toMatch(/^\/\*\*\/cb\(\[\{.*"successful":true.*\}\]\);$/);
  expect((await get(`[{"channel":"/meta/handshake","id":"1","ext":"${'x'.repeat(500)}"}]`)).status).toBe(413);
});
