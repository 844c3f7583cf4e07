/** 10,000 sessions lose their connections at once and come back, while 100 others go on sending themselves messages. */
import { against, load, middle, rounds } from './lib/load.ts';
import { report } from './lib/report.ts';
import { start } from './lib/servers.ts';

const kSessions = '10000';

const storm = (name: string, ...options: readonly string[]): { name: string; run: () => ReturnType<typeof load> } => ({
  name,
  run: async () => {
    const server = await start.bayeux(1);
    try {
      return await load(server, 'reconnect', '--count', kSessions, '--live', '100', ...options);
    } finally {
      await server.stop();
    }
  },
});
const results = await rounds([
  storm('resumed'), // the same server: sessions go on
  storm('unknown', '--forget'), // a server that never saw them: each is told to shake hands anew
  storm('with jitter', '--forget', '--jitter'),
]);

const rows = Object.entries(results).flatMap(([name, runs]) => {
  const most = name === 'with jitter' ? 30 : 10;
  const back = middle(runs, 'back_max_s');
  const live = middle(runs, 'live_p99_ms');
  const missing = runs.reduce((sum, run) => sum + run['missing']! + run['live_lost']!, 0);
  return [
    against(`${name}: the last is back after`, `${back.toFixed(2)} s`, `≤ ${most} s`, back <= most && missing === 0),
    against(`${name}: live sessions' p99 meanwhile`, `${live.toFixed(1)} ms`, '< 250 ms', live < 250),
    [`${name}: CPU per reconnect; failed attempts; missing or lost`, `${middle(runs, 'cpu_us_per_reconnect').toFixed(0)} µs; ${middle(runs, 'failed_attempts')}; ${missing}`] as const,
  ];
});
await report('reconnect', rows, { results });
