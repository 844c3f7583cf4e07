// `ws` brings no types; this is the part the test server uses.
declare module 'ws' {
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';
  export class WebSocket {
    on(event: 'message', fn: (data: Buffer) => void): void;
    on(event: 'close' | 'error', fn: () => void): void;
    send(text: string): void;
    terminate(): void;
  }
  export class WebSocketServer {
    constructor(options: { noServer: true; maxPayload: number });
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, fn: (ws: WebSocket) => void): void;
  }
}
