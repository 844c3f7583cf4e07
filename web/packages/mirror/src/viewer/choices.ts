import { subtree, type MirrorNode } from '../tree.ts';

interface Choice { index: number; label: string; group: string | undefined; disabled: boolean; chosen: boolean; el: HTMLElement }

const MAX_HEIGHT = 320;

/** Options of a select, in the order of its indexes. */
export function optionsOf(select: MirrorNode): MirrorNode[] {
  return [...subtree(select)].filter((n) => n.local === 'option');
}

/** A select's list, drawn by the shell: the browser's own would not open in a frame without scripts. */
export class ChoiceList {
  private readonly list = document.createElement('div');
  private readonly choices: Choice[] = [];
  private active = -1;
  private typed = '';
  private typedAt = 0;

  /** @param pick gets the chosen indexes. @param closed is called once, however it ends. */
  constructor(
    layer: HTMLElement, readonly select: MirrorNode, box: { x: number; y: number; width: number; height: number }, room: number,
    private readonly keys: HTMLElement, private readonly pick: (indexes: number[]) => void, private readonly closed: () => void,
  ) {
    const el = select.element as HTMLSelectElement;
    const hidden = select.effective > 0;
    this.list.className = 'list';
    this.list.id = 'choices';
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', select.attribute('aria-label') ?? 'Choose');
    if (this.multiple) this.list.setAttribute('aria-multiselectable', 'true');
    let group: HTMLElement | undefined, groupNode: MirrorNode | undefined;
    for (const [index, n] of optionsOf(select).entries()) {
      const option = n.element as HTMLOptionElement | undefined;
      if (!option) continue;
      const parent = n.parent?.local === 'optgroup' ? n.parent : undefined;
      if (parent !== groupNode) {
        groupNode = parent;
        group = parent && this.group(parent.attribute('label') ?? '');
      }
      const entry = document.createElement('div');
      entry.id = `choice-${index}`;
      entry.setAttribute('role', 'option');
      entry.dir = 'auto';
      const label = option.label || option.text;
      entry.textContent = label;
      const choice = { index, label, group: undefined, disabled: option.disabled || parent?.attribute('disabled') != null, chosen: !hidden && option.selected, el: entry };
      if (choice.disabled) entry.setAttribute('aria-disabled', 'true');
      entry.setAttribute('aria-selected', String(choice.chosen));
      entry.addEventListener('pointermove', () => this.activate(this.choices.indexOf(choice), false));
      entry.addEventListener('click', () => this.choose(choice));
      this.choices.push(choice);
      (group ?? this.list).append(entry);
    }
    this.list.addEventListener('mousedown', (e) => e.preventDefault());
    layer.append(this.list);
    this.list.style.minWidth = `${Math.max(96, box.width)}px`;
    const below = room - box.y - box.height, above = box.y;
    const height = Math.min(MAX_HEIGHT, this.list.scrollHeight + 2, Math.max(below, above, 60) - 4);
    this.list.style.maxHeight = `${height}px`;
    this.list.style.left = `${Math.max(0, Math.min(box.x, layer.parentElement!.clientWidth - this.list.offsetWidth))}px`;
    this.list.style.top = `${below >= height || below >= above ? box.y + box.height + 2 : box.y - height - 2}px`;
    keys.setAttribute('aria-controls', 'choices');
    const first = this.choices.findIndex((c) => c.chosen);
    this.activate(first >= 0 ? first : el.selectedIndex >= 0 && !hidden ? el.selectedIndex : this.choices.findIndex((c) => !c.disabled), true);
  }

  get multiple(): boolean {
    return this.select.attribute('multiple') !== null;
  }

  close(): void {
    if (!this.list.isConnected) return;
    this.list.remove();
    this.keys.removeAttribute('aria-controls');
    this.keys.removeAttribute('aria-activedescendant');
    this.closed();
  }

  contains(target: EventTarget | null): boolean {
    return target instanceof Node && this.list.contains(target);
  }

  /** Every key is the list's while it is open. */
  key(event: KeyboardEvent): void {
    event.preventDefault();
    switch (event.key) {
      case 'ArrowDown': return this.step(1);
      case 'ArrowUp': return this.step(-1);
      case 'PageDown': return this.step(10);
      case 'PageUp': return this.step(-10);
      case 'Home': return this.activate(this.next(-1, 1), true);
      case 'End': return this.activate(this.next(this.choices.length, -1), true);
      case 'Escape': return this.close();
      case 'Tab': case 'Enter': return this.choose(this.choices[this.active]);
      case ' ':
        if (this.typed === '' || event.timeStamp - this.typedAt > 800) return this.choose(this.choices[this.active]);
        break;
      default:
    }
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) this.find(event.key, event.timeStamp);
  }

  private group(label: string): HTMLElement {
    const group = document.createElement('div');
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', label);
    const caption = document.createElement('span');
    caption.textContent = label;
    caption.setAttribute('aria-hidden', 'true');
    group.append(caption);
    this.list.append(group);
    return group;
  }

  private choose(choice: Choice | undefined): void {
    if (!choice || choice.disabled) return;
    if (!this.multiple) {
      this.pick([choice.index]);
      this.close();
      return;
    }
    choice.chosen = !choice.chosen;
    choice.el.setAttribute('aria-selected', String(choice.chosen));
    this.pick(this.choices.filter((c) => c.chosen).map((c) => c.index));
  }

  /** The nearest enabled one from `at` on, in the direction; `at` itself not. */
  private next(at: number, direction: 1 | -1): number {
    for (let i = at + direction; i >= 0 && i < this.choices.length; i += direction) if (!this.choices[i]!.disabled) return i;
    return this.active;
  }

  private step(by: number): void {
    let at = this.active;
    for (let i = 0; i < Math.abs(by); i++) {
      const next = this.next(at, by > 0 ? 1 : -1);
      if (next === at || next === -1) break;
      at = next;
    }
    this.activate(at, true);
  }

  private activate(at: number, scroll: boolean): void {
    this.choices[this.active]?.el.classList.remove('active');
    this.active = at;
    const el = this.choices[at]?.el;
    el?.classList.add('active');
    if (scroll) el?.scrollIntoView({ block: 'nearest' });
    if (el) this.keys.setAttribute('aria-activedescendant', el.id);
  }

  private find(key: string, at: number): void {
    this.typed = at - this.typedAt > 800 ? key : this.typed + key;
    this.typedAt = at;
    const text = this.typed.toLowerCase();
    const order = [...this.choices.keys()].map((i) => (i + this.active + (text.length === 1 ? 1 : 0)) % this.choices.length);
    const found = order.find((i) => !this.choices[i]!.disabled && this.choices[i]!.label.trim().toLowerCase().startsWith(text));
    if (found !== undefined) this.activate(found, true);
  }
}
