import { writeFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';

/** Puts two screenshots beside each other on a light ground, the smaller one centred, at two thirds of their size. */
export async function sideBySide(left: Page, right: Page, file: string): Promise<void> {
  const shots = [PNG.sync.read(await left.screenshot()), PNG.sync.read(await right.screenshot())] as const;
  const gap = 36;
  const height = Math.max(shots[0].height, shots[1].height) + 2 * gap;
  const sheet = new PNG({ width: shots[0].width + shots[1].width + 3 * gap, height });
  sheet.data.fill(0xec);
  for (let i = 3; i < sheet.data.length; i += 4) sheet.data[i] = 255;
  let x = gap;
  for (const shot of shots) {
    PNG.bitblt(shot, sheet, 0, 0, shot.width, shot.height, x, Math.round((height - shot.height) / 2));
    x += shot.width + gap;
  }
  await writeFile(file, PNG.sync.write(shrink(sheet, 2 / 3), { deflateLevel: 9 }));
}

/** Box filter: every target pixel is the mean of the source pixels it covers. */
function shrink(source: PNG, scale: number): PNG {
  const target = new PNG({ width: Math.round(source.width * scale), height: Math.round(source.height * scale) });
  for (let y = 0; y < target.height; y += 1) {
    const y0 = Math.floor(y / scale);
    const y1 = Math.min(source.height, Math.max(y0 + 1, Math.ceil((y + 1) / scale)));
    for (let x = 0; x < target.width; x += 1) {
      const x0 = Math.floor(x / scale);
      const x1 = Math.min(source.width, Math.max(x0 + 1, Math.ceil((x + 1) / scale)));
      const sum = [0, 0, 0, 0];
      for (let v = y0; v < y1; v += 1) {
        for (let u = x0; u < x1; u += 1) for (let c = 0; c < 4; c += 1) sum[c]! += source.data[(v * source.width + u) * 4 + c]!;
      }
      const count = (y1 - y0) * (x1 - x0);
      for (let c = 0; c < 4; c += 1) target.data[(y * target.width + x) * 4 + c] = Math.round(sum[c]! / count);
    }
  }
  return target;
}
