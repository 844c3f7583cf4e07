/** The page that is measured: a table of eight columns, 17 nodes a row, styled by 800 rules. */

const kColumns = 8;
export const kRows = 1000;

const cell = (row: number, column: number): string => `Item ${row * kColumns + column}, ${(row * 37 + column * 11) % 997}.${column}0`;

export function tableHtml(rows: number, extra = ''): string {
  let rules = '';
  for (let i = 0; i < 800; ++i) rules += `.r${i}{color:rgb(${i % 200},${(i * 7) % 200},40);padding:${i % 5}px}\n`;
  let body = '';
  for (let row = 0; row < rows; ++row) {
    body += `<tr class="r${row % 800}">`;
    for (let column = 0; column < kColumns; ++column) body += `<td class="c${column}">${cell(row, column)}</td>`;
    body += '</tr>';
  }
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stock list</title><style>${rules}</style></head>` +
    `<body>${extra}<table><tbody>${body}</tbody></table></body></html>`;
}

/** The same rows as batches, as a bare client publishes them (page-stream.md); each far below 256 KiB. */
export function tableBatches(epoch: number, rows: number): Record<string, unknown>[] {
  const element = (attributes: number): number => 1 | (attributes << 7);
  const batches: Record<string, unknown>[] = [{
    v: 1, e: epoch, s: 1, t: ['class', 'td', 'tr'],
    o: [
      [0, { u: 'http://shop.localhost/', t: 'Stock list', w: 1280, h: 800, d: 1, q: 0, l: 'en' }],
      [2, 0, 0, 1, 6, element(0), 'html', element(0), 'body', element(0), 'table', element(0), 'tbody'],
    ],
  }];
  let tape: unknown[] = [];
  for (let row = 0; row < rows; ++row) {
    tape.push(element(1), 2, 0, `r${row % 800}`);
    for (let column = 0; column < kColumns; ++column) tape.push(element(1), 1, 0, `c${column}`, 2, cell(row, column), 0);
    tape.push(0);
    if (row % 200 === 199 || row === rows - 1) {
      batches.push({ v: 1, e: epoch, s: batches.length + 1, o: [[13, ...tape]] });
      tape = [];
    }
  }
  batches.push({ v: 1, e: epoch, s: batches.length + 1, o: [[13, 0, 0, 0, 0, 0], [1]] });
  return batches;
}
