// Builds everything the server hands out, into web/dist:
//   dist/js/    twinpane.min.js (the customer script)     dist/desk/  the agent desktop
//   dist/view/  the viewer shell                          dist/demo/  the demo shop
// Each package that is served has a `build.mjs` exporting `build({ out, esbuild, dev })`.
import { mkdir, rm, access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import * as esbuild from 'esbuild';

const root = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(root, 'dist');
const dev = process.argv.includes('--dev');
const only = process.argv.slice(2).filter((a) => !a.startsWith('--'));

if (only.length === 0) await rm(out, { recursive: true, force: true });
for (const name of ['customer', 'mirror', 'agent', 'demo']) {
  if (only.length > 0 && !only.includes(name)) continue;
  const file = path.join(root, 'packages', name, 'build.mjs');
  try {
    await access(file);
  } catch {
    continue;
  }
  const started = Date.now();
  await mkdir(out, { recursive: true });
  const { build } = await import(file);
  await build({ out, esbuild, dev, root: path.join(root, 'packages', name) });
  console.log(`  ${name.padEnd(10)} ${Date.now() - started} ms`);
}
