/**
 * A change in the customer's browser, until it is painted in the agent's: through script, node, desk and view, and beside it through
 * a bare WebSocket pipe between two Chromiums that show the same page. Blocks of both in turn, so that the box is the same for both.
 */
import path from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { WebSocketServer, type WebSocket } from 'ws';
import { profile } from '../tests/e2e/lib/browser.ts';
import { pair, shareWith } from '../tests/e2e/lib/session.ts';
import { Site } from '../tests/e2e/lib/site.ts';
import { root, TwinpaneServer, until } from '../tests/e2e/lib/server.ts';
import { tableHtml } from './lib/pages.ts';
import { percentile, report } from './lib/report.ts';

const kBlocks = 5;
const kChanges = 50;
const kRows = 40;

/** The page that changes. `pipe`: its own end of the bare pipe, instead of Twinpane. */
const pageOf = (pipe?: number): string => tableHtml(kRows, `<p id="probe">0</p>${pipe === undefined ? '' : `<script>
  const socket = new WebSocket('ws://127.0.0.1:${pipe}');
  socket.onmessage = (event) => { document.getElementById('probe').firstChild.nodeValue = event.data; };
  window.told = (text) => socket.send(text);
</script>`}`);

/** Notes when each change of the probe in `target`'s document has been painted: the first task after the frame that shows it. */
function watch(target: Frame | Page, inFrame: boolean): Promise<void> {
  return target.evaluate((inner) => {
    const shown = inner ? document.querySelector<HTMLIFrameElement>('#page iframe')!.contentDocument! : document;
    const seen: [number, number][] = [];
    Object.assign(globalThis, { benchSeen: seen });
    const text = shown.querySelector('#probe')!.firstChild!;
    new MutationObserver(() => {
      const value = Number(text.nodeValue);
      requestAnimationFrame(() => {
        const after = new MessageChannel();
        after.port1.onmessage = () => { seen.push([value, Date.now()]); };
        after.port2.postMessage(0);
      });
    }).observe(text, { characterData: true });
  }, inFrame);
}

/** Changes the probe `count` times, at irregular moments; when each was made. */
function change(page: Page, from: number, count: number): Promise<[number, number][]> {
  return page.evaluate(async ([first, many]) => {
    const made: [number, number][] = [];
    const text = document.querySelector('#probe')!.firstChild!;
    const { told } = globalThis as { told?: (text: string) => void };
    for (let i = 0; i < many; ++i) {
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 50));
      made.push([first + i, Date.now()]);
      text.nodeValue = String(first + i);
      told?.(String(first + i));
    }
    return made;
  }, [from, count] as const);
}

/** One block: the delay of every change. A change that a later one overtook was painted with that one. */
async function block(customer: Page, viewer: Frame | Page, from: number): Promise<number[]> {
  const made = await change(customer, from, kChanges);
  const seen = (): Promise<[number, number][]> => viewer.evaluate(() => (globalThis as unknown as { benchSeen: [number, number][] }).benchSeen);
  await until(async () => (await seen()).some(([value]) => value === from + kChanges - 1), 10_000, 'the last change to be painted');
  const painted = await seen();
  return made.map(([value, at]) => painted.find(([later]) => later >= value)![1] - at);
}

const relay = new WebSocketServer({ host: '127.0.0.1', port: 0 });
const ends: WebSocket[] = [];
relay.on('connection', (socket) => {
  socket.on('error', () => undefined);
  ends.push(socket);
  socket.on('message', (data) => {
    for (const other of ends) if (other !== socket) other.send(String(data));
  });
});
await until(() => relay.address() !== null, 5000, 'the relay');
const pipePort = (relay.address() as { port: number }).port;

const site: Site = await Site.start({
  folder: path.join(root, 'web/dist'), host: 'shop.localhost', tag: () => '',
  edit: (html, name) => (name === '/page.html' ? html.replace('</head>', `${server.scriptTag}</head>`) : html),
  pages: { '/page.html': pageOf(), '/pipe.html': pageOf(pipePort) },
});
const server = await TwinpaneServer.start({ sites: [{ name: 'shop', origins: [site.origin] }] });
const people = await pair(server);
const bare = [await profile(), await profile()] as const;
try {
  await shareWith(people, `${site.origin}/page.html`);
  await people.agent.sees('the probe', (d) => d.querySelector('#probe') !== null);
  const viewer = people.agent.viewer();
  await watch(viewer, true);
  for (const end of bare) await end.page.goto(`${site.origin}/pipe.html`);
  await until(() => ends.length === 2, 5000, 'both ends of the pipe');
  await watch(bare[1].page, false);

  const through: number[] = [];
  const piped: number[] = [];
  await block(people.customer.page, viewer, 1);
  await block(bare[0].page, bare[1].page, 1);
  for (let i = 1; i <= kBlocks; ++i) {
    through.push(...await block(people.customer.page, viewer, i * kChanges + 1));
    piped.push(...await block(bare[0].page, bare[1].page, i * kChanges + 1));
  }
  const [p50, p95] = [percentile(through, 0.5), percentile(through, 0.95)];
  const [bare50, bare95] = [percentile(piped, 0.5), percentile(piped, 0.95)];
  await report('latency', [
    ['change to agent paint, p50', `${p50} ms   (goal: at most 150)`],
    ['change to agent paint, p95', `${p95} ms`],
    ['bare WebSocket pipe, p50', `${bare50} ms`],
    ['bare WebSocket pipe, p95', `${bare95} ms`],
    ['beyond the bare pipe', `p50 + ${p50 - bare50} ms, p95 × ${(p95 / bare95).toFixed(2)}`],
    ['changes', `${through.length} each, in ${kBlocks} blocks by turns`],
  ], { p50, p95, bare50, bare95, through, piped });
} finally {
  for (const end of [people, ...bare]) await end.close();
  await server.stop();
  await site.stop();
  for (const end of ends) end.terminate();
  relay.close();
}
