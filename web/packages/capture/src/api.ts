import type { Batch } from '@twinpane/protocol';

export interface CapturePolicy {
  /** private: no form value leaves the page (section 5 of page-stream.md). */
  formValues: 'private' | 'shown';
  /** CSS selectors of masked elements. One that is not valid masks the whole page. */
  mask: string[];
  /** Acts of agents may send forms; absent: they may not. */
  submit?: boolean;
}

export interface ResourceSink {
  /** Bytes of an absolute url, read in the customer's browser; resolves to the sha-256 hex under which the server has it, or ''. */
  put(url: string, type: string, bytes: ArrayBuffer): Promise<string>;
}

export interface CaptureOptions {
  /** The page. */
  window: Window & typeof globalThis;
  policy: CapturePolicy;
  /** Twinpane's own UI host: never serialised, its mutations ignored. Asked for elements only; its answer for one must not change. */
  ignore: (el: Element) => boolean;
  /** Batches in order; the transport keeps them until their receipt. */
  emit: (batch: Batch) => void;
  /** Origins that an agent may send the page to (act 8 `go`) beside the page's own. */
  origins?: readonly string[];
  /** Absent: no resources. */
  resource?: ResourceSink;
  onDegraded?: (on: boolean) => void;
}

/** Outcome of one act. `code`: a number of errors.md (4401 masked, 4402 unknown, 4403 malformed, 4400 not allowed here). */
export type ActResult = { ok: true; point?: { x: number; y: number } } | { ok: false; code: number };
