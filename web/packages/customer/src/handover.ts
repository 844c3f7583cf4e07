import type { Clock } from './bus.ts';
import type { View } from './session.ts';

/** `here`: a page goes on with the session; `left`: it is going away; an end: the session is over. */
type Ended = NonNullable<View['ended']>;
type Word = 'here' | 'left' | Ended;

const kChannel = 'twinpane';
/** A page that has left may only be on its way to the next one. */
const kLeftMs = 1000;

/**
 * Pages of one origin that carry the same session: a popup has a copy of its opener's sessionStorage. They tell each other,
 * so that a session whose popup was closed comes back to the page that is still there. Not kept open where nothing is
 * awaited: an open channel may keep a page out of the back/forward cache.
 */
export class Handover {
  #channel: BroadcastChannel | undefined;
  #timer: unknown;

  constructor(private readonly clock: Clock, private readonly on: { back(): void; over(ended: Ended): void }) {}

  say(session: string, word: Word): void {
    const channel = open();
    channel?.postMessage([session, word]);
    channel?.close();
  }

  /** The session goes on in another page; undefined: no more. */
  listen(session: string | undefined): void {
    this.clock.clear(this.#timer);
    this.#channel?.close();
    this.#channel = undefined;
    if (session === undefined || !(this.#channel = open())) return;
    this.#channel.onmessage = ({ data }: MessageEvent<[string, Word]>) => {
      if (!Array.isArray(data) || data[0] !== session) return;
      this.clock.clear(this.#timer);
      if (data[1] === 'left') this.#timer = this.clock.set(() => { this.on.back(); }, kLeftMs);
      else if (data[1] !== 'here') this.on.over(data[1]);
    };
  }
}

function open(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(kChannel);
  } catch {
    // Blocked with the site's storage: then there are no copies of it either.
    return undefined;
  }
}
