/** The stock clients in Chromium, on pages of another origin than the server's. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EchoServer, until } from './lib/echo.ts';
import { Gate } from './lib/gate.ts';
import { Pages } from './lib/pages.ts';
import type { Kind, Way } from './page/clients.ts';

const kinds: Kind[] = ['cometd 9.0.0', 'cometd 7.0.19', 'faye 1.4.3'];
const ways: Way[] = ['websocket', 'long-polling', 'callback-polling'];
const generations = kinds.slice(0, 2);
/** What Faye calls long-polling from another origin. */
const called = (kind: Kind, way: Way): string => (kind === 'faye 1.4.3' && way === 'long-polling' ? 'cross-origin-long-polling' : way);

let server: EchoServer; // with everything on
let strict: EchoServer; // as a server is by default, for one page
let cookies: EchoServer;
let pages: Pages;
let gate: Gate;

beforeAll(async () => {
  pages = await Pages.start();
  server = await EchoServer.start({ options: ['callback-polling'] });
  strict = await EchoServer.start({ options: [`origin=${pages.origin('good.localhost')}`] });
  cookies = await EchoServer.start({ hold: 4000, options: ['cookie', 'multi-session=300'] });
  gate = await Gate.before(server.port);
});
afterEach(async () => {
  gate.refuseWebSockets = false;
  await pages.clear();
});
afterAll(async () => {
  await gate.close();
  await pages.close();
  await Promise.all([server.stop(), strict.stop(), cookies.stop()]);
});

describe.each(kinds.flatMap((kind) => ways.map((way) => ({ kind, way }))))('$kind over $way in a browser', ({ kind, way }) => {
  test('two of them talk, in order, and leave nothing behind', async () => {
    const before = await server.counters();
    // A tab each: two CometD clients of one page would give their script callbacks the same names.
    const [a, b] = [await pages.tab(), await pages.tab()];
    for (const tab of [a, b]) expect(await tab.open('x', { kind, way, url: server.url })).toBe(called(kind, way));
    expect(await b.ask('x', 'subscribe', '/browser/*')).toBe(true);
    const all = Array.from({ length: 60 }, (_, i) => ({ i, text: 'grüße \u{1F600} \u2028 </script>' }));
    await a.ask('x', 'publishAll', '/browser/x', all.slice(0, 50));
    for (const data of all.slice(50)) expect(await a.ask('x', 'publish', '/browser/x', data)).toBe(true);
    await until('all of it', async () => (await b.got('x')).length >= all.length);
    const got = await b.got('x');
    // Faye sends a batch over several requests at once.
    expect(kind === 'faye 1.4.3' ? got.toSorted((m, n) => (m as { i: number }).i - (n as { i: number }).i) : got).toEqual(all);
    expect(await a.ask('x', 'publish', '/closed/x', 1)).toBe(false);
    expect(await a.ask('x', 'subscribe', '/closed/x')).toBe(false);
    for (const tab of [a, b]) await tab.ask('x', 'disconnect');
    await until('all to be gone', async () => (await server.counters()).sessions === before.sessions);
  });
});

describe.each(kinds)('%s in a browser', (kind) => {
  test('falls back to long-polling where a proxy refuses WebSockets', async () => {
    gate.refuseWebSockets = true;
    const before = gate.upgrades;
    const tab = await pages.tab();
    expect(await tab.open('a', { kind, url: gate.url })).toBe(called(kind, 'long-polling'));
    expect(gate.upgrades).toBeGreaterThan(before);
    expect(await tab.ask('a', 'subscribe', '/fallback')).toBe(true);
    await tab.ask('a', 'publish', '/fallback', 'there');
    await until('it to come', async () => (await tab.got('a')).length === 1);
    await tab.ask('a', 'disconnect');
  });
});

describe('origins', () => {
  test.each(generations.flatMap((kind) => (['websocket', 'long-polling'] as const).map((way) => ({ kind, way }))))('$kind over $way: a page on the list is served, another is not', async ({ kind, way }) => {
    const good = await pages.tab(undefined, 'good.localhost');
    // A header of its own makes the browser ask first.
    expect(await good.open('a', { kind, way, url: strict.url, headers: { 'X-Trace': '1' } })).toBe(way);
    await good.ask('a', 'disconnect');
    const before = await strict.counters();
    const evil = await pages.tab(undefined, 'evil.localhost');
    evil.open('a', { kind, way, url: strict.url }).catch(() => undefined);
    // It may not even read why, and goes on trying; nothing comes of it.
    const answer = await evil.page.evaluate(async (url) => {
      try {
        await fetch(url, { method: 'POST', body: '[{"channel":"/meta/handshake","id":"1"}]', headers: { 'Content-Type': 'text/plain' }, credentials: 'include' });
        return 'read';
      } catch (error) {
        return error instanceof TypeError ? 'hidden' : String(error);
      }
    }, strict.url);
    expect(answer).toBe('hidden');
    expect(await strict.counters()).toMatchObject({ sessions: before.sessions });
  });

  test('without callback-polling a script tag gets nothing to run', async () => {
    const tab = await pages.tab(undefined, 'evil.localhost');
    const outcome = await tab.page.evaluate((url) => new Promise((resolve) => {
      Object.assign(window, { stolen: () => resolve('called') });
      const script = document.createElement('script');
      script.src = `${url}?jsonp=stolen&message=${encodeURIComponent('[{"channel":"/meta/handshake","id":"1"}]')}`;
      script.onerror = () => resolve('refused');
      document.head.append(script);
    }), strict.url);
    expect(outcome).toBe('refused');
  });
});

describe.each(generations.flatMap((kind) => (['websocket', 'long-polling'] as const).map((way) => ({ kind, way }))))('reload: $kind over $way', ({ kind, way }) => {
  test('the session goes on in the reloaded page, with what came meanwhile', async () => {
    const wish = { kind, way, url: server.url, reload: true };
    const tab = await pages.tab();
    const other = await pages.tab();
    expect(await tab.open('a', wish)).toBe(way);
    await other.open('b', { kind: 'cometd 9.0.0', url: server.url });
    await tab.ask('a', 'subscribe', '/reload');
    const id = await tab.ask('a', 'clientId');
    const { sessions } = await server.counters();
    await tab.ask('a', 'keep');
    await tab.page.reload();
    expect(await other.ask('b', 'publish', '/reload', 'while away')).toBe(true);
    expect(await tab.open('a', wish)).toBe(way);
    expect(await tab.ask('a', 'clientId')).toBe(id);
    // An application subscribes again after a reload; what waited may have come before that.
    await tab.ask('a', 'subscribe', '/reload');
    expect(await other.ask('b', 'publish', '/reload', 'back again')).toBe(true);
    await until('the newer one', async () => (await tab.got('a')).includes('back again'));
    expect((await server.counters()).sessions).toBe(sessions);
    await tab.ask('a', 'disconnect');
    await other.ask('b', 'disconnect');
  });
});

describe('cookie mode', () => {
  // Same site, another port: the cookie is SameSite=Lax.
  const site = 'bayeux.localhost';
  const url = (): string => `http://${site}:${cookies.port}/cobrowse/cometd`;

  test.each(generations)('%s: of several tabs one polls at length, the others are told to pause', async (kind) => {
    const person = await pages.person();
    const first = await pages.tab(person, site);
    const second = await pages.tab(person, site);
    const wish = { kind, way: 'long-polling' as const, url: url() };
    expect(await first.open('a', wish)).toBe('long-polling');
    await until('the first to be held', async () => (await cookies.counters()).held === 1);
    expect(await second.open('b', wish)).toBe('long-polling');
    await until('advice', async () => ((await second.ask('b', 'crowded')) as unknown[]).length > 0);
    expect((await second.ask('b', 'crowded') as unknown[])[0]).toMatchObject({ 'multiple-clients': true, reconnect: 'retry', interval: 300 });
    // It hears all the same, in its pauses.
    await second.ask('b', 'subscribe', '/tabs');
    await first.ask('a', 'publish', '/tabs', 'heard');
    await until('it to hear', async () => (await second.got('b')).length === 1);
    await first.ask('a', 'disconnect');
    await until('the other to be held', async () => (await cookies.counters()).held === 1);
    await second.ask('b', 'disconnect');
    await until('all to be gone', async () => (await cookies.counters()).sessions === 0);
  });

  test('tabs of another person do not count', async () => {
    const tabs = await Promise.all([0, 1].map(async () => pages.tab(await pages.person(), site)));
    for (const tab of tabs) await tab.open('a', { kind: 'cometd 9.0.0', way: 'long-polling', url: url() });
    await until('both to be held', async () => (await cookies.counters()).held === 2);
    for (const tab of tabs) await tab.ask('a', 'disconnect');
  });

  test('a client id is of no use in another browser, and of use to a program', async () => {
    const owner = await pages.tab(await pages.person(), site);
    await owner.open('a', { kind: 'cometd 9.0.0', way: 'long-polling', url: url() });
    const clientId = await owner.ask('a', 'clientId');
    const message = JSON.stringify([{ channel: '/steal', clientId, id: '1', data: 1 }]);
    const thief = await pages.tab(await pages.person(), site);
    const stolen = await thief.page.evaluate(async ([to, body]) => (await fetch(to, { method: 'POST', body, credentials: 'include' })).json() as Promise<unknown>, [url(), message] as const);
    expect(stolen).toMatchObject([{ successful: false, error: '402::session_unknown' }]);
    const program = await (await fetch(cookies.url, { method: 'POST', body: message, headers: { 'Content-Type': 'application/json' } })).json() as unknown;
    expect(program).toMatchObject([{ successful: true }]);
    await owner.ask('a', 'disconnect');
  });

  test('WebSockets of several tabs are all held', async () => {
    const person = await pages.person();
    const tabs = await Promise.all([0, 1, 2].map(() => pages.tab(person, site)));
    for (const tab of tabs) expect(await tab.open('a', { kind: 'cometd 9.0.0', way: 'websocket', url: url() })).toBe('websocket');
    await until('all to be held', async () => (await cookies.counters()).held === 3);
    for (const tab of tabs) await tab.ask('a', 'disconnect');
  });
});
