/** TLS on both listeners as an operator sets it up: sessions over wss, renewal without a restart, mistakes named. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, login } from '../lib/bayeux.ts';
import { makeCertificate, type Certificate } from '../lib/certificate.ts';
import { rawSession } from '../lib/raw-session.ts';
import { program, TwinpaneServer, until } from '../lib/server.ts';

const origin = 'https://shop.localhost:1';
let folder: string;
let first: Certificate;
let second: Certificate;
let server: TwinpaneServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'twinpane-tls-'));
  first = await makeCertificate(path.join(folder, 'first'));
  second = await makeCertificate(path.join(folder, 'second'));
  await install(first);
  server = await TwinpaneServer.start({
    sites: [{ name: 'shop', origins: [origin], form_values: 'private' }], data: folder,
    tls: { certificate: 'live.pem', key: 'live.key', ca: first.pem + second.pem },
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function install(files: { certificate: string; key: string }): Promise<void> {
  await copyFile(files.certificate, path.join(folder, 'live.pem'));
  await copyFile(files.key, path.join(folder, 'live.key'));
}

/** The certificate that a new connection is shown. */
function shown(port: number): Promise<PeerCertificate & { protocol: string | null; alpn: string | false | null }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'cobrowse.localhost', ca: server.ca, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
      resolve({ ...socket.getPeerCertificate(), protocol: socket.getProtocol(), alpn: socket.alpnProtocol });
      socket.end();
    });
    socket.once('error', reject);
  });
}

test('a whole session over wss, and REST over https', async () => {
  const session = await rawSession(server, origin);
  expect(server.publicUrl).toMatch(/^https:/);
  await until(() => session.agent.received.some((m) => m.channel === '/service/page'), 5000, 'the page');
  const asked = await session.agent.verb('/service/session/mode', { want: 'write' });
  expect(asked.ok, asked.error).toBe(true);
  await until(() => session.customer.events('mode').some((e) => e['state'] === 'asked'), 5000, 'the request');
  const requestId = session.customer.events('mode').find((e) => e['state'] === 'asked')!['requestId'];
  expect((await session.customer.verb('/service/session/mode', { answer: requestId, allow: true })).ok).toBe(true);
  const history = await call(`${server.internalUrl}/cobrowse/rest/history/sessions/${session.historyId}`, {
    headers: { Authorization: `Bearer ${session.access}` }, ca: server.ca,
  });
  expect(history.status).toBe(200);
  expect(history.headers['strict-transport-security']).toMatch(/^max-age=\d{8,}$/);
  expect(Number(/\d+/.exec(String(history.headers['strict-transport-security']))![0])).toBeGreaterThanOrEqual(31_536_000);
  session.close();
});

test('two megabytes of page pass through, in from the customer and out to the agent', async () => {
  const session = await rawSession(server, origin);
  for (let seq = 2; seq < 12; ++seq) {
    const batch = { v: 1, e: session.epoch, s: seq, o: [[6, 4, String(seq).repeat(100_000).slice(0, 200_000)]] };
    const receipt = await session.customer.ask({ channel: '/service/page', data: batch });
    expect(receipt.successful, receipt.error).toBe(true);
    const arrived = () => session.agent.received.find((m) => m.channel === '/service/page' && (m.data as { s?: number }).s === seq);
    await until(arrived, 5000, 'the relay');
    expect(JSON.stringify(arrived()!.data) === JSON.stringify(batch)).toBe(true);
  }
  session.close();
});

test('pages carry https and wss addresses, cookies are Secure, both listeners speak http/1.1 by TLS 1.3', async () => {
  const desk = await call(`${server.internalUrl}/cobrowse/desk/`, { ca: server.ca });
  expect(desk.status).toBe(200);
  expect(desk.headers['content-security-policy']).toContain(`wss://agent.localhost:${server.internalPort}`);
  expect(desk.headers['content-security-policy']).toContain(server.viewerOrigin);
  const answer = await call(`${server.internalUrl}/cobrowse/rest/auth/login`, {
    method: 'POST', headers: { Origin: server.internalUrl }, body: JSON.stringify({ login: server.login, password: server.password }), ca: server.ca,
  });
  const cookies = answer.headers['set-cookie'] as string[] | undefined;
  expect(cookies?.length).toBeGreaterThan(0);
  for (const cookie of cookies!) expect(cookie).toContain('; Secure');
  for (const port of [server.publicPort, server.internalPort]) {
    expect(await shown(port)).toMatchObject({ protocol: 'TLSv1.3', alpn: 'http/1.1', fingerprint256: first.fingerprint });
  }
});

test('plain HTTP is told by number to use https', async () => {
  const text = await new Promise<string>((resolve, reject) => {
    plainRequest({ host: '127.0.0.1', port: server.publicPort, path: '/', agent: false }, (response) => {
      let body = `${response.statusCode} `;
      response.on('data', (part: Buffer) => { body += part.toString(); });
      response.on('end', () => resolve(body));
    }).once('error', reject).end();
  });
  expect(text).toMatch(/^400 .*"code":4010.*HTTPS/);
  await until(() => /net\.refused.*code=4010/.test(server.errors), 5000, 'the log line');
});

test('SIGHUP brings the new certificate to new connections; living ones go on', async () => {
  const session = await rawSession(server, origin);
  await install(second);
  const node = await server.nodePid();
  server.process.kill('SIGHUP');
  await until(async () => (await shown(server.publicPort)).fingerprint256 === second.fingerprint, 10_000, 'the new certificate outside');
  await until(async () => (await shown(server.internalPort)).fingerprint256 === second.fingerprint, 10_000, 'the new certificate inside');
  expect(server.errors).toContain('tls.reloaded');
  expect(await server.nodePid()).toBe(node);
  expect((await session.customer.ask({ channel: '/service/page', data: { v: 1, e: session.epoch, s: 2, o: [[21, 'still here']] } })).successful).toBe(true);
  await until(() => session.agent.received.some((m) => m.channel === '/service/page' && (m.data as { s?: number }).s === 2), 5000, 'the relay');
  session.close();
});

test('a bad new certificate is logged by number and leaves the old one in use', async () => {
  await install({ certificate: first.certificate, key: second.key });
  server.process.kill('SIGHUP');
  await until(() => /error.*tls\.reload_failed.*code=5005.*does not belong/.test(server.errors), 10_000, 'the log line');
  expect((await shown(server.publicPort)).fingerprint256).toBe(second.fingerprint);
  expect(server.exited).toBeUndefined();
  await install(first);
  server.process.kill('SIGHUP');
  await until(async () => (await shown(server.publicPort)).fingerprint256 === first.fingerprint, 10_000, 'the good one');
  expect(await login(server)).not.toBe('');
});

test('SIGHUP while the node is down reaches the one that comes back', async () => {
  await install(second);
  process.kill(await server.nodePid(), 'SIGKILL');
  server.process.kill('SIGHUP');
  await until(async () => (await shown(server.publicPort).catch(() => undefined))?.fingerprint256 === second.fingerprint, 15_000, 'the new certificate');
});

test('--check and serve name a missing, an unreadable and a mismatching file by line', async () => {
  const file = path.join(folder, 'bad.yaml');
  const tls = (certificate: string, key: string) => writeFile(file, `public:\n  url: https://a.example\n  tls:\n    certificate: ${certificate}\n    key: ${key}\n`);
  const run = (...args: string[]) => new Promise<{ code: number; text: string }>((resolve) => {
    execFile(program, args, { timeout: 20_000 }, (error, out, err) => resolve({ code: error ? Number(error.code) : 0, text: out + err }));
  });
  for (const [certificate, key, line, why] of [
    ['nowhere.pem', 'first.key', 4, "public.tls.certificate: can't read "],
    ['first.pem', '.', 5, 'Is a directory'],
    ['first.pem', 'second.key', 5, 'does not belong to the certificate'],
    ['first.key', 'first.key', 4, 'holds no PEM certificate'],
    ['first.pem', '""', 4, 'public.tls.certificate needs public.tls.key beside it'],
  ] as const) {
    await tls(certificate, key);
    for (const args of [['config', '--check', file], ['serve', '--config', file]]) {
      const { code, text } = await run(...args);
      expect(code, text).toBe(2);
      expect(text).toContain(`${file}:${line}: `);
      expect(text).toContain(why);
    }
  }
  await tls('first.pem', 'first.key');
  expect(await run('config', '--check', file)).toMatchObject({ code: 0 });
  await makeCertificate(path.join(folder, 'short'), { days: 3 });
  await tls('short.pem', 'short.key');
  expect((await run('config', '--check', file)).text).toMatch(/warning: public\.tls\.certificate runs out in [23] day/);
});
