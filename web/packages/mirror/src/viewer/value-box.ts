import type { MirrorNode } from '../tree.ts';

/** Inputs whose values are picked rather than typed. */
const PICKED = new Set(['date', 'time', 'datetime-local', 'month', 'week', 'color', 'range']);

export function isPicked(n: MirrorNode): boolean {
  return n.local === 'input' && PICKED.has((n.element as HTMLInputElement | undefined)?.type ?? '');
}

/** The same kind of input over the mirrored one, which the agent's own browser knows how to fill. */
export class ValueBox {
  private done = false;
  private readonly box = document.createElement('div');

  constructor(layer: HTMLElement, n: MirrorNode, at: { x: number; y: number; width: number; height: number }, pick: (value: string) => void, private readonly closed: () => void) {
    const source = n.element as HTMLInputElement;
    const input = document.createElement('input');
    input.type = source.type;
    for (const name of ['min', 'max', 'step']) {
      const value = n.attribute(name);
      if (value !== null) input.setAttribute(name, value);
    }
    input.setAttribute('aria-label', n.attribute('aria-label') ?? 'Value');
    if (n.effective === 0) input.value = source.value;
    this.box.className = 'value';
    Object.assign(this.box.style, { left: `${at.x}px`, top: `${at.y}px`, minWidth: `${at.width}px` });
    this.box.append(input);
    layer.append(this.box);
    input.addEventListener('change', () => pick(input.value));
    input.addEventListener('keydown', (e) => {
      if (e.key !== 'Escape' && e.key !== 'Enter') return;
      e.preventDefault();
      e.stopPropagation();
      if (e.key === 'Enter') pick(input.value);
      this.close();
    });
    input.addEventListener('blur', () => this.close());
    input.focus({ preventScroll: true });
  }

  contains(target: EventTarget | null): boolean {
    return target instanceof Node && this.box.contains(target);
  }

  close(): void {
    // Taking it out blurs the input, which would close it again.
    if (this.done) return;
    this.done = true;
    this.box.remove();
    this.closed();
  }
}
