import { ErrorCode, type Act, type Batch, type Policy } from '@twinpane/protocol';
import type { Bus, Clock } from './bus.ts';
import { Handover } from './handover.ts';
import { storageKeep } from './keep.ts';
import { Session, type PageSource, type Phase, type View } from './session.ts';
import { firstName, strings } from './strings.ts';
import { endedWords } from './ui/cards.ts';
import { Overlay, rectOf, type PageMap } from './ui/overlay.ts';
import { Panel, stateOf, type Corner } from './ui/panel.ts';
import { Root } from './ui/root.ts';
import { Uploader } from './resources.ts';

export interface AppConfig {
  base: string;
  site?: string;
  position: 'left' | 'right';
}

export type Source = PageSource & PageMap;

export interface AppParts {
  bus: Bus;
  /** Whether the server of this base is there at all. Never rejects. */
  reachable(base: string): Promise<boolean>;
  source(policy: Policy, emit: (batch: Batch) => void, ignore: (el: Element) => boolean, resource: Uploader | undefined): Source;
}

const kCornerKey = 'twinpane-corner';
const kHoldMs = 1000;
const kTextFields = 'input:not([type=checkbox],[type=radio],[type=button],[type=submit],[type=reset],[type=image],[type=file],[type=range],[type=color],[type=hidden]),textarea,select';

export const clock: Clock = {
  now: () => Date.now(),
  set: (fn, ms) => setTimeout(fn, ms),
  clear: (handle) => { clearTimeout(handle as number); },
};

/** Session, capture and user interface of one page, tied together. */
export class App {
  readonly session: Session;
  #root: Root;
  #panel: Panel;
  #overlay = new Overlay(clock);
  #source: Source | undefined;
  #before: View | undefined;
  readonly #handover = new Handover(clock, {
    back: () => { this.#comeBack(); },
    over: (ended) => { this.session.endedElsewhere(ended); },
  });
  #timers: number[] = [];
  #warned = false;
  #escapeAt = 0;
  #escapeFrames = new WeakSet<Window>();

  constructor(config: AppConfig, parts: AppParts) {
    const session: Session = new Session({
      bus: parts.bus,
      clock,
      keep: storageKeep(() => sessionStorage),
      base: config.base,
      ...(config.site !== undefined && { site: config.site }),
      source: (policy, emit) => (this.#source = parts.source(policy, emit, (el) => el === this.#root.host, this.#uploader())),
      changed: (view) => { this.#render(view); },
      point: (from, acts) => { this.#point(from, acts); },
      reachable: () => parts.reachable(config.base),
    });
    this.session = session;
    this.#panel = new Panel({
      actions: {
        start: () => { session.start(); },
        end: () => { session.end(); },
        consent: (allow, text) => { session.consent(allow, text); },
        answer: (id, allow) => { session.answer(id, allow); },
        takeBack: () => { session.takeBack(); },
        reconsider: () => { session.reconsider(); },
        dismiss: () => { session.dismiss(); },
      },
      now: clock.now,
      host: location.hostname,
      corner: storedCorner() ?? (config.position === 'left' ? 'bs' : 'be'),
      cornerChanged: storeCorner,
    });
    this.#root = new Root(this.#panel.el, this.#overlay.el);
    this.#listen();
    if (!session.resume()) this.#render(session.view);
  }

  #comeBack(): void {
    if (document.visibilityState === 'visible') this.session.comeBack();
  }

  get phase(): Phase { return this.session.view.phase; }

  #uploader(): Uploader | undefined {
    // Only secure pages have it; without names by content there is nothing to upload under.
    const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
    if (!subtle) return undefined;
    const { session } = this;
    return new Uploader({
      where: () => (session.userToken === undefined ? undefined : { base: session.base, userToken: session.userToken }),
      used: { get: () => session.uploaded, set: (bytes) => { session.uploaded = bytes; } },
      subtle,
      fetch: (input, init) => fetch(input, init),
    });
  }

  #listen(): void {
    const { session } = this;
    addEventListener('pagehide', (event) => {
      session.pageHide(event.persisted);
      const { code, ended } = session.view;
      if (code !== undefined && !ended) this.#handover.say(code, 'left');
    });
    addEventListener('pageshow', (event) => {
      if (event.persisted) session.pageShow();
    });
    // A window beside its popup was visible all along. A script of the page's is not the customer.
    for (const type of ['visibilitychange', 'focus', 'pointerdown', 'keydown']) {
      addEventListener(type, (event) => { if (event.isTrusted) this.#comeBack(); }, true);
    }
    const moved = (): void => { this.#overlay.moved(); };
    addEventListener('scroll', moved, { capture: true, passive: true });
    addEventListener('resize', moved, { passive: true });
    addEventListener('focusin', (event) => { this.#focused(event.composedPath()[0]); }, true);
    addEventListener('focusout', () => { this.#focused(undefined); }, true);
    this.#followEscape(window);
    // A frame that gets the focus takes the keys with it.
    addEventListener('blur', () => {
      try {
        const inner = (document.activeElement as HTMLIFrameElement | null)?.contentWindow;
        if (inner && inner.document) this.#followEscape(inner);
      } catch {
        // Of another origin: its keys are its own.
      }
    });
  }

  /** Esc takes control back at once, held it ends. The page gets the key too. What the agent types is not trusted and does neither. */
  #followEscape(target: Window): void {
    if (this.#escapeFrames.has(target)) return;
    this.#escapeFrames.add(target);
    target.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !event.isTrusted || this.phase !== 'live') return;
      const now = clock.now();
      if (!event.repeat) this.#escapeAt = now;
      else if (this.#escapeAt > 0 && now - this.#escapeAt >= kHoldMs) return this.session.end();
      this.session.takeBack();
    }, true);
  }

  #render(view: View): void {
    const before = this.#before;
    this.#before = view;
    // The first change comes before the parts are made.
    if (!(this.#root as Root | undefined)) return;
    const on = view.phase !== 'idle' && view.phase !== 'ended';
    this.#root.followDialogs(on);
    this.#watch(on);
    this.#panel.render(view);
    const shared = view.phase === 'live';
    this.#overlay.edge(shared ? stateOf(view) : undefined);
    this.#overlay.leave(new Set(view.link === 'down' ? [] : view.agents.map((u) => u.userId)));
    this.#overlay.showHidden(view.phase === 'asked' ? this.#source : undefined);
    if (!on) this.#source = undefined;
    this.#announce(before, view);
    if (before?.phase === view.phase) return;
    this.#focused(deepActive());
    this.#tellOthers(view);
    if (view.ended?.by === 'none') this.#warn(view.ended.code);
  }

  /** Once, for whoever puts the script on the site: what the browser hides from scripts, and the customer need not know. */
  #warn(code = 0): void {
    if (this.#warned) return;
    this.#warned = true;
    const { base } = this.session;
    console.warn(`Twinpane could not start (${String(code)}). ` + (
      code === ErrorCode.OriginNotAllowed ? `${base} is there, but refuses this page: is ${location.origin} in sites[].origins of its configuration?`
      : code === ErrorCode.Timeout ? `${base} does not answer: does it run, and does the page's Content-Security-Policy allow it (connect-src)?`
      : `${base} refused.`));
  }

  /** Other pages with the same session: a popup of this one, or the one that opened it. */
  #tellOthers({ phase, code, ended }: View): void {
    const elsewhere = ended?.reason === 'elsewhere';
    this.#handover.listen(elsewhere ? code : undefined);
    if (code === undefined || elsewhere) return;
    if (phase === 'starting') this.#handover.say(code, 'here');
    else if (ended) this.#handover.say(code, ended);
  }

  /** What changed, for those who hear the page. */
  #announce(before: View | undefined, view: View): void {
    const name = firstName(view.agents[0]?.name);
    const { say } = strings;
    if (before?.phase !== view.phase) {
      if (view.phase === 'waiting' && view.code !== undefined) this.#root.say(say.code(view.code));
      if (view.phase === 'asked') this.#root.say(say.asked(name));
      if (view.phase === 'live') this.#root.say(say.live(name));
      if (view.phase === 'refused') this.#root.say(strings.refused(name));
      if (view.ended) {
        const { title, lines } = endedWords(view);
        this.#root.say(`${title}. ${lines.join(' ')}`, true);
      }
      return;
    }
    if (view.phase !== 'live') return;
    if (before.mode !== view.mode) this.#root.say(view.mode === 'write' ? say.write(name) : say.pointer(name), true);
    else if (before.link !== view.link) this.#root.say(view.link === 'down' ? say.down : say.up);
    else if (view.request && before.request?.id !== view.request.id) this.#root.say(say.request(name));
  }

  #point(from: string, acts: Act[]): void {
    if (!this.#source) return;
    const { agents } = this.session.view;
    const name = agents.find((u) => u.userId === from)?.name ?? agents[0]?.name ?? strings.someone;
    const marked = this.#overlay.point(this.#source, from, name, acts);
    if (!marked) return;
    this.#panel.avoid(rectOf(marked));
    const what = describe(marked);
    if (what !== '') this.#root.say(strings.say.points(firstName(name), what));
  }

  #focused(target: EventTarget | undefined | null): void {
    const field = target instanceof Element && target !== this.#root.host && target.matches(kTextFields) ? target : undefined;
    const on = this.phase !== 'idle' && this.phase !== 'ended';
    if (on) this.#panel.avoid(field && rectOf(field));
    const hidden = field && this.phase === 'live' && this.#source && this.#source.privacyOf(field) > 0;
    this.#overlay.tip(hidden ? field : undefined, firstName(this.session.view.agents[0]?.name));
  }

  /** Timers only while there is something to follow. */
  #watch(on: boolean): void {
    if (on === this.#timers.length > 0) return;
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = on
      ? [
          window.setInterval(() => {
            this.#panel.tick();
            this.#root.attach();
          }, 1000),
          // Pages move for reasons that fire no event.
          window.setInterval(() => { this.#overlay.moved(); }, 250),
        ]
      : [];
  }
}

/** What a person would call an element: its label, or the beginning of its text. */
export function describe(el: Element): string {
  const labels = (el as HTMLInputElement).labels as NodeListOf<HTMLLabelElement> | null | undefined;
  const text = el.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? el.getAttribute('alt') ?? el.getAttribute('title') ??
    el.getAttribute('placeholder') ?? (el.matches('input,select,textarea') ? '' : el.textContent);
  const line = (text ?? '').replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

function deepActive(): Element | null {
  let el = document.activeElement;
  while (el?.shadowRoot?.activeElement) el = el.shadowRoot.activeElement;
  return el;
}

function storedCorner(): Corner | undefined {
  try {
    const corner = sessionStorage.getItem(kCornerKey);
    return corner && /^[bt][es]$/.test(corner) ? (corner as Corner) : undefined;
  } catch {
    return undefined;
  }
}

function storeCorner(corner: Corner): void {
  try {
    sessionStorage.setItem(kCornerKey, corner);
  } catch {
    // Storage is blocked: the next page starts in the usual corner.
  }
}
