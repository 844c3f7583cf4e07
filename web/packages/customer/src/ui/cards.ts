import { ErrorCode } from '@twinpane/protocol';
import type { View } from '../session.ts';
import { consentText, firstName, groups, initials, strings } from '../strings.ts';
import { h, icon, type IconName } from './dom.ts';

/** What the cards and the bar can ask for. */
export interface Actions {
  start(): void;
  end(): void;
  consent(allow: boolean, text: string): void;
  answer(requestId: string, allow: boolean): void;
  takeBack(): void;
  reconsider(): void;
  dismiss(): void;
  collapse(): void;
}

function item(name: IconName, text: string, bold?: string): HTMLLIElement {
  const span = h('span');
  const at = bold === undefined ? -1 : text.indexOf(bold);
  if (bold === undefined || at < 0) span.append(text);
  else span.append(text.slice(0, at), h('b', {}, bold), text.slice(at + bold.length));
  return h('li', {}, icon(name), span);
}

function box(label: string, ...children: (Node | undefined)[]): HTMLElement {
  return h('div', { class: 'box card', role: 'dialog', 'aria-label': label, tabindex: '-1' }, h('div', { class: 'in' }, ...children));
}

/** Two answers of the same weight; neither gets the focus. */
function pair(no: string, yes: string, answer: (allow: boolean) => void): HTMLElement {
  return h('div', { class: 'two' },
    h('button', { type: 'button', class: 'btn eq', click: () => { answer(false); } }, no),
    h('button', { type: 'button', class: 'btn eq', click: () => { answer(true); } }, yes));
}

function cross(label: string, click: () => void): HTMLElement {
  return h('button', { type: 'button', class: 'btn quiet icon x', 'aria-label': label, click }, icon('close'));
}

export function avatar(name: string, large = false): HTMLElement {
  return h('span', { class: large ? 'av l' : 'av', 'aria-hidden': 'true' }, initials(name));
}

/** The nine digits. `time` is the element that counts down. */
export function codeCard(code: string, a: Actions): { el: HTMLElement; time: HTMLElement } {
  const time = h('b');
  const el = box(strings.codeTitle,
    h('div', { class: 'hd' }, h('h2', {}, strings.codeTitle), cross(strings.close, a.collapse)),
    h('div', { class: 'dig', role: 'img', 'aria-label': strings.codeSpoken(code) }, ...groups(code).map((g) => h('span', {}, g))),
    h('p', { class: 'small' }, icon('clock', 14), h('span', {}, strings.codeUntil[0], time, strings.codeUntil[1])),
    h('p', { class: 'small' }, icon('shield', 14), h('span', {}, strings.codeSafe)),
    h('hr'),
    h('button', { type: 'button', class: 'btn quiet', click: a.end }, strings.cancel));
  return { el, time };
}

export function codeOverCard(until: number | undefined, a: Actions): HTMLElement {
  return noticeCard(strings.codeOverTitle, [strings.codeOver(until)], strings.again, () => { a.end(); a.dismiss(); a.start(); }, () => { a.end(); a.dismiss(); });
}

export function consentCard(view: View, host: string, a: Actions): HTMLElement {
  const full = view.agents[0]?.name ?? strings.someone;
  const t = strings.consent(firstName(view.agents[0]?.name), host);
  return box(t.title,
    h('div', { class: 'hd' }, avatar(full, true), h('div', {}, h('h2', {}, t.title), h('span', { class: 'sub' }, full))),
    h('h3', {}, t.see),
    h('ul', { class: 'see' }, item('eye', t.sees[0]!), item('pointer', t.sees[1]!)),
    h('h3', {}, t.hide),
    h('ul', { class: 'see' }, item('crossed', t.hides[0]!, strings.hidden), item('lock', t.hides[1]!)),
    h('hr'),
    pair(t.no, t.yes, (allow) => { a.consent(allow, consentText(t, full)); }),
    h('p', { class: 'small foot' }, t.foot));
}

export function requestCard(view: View, a: Actions): HTMLElement {
  const request = view.request!;
  const full = view.agents.find((u) => u.userId === request.by)?.name ?? view.agents[0]?.name ?? strings.someone;
  const t = strings.request(firstName(full));
  return box(t.title,
    h('div', { class: 'hd' }, avatar(full, true),
      h('div', {}, h('h2', {}, t.title), request.why === '' ? undefined : h('span', { class: 'sub' }, strings.quote(request.why.slice(0, 200))))),
    h('ul', { class: 'see' }, item('check', t.may), item('close', t.mayNot)),
    pair(t.no, t.yes, (allow) => { a.answer(request.id, allow); }),
    h('p', { class: 'small foot' }, h('span', {}, t.foot[0], h('span', { class: 'kbd' }, t.foot[1]), t.foot[2])));
}

function noticeCard(title: string, lines: string[], button: string | undefined, act: () => void, close: () => void): HTMLElement {
  return box(title,
    h('div', { class: 'hd' }, h('h2', {}, title), cross(strings.close, close)),
    ...lines.map((line) => h('p', { class: 'small' }, line)),
    button === undefined ? undefined : h('div', { class: 'two' }, h('button', { type: 'button', class: 'btn eq', click: act }, button)));
}

export function endedCard(view: View, a: Actions): HTMLElement {
  const { title, lines } = endedWords(view);
  const failed = view.ended?.by === 'none';
  const expired = view.ended?.reason === 'timeout';
  return noticeCard(title, lines, failed ? strings.retry : expired ? strings.again : undefined, () => { a.dismiss(); a.start(); }, a.dismiss);
}

export function endedWords(view: View): { title: string; lines: string[] } {
  const t = strings.ended;
  const ended = view.ended!;
  if (ended.by === 'none') {
    const { title, unreachable, notHere, refused, number } = strings.failed;
    const lines = ended.code === ErrorCode.Timeout ? unreachable : ended.code === ErrorCode.OriginNotAllowed ? notHere : refused;
    return { title, lines: ended.code === undefined ? lines : [...lines, number(ended.code)] };
  }
  if (ended.reason === 'elsewhere') return { title: t.elsewhereTitle, lines: [t.elsewhere] };
  if (ended.reason === 'timeout' && ended.agent === undefined) return { title: strings.codeOverTitle, lines: [strings.codeOver(view.codeUntil)] };
  const why = (): string => {
    switch (ended.reason) {
      case 'inactivity': return t.inactivity;
      case 'timeout': return t.timeout;
      case 'lost': return t.lost;
      case 'shutdown': return t.shutdown;
      case 'error': return t.error;
      default:
        if (ended.by === 'customer') return t.byCustomer;
        return ended.by === 'agent' ? t.byAgent(firstName(ended.agent)) : t.byService;
    }
  };
  return { title: t.title, lines: [why(), t.after] };
}
