// The viewer shell: dist/view/index.html, viewer.js, viewer.css. The server puts the desk's origin into the page.
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';

export async function build({ out, esbuild, dev, root }) {
  const from = path.join(root, 'src/viewer');
  const to = path.join(out, 'view');
  await mkdir(to, { recursive: true });
  await esbuild.build({
    entryPoints: { viewer: path.join(from, 'main.ts') }, outdir: to, bundle: true, format: 'iife', target: 'es2022',
    minify: !dev, sourcemap: dev ? 'inline' : false, legalComments: 'none',
  });
  await esbuild.build({ entryPoints: { viewer: path.join(from, 'viewer.css') }, outdir: to, minify: !dev, logLevel: 'error' });
  await copyFile(path.join(from, 'index.html'), path.join(to, 'index.html'));
}
