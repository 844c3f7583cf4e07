import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { drawings } from './drawings.mjs';

/**
 * Writes the shop to out/demo: plain HTML, CSS, JS and SVG. Pages are the files of site/ within the one frame below.
 * `{{COBROWSE_URL}}` stays in them; who serves the shop puts the co-browse server's address there.
 */
export async function build({ out, root }) {
  const from = path.join(root, 'site');
  const to = path.join(out, 'demo');
  await mkdir(path.join(to, 'img'), { recursive: true });
  for (const [name, svg] of Object.entries(drawings())) await writeFile(path.join(to, 'img', `${name}.svg`), svg);
  for (const file of await readdir(from)) {
    const text = await readFile(path.join(from, file), 'utf8');
    if (file === 'frame.html') continue;
    await writeFile(path.join(to, file), file.endsWith('.html') ? await framed(from, file, text) : text);
  }
}

/** First line of a page: `<!-- title | name of its script, if any -->`. */
async function framed(from, file, text) {
  const head = /^<!-- (.*?)(?: \| (\w+))? -->\n/.exec(text);
  if (!head) throw new Error(`${file}: the first line must be <!-- title | script -->`);
  const frame = await readFile(path.join(from, 'frame.html'), 'utf8');
  const script = head[2] ? `<script type="module" src="${head[2]}.js"></script>` : '';
  return frame
    .replace('[title]', head[1])
    .replace('[script]', script)
    .replace('[content]', () => text.slice(head[0].length).trim())
    .replaceAll(`href="${file}" data-nav`, `href="${file}" data-nav aria-current="page"`);
}
