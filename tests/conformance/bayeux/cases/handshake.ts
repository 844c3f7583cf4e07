/** /meta/handshake. */
import assert from 'node:assert/strict';
import { all, both, completeAdvice, define, each, refused, successful } from '../lib/case.ts';

each(all, 'handshake: the reply has version, client id and the transports offered', async (t, kind) => {
  const reply = await t.fresh(kind).handshake();
  successful(reply);
  assert.equal(reply['version'], '1.0');
  assert(typeof reply['clientId'] === 'string' && reply['clientId'].length > 0);
  const types = reply['supportedConnectionTypes'];
  assert(Array.isArray(types) && types.includes(kind), JSON.stringify(types));
});

define('handshake: the reply says what version is the least', async (t) => {
  assert.equal((await t.fresh('long-polling').handshake())['minimumVersion'], '1.0');
});

each(all, 'handshake: the advice is complete, and is to retry', async (t, kind) => {
  const { advice } = await t.fresh(kind).handshake();
  completeAdvice(advice);
  assert.equal(advice.reconnect, 'retry');
});

define('handshake: a client need not say its least version, as Faye does not', async (t) => {
  successful(await t.fresh('long-polling').handshake({ minimumVersion: undefined }));
});

define('handshake: a client may offer transports that the server does not know beside one that it does', async (t) => {
  successful(await t.fresh('long-polling').handshake({ supportedConnectionTypes: ['carrier-pigeon', 'long-polling', 'iframe'] }));
});

define('handshake: what the client advises is no reason to refuse', async (t) => {
  const reply = await t.fresh('long-polling').handshake({ advice: { timeout: 60_000, interval: 0 } });
  successful(reply);
  completeAdvice(reply['advice']);
});

define('handshake: ext that the server does not know is passed over', async (t) => {
  successful(await t.fresh('long-polling').handshake({ ext: { unheard: { of: [1] }, authentication: null } }));
});

each(both, 'handshake: a session that shakes hands again gets a new client id', async (t, kind) => {
  const session = await t.session(kind);
  const old = session.clientId;
  successful(await session.handshake({ clientId: old }));
  assert.notEqual(session.clientId, old);
  successful(await session.publish(t.channel(), 1));
});

define('handshake: the old session outlives a second handshake over HTTP', async (t) => {
  const session = await t.session();
  const old = session.clientId;
  successful(await session.handshake({ clientId: old }));
  successful(await session.ask({ channel: t.channel(), clientId: old, data: 1 }));
});

define('handshake: a second one on a WebSocket binds the connection to the new session', async (t) => {
  const session = await t.session('websocket');
  const old = session.clientId;
  successful(await session.handshake());
  successful(await session.publish(t.channel(), 'new'));
  refused(await session.ask({ channel: t.channel(), clientId: old, data: 'old' }), '402');
}, { needs: ['websocket'] });

each(both, 'handshake: messages may follow before the first connect', async (t, kind) => {
  const listener = await t.shaken(kind);
  successful(await listener.subscribe(t.channel()));
  successful(await listener.publish(t.channel(), 'early'));
  listener.pump();
  assert.equal((await t.received(listener, 1))[0]?.['data'], 'early');
});

define('handshake: messages come over a WebSocket before its first connect', async (t) => {
  const listener = await t.shaken('websocket');
  await listener.subscribe(t.channel());
  await (await t.session()).publish(t.channel(), 'early');
  assert.equal((await t.received(listener, 1))[0]?.['data'], 'early');
}, { needs: ['websocket'] });

each(both, 'handshake: a denied one is refused with 401 or 403', async (t, kind) => {
  const reply = await t.fresh(kind).handshake({ ext: { deny: true } });
  refused(reply);
  assert.match(String(reply['error']), /^40[13]:/);
  assert(!('clientId' in reply), 'a client id for nobody');
}, { needs: ['deny'] });

each(both, 'handshake: a denied one is told, in full, not to come again', async (t, kind) => {
  const { advice } = await t.fresh(kind).handshake({ ext: { deny: true } });
  assert.equal((advice as { reconnect: string }).reconnect, 'none');
}, { needs: ['deny'] });

define('handshake: the advice with a denial is complete', async (t) => {
  completeAdvice((await t.fresh('long-polling').handshake({ ext: { deny: true } }))['advice']);
}, { needs: ['deny'] });
