/** The servers that are put under load: ours, the bare loop beside them, and the established ones. Each runs pinned to one core. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../tests/e2e/lib/server.ts';

export const kServerCore = 0;
export const kClientCore = 1;
if (availableParallelism() < 2) throw new Error('a load test needs two cores: one for the server, one for the client');

const built = (file: string): string => path.join(root, 'build/release', file);
const kStartDeadline = 180_000; // the CometD control is built by its starter the first time

export class Contender {
  private constructor(readonly url: string, private readonly child: ChildProcess) {}

  /** Starts a program that prints its port, or READY and its URL, as its first line and ends with its standard input. */
  static async start(command: readonly string[], where = '', environment: NodeJS.ProcessEnv = {}): Promise<Contender> {
    const child = spawn('taskset', ['-c', String(kServerCore), ...command], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
    const late = setTimeout(() => child.kill(), kStartDeadline);
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout! }).once('line', resolve);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${command[0]} ended with ${code} before it was ready`)));
    });
    clearTimeout(late);
    return new Contender(line.startsWith('READY ') ? line.slice(6).trim() : `http://127.0.0.1:${line.trim()}${where}`, child);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.stdin!.end();
    const late = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(late);
  }
}

export const start = {
  bare: (where: string): Promise<Contender> => Contender.start([built('bench/bench_baseline'), '0'], where),
  echo: (): Promise<Contender> => Contender.start([built('bench/bench_server'), '0', '1'], '/echo'),
  /** Our Bayeux server with that many loops. */
  bayeux: (loops: number): Promise<Contender> => Contender.start([built('bench/bench_server'), '0', String(loops)], '/cometd'),
  cometd: (): Promise<Contender> => Contender.start([path.join(root, 'tests/controls/cometd/start'), '0']),
  faye: (): Promise<Contender> => Contender.start([path.join(root, 'tests/controls/faye/start'), '0'], '', { NODE_ENV: 'production' }),
};
