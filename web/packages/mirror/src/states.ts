import * as dom from './dom.ts';
import { isTextField } from './fields.ts';
import type { Names } from './names.ts';
import type { MirrorNode, Tree } from './tree.ts';

/** Mirrored :hover and :focus: attributes that the rewritten style sheets look at. The frame's own never match. */
export class States {
  private hovered: MirrorNode[] = [];
  private within: MirrorNode[] = [];
  private focused: MirrorNode | undefined;
  private focusId = 0;
  private hoverId = 0;

  constructor(private readonly names: Names, private readonly tree: Tree) {}

  clear(): void {
    this.hovered = [];
    this.within = [];
    this.focused = undefined;
    this.focusId = this.hoverId = 0;
  }

  /** Focused node, 0 for none. */
  get focus(): number {
    return this.tree.byId.has(this.focusId) ? this.focusId : 0;
  }

  get hover(): number {
    return this.tree.byId.has(this.hoverId) ? this.hoverId : 0;
  }

  setHover(id: number): void {
    if (id !== 0 && !this.tree.byId.has(id)) return;
    this.hoverId = id;
    const chain = chainOf(this.tree.byId.get(id));
    mark(this.hovered, chain, this.names.hover);
    this.hovered = chain;
  }

  setFocus(id: number): void {
    if (id !== 0 && !this.tree.byId.has(id)) return;
    this.focusId = id;
    const n = this.tree.byId.get(id);
    const chain = chainOf(n);
    mark(this.within, chain, this.names.focusWithin);
    this.within = chain;
    const before = this.focused?.element;
    if (before) {
      dom.removeAttribute(before, this.names.focus);
      dom.removeAttribute(before, this.names.focusVisible);
    }
    this.focused = n;
    const el = n?.element;
    if (n && el) {
      dom.setAttribute(el, this.names.focus, '');
      // Whether the customer came by keyboard is not known; text fields show their focus in any case.
      if (isTextField(n) || n.attribute('contenteditable') !== null) dom.setAttribute(el, this.names.focusVisible, '');
    }
  }
}

function chainOf(n: MirrorNode | undefined): MirrorNode[] {
  const chain: MirrorNode[] = [];
  for (let p = n ?? null; p; p = p.parent) if (p.element) chain.push(p);
  return chain;
}

/** Takes the attribute from those of `before` that are not in `after`, gives it to the new ones. */
function mark(before: MirrorNode[], after: MirrorNode[], name: string): void {
  const stays = new Set(after);
  for (const n of before) if (!stays.has(n) && n.element) dom.removeAttribute(n.element, name);
  const had = new Set(before);
  for (const n of after) if (!had.has(n)) dom.setAttribute(n.element!, name, '');
}
