/** Cursors, ripples and outlines over the page. Places are page coordinates; viewer.css scales them. */

interface Point { x: number; y: number }

const ARROW = '<svg width="18" height="20" viewBox="0 0 18 20"><path d="M1.500 1.200 16 8.600l-6.300 1.900-3.300 6.300z" fill="var(--colour)" stroke="#fff" stroke-width="1.500" stroke-linejoin="round"/></svg>';
const MAX_RIPPLES = 24;
/** The customer's pointer is never shown later than this. */
const MAX_LAG_MS = 250;
const MAX_MOVES = 512;

function place(el: HTMLElement, p: Point): void {
  el.style.setProperty('--x', String(p.x));
  el.style.setProperty('--y', String(p.y));
}

class Cursor {
  private readonly el = document.createElement('div');
  private readonly label = document.createElement('span');

  constructor(id: string, private readonly layer: HTMLElement) {
    this.el.id = id;
    this.el.className = 'cursor';
    this.el.hidden = true;
    this.el.innerHTML = ARROW;
    this.label.dir = 'auto';
    this.el.append(this.label);
    layer.append(this.el);
  }

  set name(name: string) {
    this.label.textContent = name;
  }

  show(p: Point | undefined, scale: number): void {
    this.el.hidden = !p;
    if (!p) return;
    place(this.el, p);
    // Near the right edge the label goes to the left.
    this.el.classList.toggle('end', p.x * scale + this.label.offsetWidth + 24 > this.layer.clientWidth);
  }
}

export class Marks {
  readonly agent: Cursor;
  private readonly customer: Cursor;
  private readonly outlined = document.createElement('div');
  private moves: { p: Point | undefined; at: number }[] = [];
  private lastAt = 0;
  private at: Point | undefined;
  private running = false;

  /** @param shift how far the picture is from where the customer's viewport is. */
  constructor(private readonly layer: HTMLElement, private readonly scale: () => number, private readonly shift: () => Point) {
    this.customer = new Cursor('customer', layer);
    this.agent = new Cursor('agent', layer);
    this.outlined.className = 'outline';
  }

  set customerName(name: string) {
    this.customer.name = name;
  }

  /** Plays the customer's pointer at the pace it had. */
  play(moves: readonly { x: number; y: number; dt: number }[]): void {
    const now = performance.now();
    let at = Math.max(now, this.lastAt);
    for (const [i, m] of moves.entries()) {
      if (i > 0) at += Math.max(0, m.dt);
      at = Math.min(at, now + MAX_LAG_MS);
      this.moves.push({ p: m.x < 0 ? undefined : { x: m.x, y: m.y }, at });
    }
    if (this.moves.length > MAX_MOVES) this.moves.splice(0, this.moves.length - MAX_MOVES);
    this.lastAt = at;
    if (!this.running) {
      this.running = true;
      requestAnimationFrame(() => this.step());
    }
  }

  /** The picture has moved under the customer's cursor. */
  refresh(): void {
    const s = this.shift();
    this.customer.show(this.at && { x: this.at.x + s.x, y: this.at.y + s.y }, this.scale());
  }

  forget(): void {
    this.moves = [];
    this.at = undefined;
    this.refresh();
    this.outline(undefined);
    for (const r of this.layer.querySelectorAll('.ripple')) r.remove();
  }

  ripple(p: Point, who: 'customer' | 'agent', mark: boolean): void {
    const old = this.layer.querySelectorAll('.ripple');
    if (old.length >= MAX_RIPPLES) old[0]!.remove();
    const el = document.createElement('div');
    el.className = mark ? 'ripple mark' : 'ripple';
    el.style.setProperty('--colour', who === 'customer' ? 'var(--customer)' : 'var(--state)');
    const s = who === 'customer' ? this.shift() : { x: 0, y: 0 };
    place(el, { x: p.x + s.x, y: p.y + s.y });
    el.addEventListener('animationend', () => el.remove());
    this.layer.append(el);
  }

  /** Outlines a hidden field. */
  outline(box: { x: number; y: number; width: number; height: number } | undefined): void {
    if (!box) return this.outlined.remove();
    const s = this.scale();
    Object.assign(this.outlined.style, { left: `${box.x * s}px`, top: `${box.y * s}px`, width: `${box.width * s}px`, height: `${box.height * s}px` });
    if (!this.outlined.isConnected) this.layer.append(this.outlined);
  }

  private step(): void {
    const now = performance.now();
    let last: { p: Point | undefined } | undefined;
    while (this.moves.length > 0 && this.moves[0]!.at <= now) last = this.moves.shift();
    if (last) {
      this.at = last.p;
      this.refresh();
    }
    this.running = this.moves.length > 0;
    if (this.running) requestAnimationFrame(() => this.step());
  }
}
