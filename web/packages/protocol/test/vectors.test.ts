/// <reference types="node" />
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ErrorCode, StreamError, wellFormed } from '../src/index.ts';
import { Model } from './model.ts';

const folder = new URL('../../../../docs/protocol/vectors/', import.meta.url);
const names = readdirSync(folder).filter((f) => f.endsWith('.json'));

interface Step { epoch?: number; fold?: unknown; raw?: string; error?: string; next?: number; duplicate?: boolean }
interface Story { about: string; walls?: boolean; steps: Step[]; expect?: unknown; count?: number; sum?: number }

const codes: Record<string, number> = {
  epoch_stale: ErrorCode.EpochStale, sequence_gap: ErrorCode.SequenceGap, stream_invalid: ErrorCode.StreamInvalid,
  checksum_mismatch: ErrorCode.ChecksumMismatch, page_too_large: ErrorCode.PageTooLarge, unsupported_version: ErrorCode.UnsupportedVersion,
};

/** What JSON.parse gives for a lone surrogate is U+FFFD to a mirror. */
function parse(raw: string): unknown {
  try {
    return JSON.parse(raw, (_, v: unknown) => (typeof v === 'string' ? wellFormed(v) : v));
  } catch {
    return null;
  }
}

describe('vectors', () => {
  test('are there', () => expect(names.length).toBeGreaterThan(50));
  for (const name of names) {
    const story = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Story;
    if (story.walls) continue;
    test(`${name}: ${story.about}`, () => {
      const model = new Model();
      for (const step of story.steps) {
        if (step.epoch !== undefined) {
          model.begin(step.epoch);
          continue;
        }
        const batch = step.raw !== undefined ? parse(step.raw) : step.fold;
        if (step.error === undefined) {
          expect(model.fold(batch)).toBe(!step.duplicate);
          continue;
        }
        let error: unknown;
        try {
          model.fold(batch);
        } catch (e) {
          error = e;
        }
        expect(error).toBeInstanceOf(StreamError);
        expect((error as StreamError).code).toBe(codes[step.error]);
        if (step.next !== undefined) expect(model.reader.seq + 1).toBe(step.next);
      }
      if (story.expect === undefined) return;
      expect(model.page()).toEqual(story.expect);
      expect(model.checksum).toMatchObject({ count: story.count, sum: story.sum });
      expect(model.recount()).toEqual({ count: story.count, sum: story.sum });
    });
  }
});
