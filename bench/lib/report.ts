/** What every bench ends with: a table for people and a file for machines. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import path from 'node:path';
import { program, root } from '../../tests/e2e/lib/server.ts';

/** The value below which `p` (0 to 1) of the values lie, by nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error('no values');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** Resident memory of a process, in kB. */
export async function residentKb(pid: number): Promise<number> {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  if (!found) throw new Error(`no VmRSS of ${pid}`);
  return Number(found[1]);
}

function chromium(): string {
  try {
    return execFileSync(process.env['CHROMIUM'] ?? '/usr/bin/chromium', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'none';
  }
}

const loadBefore = loadavg();

/** Prints rows of name and value, and writes `data` and the machine to bench/results/NAME.json. */
export async function report(name: string, rows: readonly (readonly [string, string])[], data: Record<string, unknown>): Promise<void> {
  const width = Math.max(...rows.map(([title]) => title.length));
  for (const [title, value] of rows) console.log(`  ${title.padEnd(width)}  ${value}`);
  const folder = path.join(root, 'bench/results');
  await mkdir(folder, { recursive: true });
  const machine = {
    kernel: release(), cpu: cpus()[0]?.model ?? '', cores: availableParallelism(), node: process.version, chromium: chromium(),
    program: path.relative(root, program), loadBefore, loadAfter: loadavg(),
  };
  console.log(`  load ${loadBefore.map((l) => l.toFixed(2)).join(' ')} → ${machine.loadAfter.map((l) => l.toFixed(2)).join(' ')}`);
  await writeFile(path.join(folder, `${name}.json`), `${JSON.stringify({ name, at: new Date().toISOString(), machine, ...data }, null, 2)}\n`);
}
