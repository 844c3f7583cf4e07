// The desk: dist/desk/{index.html,desk.js,desk.css,icons/,files/*.woff2}. Plain names, revalidated by the server.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

// Names under which Web Awesome's components ask for icons.
const WA_ICONS = ['check', 'copy', 'xmark', 'chevron-down', 'eye', 'eye-slash'];

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Twinpane</title>
<link rel="icon" href="/cobrowse/desk/icons/logo.svg" type="image/svg+xml">
<link rel="stylesheet" href="/cobrowse/desk/desk.css">
<script type="module" src="/cobrowse/desk/desk.js"></script>
</head>
<body><noscript>The Twinpane desk needs JavaScript.</noscript></body>
</html>
`;

const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28" viewBox="0 0 28 28">
<style>.a{stroke:#12191C}.b{fill:#0B6580;stroke:#F4F6F6}@media (prefers-color-scheme:dark){.a{stroke:#E8ECED}.b{fill:#5BBAD5;stroke:#0E1214}}</style>
<rect class="a" x="2" y="4" width="15" height="15" rx="3.5" fill="none" stroke-width="2"/><rect class="b" x="10.5" y="9.5" width="15.5" height="15" rx="3.5" stroke-width="2"/></svg>
`;

const iconFile = (shape) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"><path d="${shape}" fill="none"/></svg>\n`;

export async function build({ out, esbuild, dev, root }) {
  const target = path.join(out, 'desk');
  await mkdir(path.join(target, 'icons'), { recursive: true });
  const shared = { bundle: true, minify: !dev, sourcemap: dev ? 'linked' : false, target: ['es2022', 'chrome120', 'firefox121', 'safari17'], legalComments: 'none', logLevel: 'warning' };
  await esbuild.build({
    ...shared, entryPoints: [path.join(root, 'src/main.ts')], outfile: path.join(target, 'desk.js'), format: 'esm',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
    define: { 'process.env.NODE_ENV': dev ? '"development"' : '"production"' },
  });
  await esbuild.build({
    ...shared, entryPoints: { desk: path.join(root, 'src/ui/theme.css') }, outdir: target, loader: { '.woff2': 'file' }, assetNames: 'files/[name]-[hash]',
  });
  const shapes = JSON.parse(await readFile(path.join(root, 'src/ui/icons.json'), 'utf8'));
  await Promise.all([
    writeFile(path.join(target, 'index.html'), page),
    writeFile(path.join(target, 'icons/logo.svg'), logo),
    ...WA_ICONS.map((name) => writeFile(path.join(target, 'icons', `${name}.svg`), iconFile(shapes[name]))),
  ]);
}
