import { Kind, type PrivacyClass } from '@twinpane/protocol';
import * as dom from './dom.ts';
import { fail, subtree, type MirrorNode } from './tree.ts';
import type { View } from './view.ts';

const DOTS = '\u2022'.repeat(8);
/** Inputs that hold no value of the customer's. */
const NO_FIELD = new Set(['hidden', 'submit', 'button', 'reset', 'image']);
/** Inputs that take eight dots as their value; the others get them painted. */
const TAKES_DOTS = new Set(['text', 'search', 'tel', 'password']);

type Field = HTMLInputElement & HTMLTextAreaElement & HTMLSelectElement;

/** Form state, what is hidden of it, and the top layer. */
export class Fields {
  /** Hidden fields and masked elements. */
  readonly hidden = new Set<MirrorNode>();
  /** Dialogs and pop-overs whose state could not be set yet: their frame is not attached. */
  private readonly later = new Set<MirrorNode>();

  /** @param frame the view's own iframe: opening a dialog must not take the keyboard from its surroundings. */
  constructor(private readonly view: View, private readonly frame: HTMLIFrameElement) {}

  clear(): void {
    this.hidden.clear();
    this.later.clear();
  }

  forget(n: MirrorNode): void {
    this.hidden.delete(n);
    this.later.delete(n);
  }

  isField(n: MirrorNode): boolean {
    return n.ns === 'html' && (n.local === 'textarea' || n.local === 'select' || (n.local === 'input' && !NO_FIELD.has(typeOf(n))));
  }

  isHidden(n: MirrorNode): boolean {
    return n.effective > 0 && this.isField(n);
  }

  /** A node has got its attributes. */
  added(n: MirrorNode): void {
    if (n.effective > 0) this.renew(n);
  }

  /** Op 24. */
  setPrivacy(n: MirrorNode, privacy: PrivacyClass): void {
    n.privacy = privacy;
    this.inherit(n);
  }

  /** Classes below `n` anew, after its own or its place has changed. */
  inherit(n: MirrorNode): void {
    for (const c of subtree(n)) {
      const before = c.effective;
      c.effective = Math.max(c.privacy, c.parent?.effective ?? 0) as PrivacyClass;
      if (c.effective > before && c.x) {
        delete c.x.value;
        delete c.x.selection;
        if (this.isField(c)) c.x.sent?.delete('value');
      }
      if (c.effective !== before) this.renew(c);
    }
  }

  /** Shows or hides anew: class or type of a field has changed. */
  renew(n: MirrorNode): void {
    const el = n.element as Field | undefined;
    if (!el) return;
    const field = this.isField(n);
    // Once a password, for ever closed, whatever its type is now.
    if (n.local === 'input' && typeOf(n) === 'password' && n.privacy < 2) {
      n.privacy = n.effective = 2;
      if (n.x) delete n.x.value;
    }
    const hide = field ? n.effective > 0 : n.privacy > 0;
    const was = this.hidden.has(n);
    if (!hide) {
      if (was) {
        this.hidden.delete(n);
        dom.removeAttribute(el, this.view.names.mask);
        if (field) this.reveal(n, el);
      }
      return;
    }
    this.hidden.add(n);
    dom.setAttribute(el, this.view.names.mask, field ? this.conceal(n, el) : 'block');
  }

  /** Op 8. */
  setValue(n: MirrorNode, value: string): void {
    if (!n.isElement) fail(`node ${n.id} has no value`);
    if (this.isHidden(n)) return;
    n.extra.value = value;
    this.showValue(n, value);
  }

  /** Writes a value into the view, for the moment until the customer's own comes. */
  showValue(n: MirrorNode, value: string): void {
    const el = n.element as Field | undefined;
    if (!el || this.isHidden(n) || (n.local !== 'input' && n.local !== 'textarea') || typeOf(n) === 'file') return;
    if (el.value !== value) el.value = value;
  }

  /** Op 26. */
  setSelection(n: MirrorNode, start: number, end: number): void {
    if (!n.isElement) fail(`node ${n.id} has no selection`);
    if (!this.isHidden(n)) n.extra.selection = [start, end];
  }

  /** Op 9. */
  setState(n: MirrorNode, bits: number): void {
    if (!n.isElement) fail(`node ${n.id} has no state`);
    n.extra.bits = bits;
    this.applyState(n);
  }

  /** A dialog's `open` attribute was set or removed. Which of the two ways it is open, op 9 says. */
  dialogOpen(n: MirrorNode, open: boolean): void {
    const el = n.element as HTMLDialogElement | undefined;
    if (el && !open && isModal(el)) {
      dom.setAttribute(el, 'open', '');
      this.keepingFocus(() => el.close());
    }
  }

  /** At the end of a batch: what had to wait for the tree. */
  flush(): void {
    for (const n of [...this.later]) this.applyState(n);
    for (const n of this.hidden) {
      if (n.local === 'select' && (n.dom as HTMLSelectElement).selectedIndex !== -1) (n.dom as HTMLSelectElement).selectedIndex = -1;
    }
  }

  private applyState(n: MirrorNode): void {
    const el = n.element;
    const bits = n.x?.bits ?? 0;
    this.later.delete(n);
    if (!el || n.ns !== 'html') return;
    if (n.local === 'input') {
      if (this.isHidden(n)) return;
      (el as Field).checked = (bits & 1) !== 0;
      (el as Field).indeterminate = (bits & 2) !== 0;
    } else if (n.local === 'option') {
      const on = (bits & 1) !== 0;
      if (!this.inHiddenSelect(n) && (el as HTMLOptionElement).selected !== on) (el as HTMLOptionElement).selected = on;
    } else if (n.local === 'dialog') {
      const modal = (bits & 4) !== 0;
      if (modal !== isModal(el)) {
        if (dom.isLive(el)) this.keepingFocus(() => setModal(el as HTMLDialogElement, modal, n.attribute('open') !== null));
        else this.later.add(n);
      }
    }
    const popover = (bits & 8) !== 0;
    if (n.attribute('popover') !== null && popover !== isPopoverOpen(el)) {
      if (!dom.isLive(el)) this.later.add(n);
      else this.keepingFocus(() => {
        if (popover) el.showPopover();
        else el.hidePopover();
      });
    }
  }

  private inHiddenSelect(n: MirrorNode): boolean {
    for (let p = n.parent; p; p = p.parent) if (p.local === 'select') return this.isHidden(p);
    return false;
  }

  /** Puts what the agent may not see out of the view; the kind of mask it then needs. */
  private conceal(n: MirrorNode, el: Field): string {
    if (n.local === 'select') {
      el.selectedIndex = -1;
      return 'dots';
    }
    const type = typeOf(n);
    if (n.local === 'input') {
      n.x?.sent?.delete('value');
      dom.removeAttribute(el, 'value');
      if (type === 'checkbox' || type === 'radio') {
        el.checked = el.indeterminate = false;
        return 'check';
      }
    }
    // A value against the field's own rules would make it look wrong.
    const dots = n.local === 'textarea' || (TAKES_DOTS.has(type) && n.attribute('pattern') === null);
    if (type !== 'file') el.value = dots ? DOTS : '';
    return dots ? 'text' : 'dots';
  }

  private reveal(n: MirrorNode, el: Field): void {
    if (n.local === 'select') {
      for (const o of subtree(n)) if (o.local === 'option' && o.x?.bits !== undefined) this.applyState(o);
      return;
    }
    const type = typeOf(n);
    if (type === 'file') return;
    if (type === 'checkbox' || type === 'radio') this.applyState(n);
    else el.value = n.x?.value ?? n.attribute('value') ?? (n.local === 'textarea' ? el.defaultValue : '');
  }

  private keepingFocus(act: () => void): void {
    const outer = this.frame.ownerDocument;
    const before = outer.activeElement as HTMLElement | null;
    try {
      act();
    } finally {
      if (outer.activeElement === this.frame && before !== this.frame) {
        if (before && before !== outer.body) before.focus({ preventScroll: true });
        else this.frame.blur();
      }
    }
  }
}

export function typeOf(n: MirrorNode): string {
  return n.local === 'input' ? (n.attribute('type') ?? 'text').trim().toLowerCase() || 'text' : '';
}

/** True for a node that takes typed text. */
export function isTextField(n: MirrorNode): boolean {
  return n.kind === Kind.Element && n.ns === 'html'
    && (n.local === 'textarea' || (n.local === 'input' && /^(?:text|search|tel|password|email|url|number)$/.test(knownType(n))));
}

/** The type as the browser takes it: unknown ones are text. */
export function knownType(n: MirrorNode): string {
  return (n.element as HTMLInputElement | undefined)?.type ?? '';
}

function setModal(el: HTMLDialogElement, modal: boolean, open: boolean): void {
  // A dialog that is open already does not become modal.
  dom.removeAttribute(el, 'open');
  if (modal) el.showModal();
  else {
    dom.setAttribute(el, 'open', '');
    el.close();
    if (open) dom.setAttribute(el, 'open', '');
  }
}

function isModal(el: Element): boolean {
  return Element.prototype.matches.call(el, ':modal');
}

function isPopoverOpen(el: Element): boolean {
  return Element.prototype.matches.call(el, ':popover-open');
}
