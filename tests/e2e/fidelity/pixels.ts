import { PNG } from 'pngjs';

/** A channel that differs by more than this makes its pixel a different one. */
const TOLERANCE = 16;

export interface PixelDifference {
  /** Share of differing pixels, 0 … 1. */
  share: number;
  /** Black where they are equal, red where not, as a PNG. */
  picture: Buffer;
}

export function comparePixels(first: Buffer, second: Buffer): PixelDifference {
  const a = PNG.sync.read(first);
  const b = PNG.sync.read(second);
  if (a.width !== b.width || a.height !== b.height) throw new Error(`${a.width}×${a.height} against ${b.width}×${b.height}`);
  const out = new PNG({ width: a.width, height: a.height });
  let different = 0;
  for (let i = 0; i < a.data.length; i += 4) {
    let differs = false;
    for (let c = 0; c < 3; c++) if (Math.abs(a.data[i + c]! - b.data[i + c]!) > TOLERANCE) differs = true;
    if (differs) different += 1;
    // The page shines through, so that one sees where the difference is.
    const grey = Math.round(0.15 * ((a.data[i]! + a.data[i + 1]! + a.data[i + 2]!) / 3));
    out.data[i] = differs ? 255 : grey;
    out.data[i + 1] = differs ? 40 : grey;
    out.data[i + 2] = differs ? 40 : grey;
    out.data[i + 3] = 255;
  }
  return { share: different / (a.width * a.height), picture: PNG.sync.write(out) };
}
