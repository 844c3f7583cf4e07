/** Resident memory of the node: idle, and for each session with its customer, agent and mirrored page. */
import { login, RawBayeux } from '../tests/e2e/lib/bayeux.ts';
import { rawSession, type RawSession } from '../tests/e2e/lib/raw-session.ts';
import { TwinpaneServer } from '../tests/e2e/lib/server.ts';
import { kRows, tableBatches } from './lib/pages.ts';
import { report, residentKb } from './lib/report.ts';

const origin = 'http://shop.localhost';
const kSmall = 200;
const kLarge = 20;

/** Memory of a server with `count` sessions, before and after. */
async function measure(count: number, fill?: (server: TwinpaneServer, session: RawSession) => Promise<void>): Promise<{ idle: number; each: number }> {
  const server = await TwinpaneServer.start({ sites: [{ name: 'shop', origins: [origin] }] });
  const sessions: RawSession[] = [];
  try {
    const access = await login(server);
    const pid = await server.nodePid();
    // A login needs 64 MiB for its hash for a moment: what is idle is measured after it.
    const idle = await residentKb(pid);
    for (let i = 0; i < count; ++i) {
      const session = await rawSession(server, origin, { access });
      await fill?.(server, session);
      sessions.push(session);
    }
    return { idle, each: (await residentKb(pid) - idle) / count };
  } finally {
    for (const session of sessions) session.close();
    await server.stop();
  }
}

async function large(server: TwinpaneServer, session: RawSession): Promise<void> {
  const ask = (batch: Record<string, unknown>): ReturnType<RawBayeux['ask']> => session.customer.ask({ channel: '/service/page', data: batch });
  // The tiny page gives way to the large one, as after a page load.
  session.customer.close();
  const again = await RawBayeux.connect(`${server.publicUrl.replace('http', 'ws')}/cobrowse/cometd`, { origin });
  session.customer = again;
  const back = await again.verb('/service/session/rejoin', { userToken: session.customerToken });
  if (!back.ok) throw new Error(back.error);
  const epoch = Number((back.data!['page'] as { e: number }).e);
  for (const batch of tableBatches(epoch, kRows)) {
    const receipt = await ask(batch);
    if (!receipt.successful) throw new Error(receipt.error);
  }
}

const small = await measure(kSmall);
const big = await measure(kLarge, large);
await report('memory', [
  ['node, idle', `${(small.idle / 1024).toFixed(1)} MiB`],
  [`session with a page of 7 nodes (of ${kSmall})`, `${small.each.toFixed(1)} KiB`],
  [`session with a page of 17,004 nodes (of ${kLarge})`, `${(big.each / 1024).toFixed(2)} MiB`],
], { idle_kb: small.idle, small_session_kb: small.each, large_session_kb: big.each, sessions: { small: kSmall, large: kLarge } });
