/** The stock clients' extensions: acknowledgements over broken connections, clock synchronisation, binary data. */
import { AckExtension as Ack9 } from 'cometd/AckExtension.js';
import { BinaryExtension as Binary9 } from 'cometd/BinaryExtension.js';
import { TimeSyncExtension as TimeSync9 } from 'cometd/TimeSyncExtension.js';
import Ack7 from 'cometd7/AckExtension.js';
import Binary7 from 'cometd7/BinaryExtension.js';
import TimeSync7 from 'cometd7/TimeSyncExtension.js';
import type { CometD, Extension, Message } from 'cometd';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { disconnect, generations, make, open, publish, subscribe, type Generation, type TransportName } from './lib/cometd.ts';
import { EchoServer, until } from './lib/echo.ts';
import { Gate } from './lib/gate.ts';

interface Clock extends Extension { getTimeOffset(): number; getNetworkLag(): number }
const extensions: Record<Generation, { ack: new () => Extension; binary: new () => Extension; sync: new () => Extension }> = {
  '9.0.0': { ack: Ack9, binary: Binary9, sync: TimeSync9 },
  '7.0.19': { ack: Ack7, binary: Binary7, sync: TimeSync7 },
};

let server: EchoServer;
let gate: Gate;
const clients: CometD[] = [];

beforeAll(async () => {
  server = await EchoServer.start();
  gate = await Gate.before(server.port);
});
afterEach(async () => { await Promise.all(clients.splice(0).map(disconnect)); });
afterAll(async () => {
  await gate.close();
  await server.stop();
});

function client(generation: Generation, transport: TransportName, url = server.url): CometD {
  const made = make(generation, url, transport);
  clients.push(made);
  return made;
}

const matrix = (Object.keys(generations) as Generation[]).flatMap((generation) =>
  (['websocket', 'long-polling'] as const).map((transport) => ({ generation, transport })));

describe.each(matrix)('cometd $generation over $transport', ({ generation, transport }) => {
  test('acknowledges: connections are cut again and again, and every message comes once, in order', async () => {
    const one = client(generation, transport, gate.url);
    one.registerExtension('ack', new extensions[generation].ack());
    let agreed: unknown;
    const batches: number[] = [];
    one.addListener('/meta/handshake', (message: Message) => { agreed = (message.ext as Record<string, unknown> | undefined)?.['ack']; });
    one.addListener('/meta/connect', (message: Message) => {
      const ack = (message.ext as Record<string, unknown> | undefined)?.['ack'];
      if (typeof ack === 'number') batches.push(ack);
    });
    const other = client(generation, 'websocket');
    await Promise.all([open(one), open(other)]);
    expect(agreed).toBe(true);
    const id = one.getClientId();
    const got = await subscribe(one, '/acked/*');
    const sent: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      for (let i = 0; i < 10; i += 1) {
        sent.push(sent.length);
        void publish(other, '/acked/a', { n: sent.length - 1 });
        if (i === 5) gate.cut(); // whatever is on its way now is lost
      }
      await until('what was sent', () => got.messages.length >= sent.length);
    }
    expect(got.messages.map((message) => (message.data as { n: number }).n)).toEqual(sent);
    expect(one.getClientId()).toBe(id);
    expect(batches).toEqual([...batches].sort((a, b) => a - b));
    expect(batches.at(-1)).toBeGreaterThan(1);
  });

  test('synchronises its clock', async () => {
    const one = client(generation, transport);
    const clock = new extensions[generation].sync() as Clock;
    one.registerExtension('timesync', clock);
    const replies: unknown[] = [];
    one.addListener('/meta/handshake', (message: Message) => { replies.push((message.ext as Record<string, unknown> | undefined)?.['timesync']); });
    await open(one);
    expect(replies[0]).toMatchObject({ tc: expect.any(Number), ts: expect.any(Number), p: expect.any(Number), a: expect.any(Number) });
    // One machine, one clock: what it makes out is at most what the way took.
    expect(Math.abs(clock.getTimeOffset())).toBeLessThan(10_000);
    expect(clock.getNetworkLag()).toBeGreaterThanOrEqual(0);
  });

  test('sends and receives binary data', async () => {
    const one = client(generation, transport);
    one.registerExtension('binary', new extensions[generation].binary());
    await open(one);
    const got = await subscribe(one, '/binary');
    const bytes = Uint8Array.from({ length: 257 }, (_, i) => i & 0xff);
    const reply = await new Promise<Message>((resolve) =>
      one.publishBinary('/binary', bytes, true, { name: 'all bytes' }, resolve));
    expect(reply.successful).toBe(true);
    await until('it to come', () => got.messages.length === 1);
    const data = got.messages[0]?.data as { data: ArrayBuffer; last: boolean; meta: unknown };
    expect([...new Uint8Array(data.data)]).toEqual([...bytes]);
    expect(data).toMatchObject({ last: true, meta: { name: 'all bytes' } });
  });
});
