/** What tests have in the browser, as `TP`. */
import type { Batch, Operation } from '@twinpane/protocol';
import { Mirror, type Broken, type PageInfo } from '../src/index.ts';
import { nodeOf } from '../src/tree.ts';

export interface Log {
  pages: PageInfo[];
  broken: Broken[];
  painted: { e: number; s: number; at: number | undefined }[];
  clicks: [number, number, number][];
  moves: { x: number; y: number; dt: number }[];
}

let frame: HTMLIFrameElement | undefined;
export let mirror: Mirror;
export let log: Log;
let seq = 0;
let epoch = 0;

export function start(resources = '/res/'): void {
  frame?.remove();
  frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-same-origin');
  frame.style.cssText = 'border:0;position:absolute;left:0;top:0';
  document.body.append(frame);
  // A mirror that was replaced still reports what it was about to paint: each has a log of its own.
  const own: Log = log = { pages: [], broken: [], painted: [], clicks: [], moves: [] };
  mirror = new Mirror(frame, {
    resources,
    onPage: (p) => own.pages.push(p),
    onBroken: (b) => own.broken.push(b),
    onPainted: (e, s, at) => own.painted.push({ e, s, at }),
    onClick: (x, y, id) => own.clicks.push([x, y, id]),
    onPointer: (m) => own.moves.push(...m),
  });
}

/** A new mirror with this page. */
export function show(ops: Operation[]): boolean {
  start();
  seq = 0;
  epoch++;
  return send(ops);
}

export function send(ops: Operation[], t?: string[]): boolean {
  const batch: Batch = { v: 1, e: epoch, s: ++seq, o: ops, ...(t ? { t } : {}) };
  return mirror.apply(JSON.parse(JSON.stringify(batch)) as Batch);
}

export function query(selector: string): HTMLElement {
  const found = mirror.document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`nothing matches ${selector}`);
  return found;
}

/** Id of the node that `selector` finds in the view. */
export function id(selector: string): number {
  return nodeOf(query(selector))!.id;
}

export function css(selector: string, property: string, pseudo?: string): string {
  const el = query(selector);
  return el.ownerDocument.defaultView!.getComputedStyle(el, pseudo).getPropertyValue(property);
}

/** Resolves when the view has been painted with all that was applied. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const last = log.painted[log.painted.length - 1];
      if (last && last.e === mirror.epoch && last.s >= mirror.seq) resolve();
      else requestAnimationFrame(look);
    };
    look();
  });
}
