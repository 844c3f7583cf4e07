/** Reading the page: which nodes are on the tape, what their children are, where they stand. Works across realms. */

export const isElement = (n: Node): n is Element => n.nodeType === 1;
export const isDocument = (n: Node): n is Document => n.nodeType === 9;
export const isShadow = (n: Node): n is ShadowRoot => n.nodeType === 11;
export const isText = (n: Node): n is Text => n.nodeType === 3 || n.nodeType === 4;

/** Closed shadow roots that were seen being attached. */
const closed = new WeakMap<Element, ShadowRoot>();

export function rememberShadow(host: Element, root: ShadowRoot): void {
  if (!host.shadowRoot) closed.set(host, root);
}

export function shadowOf(el: Element): ShadowRoot | undefined {
  return el.shadowRoot ?? closed.get(el);
}

/** The document of a frame of the same origin. */
export function frameDocument(el: Element): Document | undefined {
  if (el.localName !== 'iframe') return undefined;
  try {
    const doc = (el as HTMLIFrameElement).contentDocument;
    return doc?.documentElement ? doc : undefined;
  } catch {
    return undefined;
  }
}

/** Parent across shadow roots and frames. */
export function parentOf(node: Node): Node | null {
  if (isDocument(node)) {
    try {
      return node.defaultView?.frameElement ?? null;
    } catch {
      return null;
    }
  }
  return isShadow(node) ? node.host : node.parentNode;
}

const LEFT_OUT = /^(script|noscript)$/;
const LINKS = /(^|\s)(preload|prefetch|modulepreload|manifest)(\s|$)/i;

/** Section 2: is the node on the tape? */
export function kept(node: Node, ignore: (el: Element) => boolean): boolean {
  switch (node.nodeType) {
    case 1: {
      const el = node as Element;
      const tag = el.localName;
      if (LEFT_OUT.test(tag)) return false;
      if (tag === 'link') return !LINKS.test(el.getAttribute('rel') ?? '');
      if (tag === 'meta') return el.hasAttribute('charset') || /^viewport$/i.test(el.getAttribute('name') ?? '');
      return !ignore(el);
    }
    case 3: case 4: case 8: case 10:
      return true;
    default:
      return false;
  }
}

/** The children that are on the tape, a shadow root first. */
export function childrenOf(node: Node, ignore: (el: Element) => boolean): Node[] {
  const out: Node[] = [];
  if (isElement(node)) {
    const doc = frameDocument(node);
    if (doc) return [doc];
    if (node.localName === 'iframe' || node.localName === 'template') return out;
    const shadow = shadowOf(node);
    if (shadow) out.push(shadow);
  }
  for (let c = node.firstChild; c; c = c.nextSibling) if (kept(c, ignore)) out.push(c);
  return out;
}

/** How deep a node lies below the page's document; −1 when it is not on the tape: outside, or below what is left out. */
export function depthOf(node: Node, top: Document, ignore: (el: Element) => boolean): number {
  let depth = 0;
  for (let n = node; n !== top; depth++) {
    const parent = parentOf(n);
    if (!parent || (n.nodeType !== 9 && n.nodeType !== 11 && (!kept(n, ignore) || /^(iframe|template)$/i.test(parent.nodeName)))) return -1;
    n = parent;
  }
  return depth;
}

/** All documents and shadow roots of a page, frames included. */
export function rootsOf(doc: Document): (Document | ShadowRoot)[] {
  const roots: (Document | ShadowRoot)[] = [doc];
  for (let i = 0; i < roots.length; i++) {
    for (const el of roots[i]!.querySelectorAll('*')) {
      const inner = frameDocument(el) ?? shadowOf(el);
      if (inner) roots.push(inner);
    }
  }
  return roots;
}

/** The element that has the focus, through shadow roots and frames; null when that is Twinpane's own. */
export function deepActive(doc: Document, ignore: (el: Element) => boolean): Element | null {
  let el = doc.activeElement;
  for (;;) {
    if (el && ignore(el)) return null;
    const inner = el && (frameDocument(el)?.activeElement ?? shadowOf(el)?.activeElement);
    if (!inner) return el;
    el = inner;
  }
}

/** Where a frame's viewport begins in the page's, in CSS pixels. */
export function frameOffset(win: Window | null, top: Window): { x: number; y: number } {
  let x = 0;
  let y = 0;
  try {
    for (let w = win; w && w !== top; w = w.parent) {
      const frame = w.frameElement;
      if (!frame) break;
      const r = frame.getBoundingClientRect();
      x += r.left + frame.clientLeft;
      y += r.top + frame.clientTop;
    }
  } catch {
    // A frame in between is of another origin: the offset so far has to do.
  }
  return { x, y };
}
