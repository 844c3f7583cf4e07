/** A TCP or TLS connection that is read by conditions: what the HTTP and WebSocket clients stand on. */
import net from 'node:net';
import tls from 'node:tls';

/** How long anything may take before a case has failed. It only ever ends cases that have. */
export const PATIENCE = 20_000;

export class Bytes {
  private buffer: Buffer = Buffer.alloc(0);
  private ended = false;
  private waiting: (() => void)[] = [];

  private constructor(private readonly socket: net.Socket) {
    const wake = (): void => { for (const go of this.waiting.splice(0)) go(); };
    const end = (): void => { this.ended = true; wake(); };
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => { this.buffer = this.buffer.length ? Buffer.concat([this.buffer, chunk]) : chunk; wake(); });
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  static async open(url: URL): Promise<Bytes> {
    const secure = url.protocol === 'https:' || url.protocol === 'wss:';
    const port = Number(url.port) || (secure ? 443 : 80);
    const host = url.hostname;
    const socket = secure ? tls.connect({ host, port, servername: host, rejectUnauthorized: false }) : net.connect({ host, port });
    await new Promise<void>((resolve, reject) => {
      socket.once(secure ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return new Bytes(socket);
  }

  get isEnded(): boolean { return this.ended; }

  write(bytes: string | Buffer): void { if (!this.socket.destroyed) this.socket.write(bytes); }

  /** Waits until `take` finds what it looks for at the start of what came: it returns its value and how many bytes it took. */
  async read<T>(what: string, take: (bytes: Buffer, ended: boolean) => { value: T; taken: number } | undefined, patience = PATIENCE): Promise<T> {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = take(this.buffer, this.ended);
      if (found) {
        this.buffer = this.buffer.subarray(found.taken);
        return found.value;
      }
      if (this.ended) throw new Error(`the server closed the connection instead of sending ${what}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`waited in vain for ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.push(() => { clearTimeout(timer); resolve(); });
      });
    }
  }

  /** Waits for the end of the connection; throws away what still comes. */
  async end(patience = PATIENCE): Promise<void> {
    await this.read('the end of the connection', (bytes, ended) => {
      if (!ended) this.buffer = Buffer.alloc(0);
      return ended ? { value: undefined, taken: bytes.length } : undefined;
    }, patience);
  }

  close(): void { this.socket.destroy(); }
}
