/** An HTTP/1.1 client that hides nothing: requests are the bytes that one writes, answers are taken apart as they came. */
import { Bytes } from './bytes.ts';

export interface Answer { status: number; headers: Map<string, string>; cookies: string[]; body: Buffer }

export class Http {
  private constructor(readonly bytes: Bytes, readonly url: URL) {}

  static async open(url: URL): Promise<Http> { return new Http(await Bytes.open(url), url); }

  /** The bytes of a request; Host and Content-Length are added unless `headers` names them. */
  static encode(url: URL, method: string, path: string, headers: Record<string, string>, body?: string | Buffer): Buffer {
    const lines = [`${method} ${path} HTTP/1.1`];
    const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    if (!names.has('host')) lines.push(`Host: ${url.host}`);
    const payload = Buffer.from(body ?? '');
    if (body !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) lines.push(`Content-Length: ${payload.length}`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), payload]);
  }

  send(method: string, path: string, headers: Record<string, string>, body?: string | Buffer): void {
    this.bytes.write(Http.encode(this.url, method, path, headers, body));
  }

  /** The next final answer; interim ones (100) are passed over. */
  async answer(method = 'POST', patience?: number): Promise<Answer> {
    for (;;) {
      const head = await this.bytes.read('an HTTP answer', (bytes) => {
        const end = bytes.indexOf('\r\n\r\n');
        return end < 0 ? undefined : { value: bytes.subarray(0, end).toString('latin1'), taken: end + 4 };
      }, patience);
      const [first = '', ...lines] = head.split('\r\n');
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
      if (!status) throw new Error(`no HTTP answer: ${first}`);
      const headers = new Map<string, string>();
      const cookies: string[] = [];
      for (const line of lines) {
        const colon = line.indexOf(':');
        const name = line.slice(0, colon).toLowerCase();
        const value = line.slice(colon + 1).trim();
        if (name === 'set-cookie') cookies.push(value.split(';')[0] ?? '');
        headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
      }
      if (status >= 200) return { status, headers, cookies, body: await this.body(method, status, headers) };
    }
  }

  /** Waits for an interim answer, such as 100 Continue. */
  interim(): Promise<number> {
    return this.bytes.read('an interim answer', (bytes) => {
      const end = bytes.indexOf('\r\n\r\n');
      return end < 0 ? undefined : { value: Number(bytes.subarray(9, 12).toString('latin1')), taken: end + 4 };
    });
  }

  private async body(method: string, status: number, headers: Map<string, string>): Promise<Buffer> {
    if (method === 'HEAD' || status === 204 || status === 304) return Buffer.alloc(0);
    if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return this.chunks();
    const length = headers.get('content-length');
    if (length !== undefined) {
      const wanted = Number(length);
      return this.bytes.read('the rest of a body', (bytes) => (bytes.length < wanted ? undefined : { value: Buffer.from(bytes.subarray(0, wanted)), taken: wanted }));
    }
    return this.bytes.read('the end of a body', (bytes, ended) => (ended ? { value: Buffer.from(bytes), taken: bytes.length } : undefined));
  }

  private async chunks(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const size = await this.bytes.read('the size of a chunk', (bytes) => {
        const end = bytes.indexOf('\r\n');
        return end < 0 ? undefined : { value: parseInt(bytes.subarray(0, end).toString('latin1'), 16), taken: end + 2 };
      });
      const part = await this.bytes.read('a chunk', (bytes) => (bytes.length < size + 2 ? undefined : { value: Buffer.from(bytes.subarray(0, size)), taken: size + 2 }));
      if (size === 0) return Buffer.concat(parts);
      parts.push(part);
    }
  }

  close(): void { this.bytes.close(); }
}
