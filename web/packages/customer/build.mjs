import { gzipSync } from 'node:zlib';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Size promised to web sites, gzip, everything inside. */
const kLimit = 35 * 1024;

/** Style sheets as strings, minified. */
const styles = {
  name: 'styles',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { code } = await build.esbuild.transform(await readFile(file, 'utf8'), { loader: 'css', minify: true, target: ['chrome111', 'firefox115', 'safari16.4'] });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

/** Writes out/js/twinpane.min.js (with `dev`: larger, with a source map). Throws when it has grown beyond its limit. */
export async function build({ out, esbuild, dev, root, alias = {} }) {
  const result = await esbuild.build({
    entryPoints: [path.join(root, 'src/main.ts')],
    outfile: path.join(out, 'js/twinpane.min.js'),
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: '/*! Twinpane, Apache-2.0 */' },
    sourcemap: dev ? 'linked' : false,
    metafile: true,
    alias,
    plugins: [styles],
    write: false,
  });
  const file = path.join(out, 'js/twinpane.min.js');
  await mkdir(path.dirname(file), { recursive: true });
  for (const { path: to, contents } of result.outputFiles) await writeFile(to, contents);
  if (!dev) {
    // A second minifier takes out another twentieth; in development the source map is worth more.
    const { minify } = await import('terser');
    const { code } = await minify(await readFile(file, 'utf8'), { ecma: 2022, compress: { passes: 3, ecma: 2020, keep_fargs: false }, format: { comments: /^!/ } });
    await writeFile(file, code);
  }
  const bytes = await readFile(file);
  const size = gzipSync(bytes, { level: 9 }).length;
  console.log(`  twinpane.min.js ${bytes.length} bytes, ${size} gzip (limit ${kLimit})`);
  if (size > kLimit && !dev) {
    const parts = Object.entries(Object.values(result.metafile.outputs).find((o) => o.entryPoint).inputs)
      .sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput).slice(0, 12)
      .map(([file, { bytesInOutput }]) => `    ${bytesInOutput}  ${file}`);
    throw new Error(`twinpane.min.js is ${size} bytes gzip, the limit is ${kLimit}\n${parts.join('\n')}`);
  }
  return { size };
}
