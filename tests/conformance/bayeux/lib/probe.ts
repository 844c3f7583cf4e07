/** Finds out what a server offers, so that cases for what it does not offer are left out. */
import type { Server } from './case.ts';
import { Http } from './http.ts';
import { kinds, Session } from './session.ts';

/** Of a page that the server must allow. */
export const ORIGIN = 'http://conformance.example';

/** `known`: features that cannot be seen from outside. */
export async function probe(url: URL, known: Iterable<string>, limits: { maxInterval?: number | undefined; maxMessage?: number | undefined }): Promise<Server> {
  const features = new Set(known);
  const session = new Session(url, 'long-polling');
  const denied = new Session(url, 'long-polling');
  try {
    session.origin = ORIGIN;
    const reply = await session.handshake({ supportedConnectionTypes: [...kinds], ext: { ack: true, timesync: { tc: Date.now(), l: 0, o: 0 } } });
    if (reply['successful'] !== true) throw new Error(`the server refuses a handshake: ${JSON.stringify(reply)}`);
    const ext = (reply['ext'] ?? {}) as Record<string, unknown>;
    for (const kind of reply['supportedConnectionTypes'] as string[]) features.add(kind);
    for (const name of ['ack', 'timesync']) if (ext[name]) features.add(name);

    const plain = await Http.open(url);
    plain.send('POST', url.pathname, { 'Content-Type': 'application/json', Origin: ORIGIN }, JSON.stringify([{ channel: '/nobody', clientId: session.clientId, id: '1', data: 1 }]));
    const answer = await plain.answer();
    plain.close();
    if (answer.headers.get('access-control-allow-origin')) features.add('cors');
    if (session.cookies) features.add('browser-cookie');
    features.add(answer.body.toString('utf8').includes('"successful":true') ? 'cookieless' : 'cookie-proof');

    if ((await session.subscribe('/closed/room'))['successful'] === false) features.add('closed');
    await session.publish('/service/echo', 'probe');
    await session.connectNow({ ext: { ack: 0 } });
    if (session.data.some((message) => message['data'] === 'probe')) features.add('echo');
    if ((await denied.handshake({ ext: { deny: true } }))['successful'] === false) features.add('deny');

    const timeout = Number(session.advice['timeout']);
    if (limits.maxInterval !== undefined) features.add('max-interval');
    if (limits.maxInterval !== undefined && timeout > 2 * limits.maxInterval) features.add('long-hold');
    if (limits.maxMessage !== undefined) features.add('max-message');
    return { url, features, timeout, maxInterval: limits.maxInterval ?? 10_000, maxMessage: limits.maxMessage };
  } finally {
    session.end();
    denied.end();
  }
}
