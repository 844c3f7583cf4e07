/** The page's own functions as the browser made them: frameworks (Zone.js) patch timers and run change detection after each. */
export interface Natives {
  setTimeout: (run: () => void, ms: number) => number;
  clearTimeout: (id: number) => void;
  setInterval: (run: () => void, ms: number) => number;
  clearInterval: (id: number) => void;
  requestAnimationFrame: (run: () => void) => number;
  cancelAnimationFrame: (id: number) => void;
}

export function original<T>(owner: object, name: string): T {
  const o = owner as Record<string, unknown>;
  return (o['__zone_symbol__' + name] ?? o[name]) as T;
}

export function natives(win: Window & typeof globalThis): Natives {
  const get = <K extends keyof Natives>(name: K): Natives[K] => original<(...args: never[]) => unknown>(win, name).bind(win) as Natives[K];
  return {
    setTimeout: get('setTimeout'), clearTimeout: get('clearTimeout'), setInterval: get('setInterval'), clearInterval: get('clearInterval'),
    requestAnimationFrame: get('requestAnimationFrame'), cancelAnimationFrame: get('cancelAnimationFrame'),
  };
}

export function listen(target: EventTarget, type: string, listener: EventListenerObject): void {
  original<EventTarget['addEventListener']>(target, 'addEventListener').call(target, type, listener, { capture: true, passive: true });
}

export function unlisten(target: EventTarget, type: string, listener: EventListenerObject): void {
  original<EventTarget['removeEventListener']>(target, 'removeEventListener').call(target, type, listener, { capture: true });
}

/** Replaced members of the page's prototypes, put back by {@link restore}. */
export class Patches {
  readonly #undo: (() => void)[] = [];

  /** Wraps a method: `after` runs when the original has returned. The original's result and exceptions stay. */
  method(owner: object, name: string, after: (self: unknown, args: unknown[], result: unknown) => void): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const call = before?.value as ((...args: unknown[]) => unknown) | undefined;
    if (!before?.configurable || typeof call !== 'function') return;
    let on = true;
    const wrapped = { [name](this: unknown, ...args: unknown[]) {
      const result = call.apply(this, args);
      if (on) after(this, args, result);
      return result;
    } }[name]!;
    Object.defineProperty(owner, name, { ...before, value: wrapped });
    this.#undo.push(() => {
      // Somebody who wrapped us later keeps calling us: then this one only passes on.
      on = false;
      if (Object.getOwnPropertyDescriptor(owner, name)?.value === wrapped) Object.defineProperty(owner, name, before);
    });
  }

  /** Wraps the setter of a property. */
  setter(owner: object, name: string, after: (self: unknown) => void): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const call = before?.set;
    if (!before?.configurable || !call) return;
    let on = true;
    const set = function (this: unknown, value: unknown): void {
      call.call(this, value);
      if (on) after(this);
    };
    Object.defineProperty(owner, name, { ...before, set });
    this.#undo.push(() => {
      on = false;
      if (Object.getOwnPropertyDescriptor(owner, name)?.set === set) Object.defineProperty(owner, name, before);
    });
  }

  restore(): void {
    for (const undo of this.#undo.splice(0).reverse()) {
      try {
        undo();
      } catch {
        // A frame that is gone takes its prototypes with it.
      }
    }
  }
}
