/** WebSocket echo, 512 bytes, 100 connections: the server's CPU per message beside the bare loop's. */
import { against, kSeconds, load, lost, micro, middle, ratio, rounds, times } from './lib/load.ts';
import { report } from './lib/report.ts';
import { start } from './lib/servers.ts';

const bare = await start.bare('/echo');
const ours = await start.echo();
const options = ['--count', '100', '--size', '512', '--seconds', kSeconds];
const results = await rounds([
  { name: 'bare', run: () => load(bare, 'echo', ...options) },
  { name: 'ours', run: () => load(ours, 'echo', ...options) },
]);
await Promise.all([bare.stop(), ours.stop()]);

const over = ratio(results['ours']!, results['bare']!, 'cpu_us');
await report('echo', [
  ['bare loop, CPU per message', micro(middle(results['bare']!, 'cpu_us'))],
  against('ours, CPU per message', `${micro(middle(results['ours']!, 'cpu_us'))} (${times(over)} bare)`, '≤ 1.3 × bare', over <= 1.3),
  ['ours, messages per second of CPU', middle(results['ours']!, 'per_core').toFixed(0)],
  lost(results),
], { ratio: over, results });
