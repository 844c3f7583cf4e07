import { absolute, fragment, isPassiveData } from './urls.ts';

/** Somebody who shows a resource and wants to know when it comes, or changes. */
export interface Waiter {
  /** URLs it is registered for. Kept by {@link Resources}. */
  wants?: Set<string>;
  refresh(): void;
}

/** From the page's URLs to those of the resource store. What is not there yet is never asked for anywhere else. */
export class Resources {
  private known = new Map<string, string>();
  private waiting = new Map<string, Set<Waiter>>();
  private due = new Set<Waiter>();

  /** @param base URL that a hash is appended to. */
  constructor(private readonly base: string) {}

  clear(): void {
    this.known.clear();
    this.waiting.clear();
    this.due.clear();
  }

  /** Op 23. `hash` '': not to be had. */
  set(url: string, hash: string): void {
    const key = absolute(url, url) ?? url;
    if (this.known.get(key) === hash) return;
    this.known.set(key, hash);
    for (const w of this.waiting.get(key) ?? []) this.due.add(w);
  }

  /** Lets those refresh whose resource has come since the last call. */
  flush(): void {
    if (this.due.size === 0) return;
    const due = this.due;
    this.due = new Set();
    for (const w of due) w.refresh();
  }

  /** URL for the view; undefined: unknown yet or not to be had (then {@link isGone}). `waiter` hears of changes. */
  find(url: string, base: string, waiter: Waiter): string | undefined {
    if (url.startsWith('#')) return url;
    if (isPassiveData(url)) return url;
    const key = absolute(url, base);
    if (key === undefined) return undefined;
    let set = this.waiting.get(key);
    if (!set) this.waiting.set(key, (set = new Set()));
    set.add(waiter);
    (waiter.wants ??= new Set()).add(key);
    const hash = this.known.get(key);
    return hash ? this.base + hash + fragment(url) : undefined;
  }

  isGone(url: string, base: string): boolean {
    const key = absolute(url, base);
    return key === undefined || this.known.get(key) === '';
  }

  forget(waiter: Waiter): void {
    for (const key of waiter.wants ?? []) {
      const set = this.waiting.get(key);
      if (set?.delete(waiter) && set.size === 0) this.waiting.delete(key);
    }
    delete waiter.wants;
    this.due.delete(waiter);
  }
}
