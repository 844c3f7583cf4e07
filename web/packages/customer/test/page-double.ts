// Stands for @twinpane/capture where a test is about the user interface: same calls, hardly any page.
import type { Act, Batch, Op } from '@twinpane/protocol';

type Options = { policy: { mask: string[] }; ignore: (el: Element) => boolean; emit: (batch: Batch) => void };

export class Capture {
  running = false;
  #epoch = 0;
  #seq = 0;
  #nodes: Element[] = [];

  constructor(private readonly o: Options) {}

  begin(epoch: number): void {
    this.running = true;
    this.#epoch = epoch;
    this.#seq = 0;
    this.#nodes = [...document.querySelectorAll('input, button, select, label')];
    this.#emit([0, { u: location.href, t: document.title, w: innerWidth, h: innerHeight, d: 1, q: 0, l: '' }]);
    this.#emit([1]);
    document.addEventListener('input', this.#input, true);
  }
  stop(): void {
    this.running = false;
    document.removeEventListener('input', this.#input, true);
  }
  flush(): void { if (this.running) this.#emit([21, 'flushed']); }
  nodeOf(id: number): Node | undefined { return this.#nodes[id - 1]; }
  idOf(node: Node): number { return this.#nodes.indexOf(node as Element) + 1; }
  perform(acts: Act[]): unknown[] {
    for (const act of acts) {
      const el = this.#nodes[Number(act[1]) - 1] as HTMLInputElement | undefined;
      if (act[0] === 3) el?.click();
      if (act[0] === 4 && el) el.value = String(act[2]);
      if (act[0] === 7) el?.dispatchEvent(new KeyboardEvent('keydown', { key: String(act[2]), bubbles: true }));
    }
    return [];
  }
  pointOf(id: number, fx: number, fy: number): { x: number; y: number } | undefined {
    const r = this.#nodes[id - 1]?.getBoundingClientRect();
    return r && { x: r.x + (r.width * fx) / 10_000, y: r.y + (r.height * fy) / 10_000 };
  }
  hiddenElements(): Element[] { return [...document.querySelectorAll('input, textarea, select')].filter((el) => this.privacyOf(el) > 0); }
  privacyOf(el: Element): 0 | 1 | 2 { return el.matches('[type=password], .secret') ? 2 : el.matches('[type=radio], [type=checkbox], .open') ? 0 : 1; }

  #input = (): void => { this.#emit([21, 'typed']); };
  #emit(...o: Batch['o']): void { this.o.emit({ v: 1, e: this.#epoch, s: ++this.#seq, o }); }
}
export type { Op };
