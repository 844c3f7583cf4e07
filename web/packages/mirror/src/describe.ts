import { Kind, type PrivacyClass } from '@twinpane/protocol';
import * as dom from './dom.ts';
import { positionOf } from './scrolls.ts';
import { nodeOf, type MirrorNode } from './tree.ts';
import type { View } from './view.ts';

/** A node as plain data, in the shape of docs/protocol/vectors, plus the state that the view really shows. */
export interface Described {
  id: number;
  kind: Kind;
  privacy?: PrivacyClass;
  tag?: string;
  svg?: 0 | 1;
  /** As they were sent. */
  attributes?: Record<string, string>;
  data?: string;
  name?: string;
  publicId?: string;
  systemId?: string;
  closed?: boolean;
  quirks?: boolean;
  /** Of fields that are not hidden. */
  value?: string;
  checked?: boolean;
  indeterminate?: boolean;
  selected?: boolean;
  modal?: boolean;
  popover?: boolean;
  scroll?: [x: number, y: number];
  children?: Described[];
}

/** Reads the view's DOM, not the books: what is wrong in the picture is wrong here. But for attributes that are rewritten or not shown, which come as they were sent. */
export function describe(view: View, n: MirrorNode): Described {
  const d: Described = { id: n.id, kind: n.kind };
  if (n.privacy > 0) d.privacy = n.privacy;
  switch (n.kind) {
    case Kind.Element: element(view, n, d); break;
    case Kind.Text: case Kind.CData: d.data = (n.dom as Text).data; break;
    case Kind.Doctype: {
      const t = n.dom as DocumentType;
      Object.assign(d, { name: t.name, publicId: t.publicId, systemId: t.systemId });
      break;
    }
    case Kind.Document: d.quirks = Reflect.get(Document.prototype, 'compatMode', n.dom) === 'BackCompat'; break;
    default:
  }
  const at = positionOf(n);
  if (at && (at.x !== 0 || at.y !== 0)) d.scroll = [at.x, at.y];
  const children: Described[] = [];
  const special = n.first && (n.first.kind === Kind.ShadowRoot || n.first.kind === Kind.Document) ? n.first : undefined;
  if (special) children.push(describe(view, special));
  if (n.inside && special?.kind !== Kind.Document) {
    for (const c of dom.childNodes(n.inside)) {
      const child = nodeOf(c);
      if (!child || child.dom !== c) throw new Error('the view holds a node that is not the mirror\'s');
      children.push(describe(view, child));
    }
  }
  if (children.length > 0) d.children = children;
  return d;
}

function element(view: View, n: MirrorNode, d: Described): void {
  d.tag = n.tag;
  if (n.ns !== 'html') d.svg = 1;
  const own = new Set<string>(Object.values(view.names) as string[]);
  const attributes: Record<string, string> = {};
  const el = n.element;
  if (el) {
    for (const a of dom.attributes(el)) {
      if (own.has(a.name) || (a.name === 'style' && n.x?.ownStyle) || (a.name === 'poster' && n.x?.ownPoster)) continue;
      if (n.local === 'iframe' && a.name === 'sandbox') continue;
      attributes[a.name] = a.value;
    }
  }
  for (const [name, value] of n.x?.sent ?? []) attributes[name] = value;
  if (Object.keys(attributes).length > 0) d.attributes = attributes;
  if (!el || n.ns !== 'html') return;
  const field = el as HTMLInputElement;
  if (view.fields.isField(n) && !view.fields.isHidden(n)) {
    d.value = field.value;
    if (n.local === 'input' && (field.type === 'checkbox' || field.type === 'radio')) {
      d.checked = field.checked;
      if (field.indeterminate) d.indeterminate = true;
    }
  }
  if (n.local === 'option' && n.effective === 0) d.selected = (el as unknown as HTMLOptionElement).selected;
  if (n.local === 'dialog') d.modal = el.matches(':modal');
  if (n.attribute('popover') !== null) d.popover = el.matches(':popover-open');
}
