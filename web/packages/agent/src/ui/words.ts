/** Every sentence of the desk that depends on something. Names, not roles; the agent is "you"; no he or she. */
import { errorText } from '@twinpane/protocol';
import { customerOf, type SessionState } from '../core/session-state.ts';

/** The whole name, or what to call somebody who has given none. */
export function fullName(state: SessionState): string {
  return customerOf(state)?.name.trim() || 'Visitor';
}

/** As in a sentence: "Marta", or "the visitor". */
export function firstName(state: SessionState): string {
  const name = customerOf(state)?.name.trim();
  return name ? name.split(/\s+/)[0]! : 'the visitor';
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? '?')][0]!;
  const last = words.length > 1 ? [...words.at(-1)!][0]! : '';
  return (first + last).toUpperCase();
}

/** 0:12, 8:42, 1:02:07. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** 14:02. */
export function clockTime(ms: number): string {
  const date = new Date(ms);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/** 23 November, 14:02 — the day only when it is not today. */
export function dayAndTime(ms: number, now: number): string {
  const date = new Date(ms);
  if (date.toDateString() === new Date(now).toDateString()) return clockTime(ms);
  return `${date.getDate()} ${date.toLocaleDateString('en', { month: 'long' })}, ${clockTime(ms)}`;
}

/** 481 302 977. */
export function threes(code: string): string {
  return code.replace(/(\d{3})(?=\d)/g, '$1 ');
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** What the strip says. `detail` is quieter and left out where there is no room. */
export interface Sentence { text: string; detail: string }

export function stripSentence(state: SessionState, now: number): Sentence {
  const who = firstName(state);
  const say = (text: string, detail = ''): Sentence => ({ text, detail });
  if (state.pageTrouble && state.phase === 'loading') return say('This page could not be shown.');
  switch (state.phase) {
    case 'joining':
      return say(`Joining, ${duration(now - state.since)}.`);
    case 'consent':
      return say(`Waiting for ${who}’s answer, ${duration(now - state.since)}.`);
    case 'refused':
      return say(`${capital(who)} did not agree to share the page.`);
    case 'loading':
      return loadingSentence(state, who, now);
    case 'reconnecting': {
      const seconds = Math.floor((now - state.since) / 1000);
      return say(`Reconnecting to ${who}, ${seconds} s. Nothing is lost.`);
    }
    case 'replaced':
      return say('This session is open in another place.');
    case 'failed':
      return say('You are not in this session any more.');
    case 'ended':
      return say(endedSentence(state));
    case 'live':
      return state.mode === 'write' ? writeSentence(state, who) : pointerSentence(state, who, now);
  }
}

function loadingSentence(state: SessionState, who: string, now: number): Sentence {
  const { loading } = state;
  if (loading?.total) {
    return { text: `Fetching the page, ${Math.min(100, Math.floor((100 * loading.bytes) / loading.total))} %.`, detail: '' };
  }
  if (loading && loading.bytes > 0) return { text: `Fetching the page, ${size(loading.bytes)}.`, detail: '' };
  return { text: `Waiting for ${who}’s page, ${duration(now - state.since)}.`, detail: '' };
}

function writeSentence(state: SessionState, who: string): Sentence {
  const agreed = state.modeNote?.kind === 'agreed' ? `${capital(who)} agreed at ${clockTime(state.modeNote.at)} and` : capital(who);
  return { text: 'You can click and type.', detail: `${agreed} can take control back at any moment.` };
}

function pointerSentence(state: SessionState, who: string, now: number): Sentence {
  if (state.ask) return { text: `Asking ${who} for control, ${duration(now - state.ask.since)}.`, detail: '' };
  const text = 'You look and point.';
  switch (state.modeNote?.kind) {
    case 'refused':
      return { text, detail: `${capital(who)} answered “just point” at ${clockTime(state.modeNote.at)}.` };
    case 'taken-back':
      return { text, detail: `${capital(who)} took control back at ${clockTime(state.modeNote.at)}.` };
    case 'lapsed':
      return { text, detail: `Write mode ended at ${clockTime(state.modeNote.at)}.` };
    case 'failed':
      return { text, detail: askFailed(state.modeNote.code ?? 0) };
    case 'no-answer':
      return { text, detail: `No answer from ${who}. Ask again when it suits.` };
    default:
      return { text, detail: `Choose Write to ask ${who} for control.` };
  }
}

function askFailed(code: number): string {
  if (code === 4202) return 'On this site agents only point.';
  if (code === 4208) return 'Another request is still open, or another agent has control.';
  return errorText[code] ?? 'The request did not get through. Ask again.';
}

/** Why an act did nothing, and what to do instead. */
export function refusedSentence(state: SessionState): Sentence {
  const who = firstName(state);
  const code = state.refused?.code ?? 0;
  const say = (text: string, detail: string): Sentence => ({ text, detail });
  switch (code) {
    case 4404:
      return say(`Only ${who} can send this form.`, `Point at it, or ask ${who} to press it.`);
    case 4401:
      return say('This is closed to you.', `Point at it, or ask ${who} to do it.`);
    case 4402:
      return say('That is gone from the page.', 'Look again, then choose anew.');
    case 4403:
      return say('That does not work from here.', `Point at it, or ask ${who} to do it.`);
    case 4300: case 4304:
      return say('The page has just changed.', 'Do it again on the new one.');
    case 4208:
      return say(`${capital(who)} is away for a moment.`, 'Nothing was done on the page.');
    case 4501:
      return say('That was too fast.', 'The last step was left out; do it again.');
    default:
      return say('That did nothing.', errorText[code] ?? 'Do it again.');
  }
}

export function endedSentence(state: SessionState): string {
  const { ended } = state;
  if (!ended) return '';
  const who = capital(firstName(state));
  const at = clockTime(ended.at);
  if (ended.mine) return `You ended the session at ${at}.`;
  if (ended.by === 'customer') return `${who} ended the session at ${at}.`;
  if (ended.by === 'agent') return `The session was ended by its agent at ${at}.`;
  if (ended.by === 'controller') return `The session was ended for you at ${at}.`;
  return `The session ended at ${at}.`;
}

/** The reason in one sentence; empty when the sentence above says it all. */
export function endedReason(state: SessionState): string {
  const { ended } = state;
  if (!ended || ended.mine) return '';
  const who = capital(firstName(state));
  switch (ended.reason) {
    case 'timeout':
      return 'Somebody had to come within a set time, and nobody did.';
    case 'inactivity':
      return 'Nothing had happened on the page for a long while.';
    case 'lost':
      return `${who}’s browser was gone for too long.`;
    case 'error':
      return 'The page could not be followed any further.';
    case 'shutdown':
      return 'The server was stopped.';
    case 'external':
      return 'Another system asked for it.';
    case 'self':
      return '';
  }
}

/** A numbered error with what to do next. */
export function troubleText(trouble: { code: number; text: string }): string {
  const known = errorText[trouble.code];
  if (trouble.code === 4200) return 'This code is not known. Ask for the nine digits again.';
  if (trouble.code === 4204) return 'This code has been used. Ask for a new one.';
  if (trouble.code === 4104) return 'Too many wrong tries. Wait a minute before the next.';
  return known ?? trouble.text;
}

export function fieldsHidden(count: number): string {
  return count === 1 ? '1 field hidden from you' : `${count} fields hidden from you`;
}
