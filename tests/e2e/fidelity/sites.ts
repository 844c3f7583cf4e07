/** The demo shop, and multi-page sites that npm packages ship as HTML: as they are, with the script tag in them. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { root } from '../lib/server.ts';

const modules = path.join(root, 'web/node_modules');

export interface PageCase {
  path: string;
  /** True in the page when its own scripts have done their work. */
  ready?: string;
}

export interface SiteCase {
  name: string;
  what: string;
  host: string;
  pages: PageCase[];
  /** The folder to serve and what to do with it afterwards; undefined for the demo, which the server itself serves. */
  folder?: () => Promise<{ folder: string; remove: () => Promise<void> }>;
}

const inModules = (name: string) => () => Promise.resolve({ folder: path.join(modules, name), remove: () => Promise.resolve() });

/** A folder of links, for packages whose pages expect another layout than the package has. */
async function linked(links: Record<string, string>): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-site-'));
  for (const [name, target] of Object.entries(links)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await symlink(target, path.join(folder, name));
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The pages load `js/test.js`, which the package has as sources only: built here as its own build would. */
async function uikit(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const base = path.join(modules, 'uikit');
  const pages = (await readdir(path.join(base, 'tests'))).filter((n) => n.endsWith('.html'));
  const site = await linked({
    dist: path.join(base, 'dist'), src: path.join(base, 'src'), 'tests/images': path.join(base, 'tests/images'),
    ...Object.fromEntries(pages.map((n) => [`tests/${n}`, path.join(base, 'tests', n)])),
  });
  const names = pages.map((n) => n.replace(/\.html$/, '')).filter((n) => n !== 'index');
  const built = await esbuild.build({
    entryPoints: [path.join(base, 'tests/js/index.js')], bundle: true, write: false, format: 'iife', logLevel: 'silent',
    alias: { 'uikit-util': path.join(base, 'src/js/util/index.js') },
    plugins: [{
      name: 'list of tests',
      setup(build) {
        build.onResolve({ filter: /^virtual:tests$/ }, () => ({ path: 'tests', namespace: 'list' }));
        build.onLoad({ filter: /.*/, namespace: 'list' }, () => ({ contents: JSON.stringify(names), loader: 'json' }));
      },
    }],
  });
  await mkdir(path.join(site.folder, 'tests/js'));
  await writeFile(path.join(site.folder, 'tests/js/test.js'), built.outputFiles[0]!.contents);
  return site;
}

/** The examples expect the builds beside them. */
async function jodit(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const base = path.join(modules, 'jodit');
  const pages = (await readdir(path.join(base, 'examples'))).filter((n) => n.endsWith('.html'));
  return linked({
    assets: path.join(base, 'examples/assets'), es2015: path.join(base, 'es2015'),
    ...Object.fromEntries(pages.map((n) => [n, path.join(base, 'examples', n)])),
  });
}

const switcher = 'document.querySelector(\'[aria-label="Component switcher"]\') !== null';
const grid = 'document.querySelectorAll(".jsgrid-row").length > 0';
const editor = 'document.querySelector(".jodit-wysiwyg, .jodit-container") !== null';

export const sites: SiteCase[] = [
  {
    name: 'Fennhus', what: 'the demo shop', host: 'shop.localhost',
    pages: ['index.html', 'product.html', 'basket.html', 'checkout.html', 'account.html', 'help.html'].map((p) => ({ path: p })),
  },
  {
    name: 'SB Admin 2', what: 'admin template', host: 'admin.localhost', folder: inModules('startbootstrap-sb-admin-2'),
    pages: [{ path: 'index.html' }, { path: 'tables.html', ready: 'document.querySelector(".dataTables_info") !== null' }, { path: 'register.html' }, { path: 'buttons.html' }],
  },
  {
    name: 'UIkit', what: 'component library', host: 'uikit.localhost', folder: uikit,
    pages: ['form.html', 'card.html', 'accordion.html'].map((p) => ({ path: `tests/${p}`, ready: switcher })),
  },
  {
    name: 'jsGrid', what: 'data grid', host: 'grid.localhost', folder: inModules('jsgrid'),
    pages: [
      { path: 'demos/basic.html', ready: grid }, { path: 'demos/sorting.html', ready: grid },
      { path: 'demos/index.html', ready: 'document.querySelector("iframe").contentDocument.querySelectorAll(".jsgrid-row").length > 0' },
    ],
  },
  {
    name: 'Jodit', what: 'editor', host: 'editor.localhost', folder: jodit,
    pages: ['example.default.html', 'custom-toolbar.html', 'inline-mode.html'].map((p) => ({ path: p, ready: editor })),
  },
];
