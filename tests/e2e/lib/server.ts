/** A real `twinpane serve` on free ports and a data folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const program = process.env['TWINPANE_PROGRAM'] ?? path.join(root, 'build/release/server/app/twinpane');

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

export interface SiteConfig {
  name: string;
  origins: string[];
  form_values?: 'private' | 'shown';
  mask?: string[];
  allow_write?: boolean;
  allow_submit?: boolean;
}

export interface ServerOptions {
  sites: SiteConfig[];
  /** Further YAML lines at the top level. */
  extra?: string;
  /** Reuse a data folder (restart tests); it is not removed then. */
  data?: string;
  ports?: { public: number; internal: number };
  demoPort?: number;
  /** Both listeners speak TLS; clients trust `ca`. Files relative to the configuration file, so below `data`. */
  tls?: { certificate: string; key: string; ca: string };
}

export class TwinpaneServer {
  output = '';
  errors = '';
  login = '';
  password = '';
  exited: number | null | undefined;

  private constructor(
    readonly process: ChildProcess,
    readonly publicPort: number,
    readonly internalPort: number,
    readonly folder: string,
    private readonly keep: boolean,
    /** What clients trust, PEM; undefined: in clear. */
    readonly ca: string | undefined,
  ) {}

  private get scheme(): string { return this.ca === undefined ? 'http' : 'https'; }
  get publicUrl(): string { return `${this.scheme}://cobrowse.localhost:${this.publicPort}`; }
  get internalUrl(): string { return `${this.scheme}://agent.localhost:${this.internalPort}`; }
  get viewerOrigin(): string { return `${this.scheme}://view.localhost:${this.internalPort}`; }
  get deskUrl(): string { return `${this.internalUrl}/cobrowse/desk/`; }
  get scriptTag(): string {
    return `<script async src="${this.publicUrl}/cobrowse/js/twinpane.min.js" data-url="${this.publicUrl}/cobrowse"></script>`;
  }

  static async start(options: ServerOptions): Promise<TwinpaneServer> {
    const folder = options.data ?? (await mkdtemp(path.join(tmpdir(), 'twinpane-')));
    const ports = options.ports ?? { public: await freePort(), internal: await freePort() };
    const file = path.join(folder, 'twinpane.yaml');
    const scheme = options.tls ? 'https' : 'http';
    const tls = options.tls ? `, tls: {certificate: "${options.tls.certificate}", key: "${options.tls.key}"}` : '';
    await writeFile(file, [
      'data: store',
      `web: {root: "${path.join(root, 'web/dist')}"}`,
      `public: {port: ${ports.public}, url: "${scheme}://cobrowse.localhost:${ports.public}"${tls}}`,
      `internal: {port: ${ports.internal}, url: "${scheme}://agent.localhost:${ports.internal}"${tls}}`,
      `viewer: {origin: "${scheme}://view.localhost:${ports.internal}"}`,
      options.demoPort ? `demo: {port: ${options.demoPort}}` : '',
      options.extra ?? '',
      'sites:',
      ...options.sites.map((site) => `  - ${JSON.stringify(site)}`),
      '',
    ].join('\n'));
    const child = spawn(program, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new TwinpaneServer(child, ports.public, ports.internal, folder, options.data !== undefined, options.tls?.ca);
    child.stdout!.on('data', (chunk: Buffer) => { server.output += chunk.toString(); });
    child.stderr!.on('data', (chunk: Buffer) => { server.errors += chunk.toString(); });
    child.on('exit', (code) => { server.exited = code; });
    await until(() => /^READY[\s\S]*Ctrl-C/m.test(server.output) || server.exited !== undefined, 20_000, 'READY');
    if (server.exited !== undefined) throw new Error(`twinpane ended with ${server.exited}:\n${server.errors}`);
    const match = /agent login\s+(\S+)(?:\s+password\s+(\S+))?/.exec(server.output);
    server.login = match?.[1] ?? '';
    server.password = match?.[2] ?? '';
    return server;
  }

  /** Process ids of the node (not the supervisor, not the demo). */
  async nodePid(): Promise<number> {
    const { readdir, readFile } = await import('node:fs/promises');
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        const status = await readFile(`/proc/${entry}/stat`, 'utf8');
        const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
        const command = (await readFile(`/proc/${entry}/cmdline`, 'utf8')).split('\0');
        if (parent === this.process.pid && command[1] === 'node') return Number(entry);
      } catch {
        // gone meanwhile
      }
    }
    throw new Error('no node process');
  }

  async stop(): Promise<number | null> {
    if (this.exited === undefined) {
      this.process.kill('SIGTERM');
      await until(() => this.exited !== undefined, 20_000, 'a clean stop').catch(() => this.process.kill('SIGKILL'));
    }
    if (!this.keep) await rm(this.folder, { recursive: true, force: true });
    return this.exited ?? null;
  }
}

/** Waits for a condition, looking 20 times a second. */
export async function until(condition: () => unknown | Promise<unknown>, deadline = 10_000, what = 'the condition'): Promise<void> {
  const end = Date.now() + deadline;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > end) throw new Error(`waited ${deadline} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
