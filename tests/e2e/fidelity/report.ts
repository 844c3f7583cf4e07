import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../lib/server.ts';
import type { Visit } from './visit.ts';

const percent = (share: number): string => (share * 100).toFixed(2);

/** The table on the terminal; with TWINPANE_WRITE_DOCS=1 also in docs/fidelity.md, between its marks, with pictures of the worst page. */
export async function writeReport(visits: Visit[]): Promise<void> {
  const rows = visits.map((v) => `| ${v.site} | ${v.page} | ${v.nodes} | ${v.fields} | ${v.scrolled} | ${v.differences.length} | ${percent(v.pixels)} | ${percent(v.noise)} |`);
  const sorted = visits.map((v) => v.pixels).sort((a, b) => a - b);
  const worst = visits.reduce((a, b) => (b.pixels > a.pixels ? b : a));
  const table = [
    '| site | page | nodes | fields | scrolled | DOM differences | pixels % | noise % |',
    '|---|---|--:|--:|--:|--:|--:|--:|',
    ...rows,
    '',
    `${visits.length} pages. Pixels: median ${percent(sorted[Math.floor(sorted.length / 2)]!)} %, worst ${percent(worst.pixels)} % (${worst.site}, ${worst.page}).`,
  ].join('\n');
  process.stdout.write(`${table}\n`);
  if (process.env['TWINPANE_WRITE_DOCS'] !== '1') return;
  const file = path.join(root, 'docs/fidelity.md');
  const text = await readFile(file, 'utf8');
  const begin = '<!-- table: begin -->';
  const end = '<!-- table: end -->';
  if (!text.includes(begin) || !text.includes(end)) throw new Error('docs/fidelity.md has lost the marks of its table');
  await writeFile(file, text.slice(0, text.indexOf(begin) + begin.length) + `\n${table}\n` + text.slice(text.indexOf(end)));
  const folder = path.join(root, 'docs/fidelity');
  await mkdir(folder, { recursive: true });
  for (const [who, picture] of Object.entries(worst.pictures)) await writeFile(path.join(folder, `worst-${who}.png`), picture);
}
