import type { View } from '../session.ts';
import { firstName, strings } from '../strings.ts';
import { avatar, codeCard, codeOverCard, consentCard, endedCard, requestCard, type Actions } from './cards.ts';
import { h, icon } from './dom.ts';

const kCorners = ['be', 'bs', 'ts', 'te'] as const;
export type Corner = (typeof kCorners)[number];

/** Colour of frame and bar: mode, trouble, or nothing shared. */
export type State = 'pointer' | 'write' | 'paused' | 'error';

export function stateOf(view: View): State {
  if (view.tooLarge) return 'error';
  if (view.link === 'down' || view.phase !== 'live' || deserted(view)) return 'paused';
  return view.mode;
}

/** Shared, but no agent is there to see it. */
function deserted(view: View): boolean {
  return view.agents.every((u) => view.away.includes(u.userId));
}

interface Bar {
  state: State;
  title: string;
  small: string;
  name?: string;
  /** What can be done about it, beside ending. */
  act?: 'takeBack' | 'reconsider';
}

function barOf(view: View): Bar | undefined {
  const full = view.agents[0]?.name;
  const name = firstName(full);
  const state = stateOf(view);
  const who = full === undefined ? {} : { name: full };
  switch (view.phase) {
    case 'starting':
      return view.code === undefined
        ? { state, title: strings.connecting, small: strings.connectingMore }
        : { state, title: strings.resuming, small: strings.resumingMore };
    case 'asked':
    case 'waiting':
      return view.link === 'down' ? { state, title: strings.reconnecting, small: strings.reconnectingMore, ...who } : undefined;
    case 'refused':
      return { state, title: strings.refused(name), small: strings.refusedMore, ...who, ...(!deserted(view) && { act: 'reconsider' }) };
    case 'live':
      if (view.link === 'down') return { state, title: strings.reconnecting, small: strings.reconnectingMore, ...who };
      if (deserted(view)) return { state, title: strings.nobody(name), small: strings.nobodyMore, ...who };
      if (view.tooLarge) return { state, title: strings.tooLarge(name), small: strings.tooLargeMore, ...who };
      if (view.mode === 'write') return { state, title: strings.writes(name), small: strings.writesMore, ...who, act: 'takeBack' };
      return { state, title: strings.sees(name), small: strings.seesMore, ...who };
    default:
      return undefined;
  }
}

export interface PanelOptions {
  actions: Omit<Actions, 'collapse'>;
  now(): number;
  host: string;
  corner: Corner;
  cornerChanged(corner: Corner): void;
}

/** The one corner in which everything is said and asked: bar or start button, and at most one card. */
export class Panel {
  readonly el = h('aside', { class: 'tw', 'aria-label': strings.region });
  #slots = new Map<string, { key: string; el: HTMLElement }>();
  #time: HTMLElement | undefined;
  #collapsed = false;
  #code: string | undefined;
  #view: View | undefined;
  #dodging = false;

  constructor(private readonly o: PanelOptions) {
    this.el.dataset['corner'] = o.corner;
    // A click here must not take the focus from the field the customer is in.
    this.el.addEventListener('mousedown', (event) => {
      if (!(event.target as Element).closest('.dig')) event.preventDefault();
    });
  }

  render(view: View): void {
    const focused = (this.el.getRootNode() as Partial<ShadowRoot>).activeElement;
    this.#build(view);
    // What had the focus is gone: stay here, with the question if there is one, and on none of its answers.
    if (focused && !focused.isConnected) (this.#slots.get('card') ?? this.#slots.get('foot'))?.el.focus();
  }

  #build(view: View): void {
    this.#view = view;
    if (view.code !== this.#code) {
      this.#code = view.code;
      this.#collapsed = false;
    }
    const actions: Actions = { ...this.o.actions, collapse: () => { this.#toggle(true); } };
    const idle = view.phase === 'idle';
    const waiting = view.phase === 'waiting' && view.link === 'up';
    const bar = barOf(view);

    this.#slot('foot', idle || waiting ? `start ${String(waiting && !this.#collapsed)} ${String(waiting)}` : bar ? JSON.stringify(bar) : '', () =>
      idle || waiting
        ? h('button', {
            type: 'button', class: 'start', ...(waiting && { 'aria-expanded': String(!this.#collapsed) }),
            click: waiting ? () => { this.#toggle(!this.#collapsed); } : actions.start,
          }, icon('screen', 18), strings.start)
        : this.#bar(bar!, actions));

    const over = waiting && this.#left() <= 0;
    const card =
      view.ended ? { key: JSON.stringify(view.ended), make: () => endedCard(view, actions) }
      : over ? { key: 'over', make: () => codeOverCard(view.codeUntil, actions) }
      : waiting && !this.#collapsed && view.code !== undefined ? { key: `code ${view.code}`, make: () => this.#codeCard(view.code!, actions) }
      : view.phase === 'asked' ? { key: `consent ${view.agents[0]?.name ?? ''}`, make: () => consentCard(view, this.o.host, actions) }
      : view.phase === 'live' && view.request ? { key: `request ${view.request.id}`, make: () => requestCard(view, actions) }
      : { key: '', make: () => h('div') };
    this.#slot('card', card.key, card.make);
    this.tick();
  }

  /** Once a second: the count-down. */
  tick(): void {
    if (!this.#time || this.#view?.phase !== 'waiting') return;
    const left = Math.max(0, Math.ceil(this.#left() / 1000));
    const text = `${String(Math.floor(left / 60))}:${String(left % 60).padStart(2, '0')}`;
    if (this.#time.textContent !== text) this.#time.textContent = text;
    if (left === 0) {
      this.#time = undefined;
      this.render(this.#view);
    }
  }

  /** Moves out of the way of a field that the customer is in or the agent marks, and back when it can. */
  avoid(rect: DOMRect | undefined): void {
    const touches = (): boolean => {
      if (!rect) return false;
      return [...this.el.children].some((child) => {
        const r = child.getBoundingClientRect();
        return r.width > 0 && r.left < rect.right && r.right > rect.left && r.top < rect.bottom && r.bottom > rect.top;
      });
    };
    if (this.#dodging) this.#corner(false);
    if (touches()) {
      this.#corner(true);
      if (touches()) this.#corner(false);
    }
  }

  #corner(dodge: boolean): void {
    this.#dodging = dodge;
    const own = this.o.corner;
    const narrow = this.el.ownerDocument.defaultView!.matchMedia('(max-width:640px)').matches;
    const other = narrow ? (own.startsWith('b') ? 't' : 'b') + own[1]! : own[0]! + (own.endsWith('e') ? 's' : 'e');
    this.el.dataset['corner'] = dodge ? other : own;
  }

  #left(): number {
    return (this.#view?.codeUntil ?? 0) - this.o.now();
  }

  #toggle(collapsed: boolean): void {
    this.#collapsed = collapsed;
    if (this.#view) this.render(this.#view);
  }

  /** Rebuilds a slot only when what it says has changed, so that focus and pointer stay where they are. */
  #slot(name: string, key: string, make: () => HTMLElement): void {
    const old = this.#slots.get(name);
    if (old?.key === key) return;
    if (old) old.el.remove();
    this.#slots.delete(name);
    if (name === 'card') this.#time = undefined;
    if (key === '') return;
    const el = make();
    this.#slots.set(name, { key, el });
    if (name === 'foot') this.el.prepend(el);
    else this.el.append(el);
  }

  #codeCard(code: string, actions: Actions): HTMLElement {
    const { el, time } = codeCard(code, actions);
    this.#time = time;
    return el;
  }

  #bar(bar: Bar, a: Actions): HTMLElement {
    return h('div', { class: 'box', role: 'group', 'aria-label': bar.title, tabindex: '-1' },
      h('div', { class: 'lbar', 'data-state': bar.state },
        this.#grip(),
        h('div', { class: 'who' },
          bar.name === undefined ? h('span', { class: 'av off' }, icon('link', 14)) : avatar(bar.name),
          h('span', {}, h('b', {}, bar.title), h('small', {}, bar.small))),
        bar.act ? h('button', { type: 'button', class: 'btn', click: a[bar.act] }, strings[bar.act]) : undefined,
        h('button', { type: 'button', class: 'btn end', click: a.end }, strings.end)));
  }

  /** Drag to another corner; a press moves to the next one. */
  #grip(): HTMLElement {
    const move = (corner: Corner): void => {
      this.o.corner = corner;
      this.#corner(false);
      this.o.cornerChanged(corner);
    };
    const grip = h('button', { type: 'button', class: 'g', 'aria-label': strings.move, title: strings.move }, icon('grip', 18));
    let from: PointerEvent | undefined;
    let dragged = false;
    grip.addEventListener('pointerdown', (event) => {
      from = event;
      dragged = false;
      grip.setPointerCapture(event.pointerId);
    });
    grip.addEventListener('pointermove', (event) => {
      if (!from) return;
      const x = event.clientX - from.clientX;
      const y = event.clientY - from.clientY;
      if (!dragged && Math.hypot(x, y) < 6) return;
      dragged = true;
      this.el.style.transform = `translate(${String(x)}px, ${String(y)}px)`;
    });
    const drop = (event: PointerEvent): void => {
      if (!from) return;
      from = undefined;
      this.el.style.transform = '';
      if (!dragged || event.type === 'pointercancel') return;
      const window = this.el.ownerDocument.defaultView!;
      const rtl = window.getComputedStyle(this.el).direction === 'rtl';
      const right = event.clientX > window.innerWidth / 2;
      move(((event.clientY > window.innerHeight / 2 ? 'b' : 't') + (right === rtl ? 's' : 'e')) as Corner);
    };
    grip.addEventListener('pointerup', drop);
    grip.addEventListener('pointercancel', drop);
    grip.addEventListener('click', () => {
      if (!dragged) move(kCorners[(kCorners.indexOf(this.o.corner) + 1) % kCorners.length]!);
      dragged = false;
    });
    return grip;
  }
}
