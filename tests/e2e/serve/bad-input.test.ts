/** Bad input: a numbered error to the one who caused it, a line in the log without content, everyone else unharmed. */
import { connect, type Socket } from 'node:net';
import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { call, login, RawBayeux } from '../lib/bayeux.ts';
import { rawSession, tinyPage, type RawSession } from '../lib/raw-session.ts';
import { TwinpaneServer, until } from '../lib/server.ts';

const origin = 'http://shop.localhost:1';
let server: TwinpaneServer;
/** A session that must not notice anything. */
let bystander: RawSession;
let seq = 1;

beforeAll(async () => {
  server = await TwinpaneServer.start({
    sites: [{ name: 'shop', origins: [origin], form_values: 'private' }], extra: 'log: {level: debug}',
  });
  bystander = await rawSession(server, origin);
});
afterAll(async () => {
  bystander.close();
  await server.stop();
});
afterEach(async () => {
  seq += 1;
  const receipt = await bystander.customer.ask({ channel: '/service/page', data: { v: 1, e: bystander.epoch, s: seq, o: [[21, `still here ${seq}`]] } });
  expect(receipt.successful, receipt.error).toBe(true);
  await until(() => bystander.agent.received.some((m) => m.channel === '/service/page' && (m.data as { s?: number } | undefined)?.s === seq), 5000, 'the relay');
});

/** What the node wrote since; of the bystander's session nothing is refused. */
let mark = 0;
beforeEach(() => { mark = server.errors.length; });

/** Waits for the line of a refusal, and that no line has anything of what was sent. */
async function logged(code: number, ...canaries: string[]): Promise<void> {
  await until(() => new RegExp(`\\bcode=${code}\\b`).test(server.errors.slice(mark)), 5000, `the log line with ${code}`);
  for (const canary of canaries) expect(server.errors).not.toContain(canary);
}

const socketUrl = () => `${server.publicUrl.replace('http', 'ws')}/cobrowse/cometd`;
const agentUrl = () => `${server.internalUrl.replace('http', 'ws')}/cobrowse/cometd`;

test('malformed JSON by POST is 400 with a number, and a log line without it', async () => {
  const answer = await call(`${server.publicUrl}/cobrowse/cometd/`, { method: 'POST', headers: { Origin: origin }, body: '[{"channel": "/meta/handsh canary-4711' });
  expect(answer.status).toBe(400);
  expect(answer.json()['code']).toBe(4001);
  await logged(4001, 'canary-4711');
});

test('malformed JSON on a WebSocket closes that one only', async () => {
  const client = await RawBayeux.connect(socketUrl(), { origin });
  client.raw('[{"channel": canary-4712');
  await until(() => client.closed, 5000, 'the close');
  expect(client.closed!.reason).toContain('4001');
  await logged(4001, 'canary-4712');
});

test('unknown verbs under our services are refused by number; other services accept and ignore', async () => {
  const client = await RawBayeux.connect(socketUrl(), { origin });
  for (const channel of ['/service/session/levitate', '/service/page/extra', '/service/act/x', '/service/chat/open']) {
    mark = server.errors.length;
    const reply = await client.ask({ channel, data: { say: 'canary-4713' } });
    expect(reply.successful, channel).toBe(false);
    expect(reply.error, channel).toMatch(/^404:4004[,:]/);
    await logged(4004, 'canary-4713');
  }
  expect((await client.ask({ channel: '/service/somebody/elses', data: {} })).successful).toBe(true);
  expect((await client.ask({ channel: 'no-slash', data: {} })).successful).toBe(false);
  client.close();
});

test('a customer can join neither as agent nor as controller', async () => {
  const client = await RawBayeux.connect(socketUrl(), { origin });
  const created = await client.verb('/service/session/create', {});
  for (const role of [2, 3]) {
    mark = server.errors.length;
    const answer = await client.verb('/service/session/join', { sessionToken: created.data!['sessionToken'], role });
    expect(answer.error).toMatch(/^403:4202:role_not_allowed/);
    await logged(4202, String(created.data!['sessionToken']));
  }
  for (const role of [0, 4, 'agent', null]) {
    expect((await client.verb('/service/session/join', { sessionToken: created.data!['sessionToken'], role })).error).toMatch(/^400:400[23]/);
  }
  client.close();
});

test('the internal listener shakes hands with nobody who is not logged in', async () => {
  for (const token of [undefined, 'wrong', 'a.b.c', '']) {
    const client = await RawBayeux.connect(agentUrl(), { origin: server.internalUrl, handshake: false });
    const reply = await client.ask({
      channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['websocket'], ...(token === undefined ? {} : { ext: { twinpane: { v: 1, token } } }),
    });
    expect(reply.successful).toBe(false);
    expect(reply.error).toMatch(/^40[13]:/);
    client.close();
  }
});

test('wrong and used codes are refused by number', async () => {
  const agent = await RawBayeux.connect(agentUrl(), { origin: server.internalUrl, token: await login(server) });
  const unknown = await agent.verb('/service/session/join', { sessionToken: '000000000', role: 2 });
  expect(unknown.error).toMatch(/^404:4200:session_unknown/);
  await logged(4200, '000000000');
  const used = await agent.verb('/service/session/join', { sessionToken: bystander.token, role: 2 });
  expect(used.error).toMatch(/^409:4204:code_used/);
  await logged(4204, bystander.token);
  expect((await agent.verb('/service/session/join', { sessionToken: 12, role: 2 })).error).toMatch(/^400:400[23]/);
  const forged = randomBytes(17).toString('hex');
  expect((await agent.verb('/service/session/rejoin', { userToken: forged })).error).toMatch(/^403:4203:user_token_unknown/);
  await logged(4203, forged);
  agent.close();
});

test('page and act need a session, the right role, consent and write mode', async () => {
  const stranger = await RawBayeux.connect(socketUrl(), { origin });
  expect((await stranger.ask({ channel: '/service/page', data: tinyPage(1) })).error).toMatch(/^409:4205:not_joined/);
  await logged(4205);
  expect((await stranger.ask({ channel: '/service/act', data: { v: 1, e: 1, n: 1, a: [] } })).error).toMatch(/^409:4205:not_joined/);
  stranger.close();

  const early = await rawSession(server, origin, { share: false });
  expect((await early.customer.ask({ channel: '/service/page', data: tinyPage(1) })).error).toMatch(/^403:4207:consent_needed/);
  await logged(4207);
  early.close();

  const { agent, customer, epoch } = bystander;
  expect((await customer.ask({ channel: '/service/act', data: { v: 1, e: epoch, n: 1, a: [[2, 1, 1, 3, 0, 0]] } })).error).toMatch(/^403:4202/);
  expect((await agent.ask({ channel: '/service/page', data: tinyPage(epoch) })).error).toMatch(/^403:4202/);
  expect((await agent.ask({ channel: '/service/act', data: { v: 1, e: epoch, n: 1, a: [[3, 5, 5000, 5000, 0, 1, 0]] } })).error).toMatch(/^403:4400:write_mode_needed/);
  await logged(4400);
  expect((await agent.ask({ channel: '/service/act', data: { v: 1, e: epoch, n: 1, a: [['x']] } })).error).toMatch(/^400:4403/);
});

test('in write mode masked fields and submit buttons stay closed, whatever the client says', async () => {
  const session = await rawSession(server, origin);
  const asked = await session.agent.verb('/service/session/mode', { want: 'write' });
  expect(asked.ok, asked.error).toBe(true);
  await until(() => session.customer.events('mode').some((e) => e['state'] === 'asked'), 5000, 'the request');
  const requestId = session.customer.events('mode').find((e) => e['state'] === 'asked')!['requestId'];
  expect((await session.customer.verb('/service/session/mode', { answer: requestId, allow: true })).ok).toBe(true);
  const act = async (...a: unknown[]) => (await session.agent.ask({ channel: '/service/act', data: { v: 1, e: session.epoch, n: 1, a: [a] } })).error ?? 'fine';
  expect(await act(4, 6, 'canary-4714', 0, 0)).toMatch(/^403:4401:element_masked/);
  await logged(4401, 'canary-4714');
  expect(await act(4, 999, 'x', 0, 0)).toMatch(/^404:4402:node_unknown/);
  await logged(4402);
  expect(await act(3, 7, 5000, 5000, 0, 1, 0)).toMatch(/^403:4404:submit_closed/);
  await logged(4404);
  expect(await act(8, 'go', 'https://evil.example/')).toMatch(/^40\d:/);
  expect(await act(4, 5, 'new value', 9, 9)).toBe('fine');
  await until(() => session.customer.received.some((m) => m.channel === '/service/act'), 5000, 'the act');
  session.close();
});

test('a value on a private field is stripped before an agent sees it', async () => {
  const session = await rawSession(server, origin);
  const receipt = await session.customer.ask({ channel: '/service/page', data: { v: 1, e: session.epoch, s: 2, o: [[8, 5, 'canary-0815'], [21, 'after']] } });
  expect(receipt.successful).toBe(true);
  await until(() => session.agent.received.some((m) => m.channel === '/service/page' && (m.data as { s?: number } | undefined)?.s === 2), 5000, 'the relay');
  expect(JSON.stringify(session.agent.received)).not.toContain('canary-0815');
  await until(() => server.errors.slice(mark).includes('cobrowse.values_stripped'), 5000, 'the log line');
  expect(server.errors).not.toContain('canary-0815');
  session.close();
});

test('gaps, stale epochs and malformed streams are told apart; the last ends that session only', async () => {
  const session = await rawSession(server, origin);
  const send = async (data: unknown) => (await session.customer.ask({ channel: '/service/page', data })).error ?? 'fine';
  expect(await send({ v: 1, e: session.epoch, s: 5, o: [] })).toMatch(/^409:4301,2:sequence_gap/);
  await logged(4301);
  expect(await send({ v: 1, e: session.epoch + 7, s: 1, o: [] })).toMatch(/^4\d\d:43/);
  expect(await send({ v: 2, e: session.epoch, s: 2, o: [] })).toMatch(/^400:4(009|302)/);
  const other = await rawSession(server, origin);
  const bad = (await other.customer.ask({ channel: '/service/page', data: { v: 1, e: other.epoch, s: 2, o: [[3, 424242]] } })).error;
  expect(bad).toMatch(/^400:4302:stream_invalid/);
  await logged(4302, '424242');
  await until(() => other.agent.events('deactivated').length > 0, 5000, 'the end of that session');
  expect(other.agent.events('deactivated')[0]).toMatchObject({ by: 'server', reason: 'error' });
  session.close();
  other.close();
});

test('an oversize message is refused by number, by POST and by WebSocket', async () => {
  const body = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', ext: { x: 'a'.repeat(2 << 20) } }]);
  const answer = await call(`${server.publicUrl}/cobrowse/cometd/`, { method: 'POST', headers: { Origin: origin }, body });
  expect(answer.status).toBe(413);
  expect(answer.json()['code']).toBe(4500);
  await logged(4500, 'aaaa');
  const client = await RawBayeux.connect(socketUrl(), { origin });
  client.raw(body);
  await until(() => client.closed, 5000, 'the close');
  expect(client.closed!.code).toBe(1009);
  await logged(1009, 'aaaa');
});

async function rawSocket(): Promise<Socket> {
  const socket = connect(server.publicPort, '127.0.0.1');
  await new Promise((resolve, reject) => { socket.once('connect', resolve); socket.once('error', reject); });
  socket.on('error', () => undefined);
  return socket;
}

/** Upgraded by hand. `received` is what came after the answer's head; `over` resolves when the server has closed its side. */
async function upgraded(): Promise<{ socket: Socket; received: () => Buffer; over: Promise<void> }> {
  const socket = await rawSocket();
  let bytes = Buffer.alloc(0);
  socket.on('data', (part: Buffer) => { bytes = Buffer.concat([bytes, part]); });
  const over = new Promise<void>((resolve) => socket.once('end', resolve));
  socket.write(`GET /cobrowse/cometd HTTP/1.1\r\nHost: cobrowse.localhost:${server.publicPort}\r\nOrigin: ${origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`);
  await until(() => bytes.includes('\r\n\r\n'), 5000, 'the upgrade');
  const head = bytes.indexOf('\r\n\r\n') + 4;
  expect(bytes.subarray(0, head).toString()).toContain('101');
  return { socket, received: () => bytes.subarray(head), over };
}

test.each([
  ['not masked', [0x81, 0x05, 1, 2, 3, 4, 5], 1002],
  ['reserved bits', [0xf1, 0x80, 0, 0, 0, 0], 1002],
  ['an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
  ['a ping of 126 bytes', [0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002],
  ['a ping in parts', [0x09, 0x80, 0, 0, 0, 0], 1002],
  ['half a close code', [0x88, 0x81, 0, 0, 0, 0, 1], 1002],
  ['text that is not UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
  ['2^63 bytes announced', [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009],
])('a malformed frame, %s: the server says the code, closes, and logs it', async (_what, bytes, code) => {
  const { socket, received, over } = await upgraded();
  // The client keeps its side open: who closes is the server.
  socket.write(Buffer.from(bytes));
  await over;
  const frame = received();
  expect(frame[0]).toBe(0x88);
  expect(frame.readUInt16BE(2)).toBe(code);
  expect(frame.length).toBe(2 + frame[1]!);
  await logged(code);
  socket.destroy();
});

test.each([['half a header', [0x81, 0xfe, 0x01]], ['half a payload', [0x81, 0x85, 1, 2, 3, 4, 9]]])('a frame that is cut off, %s, ends its own connection', async (_what, bytes) => {
  const { socket, received, over } = await upgraded();
  socket.write(Buffer.from(bytes));
  socket.end();
  await over;
  expect(received()).toHaveLength(0);
});

test('malformed HTTP is 400 and closed', async () => {
  for (const text of [
    'GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n', 'NONSENSE\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n',
  ]) {
    mark = server.errors.length;
    const socket = await rawSocket();
    let answer = '';
    socket.on('data', (part: Buffer) => { answer += part.toString('latin1'); });
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.write(text, 'latin1');
    await ended;
    expect(answer, JSON.stringify(text)).toMatch(/^HTTP\/1\.1 400 /);
    await logged(4008, 'NONSENSE', 'folded');
  }
});

test('an origin that is not on the list is refused, also when it is almost the right one', async () => {
  for (const wrong of ['http://evil.example', 'http://shop.localhost', 'http://shop.localhost:11', 'https://shop.localhost:1', 'http://SHOP.localhost:1', 'null']) {
    mark = server.errors.length;
    const answer = await call(`${server.publicUrl}/cobrowse/cometd/`, { method: 'POST', headers: { Origin: wrong }, body: '[]' });
    expect(answer.status, wrong).toBe(403);
    await logged(4103, 'evil.example');
    await expect(RawBayeux.connect(socketUrl(), { origin: wrong, handshake: false }), wrong).rejects.toThrow(/403/);
  }
});

test('a customer that vanishes in mid-snapshot leaves the agent waiting, not broken', async () => {
  const session = await rawSession(server, origin);
  const begin = await session.customer.verb('/service/session/rejoin', { userToken: session.customerToken });
  const { e } = begin.data!['page'] as { e: number };
  const half = tinyPage(e);
  (half['o'] as unknown[]).pop(); // never complete
  expect((await session.customer.ask({ channel: '/service/page', data: half })).successful).toBe(true);
  session.customer.close();
  const page = await call(`${server.internalUrl}${session.base}/rest/live/sessions/${session.token}/page`, {
    headers: { Authorization: `Bearer ${session.access}`, 'X-Twinpane-User': session.agentToken },
  });
  expect(page.status).toBe(409);
  expect(page.json()['code']).toBe(4304);
  await until(() => session.agent.events('presence').some((p) => p['online'] === false), 15_000, 'the notice');
  const back = await RawBayeux.connect(socketUrl(), { origin });
  const again = await back.verb('/service/session/rejoin', { userToken: session.customerToken });
  expect(again.ok, again.error).toBe(true);
  const next = again.data!['page'] as { e: number };
  expect((await back.ask({ channel: '/service/page', data: tinyPage(next.e, 1, 'whole') })).successful).toBe(true);
  await until(() => session.agent.events('page').some((p) => p['complete'] === true && p['e'] === next.e), 5000, 'the page event');
  back.close();
  session.close();
});

test('expired and forged access tokens are refused on REST, each by its number', async () => {
  const url = `${server.internalUrl}/cobrowse/rest/history/sessions/${bystander.historyId}`;
  const get = (token: string) => call(url, { headers: { Authorization: `Bearer ${token}` } });
  expect((await call(url)).status).toBe(401);
  const access = await login(server);
  const [head, body, signature] = access.split('.') as [string, string, string];
  // Signed with the node's own key, so that the time is all that is wrong with it.
  const key = `twinpane access tokens\n${(await readFile(path.join(server.folder, 'store/keys/auth.key'), 'utf8')).trim()}`;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as { exp: number; iat?: number };
  const signed = (more: object): string => {
    const text = `${head}.${Buffer.from(JSON.stringify({ ...claims, ...more })).toString('base64url')}`;
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  };
  expect((await get(signed({ exp: claims.exp + 1 }))).status).toBe(200);
  const expired = await get(signed({ exp: Math.floor(Date.now() / 1000) - 1 }));
  expect(expired.status).toBe(401);
  expect(expired.json()['code']).toBe(4102);
  await logged(4102);
  const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.`;
  const other = `${head}.${Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 3600 })).toString('base64url')}.${signature}`;
  for (const token of ['', 'x', `${access}x`, none, other, access.slice(0, -2)]) {
    mark = server.errors.length;
    const answer = await get(token);
    expect(answer.status, token.slice(0, 8)).toBe(401);
    expect(answer.json()['code'], token.slice(0, 8)).toBe(4100);
    await logged(4100, access, body);
  }
  expect((await get(access)).status).toBe(200);
});
