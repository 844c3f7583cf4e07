/** Section 1: an epoch's string table never holds more than this. */
export const MAX_STRINGS = 32_768;
export const MAX_STRING_BYTES = 4 << 20;

/** The sender's own bounds on what is worth a place. */
const MAX_VALUE = 128;
const MAX_SEEN = 8192;

/** Reference to the table, or the string itself. */
export type Str = string | number;

/** JSON cannot carry a lone surrogate everywhere: U+FFFD stands for it, so that lengths in UTF-16 units stay. */
export function wellFormed(s: string): string {
  return /[\ud800-\udfff]/.test(s) ? s.replace(/\p{Cs}/gu, '\ufffd') : s;
}

/** Bytes of `s` as JSON in UTF-8, quotes and a comma included. */
export function jsonBytes(s: string): number {
  if (/^[ !#-[\]-~]*$/.test(s)) return s.length + 3;
  let bytes = 3;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c === 34 || c === 92 || c === 8 || c === 9 || c === 10 || c === 12 || c === 13) bytes += 2;
    else if (c < 32) bytes += 6;
    else if (c < 0x80) bytes++;
    else if (c < 0x800) bytes += 2;
    else if (c >= 0xd800 && c < 0xe000) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}

/** Cuts `s` in pieces of at most `max` UTF-16 units, never inside a surrogate pair. */
export function pieces(s: string, max: number): string[] {
  const out: string[] = [];
  for (let at = 0; at < s.length; ) {
    let end = Math.min(at + max, s.length);
    if (end < s.length && (s.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
    out.push(s.slice(at, end));
    at = end;
  }
  return out;
}

/** The sender's string table: decides what is worth interning. Names at first sight, values when they come again. */
export class StringTable {
  private readonly index = new Map<string, number>();
  private readonly seen = new Set<string>();
  private bytes = 0;
  /** Strings added since the last {@link take}, and their bytes as JSON. */
  fresh: string[] = [];
  freshBytes = 0;

  /** Tag and attribute names, and anything else that surely comes again. */
  name(s: string): Str {
    return this.index.get(s) ?? this.add(s);
  }

  /** Values: literal at first, a reference from the second time on; long ones and the empty one stay literals. */
  value(s: string): Str {
    if (s.length < 2 || s.length > MAX_VALUE) return wellFormed(s);
    const known = this.index.get(s);
    if (known !== undefined) return known;
    if (this.seen.delete(s)) return this.add(s);
    if (this.seen.size >= MAX_SEEN) this.seen.clear();
    this.seen.add(s);
    return wellFormed(s);
  }

  /** The `t` of the next batch. */
  take(): string[] {
    const fresh = this.fresh;
    this.fresh = [];
    this.freshBytes = 0;
    return fresh;
  }

  private add(s: string): Str {
    const clean = wellFormed(s);
    const bytes = jsonBytes(clean);
    if (this.index.size >= MAX_STRINGS || this.bytes + bytes > MAX_STRING_BYTES) return clean;
    const at = this.index.size;
    this.bytes += bytes;
    this.index.set(s, at);
    this.freshBytes += bytes;
    this.fresh.push(clean);
    return at;
  }
}
