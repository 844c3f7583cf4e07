/** Resident memory of an idle WebSocket session with a held connect and one subscription, beside CometD and Faye. */
import { against, kRounds, load, middle, rounds } from './lib/load.ts';
import { report } from './lib/report.ts';
import { start, type Contender } from './lib/servers.ts';

const kSessions = '5000';

// A fresh server for each run: memory that one load has used is there for the next.
const weigh = (name: string, make: () => Promise<Contender>): { name: string; run: () => ReturnType<typeof load> } => ({
  name,
  run: async () => {
    const server = await make();
    try {
      return await load(server, 'idle', '--count', kSessions, '--seconds', '3');
    } finally {
      await server.stop();
    }
  },
});
const results = await rounds([weigh('ours', () => start.bayeux(1)), weigh('CometD', start.cometd), weigh('Faye', start.faye)]);

const kib = (name: string): number => middle(results[name]!, 'kib_per_session');
await report('idle', [
  against(`ours, per session (${kSessions} sessions, median of ${kRounds})`, `${kib('ours').toFixed(2)} KiB`, '≤ 6 KiB', kib('ours') <= 6),
  ['CometD', `${kib('CometD').toFixed(1)} KiB`],
  ['Faye', `${kib('Faye').toFixed(1)} KiB`],
], { ours: kib('ours'), cometd: kib('CometD'), faye: kib('Faye'), results });
