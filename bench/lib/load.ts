/** Runs bench/load against servers, in interleaved rounds, so that what disturbs the machine disturbs all of them. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../tests/e2e/lib/server.ts';
import { median } from './report.ts';
import { kClientCore, type Contender } from './servers.ts';

export const kRounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
export const kSeconds = process.env['BENCH_SECONDS'] ?? '5';

export type Figures = Record<string, number>;

/** One run of the load client; what it measured. */
export async function load(server: Contender, scenario: string, ...options: readonly string[]): Promise<Figures> {
  const program = path.join(root, 'build/release/bench/bench_load');
  const { stdout } = await promisify(execFile)(program, [scenario, '--url', server.url, '--cpu', String(kClientCore), ...options], { timeout: 300_000 });
  return JSON.parse(stdout) as Figures;
}

export interface Lane {
  name: string;
  run: () => Promise<Figures>;
}

/** Five rounds of all lanes, one after the other in each. */
export async function rounds(lanes: readonly Lane[]): Promise<Record<string, Figures[]>> {
  const results: Record<string, Figures[]> = {};
  for (let round = 0; round < kRounds; ++round) {
    for (const lane of lanes) {
      const figures = await lane.run();
      (results[lane.name] ??= []).push(figures);
      process.stderr.write(`  round ${round + 1} ${lane.name}: ${brief(figures)}\n`);
    }
  }
  return results;
}

function brief(figures: Figures): string {
  const shown = ['cpu_us', 'per_second', 'p50_ms', 'p99_ms', 'kib_per_session', 'back_max_s', 'live_p99_ms', 'lost'];
  return shown.filter((name) => typeof figures[name] === 'number').map((name) => `${name} ${figures[name]!.toPrecision(4)}`).join(', ');
}

/** Median of one figure over the rounds. */
export function middle(runs: readonly Figures[], figure: string): number {
  return median(runs.map((run) => run[figure] ?? NaN));
}

/** Median of the rounds' ratios: each is of two runs that followed each other. */
export function ratio(ours: readonly Figures[], theirs: readonly Figures[], figure: string): number {
  return median(ours.map((run, i) => (run[figure] ?? NaN) / (theirs[i]?.[figure] ?? NaN)));
}

export const micro = (value: number): string => `${value.toFixed(2)} µs`;
export const times = (value: number): string => `${value.toFixed(2)} ×`;

/** A line of the table: what, figure, goal, and whether it was reached. */
export function against(what: string, figure: string, goal: string, reached: boolean): readonly [string, string] {
  return [what, `${figure.padEnd(34)} goal ${goal.padEnd(16)} ${reached ? 'good' : 'MISSED'}`];
}

/** Lost messages over all runs. */
export function lost(results: Record<string, Figures[]>): [string, string] {
  const parts = Object.entries(results).map(([name, runs]) => `${name} ${runs.reduce((sum, run) => sum + (run['lost'] ?? 0), 0)}`);
  return ['messages lost', parts.join(', ')];
}
