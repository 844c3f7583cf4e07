/** What runs in the page: stock clients behind one small interface, so that one set of scenarios serves them all. */
import { CometD as CometD9, ReloadExtension as Reload9, type CometD, type Extension, type Message } from 'cometd';
import cometd7 from 'cometd7';
import Reload7 from 'cometd7/ReloadExtension.js';
import faye from 'faye';

export type Kind = 'cometd 9.0.0' | 'cometd 7.0.19' | 'faye 1.4.3';
export type Way = 'websocket' | 'long-polling' | 'callback-polling';

export interface Party {
  readonly got: unknown[];
  /** What the server advised about several clients of one browser, newest last. */
  readonly crowded: Record<string, unknown>[];
  clientId(): string;
  transport(): string;
  subscribe(channel: string): Promise<boolean>;
  publish(channel: string, data: unknown): Promise<boolean>;
  /** As one batch where the client has batches. */
  publishAll(channel: string, all: unknown[]): Promise<void>;
  /** Keeps the session for the next load of the page (CometD's reload extension). */
  keep(): void;
  disconnect(): Promise<void>;
}

export interface Wish { kind: Kind; url: string; way?: Way; reload?: boolean; headers?: Record<string, string> }

const generations = {
  'cometd 9.0.0': { make: () => new CometD9(), reload: () => new Reload9() as Extension },
  'cometd 7.0.19': { make: () => new cometd7.CometD(), reload: () => new Reload7() as Extension },
};

async function openCometd(wish: Wish & { kind: keyof typeof generations }): Promise<Party> {
  const { make, reload } = generations[wish.kind];
  const client: CometD = make();
  const wanted = wish.way ? [wish.way] : ['websocket', 'long-polling'];
  for (const name of client.getTransportTypes()) if (!wanted.includes(name)) client.unregisterTransport(name);
  if (wish.reload) client.registerExtension('reload', reload());
  client.configure({ url: wish.url, logLevel: 'warn', backoffIncrement: 100, ...(wish.headers ? { requestHeaders: wish.headers } : {}) });
  const got: unknown[] = [];
  const crowded: Record<string, unknown>[] = [];
  const connected = new Promise<void>((resolve) => {
    client.addListener('/meta/connect', (message: Message) => {
      const advice = message.advice as Record<string, unknown> | undefined;
      if (advice?.['multiple-clients']) crowded.push(advice);
      if (message.successful) resolve();
    });
  });
  await new Promise<void>((resolve, reject) => client.handshake({}, (reply) => {
    if (reply.successful || reply.advice?.reconnect !== 'none') resolve();
    else reject(new Error(`handshake: ${reply.error ?? JSON.stringify((reply as { failure?: unknown }).failure)}`));
  }));
  await Promise.race([connected, new Promise((_, reject) => setTimeout(() => reject(new Error('never connected')), 20_000))]);
  const publish = (channel: string, data: unknown): Promise<boolean> =>
    new Promise((resolve) => client.publish(channel, data as object, (reply) => resolve(reply.successful === true)));
  return {
    got, crowded, publish,
    clientId: () => client.getClientId() ?? '',
    transport: () => {
      const transport = client.getTransport() as unknown as { type?: string; getType?: () => string } | null;
      return transport?.type ?? transport?.getType?.() ?? '';
    },
    subscribe: (channel) => new Promise((resolve) => client.subscribe(channel, (message) => got.push(message.data), (reply) => resolve(reply.successful === true))),
    publishAll: async (channel, all) => {
      const done: Promise<boolean>[] = [];
      client.batch(() => { for (const data of all) done.push(publish(channel, data)); });
      await Promise.all(done);
    },
    keep: () => (client as unknown as { reload: () => void }).reload(),
    disconnect: () => new Promise((resolve) => (client.isDisconnected() ? resolve() : client.disconnect(() => resolve()))),
  };
}

async function openFaye(wish: Wish): Promise<Party> {
  const client = new faye.Client(wish.url, { timeout: 20, retry: 1 });
  const off: Record<Way, string[]> = {
    websocket: [],
    'long-polling': ['websocket', 'eventsource'],
    'callback-polling': ['websocket', 'eventsource', 'long-polling', 'cross-origin-long-polling'],
  };
  for (const feature of wish.way ? off[wish.way] : []) client.disable(feature as 'websocket');
  const got: unknown[] = [];
  let clientId = '';
  let transport = '';
  const connected = new Promise<void>((resolve) => client.addExtension({
    incoming: (message, pass) => {
      if (message['channel'] === '/meta/handshake') clientId = String(message['clientId']);
      if (message['channel'] === '/meta/connect' && message['successful']) resolve();
      pass(message);
    },
    outgoing: (message, pass) => {
      if (message['channel'] === '/meta/connect') transport = String(message['connectionType']);
      pass(message);
    },
  }));
  const outcome = (promised: { then(ok: () => void, failed: () => void): unknown }): Promise<boolean> =>
    new Promise((resolve) => promised.then(() => resolve(true), () => resolve(false)));
  client.connect();
  await Promise.race([connected, new Promise((_, reject) => setTimeout(() => reject(new Error('never connected')), 20_000))]);
  return {
    got, crowded: [],
    clientId: () => clientId,
    transport: () => transport,
    subscribe: (channel) => outcome(client.subscribe(channel, (data) => got.push(data))),
    publish: (channel, data) => outcome(client.publish(channel, data)),
    publishAll: async (channel, all) => { await Promise.all(all.map((data) => outcome(client.publish(channel, data)))); },
    keep: () => { throw new Error('Faye has no reload'); },
    disconnect: async () => { await outcome(client.disconnect()); },
  };
}

export interface PageApi { parties: Record<string, Party>; open(name: string, wish: Wish): Promise<string> }

const api: PageApi = {
  parties: {},
  /** The transport in use, or why it could not be opened. */
  open: async (name, wish) => {
    try {
      const party = await (wish.kind === 'faye 1.4.3' ? openFaye(wish) : openCometd({ ...wish, kind: wish.kind }));
      api.parties[name] = party;
      return party.transport();
    } catch (error) {
      return `failed: ${String(error)}`;
    }
  },
};
(window as unknown as { bayeux: PageApi }).bayeux = api;
