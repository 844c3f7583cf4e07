/** The customer script as it is handed out. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { root } from '../tests/e2e/lib/server.ts';
import { report } from './lib/report.ts';

const kLimit = 35 * 1024;
const bytes = await readFile(path.join(root, 'web/dist/js/twinpane.min.js'));
const gzip = gzipSync(bytes, { level: 9 }).length;
const brotli = brotliCompressSync(bytes).length;
await report('size', [
  ['minified', `${bytes.length} bytes`],
  ['gzip -9', `${gzip} bytes, ${((100 * gzip) / kLimit).toFixed(1)} % of the limit of ${kLimit}`],
  ['brotli 11', `${brotli} bytes`],
], { minified: bytes.length, gzip, brotli, limit: kLimit });
