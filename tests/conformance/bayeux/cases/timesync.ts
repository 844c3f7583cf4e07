/** The timesync extension. */
import assert from 'node:assert/strict';
import { all, both, define, each, successful } from '../lib/case.ts';
import type { Message } from '../lib/session.ts';

const needs = { needs: ['timesync'] };
interface Sync { tc: number; ts: number; p: number; a?: number }
const syncOf = (reply: Message): Sync | undefined => (reply['ext'] as { timesync?: Sync } | undefined)?.timesync;

each(all, 'timesync: the reply to the handshake has tc, ts, p and a', async (t, kind) => {
  const tc = Date.now();
  const reply = await t.fresh(kind).handshake({ ext: { timesync: { tc, l: 0, o: 0 } } });
  successful(reply);
  const sync = syncOf(reply);
  assert(sync, 'no timesync');
  assert.equal(sync.tc, tc);
  for (const name of ['ts', 'p', 'a'] as const) assert(Number.isInteger(sync[name]), `${name}: ${JSON.stringify(sync)}`);
}, needs);

define('timesync: a is how wrong the client was: tc + o + l - ts', async (t) => {
  const tc = Date.now() - 100_000;
  const sync = syncOf(await t.fresh('long-polling').handshake({ ext: { timesync: { tc, l: 7, o: 5 } } }));
  assert(sync);
  assert.equal(sync.a, tc + 5 + 7 - sync.ts);
}, needs);

define('timesync: a client that is right is not told so for ever', async (t) => {
  const session = t.fresh('long-polling');
  const first = syncOf(await session.handshake({ ext: { timesync: { tc: Date.now(), l: 0, o: 0 } } }));
  assert(first);
  const o = first.ts - first.tc;
  const sync = syncOf(await session.connectNow({ ext: { timesync: { tc: Date.now(), l: 1, o } } }));
  // Left out unless the error is 25 ms or more; how large it is depends on the machine.
  assert(sync === undefined || Math.abs(sync.a ?? 0) >= 25, JSON.stringify(sync));
}, needs);

each(both, 'timesync: the old form without l is answered with tc, ts and p', async (t, kind) => {
  const sync = syncOf(await t.fresh(kind).handshake({ ext: { timesync: { tc: 12_345 } } }));
  assert(sync);
  assert.equal(sync.tc, 12_345);
  assert(Number.isInteger(sync.ts) && Number.isInteger(sync.p));
}, needs);

each(both, 'timesync: p counts how long a connect was held', async (t, kind) => {
  const session = await t.session(kind);
  const sync = syncOf(await session.connect({ advice: { timeout: 500 }, ext: { timesync: { tc: Date.now() - 100_000, l: 1, o: 0 } } }));
  assert(sync);
  assert(sync.p >= 450, `p: ${sync.p}`);
}, needs);

define('timesync: who does not ask is not told', async (t) => {
  assert.equal(syncOf(await t.fresh('long-polling').handshake()), undefined);
}, needs);

each(both, 'timesync: it may be beside ack', async (t, kind) => {
  const reply = await t.fresh(kind).handshake({ ext: { ack: true, timesync: { tc: 1, l: 0, o: 0 } } });
  assert(syncOf(reply));
  assert((reply['ext'] as { ack?: unknown }).ack);
}, { needs: ['ack', 'timesync'] });
