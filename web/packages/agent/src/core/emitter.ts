/** The smallest observable: a list of listeners that are called when something changed. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  /** The result removes the listener. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fire(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
