/**
 * What leaves the page, decided by facts alone: no DOM is read here. Every value, attribute and text passes one of these
 * functions before it is serialised.
 */
import { Privacy, type PrivacyClass } from '@twinpane/protocol';

/** What stands for a hidden text, whatever its length. */
export const MASK = '••••••••';

export interface Facts {
  /** Lower-case tag. */
  tag: string;
  /** Lower-case type of an input, as the browser understands it. */
  type: string;
  autocomplete: string;
  /** Hosts editable content. */
  editable: boolean;
  /** Matches a masking rule. */
  ruled: boolean;
}

const LABELLED = /^(button|submit|reset|image)$/;

/** An element's own class, its ancestors left aside. Callers keep the highest that an element ever had. */
export function ownClass(f: Facts, formValues: 'private' | 'shown'): PrivacyClass {
  const input = f.tag === 'input';
  if (f.ruled || (input && (f.type === 'password' || /password/i.test(f.autocomplete)))) return Privacy.Masked;
  if (formValues === 'shown') return Privacy.Shown;
  if (input ? !LABELLED.test(f.type) : f.tag === 'textarea' || f.tag === 'select' || f.editable) return Privacy.Private;
  return Privacy.Shown;
}

/** Where a node stands: its element, and the strictest class from the element up. */
export interface Place {
  tag: string;
  /** The element's own class. */
  own: PrivacyClass;
  /** The strictest of the element's class and its ancestors'. */
  effective: PrivacyClass;
  /** An option or optgroup, or inside one: its text is the page's, only its selectedness is the customer's. */
  option: boolean;
  /** The field's present value, '' when it has none. Copies of it in other attributes are left out. */
  value: string;
}

/** Left out everywhere: code, and what would make the view load or run something. */
const NEVER = /^(on.*|nonce|integrity|srcdoc)$/i;
/** All that a masked element, or one that somebody edits, keeps: what gives it its place and looks. */
const LOOKS = /^(id|class|style|dir|lang|type|role|width|height|colspan|rowspan|span|rows|cols|size|disabled|readonly|hidden|multiple|open|slot|part|align|valign|border|contenteditable|viewBox|preserveAspectRatio|fill|stroke|xmlns)$/;
const STATE = /^(value|checked|selected|aria-(valuetext|valuenow|checked|selected))$/;

/** The attribute as it may be sent, or null. */
export function sentAttribute(name: string, value: string, at: Place): string | null {
  if (NEVER.test(name)) return null;
  if (at.effective === Privacy.Shown) return value;
  const field = /^(input|textarea|select)$/.test(at.tag);
  if (at.effective === Privacy.Masked || (at.own === Privacy.Shown && !at.option)) {
    return LOOKS.test(name) && !(name === 'style' && /url\(/i.test(value)) ? value : null;
  }
  if (at.option) return /^(selected|aria-selected)$/.test(name) ? null : value;
  if (STATE.test(name)) return null;
  if (at.value.length > 2 && value.includes(at.value)) return null;
  return field && name.startsWith('data-') ? '' : value;
}

/** Text as it may be sent. White space stays: it holds nothing but the layout. */
export function sentText(data: string, at: Place): string {
  if (at.effective === Privacy.Shown || at.tag === 'style' || (at.effective === Privacy.Private && at.option)) return data;
  return /\S/.test(data) ? MASK : data;
}

/**
 * The page's own address as it may be sent. A form sent by GET writes what was typed into it into the query, and pages keep
 * such things in the fragment: where form values are private, neither leaves.
 */
export function sentAddress(url: string, formValues: 'private' | 'shown'): string {
  if (formValues === 'shown') return url;
  return url.replace(/#.*=.*/s, '').replace(/\?[^#]+/g, '?…');
}

/** May the value, the state and the selection of a field be sent? */
export function showsState(at: Place): boolean {
  return at.effective === Privacy.Shown;
}
