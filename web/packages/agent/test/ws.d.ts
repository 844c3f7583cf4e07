// `ws` brings no types; this is the part the fake node uses.
declare module 'ws' {
  import type { Server } from 'node:http';
  export class WebSocket {
    readonly readyState: number;
    on(event: 'message', fn: (data: Buffer) => void): void;
    on(event: 'close' | 'error', fn: () => void): void;
    send(text: string): void;
    terminate(): void;
  }
  export class WebSocketServer {
    constructor(options: { server: Server });
    on(event: 'connection', fn: (socket: WebSocket) => void): void;
    close(): void;
  }
}
