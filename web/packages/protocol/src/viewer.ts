/**
 * What the agent desktop (parent) and the viewer shell (iframe on the viewer's own origin) say to each other.
 *
 * The desk loads `<viewerOrigin>/cobrowse/view/` in an iframe and, on its load event, posts {@link ViewerInit} with one
 * MessagePort, target origin = viewerOrigin. The shell accepts it once, from window.parent only and only from an
 * origin that the server put into its page (`<meta name="twinpane-desk-origin">`); from then on all
 * messages go through the port. The viewer never sees a token.
 */
import type { Act, Batch, PrivacyClass } from './page-stream.ts';

export interface ViewerInit {
  type: 'twinpane-viewer';
  v: 1;
  /** Base URL for resources on the viewer's own host: `<resources><sha256>`. */
  resources: string;
}

/** Desk → viewer, through the port. */
export type ToViewer =
  /** Forget the page; the next batch begins with op 0. */
  | { t: 'reset' }
  /** A batch of the page stream, or one line of a snapshot (`snapshot: true`: all lines carry the same s). */
  | { t: 'batch'; batch: Batch; snapshot?: boolean }
  | { t: 'mode'; mode: 'pointer' | 'write'; enabled: boolean }
  /** `fit`: to the width of the frame, then height scrolls; a number: scale (1 = 100 %). */
  | { t: 'zoom'; zoom: 'fit' | number }
  /** Follow the customer's root scrolling, or look freely. */
  | { t: 'follow'; on: boolean }
  /** Name on the customer's cursor label. */
  | { t: 'names'; customer: string; agent: string }
  /** Grey the picture (reconnecting) or remove it (paused). */
  | { t: 'veil'; veil: 'none' | 'stale' | 'hidden' }
  | { t: 'theme'; theme: 'light' | 'dark' }
  /** Move keyboard focus into the page (write mode), or out of it. */
  | { t: 'focus'; on: boolean };

/** Viewer → desk, through the port. */
export type FromViewer =
  | { t: 'ready' }
  /** Batch `s` of epoch `e` has been painted. `at`: the batch's own time stamp, if it had one. */
  | { t: 'painted'; e: number; s: number; at?: number }
  /** A batch was missing or did not fit: fetch the snapshot again. */
  | { t: 'broken'; e: number; why: 'gap' | 'checksum' | 'invalid'; detail: string }
  | { t: 'acts'; e: number; acts: Act[] }
  /** What the shell shows around the page. Sent when it changes. */
  | { t: 'page'; url: string; title: string; width: number; height: number; scale: number; hidden: number }
  /** Agent hovers or focuses a hidden field: explain it in the line under the page; null when it leaves. */
  | { t: 'hint'; privacy: PrivacyClass | null }
  /** A key that belongs to the desk's shell although the page has the focus (F6, Escape in write mode). */
  | { t: 'key'; key: string };
