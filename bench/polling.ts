/** Publish to one subscriber over long-polling beside WebSocket: one request publishes, one answers the subscriber's connect. */
import { against, kSeconds, load, lost, micro, middle, ratio, rounds, times } from './lib/load.ts';
import { report } from './lib/report.ts';
import { start } from './lib/servers.ts';

const ours = await start.bayeux(1);
const options = ['--count', '50', '--size', '512', '--seconds', kSeconds];
const results = await rounds([
  { name: 'WebSocket', run: () => load(ours, 'publish', ...options) },
  { name: 'long-polling', run: () => load(ours, 'publish', '--transport', 'long-polling', ...options) },
]);
await ours.stop();

const over = ratio(results['long-polling']!, results['WebSocket']!, 'cpu_us');
await report('polling', [
  ['WebSocket, CPU per message', micro(middle(results['WebSocket']!, 'cpu_us'))],
  against('long-polling, CPU per message', `${micro(middle(results['long-polling']!, 'cpu_us'))} (${times(over)} WebSocket)`, '≤ 3 × WebSocket', over <= 3),
  lost(results),
], { ratio: over, results });
