/** What the customer sees against what the agent sees, on real pages: every node, every field, every position, every pixel. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, TwinpaneServer, until } from '../lib/server.ts';
import { pair, shareWith, type Pair } from '../lib/session.ts';
import { Site } from '../lib/site.ts';
import { writeReport } from './report.ts';
import { sites } from './sites.ts';
import { visit, type Visit } from './visit.ts';

let server: TwinpaneServer;
const origins = new Map<string, string>();
const running: (() => Promise<void>)[] = [];
const visits: Visit[] = [];

beforeAll(async () => {
  const demoPort = await freePort();
  for (const site of sites) {
    if (!site.folder) {
      origins.set(site.name, `http://${site.host}:${demoPort}`);
      continue;
    }
    const { folder, remove } = await site.folder();
    const started = await Site.start({ folder, host: site.host, tag: () => server.scriptTag });
    origins.set(site.name, started.origin);
    running.push(() => started.stop(), remove);
  }
  server = await TwinpaneServer.start({
    demoPort, sites: sites.map((s) => ({ name: s.host.split('.')[0]!, origins: [origins.get(s.name)!], form_values: 'shown' })),
  });
});

afterAll(async () => {
  await server?.stop();
  for (const stop of running) await stop();
});

/** What the machine cannot reach would hang: web fonts and pictures of other hosts are refused at once, to both alike. */
async function onlyLocal(people: Pair): Promise<void> {
  for (const { context } of people.profiles) {
    await context.route((url) => /^https?:$/.test(url.protocol) && !url.hostname.endsWith('.localhost'), (route) => route.abort());
  }
}

describe.sequential.each(sites)('$name, $what', (site) => {
  let people: Pair;

  beforeAll(async () => {
    people = await pair(server, { customer: { width: 1100, height: 700 } });
    await onlyLocal(people);
    await shareWith(people, `${origins.get(site.name)}/${site.pages[0]!.path}`);
    // 100 %: one pixel of the customer is one of the agent.
    await people.agent.page.keyboard.press('1');
    await until(async () => (await (await (await people.agent.picture())?.frameElement())?.boundingBox())?.width === 1100, 10_000, 'the page at 100 %');
  });
  afterAll(async () => { await people?.close(); });

  test.each(site.pages)('$path: the same document, fields and positions', async (page) => {
    const seen = await visit(people, site.name, origins.get(site.name)!, page);
    visits.push(seen);
    const folder = process.env['TWINPANE_FIDELITY_PICTURES'];
    if (folder) {
      await mkdir(folder, { recursive: true });
      for (const [who, picture] of Object.entries(seen.pictures)) await writeFile(path.join(folder, `${site.host.split('.')[0]}-${page.path.replaceAll('/', '-')}-${who}.png`), picture);
    }
    expect(seen.differences.slice(0, 20)).toEqual([]);
    expect(seen.nodes).toBeGreaterThan(40);
    expect(seen.pixels).toBeLessThanOrEqual(0.05);
  });
});

test('over all pages: fields and inner positions were compared, and half of the pages differ in less than 1 % of their pixels', async () => {
  expect(visits.map((v) => `${v.site} ${v.page}`)).toEqual(sites.flatMap((s) => s.pages.map((p) => `${s.name} ${p.path}`)));
  await writeReport(visits);
  expect(visits.reduce((sum, v) => sum + v.fields, 0)).toBeGreaterThan(100);
  expect(visits.reduce((sum, v) => sum + v.scrolled, 0)).toBeGreaterThan(visits.length);
  const sorted = visits.map((v) => v.pixels).sort((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length / 2)]!).toBeLessThan(0.01);
});
