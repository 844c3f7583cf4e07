/** Says when what was applied has been painted: in the frame after the next. One request at a time. */
export class Painter {
  private latest: { e: number; s: number; at: number | undefined } | undefined;
  private running = false;

  /** @param settle called once per frame, after layout could change. */
  constructor(private readonly settle: () => void, private readonly painted: (e: number, s: number, at: number | undefined) => void) {}

  request(e: number, s: number, at: number | undefined): void {
    this.latest = { e, s, at };
    if (this.running) return;
    this.running = true;
    requestAnimationFrame(() => {
      this.settle();
      const shown = this.latest;
      this.latest = undefined;
      requestAnimationFrame(() => {
        this.running = false;
        if (shown) this.painted(shown.e, shown.s, shown.at);
        const more = this.latest;
        if (more) this.request(more.e, more.s, more.at);
      });
    });
  }

  clear(): void {
    this.latest = undefined;
  }
}
