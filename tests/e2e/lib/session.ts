/** Two people, two Chromium profiles, one session. */
import { AgentSide } from './agent.ts';
import { profile, type Profile, type ProfileOptions } from './browser.ts';
import { CustomerSide } from './customer.ts';
import type { TwinpaneServer } from './server.ts';

export interface Pair {
  customer: CustomerSide;
  agent: AgentSide;
  profiles: Profile[];
  close(): Promise<void>;
}

export async function pair(server: TwinpaneServer, options: { customer?: ProfileOptions; agent?: ProfileOptions } = {}): Promise<Pair> {
  const first = await profile(options.customer);
  const second = await profile({ width: 1720, height: 1000, ...options.agent });
  return {
    customer: new CustomerSide(first.page),
    agent: new AgentSide(second.page, server),
    profiles: [first, second],
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}

/** Customer on `url` and agent in one live session. */
export async function shareWith(people: Pair, url: string): Promise<string> {
  await people.customer.page.goto(url);
  const code = await people.customer.start();
  await people.agent.login();
  await people.agent.join(code);
  await people.customer.share();
  await people.agent.live();
  await people.customer.shared();
  return code;
}
