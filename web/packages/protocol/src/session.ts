/** Session channels v1: shapes of docs/protocol/session.md. */

export const Channel = {
  Create: '/service/session/create', Join: '/service/session/join', Rejoin: '/service/session/rejoin',
  Consent: '/service/session/consent', Mode: '/service/session/mode', Exit: '/service/session/exit',
  Stop: '/service/session/stop', Event: '/service/session/event', Page: '/service/page', Act: '/service/act',
} as const;

export const Role = { Customer: 1, Agent: 2, Controller: 3 } as const;
export type Role = (typeof Role)[keyof typeof Role];
export type Mode = 'pointer' | 'write';
export type Consent = 'none' | 'asked' | 'given' | 'refused';

export interface User { userId: string; role: Role; name: string }

export interface Created { sessionToken: string; base: string; expiresIn: number }

export interface Policy { formValues: 'private' | 'shown'; mask: string[]; allowWrite: boolean; allowSubmit: boolean }

export interface Joined {
  userToken: string;
  userId: string;
  sessionHistoryId: string;
  users: User[];
  state: 'waiting' | 'active';
  mode: Mode;
  consent: Consent;
  base: string;
  /** Customer: epoch and next expected number. Agent: what the mirror holds, or null. */
  page: { e: number; next: number } | { e: number; s: number; complete: boolean } | null;
  resources?: string;
  policy?: Policy;
  grace: number;
}

export type EndedBy = 'customer' | 'agent' | 'controller' | 'server';
export type EndReason = 'self' | 'external' | 'timeout' | 'inactivity' | 'lost' | 'error' | 'shutdown';

export type SessionEvent = { v: 1 } & (
  | { type: 'joined'; user: User }
  | { type: 'left'; user: User; why: 'exit' | 'timeout' }
  | { type: 'presence'; userId: string; online: boolean }
  | { type: 'consent'; state: Consent; user?: User }
  | { type: 'page'; do: 'begin'; e: number }
  | { type: 'page'; do: 'stop' }
  | { type: 'page'; do?: undefined; e: number; s: number; complete: boolean; url: string; title: string }
  | { type: 'mode'; mode: Mode; by: string; state: 'asked' | 'changed' | 'refused' | 'withdrawn'; requestId?: string; why?: string }
  | { type: 'deactivated'; by: EndedBy; reason: EndReason }
  | { type: 'replaced' }
);
