/** The program as an operator meets it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, login } from '../lib/bayeux.ts';
import { freePort, program, root, TwinpaneServer, until } from '../lib/server.ts';

const sites = [{ name: 'shop', origins: ['http://shop.localhost:1'] }];

function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 20_000 }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err });
    });
  });
}

async function files(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await files(name)));
    else found.push(name);
  }
  return found;
}

describe('command line', () => {
  test('--version names the version', async () => {
    const { code, out } = await command('--version');
    expect(code).toBe(0);
    expect(out).toMatch(/^twinpane \d+\.\d+\.\d+/);
  });

  test('the printed defaults are a valid configuration', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-cli-'));
    const { out } = await command('config', '--print-defaults');
    const file = path.join(folder, 'defaults.yaml');
    await writeFile(file, out);
    const checked = await command('config', '--check', file);
    expect(checked.out).toContain('good');
    expect(checked.out).toContain('no site is configured');
    expect(checked.code).toBe(0);
    await rm(folder, { recursive: true });
  });

  test('--check names every error with its line, and serve refuses the file', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-cli-'));
    const file = path.join(folder, 'bad.yaml');
    await writeFile(file, 'public: {port: 70000}\nlog: {level: loud}\nnonsense: 1\n');
    for (const args of [['config', '--check', file], ['serve', '--config', file]]) {
      const { code, err } = await command(...args);
      expect(code).toBe(2);
      expect(err).toContain(`${file}:1: public.port must be between 0 and 65535`);
      expect(err).toContain(`${file}:2: log.level must be one of`);
      expect(err).toContain(`${file}:3: nonsense is not an option`);
    }
    await rm(folder, { recursive: true });
  });

  test('./run --help, a wrong option and a busy port are answered before anything is built', async () => {
    const run = (...args: string[]) => new Promise<{ code: number; text: string }>((resolve) => {
      execFile(path.join(root, 'run'), args, { timeout: 20_000 }, (error, out, err) => resolve({ code: error ? Number(error.code) : 0, text: out + err }));
    });
    expect((await run('--help')).text).toContain('--public-port');
    expect((await run('--colour')).text).toContain('Unknown option: --colour');
    expect((await run('--demo-port', 'x')).text).toContain('--demo-port needs a port');
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const port = (squatter.address() as { port: number }).port;
    const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-run-'));
    const free = ['--public-port', String(await freePort()), '--demo-port', String(await freePort()), '--data', folder];
    const busy = await run('--internal-port', String(port), ...free);
    squatter.close();
    expect(busy.code).not.toBe(0);
    expect(busy.text).toContain(`Port ${port} is in use by another program. Choose another with --internal-port.`);

    // A second one on the same data took the first one's configuration away, which its next restart then read.
    const holder = spawn('flock', [path.join(folder, 'run.lock'), 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    holder.stdin.write('held\n');
    await once(holder.stdout, 'data');
    const second = await run('--internal-port', String(port), ...free);
    holder.stdin.end();
    expect(second.code).not.toBe(0);
    expect(second.text).toContain(`Another Twinpane uses the folder ${folder}. Stop it first, or choose another folder with --data.`);
    await expect(stat(path.join(folder, 'run.yaml'))).rejects.toThrow();
    await rm(folder, { recursive: true });
  });
});

describe('a node under its supervisor', () => {
  let folder: string;
  let server: TwinpaneServer;
  const ports = { public: 0, internal: 0 };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'twinpane-serve-'));
    ports.public = await freePort();
    ports.internal = await freePort();
    server = await TwinpaneServer.start({ sites, data: folder, ports });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('READY, the addresses and the login are printed', () => {
    expect(server.output).toMatch(/^READY in \d+ ms$/m);
    expect(server.output).toContain(`http://cobrowse.localhost:${ports.public}/cobrowse`);
    expect(server.output).toContain(`http://agent.localhost:${ports.internal}/cobrowse`);
    expect(server.login).toBe('agent');
    expect(server.password.length).toBeGreaterThanOrEqual(16);
  });

  test('the password is in one 0600 file, and in no log, process list or other file', async () => {
    const kept: string[] = [];
    for (const name of await files(folder)) {
      if ((await readFile(name)).includes(server.password)) kept.push(name);
    }
    expect(kept).toHaveLength(1);
    expect((await stat(kept[0]!)).mode & 0o777).toBe(0o600);
    expect(server.errors).not.toContain(server.password);
    for (const entry of await readdir('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
      expect(line.includes(server.password) && line.includes('twinpane')).toBe(false);
    }
  });

  test('a busy port is named in a clear error and ends the start', async () => {
    const other = await mkdtemp(path.join(tmpdir(), 'twinpane-busy-'));
    const error = await TwinpaneServer.start({ sites, data: other, ports }).then(() => '', (e: Error) => e.message);
    expect(error).toContain(String(ports.public));
    expect(error).toMatch(/in use/);
    await rm(other, { recursive: true, force: true });
  });

  test('a node killed with -9 is started again under the same ports', async () => {
    const before = await server.nodePid();
    process.kill(before, 'SIGKILL');
    await until(async () => {
      const pid = await server.nodePid().catch(() => before);
      return pid !== before && (await call(`${server.publicUrl}/cobrowse/health`).then((r) => r.status === 200, () => false));
    }, 10_000, 'the restart');
    expect(server.errors).toContain('killed by signal 9');
    expect(await login(server)).not.toBe('');
  });

  test('Ctrl-C stops it cleanly, and the login is valid at the next start, shown by file only', async () => {
    const password = server.password;
    const node = await server.nodePid();
    server.process.kill('SIGINT');
    await until(() => server.exited !== undefined, 15_000, 'the stop');
    expect(server.exited).toBe(0);
    expect(() => process.kill(node, 0)).toThrow();
    server = await TwinpaneServer.start({ sites, data: folder, ports });
    expect(server.output).not.toContain(password);
    expect(server.output).toContain('agent-login.txt');
    server.password = password;
    expect(await login(server)).not.toBe('');
  });

  test('when the supervisor is killed with -9 its node stops by itself', async () => {
    const node = await server.nodePid();
    server.process.kill('SIGKILL');
    await until(() => {
      try {
        process.kill(node, 0);
        return false;
      } catch {
        return true;
      }
    }, 15_000, 'the node to stop');
    server = await TwinpaneServer.start({ sites, data: folder, ports });
  });

  test('the public listener serves nothing of the internal side', async () => {
    for (const where of ['/cobrowse/desk/', '/cobrowse/view/', '/cobrowse/rest/auth/login', '/cobrowse/rest/desk/config',
      '/cobrowse/rest/history/sessions/0', '/cobrowse/rest/live/sessions/123456789', '/cobrowse//desk/', '/cobrowse/%64esk/', '/cobrowse/js/../desk/']) {
      for (const method of ['GET', 'POST']) {
        const answer = await call(`${server.publicUrl}/`.replace(/\/$/, '') + where, { method });
        expect([400, 404, 405], `${method} ${where}`).toContain(answer.status);
      }
    }
  });

  test('the viewer host serves the view and not the desk, the desk host the desk and not the view', async () => {
    expect((await call(`${server.viewerOrigin}/cobrowse/view/`)).status).toBe(200);
    expect((await call(`${server.viewerOrigin}/cobrowse/desk/`)).status).toBe(404);
    expect((await call(`${server.internalUrl}/cobrowse/desk/`)).status).toBe(200);
    expect((await call(`${server.internalUrl}/cobrowse/view/`)).status).toBe(404);
    const view = await call(`${server.viewerOrigin}/cobrowse/view/`);
    const csp = String(view.headers['content-security-policy']);
    expect(csp).toContain("default-src 'none'");
    expect(csp).toContain(`frame-ancestors ${server.internalUrl}`);
    expect(csp).toContain("connect-src 'none'");
  });
});

test('a second start on the same data prints READY again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-second-'));
  const first = await TwinpaneServer.start({ sites, data: folder });
  await first.stop();
  const second = await TwinpaneServer.start({ sites, data: folder });
  expect(second.output).toMatch(/^READY in \d+ ms$/m);
  await second.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `serve` on a configuration that cannot work; its exit code and what it says. */
async function refused(folder: string, ...lines: string[]): Promise<{ code: unknown; text: string }> {
  const file = path.join(folder, 'a.yaml');
  await writeFile(file, [...lines, `public: {port: ${await freePort()}}`, `internal: {port: ${await freePort()}}`, ''].join('\n'));
  const child = spawn(program, ['serve', '--config', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (part: Buffer) => { text += part.toString(); });
  return { code: await new Promise((resolve) => child.on('close', resolve)), text };
}

test('serve without web files says what to do', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-web-'));
  const { code, text } = await refused(folder, 'web: {root: nowhere}');
  expect(code).not.toBe(0);
  expect(text).toContain('web.root: no folder');
  await rm(folder, { recursive: true, force: true });
});

test('serve with a data folder that cannot be written names it and ends', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-data-'));
  // In the place of a folder of the path stands a file: nobody can write there, root neither.
  await writeFile(path.join(folder, 'taken'), '');
  const { code, text } = await refused(folder, `web: {root: "${path.join(root, 'web/dist')}"}`, 'data: taken/store');
  expect(code).not.toBe(0);
  expect(text).toContain(path.join(folder, 'taken/store'));
  await rm(folder, { recursive: true, force: true });
});
