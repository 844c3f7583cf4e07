/** A WebSocket client that hides nothing: frames out as one makes them, frames in as they came. */
import { createHash, randomBytes } from 'node:crypto';
import { Bytes } from './bytes.ts';

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export interface Frame { fin: boolean; opcode: number; payload: Buffer }

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A client's frame: masked, as it must be. */
export function frame(opcode: number, payload: string | Buffer, fin = true): Buffer {
  const data = Buffer.from(payload);
  const mask = randomBytes(4);
  let head: Buffer;
  if (data.length < 126) {
    head = Buffer.from([0, 0x80 | data.length]);
  } else if (data.length < 65536) {
    head = Buffer.from([0, 0x80 | 126, data.length >> 8, data.length & 255]);
  } else {
    head = Buffer.alloc(10);
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  head[0] = (fin ? 0x80 : 0) | opcode;
  const masked = Buffer.from(data);
  for (let i = 0; i < masked.length; i += 1) masked[i] = masked[i]! ^ mask[i & 3]!;
  return Buffer.concat([head, mask, masked]);
}

export class Socket {
  private constructor(readonly bytes: Bytes, readonly protocol: string | undefined) {}

  /** The status line and headers that answer an upgrade request. */
  static async knock(url: URL, headers: Record<string, string | undefined> = {}): Promise<{ bytes: Bytes; status: number; headers: Map<string, string>; key: string }> {
    const bytes = await Bytes.open(url);
    const key = randomBytes(16).toString('base64');
    const all: Record<string, string | undefined> = {
      Host: url.host, Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13', ...headers,
    };
    const lines = Object.entries(all).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}`);
    bytes.write(`GET ${url.pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    const head = await bytes.read('an answer to the upgrade', (got) => {
      const end = got.indexOf('\r\n\r\n');
      return end < 0 ? undefined : { value: got.subarray(0, end).toString('latin1'), taken: end + 4 };
    });
    const [first = '', ...rest] = head.split('\r\n');
    const answered = new Map(rest.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    return { bytes, status: Number(first.split(' ')[1]), headers: answered, key };
  }

  static async open(url: URL, headers: Record<string, string | undefined> = {}): Promise<Socket> {
    const { bytes, status, headers: answered, key } = await Socket.knock(url, headers);
    if (status !== 101) {
      bytes.close();
      throw new Error(`the WebSocket was answered with ${status}`);
    }
    const accept = createHash('sha1').update(key + GUID).digest('base64');
    if (answered.get('sec-websocket-accept') !== accept) throw new Error('Sec-WebSocket-Accept is wrong');
    return new Socket(bytes, answered.get('sec-websocket-protocol'));
  }

  send(opcode: number, payload: string | Buffer, fin = true): void { this.bytes.write(frame(opcode, payload, fin)); }
  text(payload: string): void { this.send(Opcode.text, payload); }

  /** The next frame. A server's is never masked. */
  next(patience?: number): Promise<Frame> {
    return this.bytes.read('a WebSocket frame', (bytes) => {
      if (bytes.length < 2) return undefined;
      if (bytes[1]! & 0x80) throw new Error('a masked frame from the server');
      let length = bytes[1]! & 127;
      let at = 2;
      if (length === 126) {
        if (bytes.length < 4) return undefined;
        length = bytes.readUInt16BE(2);
        at = 4;
      } else if (length === 127) {
        if (bytes.length < 10) return undefined;
        length = Number(bytes.readBigUInt64BE(2));
        at = 10;
      }
      if (bytes.length < at + length) return undefined;
      return { value: { fin: (bytes[0]! & 0x80) !== 0, opcode: bytes[0]! & 15, payload: Buffer.from(bytes.subarray(at, at + length)) }, taken: at + length };
    }, patience);
  }

  /** The next whole message or control frame; pings are answered. */
  async message(patience?: number): Promise<Frame> {
    const parts: Buffer[] = [];
    let opcode = 0;
    for (;;) {
      const one = await this.next(patience);
      if (one.opcode === Opcode.ping) {
        this.send(Opcode.pong, one.payload);
      } else if (one.opcode >= 8) {
        return one;
      } else {
        if (one.opcode !== Opcode.continuation) opcode = one.opcode;
        parts.push(one.payload);
        if (one.fin) return { fin: true, opcode, payload: Buffer.concat(parts) };
      }
    }
  }

  close(): void { this.bytes.close(); }
}
