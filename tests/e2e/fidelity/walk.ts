/** The customer's live document as plain data: written for this comparison alone, so that a mistake of the capture cannot hide here. */

export interface Walked {
  kind: number;
  tag?: string;
  svg?: 1;
  /** Each with every form in which it may be shown: as written, and with addresses made absolute. */
  attributes?: Record<string, string[]>;
  data?: string;
  name?: string;
  publicId?: string;
  systemId?: string;
  quirks?: boolean;
  value?: string;
  checked?: boolean;
  indeterminate?: boolean;
  selected?: boolean;
  modal?: boolean;
  popover?: boolean;
  scroll?: [number, number];
  /** The element whose position is its document's. */
  root?: true;
  children?: Walked[];
}

/** Runs in the page; refers to nothing outside of itself. */
export function walkPage(): Walked {
  // page-stream.md, section 2, "not on the tape, ever" (and what comes of it: a left-out element leaves no trace).
  const leftOut = (el: Element): boolean => {
    switch (el.localName) {
      case 'script': case 'noscript': return true;
      case 'twinpane-ui': return true;
      case 'link': return (el.getAttribute('rel') ?? '').toLowerCase().split(/\s+/).some((r) => ['preload', 'prefetch', 'modulepreload', 'manifest'].includes(r));
      case 'meta': return !el.hasAttribute('charset') && (el.getAttribute('name') ?? '').toLowerCase() !== 'viewport';
      default: return false;
    }
  };
  const leftOutAttribute = (name: string): boolean => name.startsWith('on') || ['nonce', 'integrity', 'srcdoc'].includes(name);
  const absolute = (url: string, base: string): string => {
    const u = url.trim();
    if (u === '' || u.startsWith('#') || u.startsWith('data:')) return url;
    try {
      return new URL(u, base).href;
    } catch {
      return url;
    }
  };
  // Addresses of what an element loads travel absolute, since the view has another address than the page.
  const forms = (el: Element, name: string, value: string): string[] => {
    const base = el.baseURI;
    let other = value;
    if (['src', 'href', 'xlink:href', 'poster', 'data', 'background'].includes(name) && el.localName !== 'a' && el.localName !== 'iframe') other = absolute(value, base);
    else if (name === 'srcset' || name === 'imagesrcset') other = value.split(/,\s+/).map((c) => c.trim()).map((c) => absolute(c.split(/\s+/)[0]!, base) + c.slice(c.split(/\s+/)[0]!.length)).join(', ');
    else if (name === 'style') other = value.replace(/url\(\s*(["']?)(.*?)\1\s*\)/g, (_, _q, u: string) => `url("${absolute(u, base)}")`);
    return other === value ? [value] : [value, other];
  };
  const matches = (el: Element, selector: string): boolean => {
    try {
      return el.matches(selector);
    } catch {
      return false;
    }
  };

  const element = (el: Element, out: Walked): void => {
    out.tag = el.localName;
    const html = el.namespaceURI === 'http://www.w3.org/1999/xhtml';
    if (!html) out.svg = 1;
    for (const a of Array.from(el.attributes)) if (!leftOutAttribute(a.name)) (out.attributes ??= {})[a.name] = forms(el, a.name, a.value);
    if (el === el.ownerDocument.scrollingElement) out.root = true;
    else if (el.scrollLeft !== 0 || el.scrollTop !== 0) out.scroll = [el.scrollLeft, el.scrollTop];
    if (!html) return;
    if (el.localName === 'input') {
      const input = el as HTMLInputElement;
      if (!['hidden', 'submit', 'button', 'reset', 'image'].includes(input.type)) out.value = input.value;
      if (input.type === 'checkbox' || input.type === 'radio') {
        out.checked = input.checked;
        if (input.indeterminate) out.indeterminate = true;
      }
    } else if (el.localName === 'textarea' || el.localName === 'select') out.value = (el as HTMLTextAreaElement).value;
    else if (el.localName === 'option') out.selected = (el as HTMLOptionElement).selected;
    else if (el.localName === 'dialog') out.modal = matches(el, ':modal');
    if (el.hasAttribute('popover')) out.popover = matches(el, ':popover-open');
  };

  const node = (n: Node): Walked | undefined => {
    const children: Walked[] = [];
    const below = (parent: Node): void => {
      for (const c of Array.from(parent.childNodes)) {
        const walked = node(c);
        if (walked) children.push(walked);
      }
    };
    let out: Walked;
    switch (n.nodeType) {
      case 1: {
        const el = n as Element;
        if (leftOut(el)) return undefined;
        out = { kind: 1 };
        element(el, out);
        if (el.localName === 'iframe') {
          // Frames of other origins stay empty: their document is not the customer's site's to show.
          const inner = (el as HTMLIFrameElement).contentDocument;
          const doc = inner ? node(inner) : undefined;
          if (doc) children.push(doc);
          break;
        }
        if (el.shadowRoot) {
          const shadow: Walked = { kind: 5 };
          const inside = Array.from(el.shadowRoot.childNodes).map(node).filter((c) => c !== undefined);
          if (inside.length > 0) shadow.children = inside;
          children.push(shadow);
        }
        if (el.localName !== 'template') below(el);
        break;
      }
      case 3: out = { kind: 2, data: (n as Text).data }; break;
      case 4: out = { kind: 7, data: (n as Text).data }; break;
      // The text of comments is not sent; they keep their place.
      case 8: out = { kind: 3 }; break;
      case 10: {
        const t = n as DocumentType;
        out = { kind: 4, name: t.name, publicId: t.publicId, systemId: t.systemId };
        break;
      }
      case 9: {
        const doc = n as Document;
        out = { kind: 6, quirks: doc.compatMode === 'BackCompat' };
        const win = doc.defaultView;
        if (win && (win.scrollX !== 0 || win.scrollY !== 0)) out.scroll = [win.scrollX, win.scrollY];
        below(doc);
        break;
      }
      default: return undefined;
    }
    if (children.length > 0) out.children = children;
    return out;
  };
  return node(document)!;
}

/** How many pictures and fonts there are, here and in frames: what the view has to have before it is photographed. */
export function countLoaded(): { pictures: number; fonts: number } {
  let pictures = 0;
  let fonts = 0;
  const look = (doc: Document): void => {
    pictures += Array.from(doc.images).filter((i) => i.complete && i.naturalWidth > 1).length;
    doc.fonts.forEach((f) => { if (f.status === 'loaded') fonts += 1; });
    for (const frame of Array.from(doc.querySelectorAll('iframe'))) if (frame.contentDocument) look(frame.contentDocument);
  };
  look(document);
  return { pictures, fonts };
}
