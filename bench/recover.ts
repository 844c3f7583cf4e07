/** A node killed with -9 in mid-session: until its customer's next change is painted at the agent again, nobody having touched anything. */
import path from 'node:path';
import { pair, shareWith } from '../tests/e2e/lib/session.ts';
import { Site } from '../tests/e2e/lib/site.ts';
import { root, TwinpaneServer, until } from '../tests/e2e/lib/server.ts';
import { tableHtml } from './lib/pages.ts';
import { median, report } from './lib/report.ts';

const kRuns = 5;
const kRows = 40;

const site: Site = await Site.start({
  folder: path.join(root, 'web/dist'), host: 'shop.localhost', tag: () => server.scriptTag,
  pages: { '/page.html': tableHtml(kRows, '<p id="probe">0</p>') },
});
const server = await TwinpaneServer.start({ sites: [{ name: 'shop', origins: [site.origin] }] });
const people = await pair(server);
const restarted: number[] = [];
const seen: number[] = [];
try {
  await shareWith(people, `${site.origin}/page.html`);
  await people.agent.seesText('Item 0');
  for (let run = 1; run <= kRuns; ++run) {
    const pid = await server.nodePid();
    const killed = Date.now();
    process.kill(pid, 'SIGKILL');
    // Made at once, while nobody listens: it must not be lost.
    await people.customer.page.evaluate((value) => { document.querySelector('#probe')!.firstChild!.nodeValue = `back ${value}`; }, run);
    await until(async () => (await server.nodePid().catch(() => pid)) !== pid, 20_000, 'the restart');
    restarted.push(Date.now() - killed);
    await people.agent.seesText(`back ${run}`, 30_000);
    seen.push(Date.now() - killed);
    // As a person would, who goes on for a while before the next fall.
    await people.customer.page.evaluate((value) => { document.querySelector('#probe')!.firstChild!.nodeValue = `on ${value}`; }, run);
    await people.agent.seesText(`on ${run}`);
  }
} finally {
  await people.close();
  await server.stop();
  await site.stop();
}
const line = (values: number[]): string => `${median(values)} ms   (${values.join(', ')})`;
await report('recover', [
  ['kill -9 to the new node process', line(restarted)],
  ['kill -9 to the agent seeing the change made meanwhile', `${line(seen)}   goal: at most 5000 ms`],
], { restarted, seen });
