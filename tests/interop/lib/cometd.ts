/** The stock CometD clients of two generations, and promises around their callbacks. */
import { CometD as CometD9, type CometD, type Configuration, type Message } from 'cometd';
import { adapt } from 'cometd-nodejs-client';
import cometd7 from 'cometd7';

adapt();

export const generations = { '9.0.0': () => new CometD9(), '7.0.19': () => new cometd7.CometD() };
export type Generation = keyof typeof generations;
export type TransportName = 'websocket' | 'long-polling';

export function make(generation: Generation, url: string, transport?: TransportName, more: Partial<Configuration> = {}): CometD {
  const client = generations[generation]();
  for (const name of ['websocket', 'long-polling', 'callback-polling'] as const) {
    if (name === 'callback-polling' || (transport && name !== transport)) client.unregisterTransport(name);
  }
  client.configure({ url, logLevel: 'warn', backoffIncrement: 100, ...more });
  return client;
}

export const handshake = (client: CometD, ext?: object): Promise<Message> =>
  new Promise((resolve) => client.handshake(ext ? { ext } : {}, resolve));

/** The name of the transport in use: a property since version 8, a method before. */
export function transportOf(client: CometD): string | undefined {
  const transport = client.getTransport() as unknown as { type?: string; getType?: () => string } | null;
  return transport?.type ?? transport?.getType?.();
}

/** Shakes hands and waits for the first connect's answer; a transport that fails on the way may be followed by another. */
export async function open(client: CometD): Promise<void> {
  const connected = new Promise<void>((resolve) => {
    const handle = client.addListener('/meta/connect', (message: Message) => {
      if (!message.successful) return;
      client.removeListener(handle);
      resolve();
    });
  });
  const reply = await handshake(client);
  if (reply.error) throw new Error(`handshake failed: ${reply.error}`);
  await connected;
}

/** Subscribes; what comes is in the array. */
export function subscribe(client: CometD, channel: string): Promise<{ messages: Message[]; reply: Message }> {
  const messages: Message[] = [];
  return new Promise((resolve) => client.subscribe(channel, (message) => messages.push(message), (reply) => resolve({ messages, reply })));
}

export const publish = (client: CometD, channel: string, data: unknown): Promise<Message> =>
  new Promise((resolve) => client.publish(channel, data as object, resolve));

export const call = (client: CometD, target: string, data: unknown): Promise<Message> =>
  new Promise((resolve) => client.remoteCall(target, data, 20_000, resolve));

export const disconnect = (client: CometD): Promise<Message | undefined> =>
  new Promise((resolve) => (client.isDisconnected() ? resolve(undefined) : client.disconnect(resolve)));
