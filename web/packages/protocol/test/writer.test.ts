/// <reference types="node" />
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchWriter, Kind, MAX_STRINGS, StreamReader, StringTable, head, jsonBytes, parseHead, pieces, wellFormed, type Batch } from '../src/index.ts';
import { Model } from './model.ts';

interface Tree { tag: string; attributes: [string, string][]; text: string; children: Tree[] }

const tree: fc.Arbitrary<Tree> = fc.letrec<{ node: Tree; none: Tree[]; some: Tree[]; kids: Tree[] }>((tie) => ({
  none: fc.constant([]),
  some: fc.array(tie('node'), { maxLength: 3 }),
  kids: fc.oneof({ maxDepth: 4 }, tie('none'), tie('some')),
  node: fc.record({
    tag: fc.constantFrom('div', 'span', 'p', 'li'),
    attributes: fc.uniqueArray(fc.tuple(fc.constantFrom('class', 'id', 'title', 'lang'), fc.string({ maxLength: 80, unit: 'binary' })), { selector: (a) => a[0], maxLength: 3 }),
    text: fc.string({ maxLength: 40, unit: 'binary' }),
    children: tie('kids'),
  }),
})).node;

const items = (w: BatchWriter, t: Tree): unknown[] =>
  [head(Kind.Element, false, 0, false, t.attributes.length), w.name(t.tag), ...t.attributes.flatMap(([k, v]) => [w.name(k), w.str(v)])];

function write(w: BatchWriter, t: Tree): void {
  w.node(items(w, t), true);
  w.node([head(Kind.Text), w.str(t.text)], false);
  for (const c of t.children) write(w, c);
  w.end();
}

function plain(n: Model['root']): Tree {
  return { tag: n!.tag, attributes: [...n!.attributes], text: n!.children[0]!.data, children: n!.children.slice(1).map(plain) };
}

describe('BatchWriter', () => {
  test('what it writes is read back, in however many batches, each within the limit', () => {
    fc.assert(fc.property(fc.array(tree, { minLength: 1, maxLength: 5 }), fc.integer({ min: 300, max: 4000 }), (trees, maxBytes) => {
      const batches: Batch[] = [];
      const w = new BatchWriter({ epoch: 3, emit: (b) => batches.push(b), maxBytes });
      w.push([0, { u: 'https://a/', t: '', w: 1, h: 1, d: 1, q: 0, l: '' }]);
      w.open(0, 0, 1);
      w.node([head(Kind.Document)], true);
      w.end();
      w.open(1, 0, 2);
      for (const t of trees) write(w, t);
      w.push([1]);
      w.close();
      const model = new Model();
      for (const [i, b] of batches.entries()) {
        expect(b.s).toBe(i + 1);
        // One node is never cut: a batch that holds more than one operation item keeps the limit.
        const bytes = Buffer.byteLength(JSON.stringify(b));
        if (bytes > maxBytes + 200) expect(b.o.length).toBeLessThanOrEqual(2);
        expect(model.fold(JSON.parse(JSON.stringify(b)))).toBe(true);
      }
      const well = (t: Tree): Tree => ({ tag: t.tag, attributes: t.attributes.map(([k, v]) => [k, wellFormed(v)]), text: wellFormed(t.text), children: t.children.map(well) });
      expect(model.complete).toBe(true);
      expect(model.root!.children.map(plain)).toEqual(trees.map(well));
    }), { numRuns: 300 });
  });

  test('a snapshot of many nodes stays below 256 KiB a batch', () => {
    const sizes: number[] = [];
    const w = new BatchWriter({ epoch: 1, emit: (b) => sizes.push(Buffer.byteLength(JSON.stringify(b))), now: () => 1.6 });
    w.open(0, 0, 1);
    w.node([head(Kind.Document)], true);
    for (let i = 0; i < 20_000; i++) w.node([head(Kind.Element, true, 0, false, 1), w.name('div'), w.name('title'), w.str(`"ünique" ${i} — ${'x'.repeat(i % 60)}`)], false);
    w.end();
    w.close();
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 << 10);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(200 << 10);
  });

  test('stamps batches and leaves no empty ones', () => {
    const batches: Batch[] = [];
    const w = new BatchWriter({ epoch: 1, emit: (b) => batches.push(b), now: () => 12.7 });
    w.close();
    w.push([21, w.str('x')]);
    w.close();
    w.close();
    expect(batches).toEqual([{ v: 1, e: 1, s: 1, o: [[21, 'x']], at: 13 }]);
    expect(w.seq).toBe(1);
    expect(w.empty).toBe(true);
  });
});

describe('StringTable', () => {
  test('names at once, values the second time, long ones never', () => {
    const t = new StringTable();
    expect(t.name('class')).toBe(0);
    expect(t.value('btn')).toBe('btn');
    expect(t.value('btn')).toBe(1);
    expect(t.value('btn')).toBe(1);
    const long = 'x'.repeat(500);
    expect([t.value(long), t.value(long), t.value('')]).toEqual([long, long, '']);
    expect(t.take()).toEqual(['class', 'btn']);
    expect(t.take()).toEqual([]);
  });

  test('goes on with literals when it is full', () => {
    const t = new StringTable();
    for (let i = 0; i < MAX_STRINGS; i++) t.name('n' + i);
    expect(t.name('one more')).toBe('one more');
    expect(t.name('n7')).toBe(7);
    expect(t.take().length).toBe(MAX_STRINGS);
  });

  test('lone surrogates become U+FFFD, pairs stay', () => {
    expect(wellFormed('a\ud800b\udc00\u{1f600}')).toBe('a\ufffdb\ufffd\u{1f600}');
  });

  test('jsonBytes is what JSON takes, pieces never cut a pair', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.integer({ min: 2, max: 9 }), (s, max) => {
      const clean = wellFormed(s);
      expect(jsonBytes(clean)).toBe(Buffer.byteLength(JSON.stringify(clean)) + 1);
      const parts = pieces(clean, max);
      expect(parts.join('')).toBe(clean);
      for (const p of parts) {
        expect(p.length).toBeLessThanOrEqual(max);
        expect(wellFormed(p)).toBe(p);
      }
    }));
  });
});

test('heads are taken apart as they were put together', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 7 }), fc.boolean(), fc.integer({ min: 0, max: 2 }), fc.boolean(), fc.integer({ min: 0, max: 10_000 }), (kind, leaf, privacy, svg, count) => {
    expect(parseHead(head(kind as Kind, leaf, privacy as 0, svg, count))).toEqual({ kind, leaf, privacy, svg, count });
  }));
  for (const wrong of [0, 8, -7, 1.5, 1 + 48, 2 ** 31 + 1, '1', null]) expect(parseHead(wrong)).toBeUndefined();
});

test('garbage is refused with a typed error, never anything else', () => {
  const valid = (): unknown => ({ v: 1, e: 1, s: 1, t: ['a'], o: [[0, { u: '', t: '', w: 1, h: 1, d: 1, q: 0, l: '' }], [2, 0, 0, 1, 14]] });
  fc.assert(fc.property(fc.array(fc.oneof(fc.array(fc.oneof(fc.integer({ min: -2, max: 200 }), fc.string(), fc.constant(null), fc.double()), { maxLength: 9 }), fc.anything())), (ops) => {
    const reader = new StreamReader();
    reader.read(valid());
    try {
      reader.read({ v: 1, e: 1, s: 2, o: ops });
    } catch (error) {
      expect((error as Error).name).toBe('StreamError');
    }
  }), { numRuns: 2000 });
});
