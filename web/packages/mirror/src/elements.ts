import * as dom from './dom.ts';
import type { Namespace } from './tree.ts';

const SVG = 'http://www.w3.org/2000/svg';
const MATHML = 'http://www.w3.org/1998/Math/MathML';

/** Never in the view: they run, fetch, or show a document that we do not make. */
const DROPPED = new Set(['script', 'noscript', 'object', 'embed', 'applet', 'frame', 'portal', 'fencedframe', 'param', 'bgsound', 'isindex', 'handler', 'listener']);
/** Names with a dash that cannot be defined. */
const RESERVED = new Set(['annotation-xml', 'color-profile', 'font-face', 'font-face-src', 'font-face-uri', 'font-face-format', 'font-face-name', 'missing-glyph']);
const MAX_DEFINITIONS = 5000;

const defined = new WeakMap<Window, Set<string>>();

/** Rules for `:not(:defined)` hide what the customer's scripts have long defined: an empty class is enough. */
function define(doc: Document, tag: string): void {
  const win = dom.defaultView(doc);
  if (!win) return;
  let names = defined.get(win);
  if (!names) defined.set(win, (names = new Set()));
  if (names.has(tag) || names.size >= MAX_DEFINITIONS) return;
  names.add(tag);
  try {
    win.customElements.define(tag, class extends win.HTMLElement {});
  } catch {
    // No valid name: stays as undefined as it is at the customer.
  }
}

/** Namespace of an element by the flag on the tape, its tag and its parent. */
export function namespaceOf(tag: string, foreign: boolean, parent: Namespace): Namespace {
  if (!foreign) return 'html';
  const local = localName(tag, 'svg');
  if (local === 'svg') return 'svg';
  return local === 'math' || parent === 'math' ? 'math' : 'svg';
}

/** What an element is, whatever way it is written: `svg:Script` is a script. */
export function localName(tag: string, ns: Namespace): string {
  const lower = tag.toLowerCase();
  return ns === 'html' ? lower : lower.slice(lower.lastIndexOf(':') + 1);
}

/** The element for the view, or a comment where it must not be shown. Nested frames are closed as the view's own is. */
export function createShown(doc: Document, tag: string, local: string, ns: Namespace): Node {
  if (DROPPED.has(local)) return dom.createComment(doc, '');
  try {
    if (ns !== 'html') return dom.createElementNS(doc, ns === 'svg' ? SVG : MATHML, tag);
    // A sheet's text comes by op 17 and must stand in the place of its link.
    if (local === 'link') return dom.createElement(doc, 'style');
    if (local.includes('-') && !RESERVED.has(local)) define(doc, local);
    const el = dom.createElement(doc, tag);
    if (local === 'iframe') dom.setAttribute(el, 'sandbox', 'allow-same-origin');
    return el;
  } catch {
    return oddElement(doc, tag);
  }
}

/** Names that only the parser takes. */
function oddElement(doc: Document, tag: string): Node {
  if (!/^[a-z][^\s/>\0]*$/i.test(tag)) return dom.createElement(doc, 'span');
  const parsed = new DOMParser().parseFromString(`<body><${tag}></${tag}>`, 'text/html').body.firstElementChild;
  return parsed && parsed.localName === tag.toLowerCase() ? doc.adoptNode(parsed) : dom.createElement(doc, 'span');
}
