import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrorCode, type Batch } from '@twinpane/protocol';
import { BusError } from '../src/bus.ts';
import { Outbox, type Trouble } from '../src/outbox.ts';
import { FakeClock } from './fakes.ts';

interface Sent { s: number; e: number; done: (error?: BusError) => void }

function setup() {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const trouble: Trouble[] = [];
  const box = new Outbox({
    clock,
    send: (json, done) => {
      const { s, e } = JSON.parse(json) as Batch;
      sent.push({ s, e, done });
    },
    trouble: (what) => trouble.push(what),
  });
  const add = (s: number, e = 1, ...ops: Batch['o']): void => { box.add({ v: 1, e, s, o: ops.length > 0 ? ops : [[21, 'title']] }); };
  return { clock, sent, trouble, box, add };
}

describe('outbox', () => {
  it('sends in order, at most eight without a receipt', () => {
    const { box, sent, add } = setup();
    box.begin(1);
    box.online(1);
    for (let s = 1; s <= 20; ++s) add(s);
    expect(sent.map((x) => x.s)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    sent[0]!.done();
    expect(sent.at(-1)!.s).toBe(9);
    expect(box.pending).toBe(19);
  });

  it('bounds the bytes under way, but always sends one', () => {
    const { box, sent, add } = setup();
    box.begin(1);
    box.online(1);
    const big = 'x'.repeat(300 * 1024);
    for (let s = 1; s <= 3; ++s) add(s, 1, [2, 0, 0, 1, big]);
    expect(sent.map((x) => x.s)).toEqual([1]);
    sent[0]!.done();
    expect(sent.map((x) => x.s)).toEqual([1, 2]);
  });

  it('takes a receipt for everything before it', () => {
    const { box, sent, add } = setup();
    box.begin(1);
    box.online(1);
    for (let s = 1; s <= 5; ++s) add(s);
    sent[3]!.done();
    expect(box.pending).toBe(1);
  });

  it('resends after a break from where the server is', () => {
    const { box, sent, add } = setup();
    box.begin(7);
    box.online(1);
    for (let s = 1; s <= 5; ++s) add(s, 7);
    box.offline();
    add(6, 7);
    expect(sent.length).toBe(5);
    expect(box.lastSent).toBe(5);
    box.online(4);
    expect(sent.slice(5).map((x) => x.s)).toEqual([4, 5, 6]);
    expect(box.pending).toBe(3);
  });

  it('asks for a new epoch when the server wants what is gone, or more than there ever was', () => {
    for (const next of [1, 9, Number.NaN]) {
      const { box, sent, add, trouble } = setup();
      box.begin(1);
      box.online(1);
      for (let s = 1; s <= 3; ++s) add(s);
      sent[1]!.done();
      box.offline();
      box.online(next);
      expect(trouble).toEqual(['fresh']);
      expect(box.epoch).toBe(0);
    }
  });

  it('closes a gap once although every batch under way reports it', () => {
    const { box, sent, add } = setup();
    box.begin(1);
    box.online(1);
    for (let s = 1; s <= 6; ++s) add(s);
    sent[0]!.done();
    for (const s of [2, 3, 4, 5]) sent[s]!.done(new BusError(ErrorCode.SequenceGap, ['2']));
    expect(sent.slice(6).map((x) => x.s)).toEqual([2, 3, 4, 5, 6]);
  });

  it('gives up on a gap that does not close', () => {
    const { box, sent, add, trouble } = setup();
    box.begin(1);
    box.online(1);
    add(1);
    for (let i = 0; i < 10 && trouble.length === 0; ++i) sent.at(-1)!.done(new BusError(ErrorCode.SequenceGap, ['1']));
    expect(trouble).toEqual(['fresh']);
    expect(sent.length).toBe(6);
  });

  it('maps the numbers of the protocol', () => {
    const cases: [number, Trouble][] = [
      [ErrorCode.EpochStale, 'stale'], [ErrorCode.StreamInvalid, 'ended'], [ErrorCode.SessionEnded, 'ended'],
      [ErrorCode.PageTooLarge, 'too_large'], [ErrorCode.ChecksumMismatch, 'wait'], [ErrorCode.ConsentNeeded, 'wait'], [ErrorCode.NotJoined, 'unbound'],
    ];
    for (const [code, what] of cases) {
      const { box, sent, add, trouble } = setup();
      box.begin(1);
      box.online(1);
      add(1);
      sent[0]!.done(new BusError(code));
      expect(trouble).toEqual([what]);
      expect(box.epoch).toBe(what === 'unbound' ? 1 : 0);
    }
  });

  it('waits longer and longer when the server is busy, and forgets that with the first receipt', async () => {
    const { clock, box, sent, add } = setup();
    box.begin(1);
    box.online(1);
    add(1);
    sent[0]!.done(new BusError(ErrorCode.RateLimited));
    add(2);
    expect(sent.length).toBe(1);
    await clock.pass(250);
    expect(sent.slice(1).map((x) => x.s)).toEqual([1, 2]);
    sent[1]!.done(new BusError(undefined));
    await clock.pass(250);
    expect(sent.length).toBe(3);
    await clock.pass(250);
    expect(sent.length).toBe(5);
  });

  it('holds 2 MiB of operations beside a snapshot of any allowed size', () => {
    const { box, add, trouble } = setup();
    box.begin(1);
    const chunk = 'x'.repeat(250 * 1024);
    let s = 0;
    for (let i = 0; i < 40; ++i) add(++s, 1, [13, chunk]);
    add(++s, 1, [1]);
    expect(trouble).toEqual([]);
    for (let i = 0; i < 8; ++i) add(++s, 1, [6, 5, chunk]);
    expect(trouble).toEqual([]);
    add(s + 1, 1, [6, 5, chunk]);
    expect(trouble).toEqual(['fresh']);
  });

  it('gives up after 15 s without any receipt, but not on a slow upload that moves', async () => {
    const { clock, box, sent, add, trouble } = setup();
    box.begin(1);
    box.online(1);
    for (let s = 1; s <= 4; ++s) add(s);
    for (let i = 0; i < 3; ++i) {
      await clock.pass(10_000);
      sent[i]!.done();
      box.tick();
    }
    expect(trouble).toEqual([]);
    await clock.pass(14_000);
    box.tick();
    expect(trouble).toEqual([]);
    await clock.pass(2000);
    box.tick();
    expect(trouble).toEqual(['fresh']);
  });

  it('ignores receipts and batches of an earlier epoch', () => {
    const { box, sent, add, trouble } = setup();
    box.begin(1);
    box.online(1);
    add(1, 1);
    box.begin(2);
    box.online(1);
    add(2, 1);
    add(1, 2);
    sent[0]!.done(new BusError(ErrorCode.EpochStale));
    expect(trouble).toEqual([]);
    expect(sent.map((x) => [x.e, x.s])).toEqual([[1, 1], [2, 1]]);
    expect(box.pending).toBe(1);
  });

  // Whatever is lost, doubled, refused or broken in between: the server ends with every batch, in order, each folded once.
  it('delivers everything under random loss', async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.record({ fate: fc.constantFrom('ok', 'ok', 'ok', 'lose', 'late', 'busy', 'break', 'double'), adds: fc.integer({ min: 0, max: 3 }) }), { minLength: 5, maxLength: 60 }),
      async (steps) => {
        const clock = new FakeClock();
        const folded: number[] = [];
        const wire: Sent[] = [];
        const trouble: Trouble[] = [];
        const box = new Outbox({
          clock,
          send: (json, done) => { wire.push({ ...(JSON.parse(json) as Batch), done }); },
          trouble: (what) => trouble.push(what),
        });
        const serve = (m: Sent): BusError | undefined => {
          if (m.s <= folded.length) return undefined;
          if (m.s > folded.length + 1) return new BusError(ErrorCode.SequenceGap, [String(folded.length + 1)]);
          folded.push(m.s);
          return undefined;
        };
        let s = 0;
        box.begin(1);
        box.online(1);
        for (const { fate, adds } of steps) {
          for (let i = 0; i < adds; ++i) box.add({ v: 1, e: 1, s: ++s, o: [[21, 'x']] });
          if (fate === 'break') {
            const lost = wire.splice(0);
            // Some of it had arrived.
            for (const m of lost.slice(0, lost.length >> 1)) serve(m);
            box.offline();
            for (const m of lost) m.done(new BusError(undefined));
            box.online(folded.length + 1);
            continue;
          }
          const m = wire.shift();
          if (!m) continue;
          if (fate === 'ok') m.done(serve(m));
          if (fate === 'double') {
            serve(m);
            m.done(serve(m));
          }
          if (fate === 'lose') m.done(new BusError(undefined));
          if (fate === 'late') {
            serve(m);
            m.done(new BusError(undefined));
          }
          if (fate === 'busy') m.done(new BusError(ErrorCode.RateLimited));
        }
        for (let i = 0; i < 200 && (wire.length > 0 || box.pending > 0); ++i) {
          for (const m of wire.splice(0)) m.done(serve(m));
          await clock.pass(100);
        }
        expect(trouble).toEqual([]);
        expect(folded).toEqual(Array.from({ length: s }, (_, i) => i + 1));
        expect(box.pending).toBe(0);
      },
    ), { numRuns: 300 });
  });
});
