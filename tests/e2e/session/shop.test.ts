/** The main job, on the demo shop: two people, two browsers, one session. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, login } from '../lib/bayeux.ts';
import { freePort, TwinpaneServer, until } from '../lib/server.ts';
import { pair, shareWith, type Pair } from '../lib/session.ts';

let folder: string;
let server: TwinpaneServer;
let people: Pair;
let shop: string;
let code: string;
let historyId: string;

/** What the customer's browser publishes, counted by its first operation. */
async function countSnapshots(): Promise<{ begun: () => number }> {
  let begun = 0;
  people.customer.page.on('websocket', (socket) => {
    socket.on('framesent', (frame) => {
      const text = String(frame.payload);
      if (text.includes('"/service/page"') && /"o":\[\[0,\{/.test(text)) begun += 1;
    });
  });
  return { begun: () => begun };
}

interface HistoryRecord extends Record<string, unknown> {
  pages: { url: string; enteredTimestamp: number; duration: number }[];
  participants: { userId: string; leftTime: number | null }[];
  events: { time: number; type: string; by: string }[];
}

const record = async (): Promise<HistoryRecord> => {
  const answer = await call(`${server.internalUrl}/cobrowse/rest/history/sessions/${historyId}`, { headers: { Authorization: `Bearer ${await login(server)}` } });
  expect(answer.status).toBe(200);
  return answer.json() as HistoryRecord;
};

/** The session id as the desk's panel shows it. */
const historyIdAt = (page: Page): Promise<string> => page.locator('tp-session[current] tp-details .id .mono').innerText();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinpane-shop-'));
  const demoPort = await freePort();
  shop = `http://shop.localhost:${demoPort}/`;
  server = await TwinpaneServer.start({
    data: folder, demoPort, extra: 'auth: {first_agent: "Ines Okafor"}', sites: [{ name: 'shop', origins: [shop.slice(0, -1)] }],
  });
  people = await pair(server);
});
afterAll(async () => {
  await people?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.sequential('one session', () => {
  let snapshots: { begun: () => number };

  test('nothing about the page leaves before the yes; after it the agent sees the shop', async () => {
    const { customer, agent } = people;
    snapshots = await countSnapshots();
    await customer.page.goto(shop);
    code = await customer.start();
    await agent.login();
    await agent.join(code);
    await customer.button('Share this page').waitFor();
    expect(snapshots.begun()).toBe(0);
    await agent.strip.getByText('Waiting for').waitFor();
    await customer.share();
    await agent.live();
    await customer.shared();
    await agent.seesText('Fennhus');
    expect(snapshots.begun()).toBe(1);
  });

  test('what changes on the page changes at the agent: nodes, text, scrolling', async () => {
    const { customer, agent } = people;
    await customer.page.evaluate(() => {
      const box = document.createElement('section');
      box.id = 'probe';
      box.innerHTML = '<h2>Just added</h2><input id="probe-box" type="checkbox"><div id="probe-scroll" style="height:50px;overflow:auto"><div style="height:500px">tall</div></div>';
      document.body.prepend(box);
    });
    await agent.seesText('Just added');
    await customer.page.evaluate(() => { document.querySelector('#probe h2')!.firstChild!.nodeValue = 'Now different'; });
    await agent.seesText('Now different');
    await customer.page.evaluate(() => { document.querySelector('#probe-scroll')!.scrollTop = 123; });
    await agent.sees('the inner scrolling', (d) => Math.abs((d.querySelector('#probe-scroll')?.scrollTop ?? 0) - 123) < 1);
    await customer.page.evaluate(() => { document.querySelector('#probe')!.remove(); });
    await agent.sees('the removal', (d) => !d.querySelector('#probe'));
    await customer.page.evaluate(() => { scrollTo(0, 200); });
    await agent.sees('the page scrolling', (d) => Math.abs(d.scrollingElement!.scrollTop - 200) < 1);
  });

  test('the customer sees where the agent points', async () => {
    const { customer, agent } = people;
    await customer.page.evaluate(() => { scrollTo(0, 0); });
    await customer.page.mouse.move(300, 300);
    await customer.page.mouse.move(320, 310, { steps: 4 });
    const { x, y } = await agent.point('h1, h2');
    await agent.page.mouse.move(x - 20, y, { steps: 3 });
    await agent.page.mouse.move(x, y, { steps: 3 });
    await until(async () => customer.page.locator('text=Ines').first().isVisible().catch(() => false), 5000, 'the agent’s cursor at the customer');
    await agent.page.mouse.click(x, y);
  });

  test('the agent who reloads sees the page again and the customer’s page is not scanned again', async () => {
    const { agent } = people;
    const before = snapshots.begun();
    await agent.page.reload();
    const again = agent.page.getByRole('button', { name: /^Return/ });
    await until(async () => (await agent.strip.isVisible().catch(() => false)) || (await again.isVisible().catch(() => false)), 10_000, 'the desk');
    if (await again.isVisible().catch(() => false)) await again.click();
    await agent.live();
    await agent.seesText('Fennhus');
    expect(snapshots.begun()).toBe(before);
  });

  test('write mode needs the customer’s yes; then the agent clicks and types, and Esc takes it back', async () => {
    const { customer, agent } = people;
    await customer.page.goto(new URL('checkout.html', shop).href);
    await agent.sees('the checkout', (d) => d.querySelectorAll('input').length > 3);
    await agent.live();
    await agent.follows(customer.page);
    await agent.askForWrite('I can correct the code for you.');
    await customer.panel.getByText('I can correct the code for you.').waitFor();
    await customer.allowWrite();
    await agent.writing();
    const target = await customer.page.evaluate(() => {
      const input = [...document.querySelectorAll('input')].find((i) => i.type === 'text' && i.offsetParent !== null)!;
      return input.id ? `#${input.id}` : `input[name="${input.name}"]`;
    });
    await agent.clickOn(target);
    await agent.page.keyboard.type('Uppsala 7', { delay: 20 });
    await until(async () => (await customer.page.evaluate((s) => document.querySelector<HTMLInputElement>(s)!.value, target)) === 'Uppsala 7', 8000, 'the typed text at the customer');
    await customer.page.keyboard.press('Escape');
    await agent.strip.getByText('You look and point.').waitFor();
  });

  test('in write mode the agent follows links, goes back and reloads; the session survives the page loads', async () => {
    const { customer, agent } = people;
    await agent.askForWrite('');
    await customer.allowWrite();
    await agent.writing();
    await customer.page.goto(shop);
    await agent.sees('the first page', (d) => d.querySelector('a[href*="product"]') !== null);
    await agent.follows(customer.page);
    await agent.writing();
    await agent.clickOn('a[href*="product"]');
    await until(() => customer.page.url().includes('product'), 10_000, 'the link');
    await agent.at('product');
    await agent.sees('the product', (d) => d.querySelector('h1') !== null && d.querySelector('a[href*="basket"]') !== null);
    await agent.writing();
    await agent.page.getByRole('button', { name: 'Back', exact: true }).click();
    await until(() => !customer.page.url().includes('product'), 10_000, 'back');
    await agent.at('product', false);
    await agent.writing();
    await agent.sees('the first page again', (d) => d.querySelector('a[href*="product"]') !== null);
    await agent.page.getByRole('button', { name: 'Forward', exact: true }).click();
    await until(() => customer.page.url().includes('product'), 10_000, 'forward');
    await agent.at('product');
    await agent.writing();
    const loaded = await customer.page.evaluate(() => performance.timeOrigin);
    await agent.page.getByRole('button', { name: 'Reload', exact: true }).click();
    await until(async () => (await customer.page.evaluate(() => performance.timeOrigin).catch(() => loaded)) !== loaded, 10_000, 'the reload');
    await agent.seesText('Fennhus');
  });

  test('a node killed with -9 comes back, and both browsers into the same session and the same record by themselves', async () => {
    const { customer, agent } = people;
    historyId = await historyIdAt(agent.page);
    await agent.seesText('Fennhus');
    const old = await record();
    const pid = await server.nodePid();
    const killed = performance.now();
    process.kill(pid, 'SIGKILL');
    // Made at once, while nobody listens: it must not be lost.
    await customer.page.evaluate(() => { document.title = 'after the fall'; document.querySelector('h1')!.textContent = 'After the fall'; });
    await until(async () => (await server.nodePid().catch(() => pid)) !== pid, 20_000, 'the restart');
    await agent.seesText('After the fall', 30_000);
    process.stdout.write(`kill -9 to the change made meanwhile at the agent: ${Math.round(performance.now() - killed)} ms\n`);
    await agent.writing();
    await customer.panel.getByText('Ines clicks and types').first().waitFor();
    const live = await call(`${server.internalUrl}/cobrowse/rest/live/sessions/${code}`, { headers: { Authorization: `Bearer ${await login(server)}` } });
    expect(live.status).toBe(200);
    // The same record, not another one of the same session: neither begun nor agreed to again, nobody new, nobody gone.
    const now = await record();
    for (const same of ['id', 'sessionToken', 'creationTime', 'activationTime', 'deactivationTime', 'site', 'participants'] as const) expect(now[same], same).toEqual(old[same]);
    const visits = (of: HistoryRecord) => of.pages.map(({ url, enteredTimestamp }) => ({ url, enteredTimestamp }));
    expect(visits(now).slice(0, old.pages.length)).toEqual(visits(old));
    expect(now.events.slice(0, old.events.length)).toEqual(old.events);
    expect(now.events.slice(old.events.length).map((event) => event.type).filter((type) => /creat|activ|consent|join/.test(type))).toEqual([]);
    // And it goes on.
    await customer.page.goto(new URL('help.html', shop).href);
    await agent.at('help.html');
    await until(async () => (await record()).pages.length > now.pages.length, 10_000, 'the next page in the record');
    const further = await record();
    expect(visits(further).slice(0, now.pages.length)).toEqual(visits(now));
    expect(further.pages.at(-1)!.url).toMatch(/\/help\.html$/);
  });

  test('the customer ends it; the record tells times, pages, who and why, also after a restart', async () => {
    const { customer, agent } = people;
    expect(await historyIdAt(agent.page)).toBe(historyId);
    expect(historyId).not.toBe('');
    await customer.end();
    await agent.page.getByText('ended the session').first().waitFor({ timeout: 10_000 });
    await customer.panel.getByText('Nobody sees your page any more.').waitFor();
    const kept = await record();
    expect(kept).toMatchObject({ id: historyId, sessionToken: code, endedBy: 'customer', endReason: 'self', site: 'shop' });
    const { pages } = kept;
    expect(pages.length).toBeGreaterThanOrEqual(4);
    expect(pages.some((p) => p.url.endsWith('/checkout.html'))).toBe(true);
    expect(pages.some((p) => p.url.includes('?'))).toBe(false);
    const times = ['creationTime', 'activationTime', 'deactivationTime'].map((k) => Number(kept[k]));
    expect(times[0]!).toBeLessThanOrEqual(times[1]!);
    expect(times[1]!).toBeLessThanOrEqual(times[2]!);
    const password = server.password;
    const ports = { public: server.publicPort, internal: server.internalPort };
    await server.stop();
    server = await TwinpaneServer.start({ data: folder, ports, sites: [{ name: 'shop', origins: [shop.slice(0, -1)] }] });
    server.password = password;
    expect(await record()).toEqual(kept);
  });
});

describe('where WebSocket is blocked', () => {
  test('the customer falls back to polling and the agent sees the page and its changes', async () => {
    const demoPort = await freePort();
    const origin = `http://shop.localhost:${demoPort}`;
    const own = await TwinpaneServer.start({ demoPort, sites: [{ name: 'shop', origins: [origin] }] });
    const polling = await pair(own, { customer: { noWebSocket: true } });
    const { page } = polling.customer;
    // What went out and how: polls are POSTs that name the way, and no socket ever carries anything.
    const posts: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().includes('/cometd')) posts.push(request.postData() ?? '');
    });
    const frames: string[] = [];
    page.on('websocket', (socket) => socket.on('framereceived', () => frames.push(socket.url())));
    await polling.profiles[0]!.context.addInitScript(() => {
      const made: WebSocket[] = [];
      const Real = WebSocket;
      Object.assign(globalThis, { made, WebSocket: new Proxy(Real, { construct: (of, args: [string]) => { const socket = new of(...args); made.push(socket); return socket; } }) });
    });
    const open = () => page.evaluate(() => (globalThis as unknown as { made: WebSocket[] }).made.filter((socket) => socket.readyState === WebSocket.OPEN).length);
    try {
      await shareWith(polling, `${origin}/`);
      await polling.agent.seesText('Fennhus');
      await polling.customer.page.evaluate(() => { document.querySelector('h1, h2')!.textContent = 'By polling'; });
      await polling.agent.seesText('By polling');
      expect(await open()).toBe(0);
      expect(frames).toEqual([]);
      expect(posts.filter((body) => body.includes('/meta/connect') && body.includes('"long-polling"')).length).toBeGreaterThan(0);
      expect(posts.some((body) => body.includes('"/service/page"') && body.includes('By polling'))).toBe(true);
      await polling.customer.page.goto(`${origin}/checkout.html`);
      await polling.agent.sees('the checkout', (d) => d.querySelectorAll('input').length > 3);
      await polling.agent.end();
      await polling.customer.panel.getByText('Nobody sees your page any more.').waitFor();
    } finally {
      await polling.close();
      await own.stop();
    }
  });
});
