import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Batch } from '@twinpane/protocol';
import type { Page } from 'playwright-core';
import { here, readJson, startHarness, type Entry, type Harness } from './harness.ts';

declare const TP: Entry;

interface Node {
  id: number; kind: number; tag?: string; attributes?: Record<string, string>; data?: string; children?: Node[];
  value?: string; state?: number; quirks?: boolean; name?: string; privacy?: number; svg?: number;
}
interface Step { epoch?: number; fold?: Batch; raw?: string; error?: string; relay?: Batch; duplicate?: boolean }
interface Vector { about: string; steps: Step[]; expect?: { root: Node | null; title: string; url: string; focus: number; hover: number; complete: boolean; w: number }; count?: number; sum?: number }

const folder = path.join(here, '../../../../docs/protocol/vectors');
const files = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.json')) : [];
const WHY: Record<string, string> = { sequence_gap: 'gap', checksum_mismatch: 'checksum', stream_invalid: 'invalid' };

let harness: Harness;
let page: Page;
beforeAll(async () => {
  harness = await startHarness();
  page = await harness.open();
});
afterAll(() => harness?.stop());

/** What the vector says of a node, of what the view shows of it. */
function compare(want: Node, have: Node, where: string): void {
  const at = `${where}/${want.id}`;
  expect([at, have.id, have.kind, have.tag, have.attributes ?? {}, have.privacy ?? 0, have.svg ?? 0]).toEqual([at, want.id, want.kind, want.tag, want.attributes ?? {}, want.privacy ?? 0, want.svg ?? 0]);
  if (want.kind === 2 || want.kind === 7) expect([at, have.data?.replace(/\p{Cs}/gu, '\ufffd')]).toEqual([at, want.data ?? '']);
  if (want.kind === 4) expect(have.name).toBe(want.name);
  if (want.value !== undefined && want.tag !== 'input' ) expect(have.value).toBe(want.value);
  if (want.value !== undefined && want.tag === 'input') expect([at, have.value]).toEqual([at, want.value]);
  expect([at, (have.children ?? []).map((c) => c.id)]).toEqual([at, (want.children ?? []).map((c) => c.id)]);
  for (const [i, c] of (want.children ?? []).entries()) compare(c, have.children![i]!, at);
}

test('the vectors are there', () => expect(files.length).toBeGreaterThan(40));

test.each(files)('%s', async (file) => {
  const v = readJson(path.join(folder, file)) as Vector;
  await page.evaluate(() => TP.start());
  let lost = false;
  for (const step of v.steps) {
    if (step.epoch !== undefined) {
      await page.evaluate(() => { TP.mirror.reset(); TP.log.broken.length = 0; });
      lost = false;
    }
    // A viewer gets what the server relays, and never what was no JSON.
    let batch = step.relay ?? step.fold;
    if (step.raw !== undefined) {
      try {
        batch = JSON.parse(step.raw) as Batch;
      } catch {
        continue;
      }
    }
    if (!batch || lost) continue;
    const [ok, why] = await page.evaluate((b) => [TP.mirror.apply(b as Batch), TP.log.broken.at(-1)?.why] as const, batch);
    if (step.error === undefined) expect([file, ok, why]).toEqual([file, true, undefined]);
    else if (step.error === 'epoch_stale') expect(ok).toBe(true);
    else {
      expect([file, ok, why]).toEqual([file, false, WHY[step.error] ?? 'invalid']);
      // A viewer asks for a snapshot after a gap, where the server waits for the missing batch.
      if (step.error === 'sequence_gap') return;
      lost = true;
    }
  }
  if (!v.expect?.root) return;
  const got = await page.evaluate(() => {
    const { checksum } = TP.mirror.view.tree, p = TP.mirror.page;
    return { root: TP.mirror.serialize() as unknown, count: checksum.count, sum: checksum.sum, title: p.title, url: p.url, w: p.width, complete: p.complete, focus: TP.mirror.focus, hover: TP.mirror.hover };
  });
  compare(v.expect.root, got.root as Node, '');
  expect({ ...got, root: 0 }).toEqual({ root: 0, count: v.count, sum: v.sum, title: v.expect.title, url: v.expect.url, w: v.expect.w, complete: v.expect.complete, focus: v.expect.focus, hover: v.expect.hover });
});
