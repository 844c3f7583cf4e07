// Packages without types of their own: what the tests use of them.
declare module 'cometd7' {
  import type { CometD } from 'cometd';
  const exported: { CometD: new () => CometD };
  export default exported;
}

declare module 'cometd7/ReloadExtension.js' {
  import type { Extension } from 'cometd';
  const ReloadExtension: new () => Extension;
  export default ReloadExtension;
}

declare module 'faye' {
  interface Promised { then(done: () => void, failed: (error: { code: number; params: string[]; message: string }) => void): unknown }
  export class Client {
    constructor(url: string, options?: { timeout?: number; retry?: number });
    disable(feature: 'websocket' | 'autodisconnect'): void;
    setHeader(name: string, value: string): void;
    on(event: 'transport:up' | 'transport:down', done: () => void): void;
    connect(done?: () => void): void;
    disconnect(): Promised;
    subscribe(channel: string | string[], got: (data: unknown) => void): Promised & { cancel(): void };
    publish(channel: string, data: unknown): Promised;
    addExtension(extension: {
      incoming?: (message: Record<string, unknown>, pass: (message: unknown) => void) => void;
      outgoing?: (message: Record<string, unknown>, pass: (message: unknown) => void) => void;
    }): void;
  }
  const exported: { Client: typeof Client };
  export default exported;
}

declare module 'cometd/AckExtension.js' { export { AckExtension } from 'cometd'; }
declare module 'cometd/BinaryExtension.js' { export { BinaryExtension } from 'cometd'; }
declare module 'cometd/TimeSyncExtension.js' { export { TimeSyncExtension } from 'cometd'; }
declare module 'cometd7/AckExtension.js' { import { AckExtension } from 'cometd'; export default AckExtension; }
declare module 'cometd7/BinaryExtension.js' { import { BinaryExtension } from 'cometd'; export default BinaryExtension; }
declare module 'cometd7/TimeSyncExtension.js' { import { TimeSyncExtension } from 'cometd'; export default TimeSyncExtension; }
