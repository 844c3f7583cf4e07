import { Op, type BatchWriter } from '@twinpane/protocol';
import { isElement } from './dom.ts';
import { showsState, type Place } from './masking.ts';
import type { Rec, Tree } from './tree.ts';

/** A field's value travels in one piece; the server takes 1 MiB. */
const MAX_VALUE = 131_072;

interface Told { value?: string; bits?: number; start?: number; end?: number }

const CHECKS = /^(checkbox|radio)$/;
/** Fields whose value is no text that the customer writes, or that the view cannot hold. */
const NO_VALUE = /^(checkbox|radio|button|submit|reset|image|file|hidden)$/;

/**
 * State of fields that no attribute shows: values, checked, selected, selection, open popovers and modal dialogs. Compares what was told
 * with what is, so that it does not matter who changed it. Private and masked fields are never read.
 */
export class Forms {
  readonly #fields = new Set<Rec>();
  readonly #layers = new Set<Rec>();
  #told = new WeakMap<Node, Told>();

  constructor(private readonly tree: Tree, private readonly writer: BatchWriter, private readonly place: (rec: Rec) => Place) {}

  added(rec: Rec): void {
    const el = rec.node;
    if (!isElement(el)) return;
    const tag = el.localName;
    if (tag === 'input' || tag === 'textarea' || tag === 'select') {
      this.#told.delete(el);
      this.#fields.add(rec);
    } else if (tag === 'option') {
      this.#told.delete(el);
    }
    if (tag === 'dialog' || el.hasAttribute('popover')) this.layer(rec);
  }

  /** An element that may be in the top layer. */
  layer(rec: Rec): void {
    this.#layers.add(rec);
  }

  removed(rec: Rec): void {
    this.#fields.delete(rec);
    this.#layers.delete(rec);
  }

  /** What hides the field has changed: nothing counts as told. */
  forget(rec: Rec): void {
    this.#told.delete(rec.node);
  }

  get size(): number {
    return this.#fields.size;
  }

  /** Tells what differs from what was told. */
  check(): void {
    for (const rec of this.#fields) {
      if (!showsState(this.place(rec))) continue;
      const el = rec.node as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
      if (el.localName === 'select') this.#select(el as HTMLSelectElement);
      else this.#field(rec, el as HTMLInputElement);
    }
    for (const rec of this.#layers) {
      const el = rec.node as Element;
      this.#bits(rec, (el.localName === 'dialog' && is(el, ':modal') ? 4 : 0) + (is(el, ':popover-open') ? 8 : 0), 0);
    }
  }

  #field(rec: Rec, el: HTMLInputElement): void {
    const told = this.#state(el);
    if (el.localName === 'input' && CHECKS.test(el.type)) {
      this.#bits(rec, (el.checked ? 1 : 0) + (el.indeterminate ? 2 : 0), el.defaultChecked ? 1 : 0);
    } else if (el.localName !== 'input' || !NO_VALUE.test(el.type)) {
      const value = el.value;
      // An untouched field shows its default, which the view has as attribute or text.
      if (value !== (told.value ?? el.defaultValue) && value.length <= MAX_VALUE) {
        this.writer.push([Op.Value, rec.id, this.writer.str(value)]);
        told.value = value;
      } else if (told.value === undefined && value !== '') {
        told.value = value;
      }
    }
  }

  #select(el: HTMLSelectElement): void {
    const none = el.selectedIndex < 0 && !el.multiple;
    for (const option of el.options) {
      const rec = this.tree.of(option);
      // A view selects the first option by itself where none is: that has to be said, as has every selected one.
      if (rec) this.#bits(rec, option.selected ? 1 : 0, none || option.defaultSelected ? 1 : 0);
    }
  }

  #bits(rec: Rec, bits: number, shown: number): void {
    const told = this.#state(rec.node);
    if (bits === (told.bits ?? shown)) return;
    told.bits = bits;
    this.writer.push([Op.State, rec.id, bits]);
  }

  /** Tells the selection inside a field that has the focus. */
  selection(el: Element | null): void {
    const rec = this.tree.of(el);
    if (!rec || !this.#fields.has(rec) || !showsState(this.place(rec))) return;
    const [start, end] = range(el as HTMLInputElement);
    if (typeof start !== 'number' || typeof end !== 'number') return;
    const told = this.#state(el!);
    if (told.start === start && told.end === end) return;
    told.start = start;
    told.end = end;
    this.writer.push([Op.Selection, rec.id, start, end]);
  }

  #state(node: Node): Told {
    let told = this.#told.get(node);
    if (!told) this.#told.set(node, told = {});
    return told;
  }
}

function range(el: HTMLInputElement): [number | null, number | null] {
  try {
    return [el.selectionStart, el.selectionEnd];
  } catch {
    return [null, null];
  }
}

function is(el: Element, selector: string): boolean {
  try {
    return el.matches(selector);
  } catch {
    return false;
  }
}
