import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Harness as H, Mutator as M, random as R } from './entry.ts';
import { Bench } from './browser.ts';

declare const Harness: typeof H;
declare const Mutator: typeof M;
declare const random: typeof R;

let bench: Bench;
beforeAll(async () => { bench = await Bench.start(); }, 60_000);
afterAll(() => bench.stop());

const SEEDS = Number(process.env['TWINPANE_SEEDS'] ?? 12);

test('random changes: the mirror is the page after every flush', async () => {
  const page = await bench.open('<div id=a><p>one</p><p>two</p></div><div id=b>three</div>');
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await page.evaluate(async (seed) => {
      document.body.innerHTML = '<div><p>one</p><p>two</p></div><div>three<span>x</span></div>';
      const rnd = random(seed);
      const mutator = new Mutator(rnd);
      const h = new Harness().begin(seed);
      let out = h.differences();
      let step = 0;
      for (; step < 600 && out.length === 0; step++) {
        mutator.step();
        // Some changes come in one task, some with the observer's microtask between, some with a flush.
        const pause = rnd(12);
        if (pause < 3) await null;
        else if (pause === 3) out = h.differences();
        else if (pause === 4 && rnd(10) === 0) await new Promise((done) => setTimeout(done, 0));
      }
      if (out.length === 0) out = h.differences();
      h.capture.stop();
      return { step, out, batches: h.batches.length };
    }, seed);
    expect({ seed, ...result }).toMatchObject({ seed, out: [] });
    expect(result.batches).toBeGreaterThan(20);
  }
  expect(bench.errors).toEqual([]);
  await page.close();
}, 120_000 + SEEDS * 2000);
