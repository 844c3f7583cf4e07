/** A session made by bare clients: what a browser would send, without one. */
import { login, RawBayeux } from './bayeux.ts';
import { until, type TwinpaneServer } from './server.ts';

export interface RawSession {
  customer: RawBayeux;
  agent: RawBayeux;
  token: string;
  access: string;
  customerToken: string;
  agentToken: string;
  historyId: string;
  base: string;
  epoch: number;
  close(): void;
}

/** The smallest page: document, html, body, an input that is private and a password that is masked. */
export function tinyPage(epoch: number, seq = 1, title = 'Tiny'): Record<string, unknown> {
  const element = (count: number, leaf = 0, privacy = 0) => 1 | (leaf << 3) | (privacy << 4) | (count << 7);
  return {
    v: 1, e: epoch, s: seq,
    o: [
      [0, { u: 'http://shop.localhost/', t: title, w: 800, h: 600, d: 1, q: 0, l: 'en' }],
      // ids: 1 document, 2 html, 3 body, 4 text, 5 input (private), 6 password (masked), 7 submit button
      [2, 0, 0, 1, 6, element(0), 'html', element(0), 'body', 2, 'hello', element(1, 1, 1), 'input', 'type', 'text',
        element(1, 1, 2), 'input', 'type', 'password', element(1, 1), 'button', 'type', 'submit', 0, 0, 0],
      [1],
    ],
  };
}

export interface RawSessionOptions {
  /** False: the customer is asked and has not answered. */
  share?: boolean;
  /** The agent's access token; without one the agent logs in. */
  access?: string;
}

export async function rawSession(server: TwinpaneServer, origin: string, options: RawSessionOptions = {}): Promise<RawSession> {
  const access = options.access ?? (await login(server));
  const customer = await RawBayeux.connect(`${server.publicUrl.replace('http', 'ws')}/cobrowse/cometd`, { origin, ca: server.ca });
  const created = await customer.verb('/service/session/create', {});
  if (!created.ok) throw new Error(created.error);
  const token = String(created.data!['sessionToken']);
  const joined = await customer.verb('/service/session/join', { sessionToken: token, role: 1, name: 'Marta' });
  if (!joined.ok) throw new Error(joined.error);
  const agent = await RawBayeux.connect(`${server.internalUrl.replace('http', 'ws')}/cobrowse/cometd`, { origin: server.internalUrl, token: access, ca: server.ca });
  const second = await agent.verb('/service/session/join', { sessionToken: token, role: 2 });
  if (!second.ok) throw new Error(second.error);
  const session: RawSession = {
    customer, agent, token, access, customerToken: String(joined.data!['userToken']), agentToken: String(second.data!['userToken']),
    historyId: String(joined.data!['sessionHistoryId']), base: String(joined.data!['base']), epoch: 0,
    close() {
      customer.close();
      agent.close();
    },
  };
  if (options.share !== false) {
    await customer.verb('/service/session/consent', { allow: true, text: 'Share this page with Ines?' });
    await until(() => customer.events('page').some((e) => e['do'] === 'begin'), 5000, 'the order to begin');
    session.epoch = Number(customer.events('page').find((e) => e['do'] === 'begin')!['e']);
    const receipt = await customer.ask({ channel: '/service/page', data: tinyPage(session.epoch) });
    if (!receipt.successful) throw new Error(receipt.error);
  }
  return session;
}
