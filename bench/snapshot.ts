/** The first snapshot of a page of 17,000 nodes: what it costs the customer's main thread, its size, and when the agent sees it. */
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { CDPSession } from 'playwright-core';
import { pair, type Pair } from '../tests/e2e/lib/session.ts';
import { Site } from '../tests/e2e/lib/site.ts';
import { root, TwinpaneServer, until } from '../tests/e2e/lib/server.ts';
import { kRows, tableHtml } from './lib/pages.ts';
import { kilobytes, median, report } from './lib/report.ts';

const kRuns = 5;

interface Run { task: number; script: number; longest: number; bytes: number; gzip: number; paint: number; nodes: number }

async function metrics(cdp: CDPSession): Promise<{ task: number; script: number }> {
  const { metrics: all } = await cdp.send('Performance.getMetrics');
  const of = (name: string): number => (all.find((m) => m.name === name)?.value ?? 0) * 1000;
  return { task: of('TaskDuration'), script: of('ScriptDuration') };
}

async function once(server: TwinpaneServer, people: Pair, address: string): Promise<Run> {
  const { customer, agent } = people;
  const frames: string[] = [];
  customer.page.on('websocket', (socket) => {
    socket.on('framesent', (frame) => {
      const text = String(frame.payload);
      if (text.includes('"/service/page"')) frames.push(text);
    });
  });
  // When the view shows the end of the table: noted in the viewer's frame, which comes and goes.
  await people.profiles[1]!.context.addInitScript((origin) => {
    if (location.origin !== origin) return;
    const look = (): void => {
      const shown = document.querySelector<HTMLIFrameElement>('#page iframe');
      if (!shown?.contentDocument?.querySelector('#end') || shown.style.display === 'none') return void requestAnimationFrame(look);
      const after = new MessageChannel();
      after.port1.onmessage = () => { Object.assign(globalThis, { benchPainted: Date.now() }); };
      requestAnimationFrame(() => after.port2.postMessage(0));
    };
    requestAnimationFrame(look);
  }, server.viewerOrigin);
  await customer.page.goto(address);
  const code = await customer.start();
  await agent.login();
  await agent.join(code);
  await customer.button('Share this page').waitFor();
  const cdp = await people.profiles[0]!.context.newCDPSession(customer.page);
  await cdp.send('Performance.enable');
  await customer.page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { benchTasks: tasks, benchClicked: 0 });
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) tasks.push(entry.duration); }).observe({ type: 'longtask' });
    addEventListener('click', () => { (globalThis as unknown as { benchClicked: number }).benchClicked ||= Date.now(); }, true);
  });
  const before = await metrics(cdp);
  await customer.share();
  const painted = (): Promise<number> => agent.viewer().evaluate(() => (globalThis as unknown as { benchPainted?: number }).benchPainted ?? 0).catch(() => 0);
  await until(async () => (await painted()) > 0, 30_000, 'the first paint');
  const at = await painted();
  const after = await metrics(cdp);
  const { clicked, tasks } = await customer.page.evaluate(() => {
    const { benchClicked, benchTasks } = globalThis as unknown as { benchClicked: number; benchTasks: number[] };
    return { clicked: benchClicked, tasks: benchTasks };
  });
  const picture = await agent.picture();
  const nodes = await picture!.evaluate(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
    let count = 1;
    while (walker.nextNode()) ++count;
    return count;
  });
  const payload = frames.join('\n');
  return {
    task: after.task - before.task, script: after.script - before.script, longest: Math.max(0, ...tasks),
    bytes: Buffer.byteLength(payload), gzip: gzipSync(payload, { level: 6 }).length, paint: at - clicked, nodes,
  };
}

const site: Site = await Site.start({
  folder: path.join(root, 'web/dist'), host: 'shop.localhost', tag: () => server.scriptTag,
  pages: { '/page.html': tableHtml(kRows).replace('</body>', '<p id="end">end</p></body>') },
});
const server = await TwinpaneServer.start({ sites: [{ name: 'shop', origins: [site.origin] }] });
const runs: Run[] = [];
try {
  for (let i = 0; i < kRuns; ++i) {
    const people = await pair(server);
    try {
      runs.push(await once(server, people, `${site.origin}/page.html`));
    } finally {
      await people.close();
    }
  }
} finally {
  await server.stop();
  await site.stop();
}
const of = (key: keyof Run): number => median(runs.map((run) => run[key]));
await report('snapshot', [
  ['nodes, as the view has them', of('nodes').toLocaleString('en')],
  ['customer’s main thread, yes to agent’s paint, all tasks', `${of('task').toFixed(0)} ms`],
  ['of it script', `${of('script').toFixed(0)} ms`],
  ['longest task', `${of('longest').toFixed(0)} ms`],
  ['sent on /service/page', `${kilobytes(of('bytes'))}, gzip ${kilobytes(of('gzip'))}`],
  ['customer’s yes to the agent’s first paint', `${of('paint').toFixed(0)} ms`],
  ['runs', `${kRuns}, medians`],
], { runs });
