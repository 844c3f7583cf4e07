/**
 * DOM access that a page cannot bend. In a mirrored page `<form><input name=insertBefore>` shadows the form's own
 * methods, `<img name=querySelector>` those of the document: so members are taken from the prototypes, once.
 */
type Any = (...args: never[]) => unknown;

function getter<T, R>(proto: object, name: string): (of: T) => R {
  const get = Object.getOwnPropertyDescriptor(proto, name)!.get as (this: T) => R;
  return (of) => get.call(of);
}
function setter<T, V>(proto: object, name: string): (of: T, value: V) => void {
  const set = Object.getOwnPropertyDescriptor(proto, name)!.set as (this: T, v: V) => void;
  return (of, value) => set.call(of, value);
}
function method<T, F extends Any>(proto: object, name: string): (of: T, ...args: Parameters<F>) => ReturnType<F> {
  const f = Object.getOwnPropertyDescriptor(proto, name)!.value as F;
  return (of, ...args) => f.apply(of, args) as ReturnType<F>;
}

const N = Node.prototype, E = Element.prototype, D = Document.prototype;

const rawInsert = N.insertBefore, rawSet = E.setAttribute, rawRemove = E.removeAttribute, rawRemoveChild = N.removeChild;
const rawSetNS = E.setAttributeNS, rawCreate = D.createElement, rawCreateNS = D.createElementNS, rawText = D.createTextNode;

export const insert = (parent: Node, child: Node, before: Node | null): void => void rawInsert.call(parent, child, before);
const rawMove = (E as { moveBefore?: (n: Node, before: Node | null) => void }).moveBefore;
/** Moves without detaching, where the browser can. */
export function moveBefore(parent: Node, child: Node, before: Node | null): boolean {
  if (!rawMove || parent.nodeType !== 1 || child.nodeType !== 1 || !isConnected(parent) || !isConnected(child)) return false;
  try {
    rawMove.call(parent, child, before);
    return true;
  } catch {
    return false;
  }
}
export const removeChild = (parent: Node, child: Node): void => void rawRemoveChild.call(parent, child);
export const parentNode = getter<Node, Node | null>(N, 'parentNode');
export const childNodes = getter<Node, NodeListOf<ChildNode>>(N, 'childNodes');
export const firstChild = getter<Node, Node | null>(N, 'firstChild');
export const isConnected = getter<Node, boolean>(N, 'isConnected');
export const textContent = getter<Node, string | null>(N, 'textContent');
export const setTextContent = setter<Node, string>(N, 'textContent');

export const setAttribute = (el: Element, name: string, value: string): void => rawSet.call(el, name, value);
export const setAttributeNS = (el: Element, ns: string, name: string, value: string): void => rawSetNS.call(el, ns, name, value);
export const removeAttribute = (el: Element, name: string): void => rawRemove.call(el, name);
export const getAttribute = method<Element, Element['getAttribute']>(E, 'getAttribute');
export const hasAttribute = method<Element, Element['hasAttribute']>(E, 'hasAttribute');
export const attributes = getter<Element, NamedNodeMap>(E, 'attributes');
export const setAttributeNode = method<Element, Element['setAttributeNode']>(E, 'setAttributeNode');
export const attachShadow = method<Element, Element['attachShadow']>(E, 'attachShadow');
export const shadowRoot = getter<Element, ShadowRoot | null>(E, 'shadowRoot');
export const rectOf = method<Element, Element['getBoundingClientRect']>(E, 'getBoundingClientRect');
export const scrollElementTo = method<Element, (options: ScrollToOptions) => void>(E, 'scrollTo');
export const scrollLeft = getter<Element, number>(E, 'scrollLeft');
export const scrollTop = getter<Element, number>(E, 'scrollTop');
export const scrollWidth = getter<Element, number>(E, 'scrollWidth');
export const scrollHeight = getter<Element, number>(E, 'scrollHeight');
export const clientWidth = getter<Element, number>(E, 'clientWidth');
export const clientHeight = getter<Element, number>(E, 'clientHeight');
export const clientLeft = getter<Element, number>(E, 'clientLeft');
export const clientTop = getter<Element, number>(E, 'clientTop');

export const createElement = (doc: Document, tag: string): HTMLElement => rawCreate.call(doc, tag);
export const createElementNS = (doc: Document, ns: string, tag: string): Element => rawCreateNS.call(doc, ns, tag);
export const createText = (doc: Document, data: string): Text => rawText.call(doc, data);
export const createComment = method<Document, Document['createComment']>(D, 'createComment');
export const createFragment = method<Document, Document['createDocumentFragment']>(D, 'createDocumentFragment');
export const defaultView = getter<Document, (Window & typeof globalThis) | null>(D, 'defaultView');
export const documentElement = getter<Document, HTMLElement | null>(D, 'documentElement');
export const scrollingElement = getter<Document, Element | null>(D, 'scrollingElement');
export const ownerDocument = getter<Node, Document | null>(N, 'ownerDocument');
/** In a document that is shown. */
export const isLive = (n: Node): boolean => isConnected(n) && defaultView(ownerDocument(n) ?? (n as Document)) !== null;
export const implementation = getter<Document, DOMImplementation>(D, 'implementation');
export const elementFromPoint = method<Document, Document['elementFromPoint']>(D, 'elementFromPoint');
export const shadowElementFromPoint = method<ShadowRoot, ShadowRoot['elementFromPoint']>(ShadowRoot.prototype, 'elementFromPoint');
export const caretPositionFromPoint = 'caretPositionFromPoint' in D
  ? method<Document, Document['caretPositionFromPoint']>(D, 'caretPositionFromPoint')
  : (): null => null;
export const contentDocument = getter<HTMLIFrameElement, Document | null>(HTMLIFrameElement.prototype, 'contentDocument');
const docOpen = method<Document, (type?: string) => Document>(D, 'open');
const docWrite = method<Document, (text: string) => void>(D, 'write');
const docClose = method<Document, () => void>(D, 'close');
const docSheets = setter<Document, CSSStyleSheet[]>(D, 'adoptedStyleSheets');
const shadowSheets = setter<ShadowRoot, CSSStyleSheet[]>(ShadowRoot.prototype, 'adoptedStyleSheets');

export function adopt(root: Document | ShadowRoot, sheets: CSSStyleSheet[]): void {
  if (root.nodeType === 9) docSheets(root as Document, sheets);
  else shadowSheets(root as ShadowRoot, sheets);
}

export type RenderingMode = 'standards' | 'limited' | 'quirks';
const START: Record<RenderingMode, string> = {
  standards: '<!DOCTYPE html>',
  limited: '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
  quirks: '<html>',
};

/** Empties a document and gives it a rendering mode, which only its parser can do. */
export function restart(doc: Document, mode: RenderingMode): void {
  docOpen(doc);
  docWrite(doc, START[mode]);
  docClose(doc);
  for (let c = firstChild(doc); c; c = firstChild(doc)) removeChild(doc, c);
}

/** Names that the parser takes but setAttribute may not, such as `@click` or `(change)`. */
export function setOddAttribute(el: Element, name: string, value: string): void {
  if (!/^[^\s"'<>/=\0]+$/.test(name)) return;
  const attribute = new DOMParser().parseFromString(`<p ${name}=""></p>`, 'text/html').querySelector('p')?.attributes[0];
  if (!attribute) return;
  attribute.ownerElement?.removeAttributeNode(attribute);
  attribute.value = value;
  setAttributeNode(el, attribute);
}

/** A document that is shown nowhere, for what waits for its frame. */
export function createWaitingDocument(): Document {
  const doc = document.implementation.createHTMLDocument('');
  doc.documentElement.remove();
  doc.doctype?.remove();
  return doc;
}

let xml: XMLDocument | undefined;
/** HTML documents make no CDATA sections; an XML one does. */
export function createCData(data: string): CDATASection {
  xml ??= document.implementation.createDocument(null, 'x');
  return xml.createCDATASection(data.replace(/]]>/g, ']] >'));
}
