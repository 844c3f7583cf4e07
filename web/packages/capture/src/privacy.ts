import type { PrivacyClass } from '@twinpane/protocol';
import { isElement, parentOf } from './dom.ts';
import { ownClass, type Place } from './masking.ts';
import type { CapturePolicy } from './api.ts';

const FIELD = /^(input|textarea|select)$/;

/** Where nothing is hidden. */
export const OPEN: Place = { tag: '', own: 0, effective: 0, option: false, value: '' };

/** Applies the policy to live elements. A class only ever rises: an element that was hidden once stays hidden. */
export class PrivacyRules {
  readonly #known = new WeakMap<Element, PrivacyClass>();
  /** The masking rules as one selector, '' when there are none. */
  readonly selector: string;

  constructor(private readonly policy: CapturePolicy, document: Document) {
    let selector = policy.mask.join(',');
    try {
      for (const rule of policy.mask) document.createDocumentFragment().querySelector(rule);
    } catch {
      selector = '*';
    }
    this.selector = selector;
  }

  /** The element's own class, the highest it ever had. */
  own(el: Element): PrivacyClass {
    const before = this.#known.get(el) ?? 0;
    if (before === 2) return 2;
    const tag = el.localName;
    const editable = el.getAttribute('contenteditable');
    const now = ownClass({
      tag,
      type: tag === 'input' ? (el as HTMLInputElement).type : '',
      autocomplete: tag === 'input' ? el.getAttribute('autocomplete') ?? '' : '',
      editable: (editable !== null && editable.toLowerCase() !== 'false') || (el.parentElement === null && el.ownerDocument.designMode === 'on'),
      ruled: this.selector !== '' && el.matches(this.selector),
    }, this.policy.formValues);
    if (now <= before) return before;
    this.#known.set(el, now);
    return now;
  }

  /** An input that was of type password for however short a time. */
  wasPassword(el: Element): void {
    if (el.localName === 'input') this.#known.set(el, 2);
  }

  /** The place of an element below `parent`. */
  below(el: Element, parent: Place): Place {
    const own = this.own(el);
    const tag = el.localName;
    return {
      tag, own,
      effective: own > parent.effective ? own : parent.effective,
      option: (parent.option || tag === 'option' || tag === 'optgroup') && tag !== 'selectedcontent',
      value: own > 0 && FIELD.test(tag) ? String((el as HTMLInputElement).value) : '',
    };
  }

  /** The place of any element, from its ancestors in the page. */
  place(el: Element): Place {
    const chain: Element[] = [];
    for (let n: Node | null = el; n; n = parentOf(n)) if (isElement(n)) chain.push(n);
    return chain.reduceRight((at, e) => this.below(e, at), OPEN);
  }
}
