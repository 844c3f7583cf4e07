/** 200 clients, 100 rooms, 10 rooms each, 20,000 deliveries/s on an open-loop schedule: latency beside CometD and Faye, all warm. */
import { against, kSeconds, load, lost, micro, middle, ratio, rounds, times } from './lib/load.ts';
import { report } from './lib/report.ts';
import { start } from './lib/servers.ts';

const servers = { ours: await start.bayeux(1), cometd: await start.cometd(), faye: await start.faye() };
const options = ['--count', '200', '--rate', '1000', '--size', '50'];
await load(servers.cometd, 'rooms', ...options, '--seconds', '30'); // the JVM's compiler
await load(servers.faye, 'rooms', ...options, '--seconds', '5');
options.push('--seconds', String(Number(kSeconds) * 2));
const results = await rounds([
  { name: 'ours', run: () => load(servers.ours, 'rooms', ...options) },
  { name: 'CometD', run: () => load(servers.cometd, 'rooms', ...options) },
  { name: 'Faye', run: () => load(servers.faye, 'rooms', ...options) },
]);
await Promise.all(Object.values(servers).map((server) => server.stop()));

const row = (name: string): readonly [string, string] => {
  const ms = (figure: string): string => middle(results[name]!, figure).toFixed(2);
  return [name, `p50 ${ms('p50_ms')}, p99 ${ms('p99_ms')}, max ${ms('max_ms')} ms; CPU ${micro(middle(results[name]!, 'cpu_us'))} per delivery; RSS ${(middle(results[name]!, 'rss_kib') / 1024).toFixed(0)} MiB`];
};
const part = (figure: string): number => ratio(results['ours']!, results['CometD']!, figure);
const line = (figure: string): readonly [string, string] => against(`ours, ${figure.slice(0, -3)} beside CometD's`, times(part(figure)), '≤ 0.5 ×', part(figure) <= 0.5);
await report('rooms', [row('ours'), row('CometD'), row('Faye'), line('p50_ms'), line('p99_ms'), lost(results)], { p50: part('p50_ms'), p99: part('p99_ms'), results });
