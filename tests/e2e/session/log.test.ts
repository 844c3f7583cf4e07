/** The log of a whole session, as talkative as it gets, holds nothing that is somebody's secret or somebody's page. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Site } from '../lib/site.ts';
import { root, TwinpaneServer, until } from '../lib/server.ts';
import { call, login } from '../lib/bayeux.ts';
import { pair, shareWith, type Pair } from '../lib/session.ts';

const CANARY = 'canary-58f1c2';
const PAGE = `<!doctype html><html lang="en"><head><title>${CANARY}-title</title></head><body><h1>${CANARY}-text</h1>
  <p><input id="shown" value="${CANARY}-value"></p><p><a id="next" href="/next.html?${CANARY}-query#${CANARY}-fragment">Next</a></p></body></html>`;

let site: Site;
let server: TwinpaneServer;
let people: Pair;
/** Everything that went over the wire of both browsers: whatever is secret came or went that way. */
const wire: string[] = [];

beforeAll(async () => {
  site = await Site.start({
    folder: `${root}/web/dist`, host: 'shop.localhost', tag: () => server.scriptTag,
    pages: { '/page.html': PAGE, '/next.html': PAGE.replace('<h1>', '<h1 id="second">') },
  });
  server = await TwinpaneServer.start({ sites: [{ name: 'shop', origins: [site.origin], form_values: 'shown' }], extra: 'log: {level: debug}' });
  people = await pair(server);
  for (const { page } of [people.customer, people.agent]) {
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => wire.push(String(payload)));
      socket.on('framereceived', ({ payload }) => wire.push(String(payload)));
    });
    page.on('response', (response) => {
      if (response.url().includes('/cobrowse/rest/auth/')) void response.text().then((text) => wire.push(text), () => undefined);
    });
  }
});
afterAll(async () => {
  await people?.close();
  await server?.stop();
  await site?.stop();
});

/** All strings that stand under one of these names anywhere on the wire, escapes undone. */
function values(name: string): string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === name && typeof inner === 'string' && inner !== '') found.add(inner);
      else look(inner);
    }
  };
  for (const text of wire) {
    try {
      look(JSON.parse(text));
    } catch {
      // A frame that is no JSON has no fields.
    }
  }
  return [...found];
}

test('no digits, tokens, client ids, consent text, page text or addresses with a query', async () => {
  const { customer, agent } = people;
  const code = await shareWith(people, `${site.origin}/page.html?${CANARY}-query`);
  await agent.seesText(`${CANARY}-text`);
  await agent.askForWrite(`${CANARY}-why`);
  await customer.allowWrite();
  await agent.writing();
  await agent.clickOn('#shown');
  await agent.page.keyboard.type(`${CANARY}-typed`);
  await until(() => customer.page.evaluate((text) => document.querySelector<HTMLInputElement>('#shown')!.value.includes(text), `${CANARY}-typed`), 8000, 'the text');
  await agent.clickOn('#next');
  await agent.sees('the next page', (d) => d.querySelector('#second') !== null);
  // What is refused is logged as well: a used code, a token of nobody, a page that is not ours to ask for.
  const access = await login(server);
  await call(`${server.internalUrl}/cobrowse/rest/live/sessions/000${code.slice(3)}`, { headers: { Authorization: `Bearer ${access}` } });
  await call(`${server.internalUrl}/cobrowse/rest/live/sessions/${code}/page?${CANARY}-query`, { headers: { Authorization: `Bearer ${access}`, 'X-Twinpane-User': `${CANARY}-user` } });
  await call(`${server.internalUrl}/cobrowse/rest/history/sessions/${CANARY}-id?${CANARY}-query`, { headers: { Authorization: `Bearer ${access}x` } });
  await call(`${server.internalUrl}/cobrowse/rest/auth/login`, { method: 'POST', body: JSON.stringify({ login: `${CANARY}-login`, password: `${CANARY}-password` }) });
  await agent.page.reload();
  await agent.seesText(`${CANARY}-text`);
  await customer.end();
  await agent.page.getByText('ended the session').first().waitFor({ timeout: 10_000 });
  await server.stop();

  const log = server.errors;
  expect(log).toMatch(/ cobrowse\.created .*session=/);
  expect(log).toMatch(/ cobrowse\.ended .*by=customer/);
  const secrets: Record<string, string[]> = {
    'session token': [code, `000${code.slice(3)}`], canary: [CANARY], password: [server.password], 'access token': [access, ...values('accessToken'), ...values('token')],
    'user token': values('userToken'), 'client id': values('clientId'), 'consent text': values('text'),
  };
  for (const [what, list] of Object.entries(secrets)) {
    // What was not found on the wire would be missed for nothing.
    expect(list.length, `${what}s to look for`).toBeGreaterThan(0);
    for (const secret of list) expect(log.includes(secret), `the log has the ${what} ${secret.slice(0, 6)}…`).toBe(false);
  }
  // Nor anything of their shapes: nine digits, a JWT, an address with a query.
  const lines = log.split('\n').map((line) => line.replace(/^\S+Z /, ''));
  const shapes: [string, RegExp][] = [
    ['nine digits', /(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\w.-])/], ['a JWT', /\beyJ[\w-]{8,}\./], ['an address with a query', /\/\S*\?\S/], ['a bearer', /bearer /i],
  ];
  for (const [what, shape] of shapes) expect(lines.filter((line) => shape.test(line)), what).toEqual([]);
});
