import type { ResourceSink } from '@twinpane/capture';

const kBatch = 64;
const kBatchMs = 50;
const kUploads = 3;
const kWaiting = 512;
const kOneBytes = 5 * 1024 * 1024;
const kSessionBytes = 50 * 1024 * 1024;

export interface UploadOptions {
  /** Base and user token as they are now; undefined: nothing can be sent. */
  where(): { base: string; userToken: string } | undefined;
  /** Bytes uploaded in this session so far, over all pages. */
  used: { get(): number; set(bytes: number): void };
  subtle: Pick<SubtleCrypto, 'digest'>;
  fetch: typeof fetch;
}

interface Wanted {
  hash: string;
  type: string;
  bytes: ArrayBuffer;
  settle: (hash: string) => void;
}

/**
 * Stores page resources at the server under their SHA-256: asks which are missing (many at once), uploads only those,
 * three at a time. Never rejects: what could not be stored is the empty hash ("not available").
 */
export class Uploader implements ResourceSink {
  #known = new Map<string, Promise<string>>();
  #queue: Wanted[] = [];
  #asking: ReturnType<typeof setTimeout> | undefined;
  #uploads = 0;
  #ready: Wanted[] = [];

  constructor(private readonly o: UploadOptions) {}

  async put(_url: string, type: string, bytes: ArrayBuffer): Promise<string> {
    if (bytes.byteLength > kOneBytes || this.#queue.length + this.#ready.length >= kWaiting) return '';
    try {
      const hash = hex(await this.o.subtle.digest('SHA-256', bytes));
      let known = this.#known.get(hash);
      if (!known) {
        known = new Promise<string>((settle) => { this.#enqueue({ hash, type, bytes, settle }); });
        this.#known.set(hash, known);
        // A failure is not remembered: the next page change may try again.
        void known.then((got) => { if (got === '') this.#known.delete(hash); });
      }
      return await known;
    } catch {
      return '';
    }
  }

  #enqueue(wanted: Wanted): void {
    this.#queue.push(wanted);
    if (this.#queue.length >= kBatch) {
      clearTimeout(this.#asking);
      this.#asking = undefined;
      void this.#ask();
    } else this.#asking ??= setTimeout(() => {
      this.#asking = undefined;
      void this.#ask();
    }, kBatchMs);
  }

  async #ask(): Promise<void> {
    const asked = this.#queue.splice(0, kBatch);
    if (asked.length === 0) return;
    let missing: Set<string>;
    try {
      const answer = await this.#request('POST', 'missing', JSON.stringify({ hashes: asked.map((w) => w.hash) }), 'application/json');
      missing = new Set(((await answer.json()) as { missing: string[] }).missing);
    } catch {
      for (const w of asked) w.settle('');
      return;
    }
    for (const w of asked) {
      if (missing.has(w.hash)) this.#ready.push(w);
      else w.settle(w.hash);
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#uploads < kUploads && this.#ready.length > 0) {
      const w = this.#ready.shift()!;
      const used = this.o.used.get() + w.bytes.byteLength;
      if (used > kSessionBytes) {
        w.settle('');
        continue;
      }
      this.o.used.set(used);
      ++this.#uploads;
      this.#request('PUT', w.hash, w.bytes, w.type || 'application/octet-stream')
        .then(() => w.hash, () => '')
        .then((hash) => {
          --this.#uploads;
          w.settle(hash);
          this.#pump();
        });
    }
  }

  async #request(method: string, path: string, body: string | ArrayBuffer, type: string): Promise<Response> {
    const where = this.o.where();
    if (!where) throw new Error('no session');
    const answer = await this.o.fetch(`${where.base}/resource/${path}`, {
      method, body, credentials: 'omit', headers: { 'Content-Type': type, 'X-Twinpane-User': where.userToken },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  }
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, '0')).join('');
}
