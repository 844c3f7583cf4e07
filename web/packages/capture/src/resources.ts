import type { Natives } from './natives.ts';
import type { ResourceSink } from './api.ts';

const MAX_BYTES = 5 << 20;
const MAX_TOTAL = 50 << 20;
const PARALLEL = 4;
/** Addresses in a page's life; further ones are not read. */
const MAX_URLS = 4096;
const TIMEOUT_MS = 15_000;

export interface Found { url: string; hash: string; type: string }

/** Reads pictures and fonts in the page's own browser, each address once, and hands their bytes to the server. */
export class Resources {
  /** Read or being read; lives as long as Capture, so that a new epoch reads nothing again. */
  readonly #known = new Map<string, Found | undefined>();
  readonly #queue: string[] = [];
  #running = 0;
  #total = 0;
  /** Wanted in the present epoch, so that each is told once. */
  #told = new Set<string>();
  #ready: Found[] = [];
  /** Named by a style sheet; read when the page itself has loaded them. */
  readonly #waiting = new Map<string, Window>();
  readonly #long = new Map<string, string>();

  constructor(private readonly win: Window & typeof globalThis, private readonly natives: Natives, private readonly sink: ResourceSink | undefined, private readonly schedule: () => void) {}

  /** A new epoch begins: what is known will be told again when the page names it. */
  begin(): void {
    this.#told = new Set();
    this.#ready = [];
  }

  /** The bytes of an absolute address are needed. */
  want(url: string): void {
    if (!this.sink || this.#told.has(url) || !/^(https?|blob):/i.test(url)) return;
    this.#wantAs(url);
  }

  #wantAs(url: string): void {
    if (this.#told.size >= MAX_URLS) return;
    this.#told.add(url);
    if (this.#known.has(url)) {
      const found = this.#known.get(url);
      if (found) this.#tell(found);
      return;
    }
    this.#known.set(url, undefined);
    this.#queue.push(url);
    this.#next();
  }

  /** A style sheet names it: of fonts and pictures only those are read that the page uses. */
  named(url: string, win: Window): void {
    if (!this.sink || this.#told.has(url)) return;
    if (/^blob:/i.test(url) || loaded(url, win)) this.want(url);
    else if (this.#waiting.size < MAX_URLS) this.#waiting.set(url, win);
  }

  poll(): void {
    for (const [url, win] of this.#waiting) {
      if (!loaded(url, win)) continue;
      this.#waiting.delete(url);
      this.want(url);
    }
  }

  /** An address that stands for a data: URL too long for an attribute. */
  nameOf(dataUrl: string): string | undefined {
    if (!this.sink || dataUrl.length > MAX_BYTES * 1.4 || this.#long.size >= 64) return undefined;
    let name = this.#long.get(dataUrl);
    if (name === undefined) this.#long.set(dataUrl, name = `https://data.twinpane.invalid/${this.#long.size + 1}`);
    if (!this.#told.has(name)) this.#wantAs(name);
    return name;
  }

  /** Puts bytes that are not behind an address (a canvas), under a name. */
  async put(name: string, type: string, bytes: ArrayBuffer): Promise<boolean> {
    if (!this.sink || bytes.byteLength > MAX_BYTES) return false;
    const hash = await this.sink.put(name, type, bytes).catch(() => '');
    if (hash === '') return false;
    this.#tell({ url: name, hash, type });
    return true;
  }

  take(): Found[] {
    return this.#ready.splice(0);
  }

  #tell(found: Found): void {
    this.#ready.push(found);
    this.schedule();
  }

  #next(): void {
    while (this.#running < PARALLEL && this.#queue.length > 0) {
      const url = this.#queue.shift()!;
      this.#running++;
      void this.#read(url).catch(() => ({ url, hash: '', type: '' })).then((found) => {
        this.#running--;
        this.#known.set(url, found);
        if (this.#told.has(url)) this.#tell(found);
        this.#next();
      });
    }
  }

  async #read(url: string): Promise<Found> {
    const none = { url, hash: '', type: '' };
    if (this.#total >= MAX_TOTAL) return none;
    const data = [...this.#long].find(([, name]) => name === url)?.[0];
    let type: string;
    let bytes: ArrayBuffer;
    if (data !== undefined) {
      const m = /^data:([^,]*?)(;base64)?,([^]*)$/i.exec(data);
      if (!m) return none;
      type = m[1]!.split(';')[0]!;
      bytes = (m[2] ? Uint8Array.from(atob(decodeURIComponent(m[3]!)), (c) => c.charCodeAt(0)) : new TextEncoder().encode(decodeURIComponent(m[3]!))).buffer;
    } else {
      const abort = new AbortController();
      const timer = this.natives.setTimeout(() => abort.abort(), TIMEOUT_MS);
      try {
        const response = await this.win.fetch(url, { credentials: 'same-origin', cache: 'force-cache', signal: abort.signal });
        if (!response.ok || Number(response.headers.get('content-length') ?? 0) > MAX_BYTES) {
          abort.abort();
          return none;
        }
        type = (response.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
        bytes = await response.arrayBuffer();
      } finally {
        this.natives.clearTimeout(timer);
      }
    }
    if (bytes.byteLength > MAX_BYTES) return none;
    this.#total += bytes.byteLength;
    return { url, type, hash: await this.sink!.put(url, type, bytes) };
  }
}

/** Has the page loaded it? Where the browser's list is full, the answer is yes for pictures. */
function loaded(url: string, win: Window): boolean {
  try {
    const { performance } = win;
    if (performance.getEntriesByName(url, 'resource').length > 0) return true;
    return performance.getEntriesByType('resource').length >= 250 && !/\.(woff2?|[ot]tf|eot)\b/i.test(url);
  } catch {
    return false;
  }
}
