import { describe, expect, it } from 'vitest';
import type { SessionState } from '../src/core/session-state.ts';
import { clockTime, duration, endedReason, endedSentence, initials, refusedSentence, stripSentence, threes, troubleText } from '../src/ui/words.ts';

const now = new Date(2026, 10, 23, 14, 2, 30).getTime();

function state(over: Partial<SessionState>): SessionState {
  return {
    sessionToken: '481302977', phase: 'live', since: now - 12_000, historyId: 'h', me: 'u2',
    users: [{ userId: 'u1', role: 1, name: 'Marta Lindqvist', online: true }], consent: 'given', mode: 'pointer', ask: undefined,
    modeNote: undefined, refused: undefined, page: undefined, pages: [], site: '', startedAt: now, loading: undefined, rtt: undefined,
    ended: undefined, trouble: undefined, pageTrouble: undefined, ...over,
  };
}

const says = (over: Partial<SessionState>): string => {
  const sentence = stripSentence(state(over), now);
  return `${sentence.text} ${sentence.detail}`.trim();
};

describe('the strip', () => {
  it.each([
    [{}, 'You look and point. Choose Write to ask Marta for control.'],
    [{ mode: 'write', modeNote: { kind: 'agreed', at: now } }, 'You can click and type. Marta agreed at 14:02 and can take control back at any moment.'],
    [{ phase: 'consent' }, 'Waiting for Marta’s answer, 0:12.'],
    [{ phase: 'loading', loading: { bytes: 38, total: 100 } }, 'Fetching the page, 38 %.'],
    [{ phase: 'loading', loading: { bytes: 240_000, total: undefined } }, 'Fetching the page, 240 kB.'],
    [{ phase: 'loading' }, 'Waiting for Marta’s page, 0:12.'],
    [{ phase: 'reconnecting', since: now - 2000 }, 'Reconnecting to Marta, 2 s. Nothing is lost.'],
    [{ phase: 'refused', users: [] }, 'The visitor did not agree to share the page.'],
    [{ ask: { since: now - 5000, why: '' } }, 'Asking Marta for control, 0:05.'],
    [{ modeNote: { kind: 'taken-back', at: now } }, 'You look and point. Marta took control back at 14:02.'],
    [{ phase: 'loading', pageTrouble: { code: 5000, text: 'x' } }, 'This page could not be shown.'],
  ] as [Partial<SessionState>, string][])('%j', (over, text) => {
    expect(says(over)).toBe(text);
  });
});

describe('an act that was refused', () => {
  it.each([
    [4404, 'Only Marta can send this form. Point at it, or ask Marta to press it.'],
    [4401, 'This is closed to you. Point at it, or ask Marta to do it.'],
    [4402, 'That is gone from the page. Look again, then choose anew.'],
    [4403, 'That does not work from here. Point at it, or ask Marta to do it.'],
    [4300, 'The page has just changed. Do it again on the new one.'],
    [4501, 'That was too fast. The last step was left out; do it again.'],
    [4207, 'That did nothing. The customer has not agreed (yet).'],
  ])('%i', (code, said) => {
    const { text, detail } = refusedSentence(state({ refused: { code, at: now } }));
    expect(`${text} ${detail}`).toBe(said);
  });
});

describe('the end', () => {
  it('says who and why', () => {
    const ended = (by: 'customer' | 'server', reason: 'self' | 'lost', mine = false): SessionState =>
      state({ phase: 'ended', ended: { by, reason, at: now, mine } });
    expect(endedSentence(ended('customer', 'self'))).toBe('Marta ended the session at 14:02.');
    expect(endedReason(ended('customer', 'self'))).toBe('');
    expect(endedSentence(ended('server', 'lost'))).toBe('The session ended at 14:02.');
    expect(endedReason(ended('server', 'lost'))).toBe('Marta’s browser was gone for too long.');
    expect(endedSentence(ended('customer', 'self', true))).toBe('You ended the session at 14:02.');
  });
});

describe('small things', () => {
  it('writes times, codes and initials', () => {
    expect([duration(522_000), duration(3_727_000), duration(-5)]).toEqual(['8:42', '1:02:07', '0:00']);
    expect(clockTime(now)).toBe('14:02');
    expect(threes('481302977')).toBe('481 302 977');
    expect([initials('Marta Lindqvist'), initials('Jan Willem de Vries'), initials('')]).toEqual(['ML', 'JV', '?']);
  });

  it('says numbered errors in words', () => {
    expect(troubleText({ code: 4200, text: '' })).toBe('This code is not known. Ask for the nine digits again.');
    expect(troubleText({ code: 0, text: 'The server can’t be reached.' })).toBe('The server can’t be reached.');
  });
});
