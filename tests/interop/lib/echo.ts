/**
 * The small Bayeux server (server/transport/testing/bayeux_echo_main.cpp) as a child process, or, as TWINPANE_INTEROP_SERVER says,
 * a control server (tests/controls) in its place: what fails there too is wrong in the test.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const program = process.env['TWINPANE_BAYEUX_ECHO'] ?? path.join(root, 'build/dev/server/transport/bayeux_echo');

interface Kind {
  path: string;
  command: (port: number, hold: number) => string[];
  /** The error of a handshake that is denied. */
  denied: string;
  offers: Set<Feature>;
}
/** own: what is ours alone, or seen only through our counters; cometd: what Faye's server does not do */
export type Feature = 'own' | 'cometd';

const kinds: Record<string, Kind> = {
  twinpane: {
    path: '/cobrowse/cometd', command: (port, hold) => [program, String(port), String(hold)], denied: '401:4100:not_authenticated',
    offers: new Set(['own', 'cometd']),
  },
  cometd: {
    // All clients of one Node process share a cookie, like tabs of a browser: without these two options they would get in each other's way.
    path: '/cometd', command: (port, hold) => [path.join(root, 'tests/controls/cometd/start'), String(port), `timeout=${hold}`,
      'trustClientSession=true', 'maxSessionsPerBrowser=-1'],
    denied: '403::handshake_denied', offers: new Set(['cometd']),
  },
  faye: {
    path: '/faye', command: (port, hold) => [path.join(root, 'tests/controls/faye/start'), String(port), `timeout=${hold / 1000}`],
    denied: '403::Handshake denied', offers: new Set(),
  },
};
export const kind: Kind = kinds[process.env['TWINPANE_INTEROP_SERVER'] ?? 'twinpane'] ?? (() => { throw new Error('no such server'); })();
export const offers = (feature: Feature): boolean => kind.offers.has(feature);

export interface Counters { sessions: number; held: number; subscriptions: number }

export class EchoServer {
  private readonly answers: ((line: string) => void)[] = [];

  private constructor(private readonly process: ChildProcess, readonly port: number, lines: readline.Interface) {
    lines.on('line', (line) => this.answers.shift()?.(line));
  }

  get url(): string { return `http://127.0.0.1:${this.port}${kind.path}`; }

  /** `hold`: how long a connect is held, in ms. `options`: see bayeux_echo_main.cpp; for our own server only. */
  static async start(options: { port?: number; hold?: number; options?: string[] } = {}): Promise<EchoServer> {
    const [command = '', ...args] = kind.command(options.port ?? 0, options.hold ?? 30_000);
    const child = spawn(command, [...args, ...(options.options ?? [])], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = readline.createInterface({ input: child.stdout });
    const port = await new Promise<number>((resolve, reject) => {
      // Ours prints its port, the controls "READY <url>".
      lines.once('line', (line) => resolve(Number(line.startsWith('READY ') ? new URL(line.slice(6)).port : line)));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${command} ended with ${code}`)));
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
