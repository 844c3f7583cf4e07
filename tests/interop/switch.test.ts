/** One session over changing transports, spoken by hand: what CometD's and Faye's clients do after a break. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { EchoServer, until } from './lib/echo.ts';

type Message = Record<string, unknown>;

let server: EchoServer;
beforeAll(async () => { server = await EchoServer.start(); });
afterAll(async () => { await server.stop(); });

async function post(...messages: Message[]): Promise<Message[]> {
  const answer = await fetch(server.url, { method: 'POST', body: JSON.stringify(messages), headers: { 'Content-Type': 'application/json', Connection: 'close' } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Message[];
}

async function socket(): Promise<{ raw: WebSocket; got: Message[]; say: (...messages: Message[]) => void }> {
  const raw = new WebSocket(server.url);
  const got: Message[] = [];
  raw.on('message', (text) => got.push(...(JSON.parse(String(text)) as Message[])));
  raw.on('error', () => undefined);
  await new Promise((resolve) => raw.once('open', resolve));
  return { raw, got, say: (...messages) => raw.send(JSON.stringify(messages)) };
}

test('a session moves from HTTP to WebSocket, to another WebSocket, and back', async () => {
  const [shaken] = await post({ channel: '/meta/handshake', id: '1', version: '1.0', supportedConnectionTypes: ['long-polling'] });
  const clientId = String(shaken?.['clientId']);
  const say = (channel: string, more: Message = {}): Message => ({ channel, clientId, id: 'x', ...more });
  await post(say('/meta/connect', { connectionType: 'long-polling' }));
  await post(say('/meta/subscribe', { subscription: '/move' }));
  let number = 0;
  const publish = async (): Promise<void> => { await post(say('/move', { data: (number += 1) })); };
  const numbers = (messages: Message[]): unknown[] => messages.filter((m) => m['channel'] === '/move' && 'data' in m).map((m) => m['data']);

  await publish();
  const first = await socket();
  first.say(say('/meta/connect', { connectionType: 'websocket', advice: { timeout: 0 } }));
  await until('what waited', () => numbers(first.got).length === 1);
  first.say(say('/meta/connect', { connectionType: 'websocket' }));
  await publish();
  await until('what came', () => numbers(first.got).length === 2);
  first.raw.terminate();
  await until('the server to notice', async () => (await server.counters()).held === 0);
  await publish();

  const second = await socket();
  second.say(say('/meta/connect', { connectionType: 'websocket', advice: { timeout: 0 } }));
  await until('what was missed', () => numbers(second.got).length === 1);
  second.raw.terminate();
  // Until the server has seen the break a message is written into it, and lost: this client does not acknowledge.
  await publish();
  const polled = await post(say('/meta/connect', { connectionType: 'long-polling', advice: { timeout: 0 } }));
  expect([...numbers(first.got), ...numbers(second.got)]).toEqual([1, 2, 3]);
  expect(polled.at(-1)).toMatchObject({ channel: '/meta/connect', successful: true });
  await publish();
  expect(numbers(await post(say('/meta/connect', { connectionType: 'long-polling', advice: { timeout: 0 } })))).toEqual([5]);
});

test('broken and oversized input harms only the connection it came on', async () => {
  const good = await socket();
  good.say({ channel: '/meta/handshake', id: '1', version: '1.0', supportedConnectionTypes: ['websocket'] });
  await until('a session', () => good.got.length === 1);
  const clientId = String(good.got[0]?.['clientId']);

  for (const [text, code, reason] of [
    ['[{"channel":', 1007, '400:4001:bad_json'],
    ['"text"', 1008, '400:4000:bad_request'],
    [`["${'x'.repeat(1 << 20)}"]`, 1009, undefined],
  ] as const) {
    const bad = await socket();
    const closed = new Promise<[number, string]>((resolve) => bad.raw.once('close', (c, r) => resolve([c, String(r)])));
    bad.raw.send(text);
    const [gotCode, gotReason] = await closed;
    expect(gotCode).toBe(code);
    if (reason) expect(gotReason).toBe(reason);
  }
  // A frame that promises more than comes.
  const cut = await socket();
  (cut.raw as unknown as { _socket: { write: (bytes: Buffer) => void; destroy: () => void } })._socket.write(Buffer.from([0x81, 0xfe, 0x40, 0, 1, 2, 3, 4, 5]));
  (cut.raw as unknown as { _socket: { destroy: () => void } })._socket.destroy();

  for (const [body, status, code] of [['[{', 400, 4001], ['7', 400, 4000], [`["${'x'.repeat((1 << 20) + 1)}"]`, 413, 4500]] as const) {
    const answer = await fetch(server.url, { method: 'POST', body });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code, status });
  }
  good.say({ channel: '/service/echo', clientId, id: '9', data: { still: 'here' } });
  await until('the answer', () => good.got.some((message) => message['id'] === '9' && 'data' in message));
  good.raw.terminate();
});

test('[] as a keep-alive is tolerated', async () => {
  const one = await socket();
  one.raw.send('[]');
  one.say({ channel: '/meta/handshake', id: '1', version: '1.0', supportedConnectionTypes: ['websocket'] });
  await until('the handshake', () => one.got.length === 1);
  one.raw.terminate();
});
