/** Page stream v1: shapes and opcodes. The text is docs/protocol/page-stream.md; section numbers refer to it. */

export const VERSION = 1;

/** Section 1. One batch as it is published on /service/page. */
export interface Batch {
  v: 1;
  /** Epoch: one page life. */
  e: number;
  /** Sequence number within the epoch, from 1. */
  s: number;
  /** Strings appended to the epoch's string table. */
  t?: string[];
  /** Operations. */
  o: Operation[];
  /** When the batch was closed, ms since the Unix epoch by the customer's clock. */
  at?: number;
}

/** An operation: opcode first. Narrowed by the decoder. */
export type Operation = [number, ...unknown[]];

/** Section 7. One act of an agent: opcode first. */
export type Act = [number, ...unknown[]];

export interface ActMessage {
  v: 1;
  e: number;
  n: number;
  a: Act[];
  /** Only server → customer. */
  from?: string;
}

/** Section 3. */
export const Op = {
  Begin: 0, Complete: 1, Add: 2, Remove: 3, Move: 4, Attributes: 5, Text: 6, Splice: 7, Value: 8, State: 9,
  Scroll: 10, Viewport: 11, Pointer: 12, Continue: 13, Focus: 14, Hover: 15, Click: 16, Sheet: 17, Adopted: 18,
  SheetAppend: 19, Url: 20, Title: 21, Checksum: 22, Resource: 23, Privacy: 24, Property: 25, Selection: 26,
} as const;

/** Section 7. */
export const ActOp = {
  Pointer: 1, Mark: 2, Click: 3, Type: 4, Select: 5, Scroll: 6, Key: 7, Navigate: 8, Focus: 9, Hover: 10,
} as const;

/** Section 2. */
export const Kind = { Element: 1, Text: 2, Comment: 3, Doctype: 4, ShadowRoot: 5, Document: 6, CData: 7 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Section 5: 0 shown, 1 private, 2 masked. */
export const Privacy = { Shown: 0, Private: 1, Masked: 2 } as const;
export type PrivacyClass = (typeof Privacy)[keyof typeof Privacy];
