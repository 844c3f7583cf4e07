// Runs a TypeScript program on Node: node tools/run-ts.mjs FILE.ts [argument…]
// Bundled into build/ts; packages come from web/node_modules.
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const esbuild = createRequire(path.join(root, 'web/package.json'))('esbuild');
const file = process.argv[2];
if (!file) {
  console.error('node tools/run-ts.mjs FILE.ts [argument…]');
  process.exit(2);
}

const out = path.join(root, 'build/ts');
await mkdir(out, { recursive: true });
await symlink('../../web/node_modules', path.join(out, 'node_modules')).catch((error) => {
  if (error.code !== 'EEXIST') throw error;
});

/** Sources find their neighbours by their own address, not by that of the bundle. */
const ownAddress = {
  name: 'own-address',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path: source }) => ({
      contents: (await readFile(source, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(source).href)),
      loader: 'ts',
    }));
  },
};

const bundle = path.join(out, `${path.basename(file, '.ts')}.mjs`);
await esbuild.build({
  entryPoints: [path.resolve(file)], outfile: bundle, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20',
  sourcemap: 'inline', plugins: [ownAddress], logLevel: 'warning',
});
process.argv.splice(1, 2, bundle);
await import(pathToFileURL(bundle).href);
