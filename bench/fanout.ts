/** One publisher, 500 subscribers, bursts of 8 messages: CPU per delivery, beside the bare loop and the established servers. */
import { against, kSeconds, load, lost, micro, middle, ratio, rounds, times } from './lib/load.ts';
import { report } from './lib/report.ts';
import { start } from './lib/servers.ts';

const servers = { bare: await start.bare('/'), ours: await start.bayeux(1), cometd: await start.cometd(), faye: await start.faye() };
const options = ['--count', '500', '--burst', '8', '--size', '64'];
await load(servers.cometd, 'fanout', ...options, '--seconds', '15'); // the JVM's compiler
await load(servers.faye, 'fanout', ...options, '--seconds', '5');
options.push('--seconds', kSeconds);
const results = await rounds([
  { name: 'bare', run: () => load(servers.bare, 'fanout', '--transport', 'bare', ...options) },
  { name: 'ours', run: () => load(servers.ours, 'fanout', ...options) },
  { name: 'CometD', run: () => load(servers.cometd, 'fanout', ...options) },
  { name: 'Faye', run: () => load(servers.faye, 'fanout', ...options) },
]);
await Promise.all(Object.values(servers).map((server) => server.stop()));

const per = middle(results['ours']!, 'per_core');
const share = (name: string): number => ratio(results[name]!, results['ours']!, 'cpu_us');
const peer = (name: string): readonly [string, string] => against(
  `${name}, CPU per delivery`, `${micro(middle(results[name]!, 'cpu_us'))} (${times(share(name))} ours)`, '≥ 15 × ours', share(name) >= 15);
await report('fanout', [
  ['bare loop, CPU per delivery', micro(middle(results['bare']!, 'cpu_us'))],
  ['ours, CPU per delivery', `${micro(middle(results['ours']!, 'cpu_us'))} (${times(ratio(results['ours']!, results['bare']!, 'cpu_us'))} bare)`],
  against('ours, deliveries per second of CPU', per.toFixed(0), '≥ 1,000,000', per >= 1e6),
  peer('CometD'),
  peer('Faye'),
  lost(results),
], { per_core: per, cometd: share('CometD'), faye: share('Faye'), results });
