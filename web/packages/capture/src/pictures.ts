import { Op, type BatchWriter } from '@twinpane/protocol';
import { isElement } from './dom.ts';
import type { Natives } from './natives.ts';
import type { Place } from './masking.ts';
import type { Resources } from './resources.ts';
import type { Rec, Tree } from './tree.ts';

/** Canvases larger than this are left blank; beyond so many nobody looks. */
const MAX_PIXELS = 4096 * 4096;
const MAX_CANVASES = 16;

/** Pictures that elements show by themselves: what an `img` has chosen, and what is drawn on a canvas. */
export class Pictures {
  readonly #images = new Set<Rec>();
  readonly #told = new WeakMap<Rec, string>();
  readonly #canvases = new Map<Rec, { busy: boolean; size: number; sum: number }>();
  #names = 0;
  readonly #drawn: [Rec, string][] = [];

  constructor(
    private readonly tree: Tree, private readonly writer: BatchWriter, private readonly resources: Resources, private readonly natives: Natives,
    private readonly place: (rec: Rec) => Place,
  ) {}

  added(rec: Rec): void {
    if (!isElement(rec.node)) return;
    if (rec.node.localName === 'img') this.#images.add(rec);
    else if (rec.node.localName === 'canvas' && this.#canvases.size < MAX_CANVASES) this.#canvases.set(rec, { busy: false, size: -1, sum: 0 });
  }

  removed(rec: Rec): void {
    this.#images.delete(rec);
    this.#canvases.delete(rec);
  }

  /** An image has loaded, or other attributes now. */
  touched(el: Element): void {
    const rec = this.tree.of(el);
    if (rec && el.localName === 'img') this.#images.add(rec);
  }

  flush(): void {
    for (const rec of this.#images) {
      this.#images.delete(rec);
      const img = rec.node as HTMLImageElement;
      const url = img.currentSrc;
      // What is hidden shows nothing; what has not loaded yet will be looked at when it has.
      if (url === '' || !img.complete || img.naturalWidth === 0 || this.place(rec).effective > 0) continue;
      this.resources.want(url);
      // Which candidate the browser took is no attribute, and the view must not choose another.
      const chosen = img.hasAttribute('srcset') || img.parentElement?.localName === 'picture';
      if (!chosen || url.length > 8192 || this.#told.get(rec) === url) continue;
      this.#told.set(rec, url);
      this.writer.push([Op.Property, rec.id, 'media', this.writer.str(url)]);
    }
    for (const [rec, name] of this.#drawn.splice(0)) if (this.tree.get(rec.id) === rec) this.writer.push([Op.Property, rec.id, 'canvas', name]);
  }

  /** Looks at the canvases: called at most twice a second. */
  poll(): void {
    for (const [rec, state] of this.#canvases) {
      const canvas = rec.node as HTMLCanvasElement;
      if (state.busy || canvas.width * canvas.height === 0 || canvas.width * canvas.height > MAX_PIXELS || this.place(rec).effective > 0) continue;
      const r = canvas.getBoundingClientRect();
      if (r.width === 0 || r.height === 0 || r.bottom < 0 || r.top > canvas.ownerDocument.defaultView!.innerHeight) continue;
      state.busy = true;
      // In a frame's callback a WebGL picture is still there, if the page has just drawn it.
      this.natives.requestAnimationFrame(() => {
        try {
          canvas.toBlob((blob) => void this.#picture(rec, state, blob).catch(() => undefined).then(() => { state.busy = false; }));
        } catch {
          // Tainted by another origin: it stays blank, and is not tried again.
        }
      });
    }
  }

  async #picture(rec: Rec, state: { size: number; sum: number }, blob: Blob | null): Promise<void> {
    if (!blob) return;
    const bytes = await blob.arrayBuffer();
    let sum = 0;
    for (const b of new Uint8Array(bytes)) sum = (Math.imul(sum, 31) + b) | 0;
    if (bytes.byteLength === state.size && sum === state.sum) return;
    state.size = bytes.byteLength;
    state.sum = sum;
    const name = `https://canvas.twinpane.invalid/${rec.id}/${++this.#names}`;
    if (!await this.resources.put(name, 'image/png', bytes)) return;
    this.#drawn.push([rec, name]);
  }
}
