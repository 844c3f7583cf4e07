import { describe, expect, it } from 'vitest';
import { Api, ApiError, totalBytes } from '../src/core/api.ts';
import { readLines } from '../src/core/ndjson.ts';
import { FakeClock } from './fakes.ts';

interface Call { url: string; method: string; headers: Record<string, string> }

function bench(answer: (call: Call) => Response | Promise<Response>): { api: Api; clock: FakeClock; calls: Call[] } {
  const calls: Call[] = [];
  const clock = new FakeClock();
  const api = new Api({
    clock,
    exclusive: (fn) => fn(),
    fetch: ((url: string, init: RequestInit) => {
      const call = { url, method: init.method ?? 'GET', headers: init.headers as Record<string, string> ?? {} };
      calls.push(call);
      return Promise.resolve().then(() => answer(call));
    }) as typeof fetch,
  });
  return { api, clock, calls };
}

const agent = { id: 'a1', login: 'ines', name: 'Ines Ostrowska', roles: ['agent'] };
const tokens = (accessToken: string, expiresIn = 900): Response => Response.json({ accessToken, expiresIn, agent });
const problem = (status: number, code: number): Response => Response.json({ code, detail: 'x' }, { status });

describe('tokens', () => {
  it('keeps the access token in memory and sends it', async () => {
    const { api, calls } = bench((call) => (call.url.endsWith('/login') ? tokens('t1') : Response.json({ viewerOrigin: 'v' })));
    await api.login('ines', 'secret');
    expect(api.agent?.name).toBe('Ines Ostrowska');
    await api.config();
    expect(calls[1]!.headers['Authorization']).toBe('Bearer t1');
  });

  it('turns numbers into words', async () => {
    const { api } = bench(() => problem(401, 4101));
    await expect(api.login('ines', 'x')).rejects.toMatchObject({ code: 4101, message: 'Name or password is wrong.' });
  });

  it('refreshes by the cookie, once for callers at the same time', async () => {
    const { api, calls } = bench(() => tokens('t2'));
    expect(await Promise.all([api.renew(), api.renew(), api.renew()])).toEqual([true, true, true]);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ url: '/cobrowse/rest/auth/refresh', method: 'POST', headers: { 'X-Twinpane': '1' } });
    expect(api.token).toBe('t2');
  });

  it('is signed out when the refresh is refused, and says so', async () => {
    const { api } = bench((call) => (call.url.endsWith('/login') ? tokens('t1') : problem(401, 4100)));
    await api.login('ines', 'secret');
    let told = 0;
    api.changes.on(() => told++);
    expect(await api.renew()).toBe(false);
    expect(api.agent).toBeUndefined();
    expect(api.token).toBeUndefined();
    expect(told).toBe(1);
  });

  it('keeps the agent when the server is only away', async () => {
    let away = false;
    const { api } = bench(() => {
      if (away) throw new TypeError('network');
      return tokens('t1');
    });
    await api.renew();
    away = true;
    await expect(api.renew()).rejects.toMatchObject({ status: 0, unreachable: true });
    expect(api.agent).toBeDefined();
  });

  it('renews after a 401 and repeats the request once', async () => {
    const { api, calls } = bench((call) => {
      if (call.url.endsWith('/login')) return tokens('old');
      if (call.url.endsWith('/refresh')) return tokens('new');
      return call.headers['Authorization'] === 'Bearer new' ? Response.json({ state: 'waiting' }) : problem(401, 4102);
    });
    await api.login('ines', 'secret');
    await expect(api.find('481302977')).resolves.toMatchObject({ state: 'waiting' });
    expect(calls.map((call) => call.url.split('/').at(-1))).toEqual(['login', '481302977', 'refresh', '481302977']);
  });

  it('renews before the end of the token’s life', async () => {
    let count = 0;
    const { api, clock, calls } = bench(() => tokens(`t${++count}`, 300));
    await api.login('ines', 'secret');
    await clock.tick(239_000);
    expect(calls).toHaveLength(1);
    await clock.tick(2000);
    expect(calls).toHaveLength(2);
    await clock.tick(0);
    expect(api.token).toBe('t2');
  });
});

describe('the page stream', () => {
  const stream = (...parts: (string | Uint8Array)[]): ReadableStream<Uint8Array> => new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(typeof part === 'string' ? new TextEncoder().encode(part) : part);
      controller.close();
    },
  });

  it('reads lines wherever the chunks are cut', async () => {
    const bytes = new TextEncoder().encode('{"a":"é"}\n{"b":2}\n\n{"c":3}');
    const lines: string[] = [];
    await readLines(stream(bytes.slice(0, 7), bytes.slice(7, 9), bytes.slice(9)), (line) => lines.push(line));
    expect(lines).toEqual(['{"a":"é"}', '{"b":2}', '{"c":3}']);
  });

  it('fails on what is not UTF-8', async () => {
    await expect(readLines(stream(new Uint8Array([0xff, 0xfe])), () => undefined)).rejects.toThrow();
  });

  it('passes batches and progress on', async () => {
    const body = '{"v":1,"e":1,"s":2,"o":[]}\n{"v":1,"e":1,"s":2,"o":[]}\n';
    const { api } = bench((call) => (call.url.endsWith('/login')
      ? tokens('t')
      : new Response(body, { headers: { 'Content-Length': String(body.length) } })));
    await api.login('ines', 'x');
    const seen: number[] = [];
    const progress: (number | undefined)[][] = [];
    await api.page({ base: '/cobrowse/n/a', sessionToken: '1', userToken: 'u', signal: new AbortController().signal }, {
      batch: (batch) => seen.push(batch.s),
      progress: (bytes, total) => progress.push([bytes, total]),
    });
    expect(seen).toEqual([2, 2]);
    expect(progress.at(-1)).toEqual([body.length, body.length]);
  });

  it('knows the total only when it is that of the text', () => {
    expect(totalBytes(new Headers({ 'Content-Length': '10' }))).toBe(10);
    expect(totalBytes(new Headers({ 'Content-Length': '10', 'Content-Encoding': 'gzip' }))).toBeUndefined();
    expect(totalBytes(new Headers({ 'Content-Encoding': 'gzip', 'X-Twinpane-Bytes': '99' }))).toBe(99);
  });

  it('hands numbered errors on', async () => {
    const { api } = bench((call) => (call.url.endsWith('/login') ? tokens('t') : problem(409, 4304)));
    await api.login('ines', 'x');
    const request = { base: '/cobrowse', sessionToken: '1', userToken: 'u', signal: new AbortController().signal };
    const failed = await api.page(request, { batch: () => undefined, progress: () => undefined }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ApiError);
    expect((failed as ApiError).code).toBe(4304);
  });
});
