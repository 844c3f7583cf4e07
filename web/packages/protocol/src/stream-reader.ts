import { ErrorCode } from './errors.ts';
import { Kind, Op, VERSION, type PrivacyClass } from './page-stream.ts';
import { MAX_STRINGS, MAX_STRING_BYTES } from './strings.ts';
import { parseHead } from './tape.ts';
import type { AddedNode, PageOp } from './decoded.ts';

/** Why a batch was not taken. `code`: StreamInvalid, SequenceGap or EpochStale. */
export class StreamError extends Error {
  override name = 'StreamError';
  constructor(readonly code: ErrorCode, detail: string) {
    super(detail);
  }
}

/** Bounds of what a reader takes, as the server's mirror has them. */
export const ReaderLimits = {
  depth: 512, attribute: 64 << 10, text: 4 << 20, attributes: 4096, ops: 65_536,
} as const;

const MAX_ID = 0x7fffffff;

function invalid(detail: string): never {
  throw new StreamError(ErrorCode.StreamInvalid, detail);
}

/** Walks over the items of one operation. */
class Cursor {
  private at = 1;
  constructor(private readonly items: readonly unknown[], private readonly strings: readonly string[]) {}

  get more(): boolean {
    return this.at < this.items.length;
  }

  take(): unknown {
    if (this.at >= this.items.length) invalid('operation too short');
    return this.items[this.at++];
  }

  int(min: number, max: number): number {
    const v = this.take();
    if (!Number.isInteger(v) || (v as number) < min || (v as number) > max) invalid('integer out of range');
    return v as number;
  }

  id(): number {
    return this.int(1, MAX_ID);
  }

  idOrNone(): number {
    return this.int(0, MAX_ID);
  }

  number(): number {
    const v = this.take();
    if (typeof v !== 'number' || !Number.isFinite(v) || Math.abs(v) > 1e9) invalid('number expected');
    return v;
  }

  str(max: number): string {
    const v = this.take();
    if (typeof v === 'number') {
      const s = Number.isInteger(v) && v >= 0 ? this.strings[v] : undefined;
      if (s === undefined) invalid('reference beyond the string table');
      return s.length > max ? invalid('string too long') : s;
    }
    if (typeof v !== 'string') invalid('string expected');
    return v.length > max ? invalid('string too long') : v;
  }

  strOrNull(max: number): string | null {
    if (this.items[this.at] !== null) return this.str(max);
    this.at++;
    return null;
  }

  end(): void {
    if (this.more) invalid('operation too long');
  }
}

/**
 * Reads the batches of a page stream: numbers, string table, tape, shapes and ranges. Pure. Whether the nodes that an
 * operation names exist is for the one who applies it to say.
 */
export class StreamReader {
  epoch = 0;
  /** The last batch that was read, 0 before the first. */
  seq = 0;
  private strings: string[] = [];
  private stringBytes = 0;
  /** Ids of the open nodes of the last op 2, below its parent. More than one: the tape is open. */
  private open: number[] = [];
  private next = 0;
  private id = 0;
  private failed: StreamError | undefined;

  /** Forgets the page; the next batch is number 1 of `epoch`, or of any when that is 0 or absent. */
  reset(epoch = 0): void {
    this.epoch = epoch;
    this.seq = this.stringBytes = 0;
    this.strings = [];
    this.open = [];
    this.failed = undefined;
  }

  /**
   * Decodes a batch. `snapshot`: it is a line of a snapshot (section 6), which all carry the same number. Undefined: the
   * batch has been read before. Batch 1 of a greater epoch begins that epoch.
   * @throws StreamError. After SequenceGap and EpochStale nothing has changed; after StreamInvalid this epoch is lost.
   */
  read(batch: unknown, snapshot = false): PageOp[] | undefined {
    try {
      return this.batch(batch, snapshot);
    } catch (error) {
      const e = error as StreamError;
      if (e.code === ErrorCode.StreamInvalid) this.failed = e;
      throw error;
    }
  }

  private batch(batch: unknown, snapshot: boolean): PageOp[] | undefined {
    const b = batch as Record<string, unknown> | null;
    if (typeof b !== 'object' || b === null) invalid('batch is no object');
    if (b['v'] !== VERSION) invalid('version');
    const { e, s, o, t } = b as { e: number; s: number; o: unknown[]; t: unknown };
    if (!Number.isInteger(e) || e < 1 || !Number.isInteger(s) || s < 1) invalid('numbers of the batch');
    const first = this.epoch === 0 || (e > this.epoch && s === 1);
    if (!first && e !== this.epoch) throw new StreamError(ErrorCode.EpochStale, `epoch ${e}, not ${this.epoch}`);
    if (!first && this.failed) throw this.failed;
    if (snapshot ? !first && this.seq !== 0 && s !== this.seq : s !== (first ? 1 : this.seq + 1)) {
      if (!first && !snapshot && s <= this.seq) return undefined;
      throw new StreamError(ErrorCode.SequenceGap, `expected ${this.seq + 1}, got ${s}`);
    }
    if (first) this.reset(e);
    const begins = this.seq === 0;
    this.seq = s;
    if (!Array.isArray(o) || o.length > ReaderLimits.ops) invalid('operations');
    if (t !== undefined) this.addStrings(t);
    return o.map((op, i) => {
      const decoded = this.operation(op);
      if ((decoded.op === Op.Begin) !== (begins && i === 0)) invalid('op 0 is first, and only once');
      return decoded;
    });
  }

  private addStrings(t: unknown): void {
    if (!Array.isArray(t)) invalid('string table');
    for (const s of t as unknown[]) {
      if (typeof s !== 'string') invalid('string table');
      this.stringBytes += s.length;
      if (this.stringBytes > MAX_STRING_BYTES || this.strings.length >= MAX_STRINGS) invalid('string table is full');
      this.strings.push(s);
    }
  }

  private operation(raw: unknown): PageOp {
    if (!Array.isArray(raw)) invalid('operation is no array');
    const c = new Cursor(raw, this.strings);
    const op = this.decode(raw[0], c);
    c.end();
    return op;
  }

  private decode(code: unknown, c: Cursor): PageOp {
    const { text, attribute } = ReaderLimits;
    if (this.open.length > 1 && (code === Op.Complete || code === Op.Add || code === Op.Remove || code === Op.Move)) {
      invalid('tape is open');
    }
    switch (code) {
      case Op.Begin: return begin(c.take());
      case Op.Complete: return { op: Op.Complete };
      case Op.Add: {
        this.open = [c.idOrNone()];
        this.next = c.idOrNone();
        this.id = c.id();
        return { op: Op.Add, nodes: this.tape(c) };
      }
      case Op.Continue:
        if (this.open.length < 2) invalid('no tape to continue');
        return { op: Op.Add, nodes: this.tape(c) };
      case Op.Remove: {
        const ids = [c.id()];
        while (c.more) ids.push(c.id());
        return { op: Op.Remove, ids };
      }
      case Op.Move: return { op: Op.Move, id: c.id(), parent: c.id(), next: c.idOrNone() };
      case Op.Attributes: {
        const id = c.id();
        const attributes: [string, string | null][] = [];
        while (c.more) attributes.push([c.str(attribute), c.strOrNull(attribute)]);
        return { op: Op.Attributes, id, attributes };
      }
      case Op.Text: return { op: Op.Text, id: c.id(), data: c.str(text) };
      case Op.Splice: return { op: Op.Splice, id: c.id(), start: c.int(0, text), remove: c.int(0, text), insert: c.str(text) };
      case Op.Value: return { op: Op.Value, id: c.id(), value: c.str(text) };
      case Op.State: return { op: Op.State, id: c.id(), bits: c.int(0, 15) };
      case Op.Scroll: return { op: Op.Scroll, id: c.id(), x: c.number(), y: c.number() };
      case Op.Viewport: return { op: Op.Viewport, width: c.number(), height: c.number(), dpr: c.number() };
      case Op.Pointer: {
        const moves: { x: number; y: number; dt: number }[] = [];
        while (c.more) moves.push({ x: c.number(), y: c.number(), dt: c.number() });
        return { op: Op.Pointer, moves };
      }
      case Op.Focus:
      case Op.Hover: return { op: code, id: c.idOrNone() };
      case Op.Click: return { op: Op.Click, id: c.idOrNone(), x: c.number(), y: c.number() };
      case Op.Sheet:
      case Op.SheetAppend: return { op: code, id: c.id(), css: c.str(text) };
      case Op.Adopted: {
        const root = c.id();
        const sheets: number[] = [];
        while (c.more) sheets.push(c.id());
        return { op: Op.Adopted, root, sheets };
      }
      case Op.Url: return { op: Op.Url, url: c.str(text) };
      case Op.Title: return { op: Op.Title, title: c.str(text) };
      case Op.Checksum: return { op: Op.Checksum, count: c.int(0, MAX_ID), sum: c.int(0, 0xffffffff) };
      case Op.Resource: {
        const url = c.str(text), hash = c.str(64), type = c.str(256);
        if (!/^([0-9a-f]{64})?$/.test(hash)) invalid('hash');
        return { op: Op.Resource, url, hash, type };
      }
      case Op.Privacy: return { op: Op.Privacy, id: c.id(), privacy: c.int(0, 2) as PrivacyClass };
      case Op.Property: return { op: Op.Property, id: c.id(), name: c.str(64), value: c.str(text) };
      case Op.Selection: return { op: Op.Selection, id: c.id(), start: c.int(0, text), end: c.int(0, text) };
      default: return invalid('unknown opcode');
    }
  }

  private tape(c: Cursor): AddedNode[] {
    const nodes: AddedNode[] = [];
    while (c.more) {
      const item = c.take();
      if (item === 0) {
        if (this.open.length < 2) invalid('tape closes more than it opened');
        this.open.pop();
        continue;
      }
      const h = parseHead(item);
      if (!h) invalid('head');
      if (this.id > MAX_ID) invalid('ids used up');
      const at = { id: this.id++, parent: this.open[this.open.length - 1]!, next: this.open.length === 1 ? this.next : 0 };
      let container = false;
      if (h.kind === Kind.Element) {
        if (h.count > ReaderLimits.attributes) invalid('too many attributes');
        const tag = c.str(256);
        const attributes: [string, string][] = [];
        for (let i = 0; i < h.count; i++) attributes.push([c.str(ReaderLimits.attribute), c.str(ReaderLimits.attribute)]);
        nodes.push({ ...at, kind: h.kind, privacy: h.privacy, svg: h.svg, tag, attributes });
        container = true;
      } else if (h.kind === Kind.Text || h.kind === Kind.CData) {
        nodes.push({ ...at, kind: h.kind, privacy: h.privacy, data: c.str(ReaderLimits.text) });
      } else if (h.kind === Kind.Comment) {
        nodes.push({ ...at, kind: h.kind });
      } else if (h.kind === Kind.Doctype) {
        nodes.push({ ...at, kind: h.kind, name: c.str(256), publicId: c.str(256), systemId: c.str(256) });
      } else if (h.kind === Kind.ShadowRoot) {
        nodes.push({ ...at, kind: h.kind, closed: (h.count & 1) !== 0, delegatesFocus: (h.count & 2) !== 0 });
        container = true;
      } else {
        nodes.push({ ...at, kind: Kind.Document, quirks: (h.count & 1) !== 0 });
        container = true;
      }
      if (container && !h.leaf) {
        this.open.push(at.id);
        if (this.open.length > ReaderLimits.depth) invalid('too deep');
      }
    }
    return nodes;
  }
}

function begin(info: unknown): PageOp {
  if (typeof info !== 'object' || info === null) invalid('op 0');
  const i = info as Record<string, unknown>;
  const text = (k: string): string => typeof i[k] === 'string' ? i[k] : invalid('op 0: ' + k);
  const size = (k: string): number => typeof i[k] === 'number' && i[k] >= 0 && i[k] < 1e6 ? i[k] : invalid('op 0: ' + k);
  return {
    op: Op.Begin, url: text('u'), title: text('t'), width: size('w'), height: size('h'), dpr: size('d'),
    quirks: i['q'] === 1, lang: typeof i['l'] === 'string' ? i['l'] : '',
  };
}
