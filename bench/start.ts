/** From the start of `twinpane serve` to its READY line: on empty data, and again on the same data. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, program, root } from '../tests/e2e/lib/server.ts';
import { median, report } from './lib/report.ts';

const kRuns = 5;

async function startOnce(config: string): Promise<number> {
  const began = performance.now();
  const child = spawn(program, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => { errors = (errors + chunk.toString()).slice(-4000); });
  const ready = await new Promise<number>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (/^READY/m.test(output)) resolve(performance.now());
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ended with ${code} before READY:\n${errors}`)));
  });
  child.kill('SIGTERM');
  await gone;
  return ready - began;
}

const first: number[] = [];
const second: number[] = [];
for (let run = 0; run < kRuns; ++run) {
  const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-bench-'));
  try {
    const ports = { public: await freePort(), internal: await freePort() };
    const config = path.join(folder, 'twinpane.yaml');
    await writeFile(config, [
      'data: store',
      `web: {root: "${path.join(root, 'web/dist')}"}`,
      `public: {port: ${ports.public}, url: "http://cobrowse.localhost:${ports.public}"}`,
      `internal: {port: ${ports.internal}, url: "http://agent.localhost:${ports.internal}"}`,
      `viewer: {origin: "http://view.localhost:${ports.internal}"}`,
      'sites: [{name: shop, origins: ["http://shop.localhost"]}]',
      '',
    ].join('\n'));
    first.push(await startOnce(config));
    second.push(await startOnce(config));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
const line = (values: number[]): string => `${median(values).toFixed(0)} ms   (${values.map((v) => v.toFixed(0)).join(', ')})`;
await report('start', [
  [`first start, fresh data, median of ${kRuns}`, line(first)],
  [`second start, same data, median of ${kRuns}`, line(second)],
], { first_ms: median(first), second_ms: median(second), first, second });
