import { Op, VERSION, type Batch, type Operation } from './page-stream.ts';
import { StringTable, jsonBytes, type Str } from './strings.ts';

/** A batch is at most 256 KiB of JSON; room is left for the envelope and for strings that an operation adds. */
const MAX_BYTES = 240 << 10;

export interface BatchWriterOptions {
  epoch: number;
  /** Takes the closed batches, in order. */
  emit: (batch: Batch) => void;
  /** The customer's clock in ms; absent: no time stamps. */
  now?: () => number;
  /** For tests: cut earlier than the format's limit asks for. */
  maxBytes?: number;
}

/** Upper bound for the bytes of an item inside an array, the comma included. */
function bytesOf(item: unknown): number {
  if (typeof item === 'number') return item >= 0 && item < 1000 ? 4 : String(item).length + 1;
  if (typeof item === 'string') return jsonBytes(item);
  if (item === null || typeof item !== 'object') return 6;
  if (Array.isArray(item)) return item.reduce<number>((n, i) => n + bytesOf(i), 3);
  return jsonBytes(JSON.stringify(item));
}

/**
 * Collects operations of one epoch, numbers and closes batches. A batch closes by itself before it grows beyond the
 * limit; a tape is then continued by op 13. Nothing is kept of a batch once it was emitted.
 */
export class BatchWriter {
  /** Sequence number of the last batch that was emitted. */
  seq = 0;
  /** Bytes emitted so far, about. */
  bytes = 0;
  private readonly strings = new StringTable();
  private ops: Operation[] = [];
  private size = 0;
  /** The op 2 or 13 that is being written, its next node's id and how many of its nodes lack their closing 0. */
  private tape: Operation | undefined;
  private place: [parent: number, next: number] = [0, 0];
  private nextId = 0;
  private depth = 0;
  private readonly limit: number;

  constructor(private readonly options: BatchWriterOptions) {
    this.limit = options.maxBytes ?? MAX_BYTES;
  }

  /** True when nothing waits for {@link close}. */
  get empty(): boolean {
    return this.ops.length === 0;
  }

  /** A string that surely comes again, as a *str*. */
  name(s: string): Str {
    return this.strings.name(s);
  }

  /** Any other string, as a *str*. */
  str(s: string): Str {
    return this.strings.value(s);
  }

  push(op: Operation): void {
    this.tape = undefined;
    this.add(op, bytesOf(op));
  }

  /** Opens a tape (op 2); {@link node} and {@link end} go on with it until the next {@link push}. */
  open(parent: number, next: number, first: number): void {
    this.place = [parent, next];
    this.nextId = first;
    this.depth = 0;
    this.tape = undefined;
  }

  /** The items of one node: head, names and values. Never cut. `parent`: it gets children and an {@link end}. */
  node(items: unknown[], parent: boolean): void {
    this.items(items);
    this.nextId++;
    if (parent) this.depth++;
  }

  /** Closes the innermost open node. */
  end(): void {
    this.items([0]);
    this.depth--;
  }

  /** Emits what was collected, if anything. */
  close(): void {
    if (this.ops.length === 0) return;
    const batch: Batch = { v: VERSION, e: this.options.epoch, s: ++this.seq, o: this.ops };
    if (this.strings.fresh.length > 0) {
      batch.t = this.strings.take();
    }
    if (this.options.now) batch.at = Math.round(this.options.now());
    this.bytes += this.size;
    this.ops = [];
    this.size = 0;
    this.options.emit(batch);
  }

  private items(items: unknown[]): void {
    const bytes = bytesOf(items);
    if (!this.tape || this.full(bytes)) {
      if (this.tape) this.close();
      // Only an open node can be continued; between subtrees a new op 2 goes on.
      this.tape = this.depth > 0 ? [Op.Continue] : [Op.Add, ...this.place, this.nextId];
      this.add(this.tape, bytesOf(this.tape) + bytes);
    } else {
      this.size += bytes;
    }
    for (const item of items) this.tape.push(item);
  }

  private add(op: Operation, bytes: number): void {
    if (this.full(bytes)) this.close();
    this.size += bytes;
    this.ops.push(op);
  }

  private full(bytes: number): boolean {
    return this.ops.length > 0 && this.size + this.strings.freshBytes + bytes > this.limit;
  }
}
