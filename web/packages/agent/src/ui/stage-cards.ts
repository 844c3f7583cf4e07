/** What stands in the page's place when there is no page to show: what happens, and what to do next. */
import { html, nothing, type TemplateResult } from 'lit';
import type { SessionClient } from '../core/session-client.ts';
import type { Phase } from '../core/session-state.ts';
import { icon, type IconName } from './icons.ts';
import { capital, duration, endedReason, endedSentence, firstName, troubleText } from './words.ts';

export interface CardActs {
  fetchAgain(): void;
  loadAgain(): void;
  leave(): void;
}

/** undefined: the page itself is shown. */
export function card(client: SessionClient, phase: Phase, silent: boolean, acts: CardActs): TemplateResult | undefined {
  const { state } = client;
  const who = capital(firstName(state));
  const leave = (label = 'Back to the desk') => html`<wa-button @click=${acts.leave}>${label}</wa-button>`;
  if (phase === 'ended' && state.ended) {
    const lasted = duration(state.ended.at - state.startedAt);
    return sheet('check', `Session over after ${lasted}`, [endedSentence(state), endedReason(state)].filter(Boolean).join(' '), leave());
  }
  if (phase === 'failed') {
    const trouble = state.trouble ?? { code: 0, text: 'The connection was closed.' };
    return sheet('warn', 'You are not in this session any more', troubleText(trouble), leave(), trouble.code);
  }
  if (phase === 'replaced') {
    return sheet('screen', 'Open in another place', 'The newest place you opened this session in has taken it over.',
      html`<wa-button @click=${() => client.takeBack()}>Take it back here</wa-button>`);
  }
  if (phase === 'joining') return sheet('clock', 'Joining the session', 'The server is looking the session up.');
  if (phase === 'refused') {
    return sheet('shield', `${who} did not agree`, `Nothing of the page has left ${firstName(state)}’s browser.`,
      html`<wa-button @click=${() => client.end()}>End session</wa-button>`);
  }
  if (phase === 'consent' || (phase === 'reconnecting' && state.consent !== 'given')) {
    return phase === 'consent'
      ? sheet('shield', `${who} is reading your request`,
        `The request shows your name and what will be shown. Until ${firstName(state)} agrees, nothing leaves the browser.`)
      : sheet('reload', `Reconnecting to ${firstName(state)}`, 'You come back by yourself as soon as the server answers.');
  }
  if (silent && phase !== 'reconnecting') {
    return sheet('warn', 'The viewer did not load', 'The page is shown from an address of its own, which did not answer.',
      html`<wa-button @click=${acts.loadAgain}>Load it again</wa-button>`);
  }
  if (state.pageTrouble && phase === 'loading') {
    return sheet('warn', 'This page could not be shown', troubleText(state.pageTrouble),
      html`<wa-button @click=${acts.fetchAgain}>Ask for a fresh picture</wa-button>`, state.pageTrouble.code);
  }
  return undefined;
}

function sheet(sign: IconName, heading: string, text: string, acts?: TemplateResult, code = 0): TemplateResult {
  return html`<div class="over"><div class="c">${icon(sign, 24)}<h2 tabindex="-1">${heading}</h2><p>${text}</p>
    ${code ? html`<p class="t3 num">Error ${code}</p>` : nothing}
    ${acts ? html`<div class="acts">${acts}</div>` : nothing}</div></div>`;
}
