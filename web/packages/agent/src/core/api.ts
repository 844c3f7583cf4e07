/** The REST side of the desk: who the agent is, and everything that is asked over HTTP. The access token stays in memory. */
import { errorText, type Batch, type EndedBy, type EndReason } from '@twinpane/protocol';
import { Changes } from './emitter.ts';
import type { Clock } from './clock.ts';
import { readLines } from './ndjson.ts';

export interface Agent { id: string; login: string; name: string; roles: string[] }
export interface DeskConfig { viewerOrigin: string; publicUrl: string; version: string }
export interface FoundSession {
  sessionToken: string;
  sessionServerName: string;
  sessionServerUrl: string;
  state: string;
  site: string;
}
export interface HistoryRecord {
  id: string;
  creationTime: number;
  activationTime: number | null;
  deactivationTime: number | null;
  endedBy: EndedBy | null;
  endReason: EndReason | null;
  site: string;
  pages: { url: string; title: string; enteredTimestamp: number; duration: number }[];
}

/** A request that failed. `code` is the numbered error, 0 when the server was not reached or did not say. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly code: number, message: string) {
    super(message);
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

interface LoginAnswer { accessToken: string; expiresIn: number; agent: Agent }

export interface ApiDeps {
  fetch: typeof fetch;
  clock: Clock;
  /** Runs one refresh at a time over all tabs: the refresh cookie is replaced by each, so two at once would clash. */
  exclusive<T>(fn: () => Promise<T>): Promise<T>;
}

/** Serialises over the tabs of this browser where Web Locks exist. */
export function browserExclusive<T>(fn: () => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks;
  return locks ? locks.request('twinpane-refresh', fn) as Promise<T> : fn();
}

export interface PageRequest { base: string; sessionToken: string; userToken: string; signal: AbortSignal }
export interface PageSink {
  batch(batch: Batch): void;
  /** Bytes read so far, after decompression; `total` when the server tells it. */
  progress(bytes: number, total: number | undefined): void;
}

export class Api {
  readonly changes = new Changes();
  #agent: Agent | undefined;
  #token: string | undefined;
  #renewing: Promise<boolean> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(private readonly deps: ApiDeps, private readonly root = '/cobrowse') {}

  get agent(): Agent | undefined {
    return this.#agent;
  }

  /** The access token of this moment, for the handshake. */
  get token(): string | undefined {
    return this.#token;
  }

  async login(login: string, password: string): Promise<Agent> {
    const response = await this.#send(`${this.root}/rest/auth/login`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ login, password }),
    });
    return this.#accept(await response.json() as LoginAnswer);
  }

  /** Asks for a new access token by the refresh cookie. False: log in again. Throws when the server is out of reach. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.deps.exclusive(() => this.#renew()).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async logout(): Promise<void> {
    const token = this.#token;
    this.#forget();
    await this.#send(`${this.root}/rest/auth/logout`, {
      method: 'POST',
      headers: { 'X-Twinpane': '1', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
    });
  }

  async config(): Promise<DeskConfig> {
    return await (await this.#authorised(`${this.root}/rest/desk/config`)).json() as DeskConfig;
  }

  async find(sessionToken: string): Promise<FoundSession> {
    const url = `${this.root}/rest/live/sessions/${encodeURIComponent(sessionToken)}`;
    return await (await this.#authorised(url)).json() as FoundSession;
  }

  async history(id: string): Promise<HistoryRecord> {
    const url = `${this.root}/rest/history/sessions/${encodeURIComponent(id)}`;
    return await (await this.#authorised(url)).json() as HistoryRecord;
  }

  /** Streams the mirrored page, one batch per line, into `sink`. */
  async page(request: PageRequest, sink: PageSink): Promise<void> {
    const url = `${request.base}/rest/live/sessions/${encodeURIComponent(request.sessionToken)}/page`;
    const response = await this.#authorised(url, {
      signal: request.signal, headers: { 'X-Twinpane-User': request.userToken },
    });
    if (!response.body) throw new ApiError(response.status, 0, 'The page had no body.');
    const total = totalBytes(response.headers);
    let first = true;
    await readLines(response.body, (line, bytes) => {
      sink.batch(JSON.parse(line) as Batch);
      sink.progress(bytes, total);
      first = false;
    }, (bytes) => {
      if (first) sink.progress(bytes, total);
    });
  }

  async #authorised(url: string, init: RequestInit = {}): Promise<Response> {
    const withToken = (): RequestInit => ({
      ...init, headers: { ...init.headers, ...(this.#token ? { Authorization: `Bearer ${this.#token}` } : {}) },
    });
    try {
      return await this.#send(url, withToken());
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      if (!await this.renew()) throw error;
      return await this.#send(url, withToken());
    }
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await this.deps.fetch(url, { credentials: 'same-origin', cache: 'no-store', ...init });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, 0, 'The server can’t be reached.');
    }
    if (response.ok) return response;
    throw await readError(response);
  }

  async #renew(): Promise<boolean> {
    try {
      const response = await this.#send(`${this.root}/rest/auth/refresh`, { method: 'POST', headers: { 'X-Twinpane': '1' } });
      this.#accept(await response.json() as LoginAnswer);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        this.#forget();
        return false;
      }
      throw error;
    }
  }

  #accept(answer: LoginAnswer): Agent {
    const isNew = this.#agent?.id !== answer.agent.id;
    this.#agent = answer.agent;
    this.#token = answer.accessToken;
    this.#schedule(answer.expiresIn);
    if (isNew) this.changes.fire();
    return answer.agent;
  }

  #forget(): void {
    const was = this.#agent;
    this.#agent = undefined;
    this.#token = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (was) this.changes.fire();
  }

  /** Renews a fifth of the life, at most a minute, before the end; tries again every 5 s while the server is away. */
  #schedule(expiresIn: number): void {
    const ahead = Math.min(60, expiresIn / 5);
    this.#at(Math.max(1, expiresIn - ahead) * 1000);
  }

  #at(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.deps.clock.after(ms, () => {
      this.renew().catch(() => this.#at(5000));
    });
  }
}

async function readError(response: Response): Promise<ApiError> {
  let code = 0;
  let detail = '';
  try {
    const body = await response.json() as { code?: unknown; detail?: unknown; title?: unknown };
    if (typeof body.code === 'number') code = body.code;
    detail = String(body.detail ?? body.title ?? '');
  } catch {
    // A proxy may answer without a body of ours; the status has to do.
  }
  return new ApiError(response.status, code, errorText[code] ?? (detail || `The server answered ${response.status}.`));
}

/**
 * The size of the body after decompression. Content-Length says it only of a body that is not compressed; the
 * optional header X-Twinpane-Bytes says it always.
 */
export function totalBytes(headers: Headers): number | undefined {
  const told = Number(headers.get('X-Twinpane-Bytes') ?? NaN);
  if (told > 0) return told;
  const encoding = headers.get('Content-Encoding');
  const length = Number(headers.get('Content-Length') ?? NaN);
  return (!encoding || encoding === 'identity') && length > 0 ? length : undefined;
}
