/** A TCP gate before a server: it can refuse WebSockets, as some companies' proxies do, and cut all connections. */
import net from 'node:net';
import { kind } from './echo.ts';

export class Gate {
  refuseWebSockets = false;
  upgrades = 0;
  private readonly open = new Set<net.Socket>();

  private constructor(private readonly server: net.Server, readonly port: number) {}

  get url(): string { return `http://127.0.0.1:${this.port}${kind.path}`; }

  static async before(target: number): Promise<Gate> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const gate = new Gate(server, typeof address === 'object' && address ? address.port : 0);
    server.on('connection', (client) => gate.pass(client, target));
    return gate;
  }

  private pass(client: net.Socket, target: number): void {
    this.open.add(client);
    client.on('error', () => undefined);
    client.on('close', () => this.open.delete(client));
    // One head is enough to know what a connection is for: a WebSocket's is the first on its connection.
    client.once('data', (head) => {
      if (/^upgrade: *websocket/im.test(head.toString('latin1'))) {
        this.upgrades += 1;
        if (this.refuseWebSockets) {
          client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
          return;
        }
      }
      const server = net.connect(target, '127.0.0.1');
      server.on('error', () => client.destroy());
      server.on('close', () => client.destroy());
      client.on('close', () => server.destroy());
      server.write(head);
      client.pipe(server);
      server.pipe(client);
    });
  }

  cut(): void { for (const socket of this.open) socket.destroy(); }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
