/** The small Bayeux server (server/transport/testing/bayeux_echo_main.cpp) as a child process. */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const program = process.env['TWINPANE_BAYEUX_ECHO'] ?? path.join(root, 'build/dev/server/transport/bayeux_echo');

export interface Counters { sessions: number; held: number; subscriptions: number }

export class EchoServer {
  private readonly answers: ((line: string) => void)[] = [];

  private constructor(private readonly process: ChildProcess, readonly port: number, lines: readline.Interface) {
    lines.on('line', (line) => this.answers.shift()?.(line));
  }

  get url(): string { return `http://127.0.0.1:${this.port}/cobrowse/cometd`; }

  /** `hold`: how long a connect is held, in ms. `options`: see bayeux_echo_main.cpp. */
  static async start(options: { port?: number; hold?: number; options?: string[] } = {}): Promise<EchoServer> {
    const child = spawn(program, [String(options.port ?? 0), String(options.hold ?? 30_000), ...(options.options ?? [])], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = readline.createInterface({ input: child.stdout });
    const port = await new Promise<number>((resolve, reject) => {
      lines.once('line', (line) => resolve(Number(line)));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`bayeux_echo ended with ${code}`)));
    });
    return new EchoServer(child, port, lines);
  }

  async counters(): Promise<Counters> {
    const answer = new Promise<string>((resolve) => this.answers.push(resolve));
    this.process.stdin?.write('counters\n');
    return JSON.parse(await answer) as Counters;
  }

  /** Ends it in order, or, with `kill`, as a crash would. */
  async stop(kill = false): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    if (kill) this.process.kill('SIGKILL');
    else this.process.stdin?.end();
    await ended;
  }
}

/** Waits until `holds`; the deadline only ends a test that has failed. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, patience = 30_000): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
