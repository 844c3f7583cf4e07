import { ActOp, type Act } from '@twinpane/protocol';

/** At most 25 pointer positions a second. */
const POINTER_MS = 40;

/** What the agent does, on its way to the desk. Pointer positions are thinned; everything else goes at once, in order. */
export class Acts {
  private pending: Act | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = -Infinity;
  private away = true;

  constructor(private readonly emit: (acts: Act[]) => void) {}

  pointer(x: number, y: number, id: number, fx: number, fy: number): void {
    this.away = false;
    this.pending = [ActOp.Pointer, Math.round(x), Math.round(y), id, fx, fy];
    this.schedule();
  }

  left(): void {
    if (this.away) return;
    this.away = true;
    this.pending = [ActOp.Pointer, -1, -1, 0, 0, 0];
    this.schedule();
  }

  send(act: Act): void {
    const acts = this.pending ? [this.pending, act] : [act];
    this.drop();
    this.emit(acts);
  }

  /** Forgets what has not been sent: acting is over, or the page is another. */
  drop(): void {
    this.pending = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(): void {
    if (this.timer !== undefined) return;
    const wait = this.last + POINTER_MS - performance.now();
    if (wait <= 0) this.flush();
    else this.timer = setTimeout(() => this.flush(), wait);
  }

  private flush(): void {
    this.timer = undefined;
    if (!this.pending) return;
    this.last = performance.now();
    const act = this.pending;
    this.pending = undefined;
    this.emit([act]);
  }
}
