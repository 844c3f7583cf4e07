import type { Op, Kind, PrivacyClass } from './page-stream.ts';

/** A node as a tape brings it. Nodes come in preorder, `parent` is there already; `next` 0: at the end. */
export type AddedNode = { id: number; parent: number; next: number } & (
  | { kind: typeof Kind.Element; privacy: PrivacyClass; svg: boolean; tag: string; attributes: [name: string, value: string][] }
  | { kind: typeof Kind.Text | typeof Kind.CData; privacy: PrivacyClass; data: string }
  | { kind: typeof Kind.Comment }
  | { kind: typeof Kind.Doctype; name: string; publicId: string; systemId: string }
  | { kind: typeof Kind.ShadowRoot; closed: boolean; delegatesFocus: boolean }
  | { kind: typeof Kind.Document; quirks: boolean }
);

/** An operation after decoding: *str* resolved, fields named, shapes and ranges checked. Whether the nodes it names
 *  exist is for the mirror to say. */
export type PageOp =
  | { op: typeof Op.Begin; url: string; title: string; width: number; height: number; dpr: number; quirks: boolean; lang: string }
  | { op: typeof Op.Complete }
  /** Op 13 is decoded to the same: its nodes carry on where the tape was cut. */
  | { op: typeof Op.Add; nodes: AddedNode[] }
  | { op: typeof Op.Remove; ids: number[] }
  | { op: typeof Op.Move; id: number; parent: number; next: number }
  | { op: typeof Op.Attributes; id: number; attributes: [name: string, value: string | null][] }
  | { op: typeof Op.Text; id: number; data: string }
  | { op: typeof Op.Splice; id: number; start: number; remove: number; insert: string }
  | { op: typeof Op.Value; id: number; value: string }
  | { op: typeof Op.State; id: number; bits: number }
  | { op: typeof Op.Scroll; id: number; x: number; y: number }
  | { op: typeof Op.Viewport; width: number; height: number; dpr: number }
  | { op: typeof Op.Pointer; moves: { x: number; y: number; dt: number }[] }
  | { op: typeof Op.Focus | typeof Op.Hover; id: number }
  | { op: typeof Op.Click; id: number; x: number; y: number }
  | { op: typeof Op.Sheet | typeof Op.SheetAppend; id: number; css: string }
  | { op: typeof Op.Adopted; root: number; sheets: number[] }
  | { op: typeof Op.Url; url: string }
  | { op: typeof Op.Title; title: string }
  | { op: typeof Op.Checksum; count: number; sum: number }
  | { op: typeof Op.Resource; url: string; hash: string; type: string }
  | { op: typeof Op.Privacy; id: number; privacy: PrivacyClass }
  | { op: typeof Op.Property; id: number; name: string; value: string }
  | { op: typeof Op.Selection; id: number; start: number; end: number };
