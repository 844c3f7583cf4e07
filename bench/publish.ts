/** Publish to one subscriber, 512 bytes of JSON, both on one loop and on two, beside a bare relay that also sends the reply. */
import { against, kSeconds, load, lost, micro, middle, ratio, rounds, times } from './lib/load.ts';
import { report } from './lib/report.ts';
import { start } from './lib/servers.ts';

const bare = await start.bare('/');
const single = await start.bayeux(1);
const double = await start.bayeux(2);
const options = ['--count', '50', '--size', '512', '--seconds', kSeconds];
const results = await rounds([
  { name: 'bare', run: () => load(bare, 'publish', '--transport', 'bare', ...options) },
  { name: 'same loop', run: () => load(single, 'publish', ...options) },
  { name: 'across loops', run: () => load(double, 'publish', '--across', ...options) },
]);
await Promise.all([bare.stop(), single.stop(), double.stop()]);

const same = ratio(results['same loop']!, results['bare']!, 'cpu_us');
const across = ratio(results['across loops']!, results['bare']!, 'cpu_us');
const line = (name: string, over: number): readonly [string, string] =>
  against(`${name}, CPU per message`, `${micro(middle(results[name]!, 'cpu_us'))} (${times(over)} bare)`, '≤ 1.8 × bare', over <= 1.8);
await report('publish', [
  ['bare relay, CPU per message', micro(middle(results['bare']!, 'cpu_us'))],
  line('same loop', same),
  line('across loops', across),
  lost(results),
], { same, across, results });
