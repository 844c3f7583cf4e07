/** What is known about one session, as the screens show it. Only session-client.ts changes it. */
import type { Consent, EndedBy, EndReason, Mode, User } from '@twinpane/protocol';

/**
 * joining: no binding yet · consent: the customer is asked · refused: and said no · loading: no picture yet ·
 * live · reconnecting: our connection or the customer is gone · replaced: open elsewhere · failed: can't go on ·
 * ended.
 */
export type Phase =
  | 'joining' | 'consent' | 'refused' | 'loading' | 'live' | 'reconnecting' | 'replaced' | 'failed' | 'ended';

export interface Participant extends User { online: boolean }

export interface PageVisit { url: string; title: string; at: number }

export interface Trouble { code: number; text: string }

/** How the last request for write mode, or write mode itself, came to its end. */
export interface ModeNote {
  kind: 'agreed' | 'refused' | 'taken-back' | 'given-back' | 'no-answer' | 'lapsed' | 'failed';
  at: number;
  /** Of `failed`: why the server would not ask. */
  code?: number;
}

/** An act that the server did not let through. */
export interface RefusedAct { code: number; at: number }

export interface SessionState {
  readonly sessionToken: string;
  phase: Phase;
  /** When this phase began, ms. */
  since: number;
  historyId: string;
  me: string;
  users: Participant[];
  consent: Consent;
  mode: Mode;
  /** A request for write mode that waits for the customer's answer. */
  ask: { since: number; why: string } | undefined;
  modeNote: ModeNote | undefined;
  /** The last act, if it was refused a moment ago. */
  refused: RefusedAct | undefined;
  page: { url: string; title: string } | undefined;
  pages: PageVisit[];
  site: string;
  /** When the session was created, as the server says; before that is known: when this desk joined. */
  startedAt: number;
  /** Bytes of the picture read so far. */
  loading: { bytes: number; total: number | undefined } | undefined;
  /** Milliseconds to the server and back. */
  rtt: number | undefined;
  ended: { by: EndedBy; reason: EndReason; at: number; mine: boolean } | undefined;
  trouble: Trouble | undefined;
  /** The page could not be fetched or shown, though the session is well. */
  pageTrouble: Trouble | undefined;
}

export function customerOf(state: SessionState): Participant | undefined {
  return state.users.find((user) => user.role === 1);
}
