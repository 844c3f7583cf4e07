import { head, Kind, type Operation, type PrivacyClass } from '@twinpane/protocol';

/** Items of a tape, written by hand. Ids are implicit: 1 is the document, then in the order written. */
export type Items = unknown[];

interface Flags { privacy?: PrivacyClass; svg?: boolean }

export function el(tag: string, attributes: Record<string, string> = {}, children: Items[] = [], flags: Flags = {}): Items {
  const pairs = Object.entries(attributes).flat();
  return [head(Kind.Element, false, flags.privacy ?? 0, flags.svg ?? false, pairs.length / 2), tag, ...pairs, ...children.flat(), 0];
}
export const svg = (tag: string, attributes: Record<string, string> = {}, children: Items[] = []): Items => el(tag, attributes, children, { svg: true });
export const text = (data: string): Items => [head(Kind.Text), data];
export const comment = (): Items => [head(Kind.Comment)];
export const shadow = (...children: Items[]): Items => [head(Kind.ShadowRoot), ...children.flat(), 0];
export const doc = (children: Items[], quirks = false): Items => [head(Kind.Document, false, 0, false, quirks ? 1 : 0), ...children.flat(), 0];
export const doctype = (name = 'html', publicId = '', systemId = ''): Items => [head(Kind.Doctype), name, publicId, systemId];

export const URL0 = 'https://shop.example/a/';

/** Op 0 as a page of 800 × 600 has it. */
export const begin = (more: Record<string, unknown> = {}): Operation => [0, { u: URL0, t: 'Shop', w: 800, h: 600, d: 1, q: 0, l: 'en', ...more }];

/** A whole page as the ops of one batch: document 1, doctype 2, html 3, head 4, then the head's, body, the body's. */
export function page(body: Items[], headItems: Items[] = [], more: Operation[] = []): Operation[] {
  return [begin(), [2, 0, 0, 1, ...doc([doctype(), el('html', {}, [el('head', {}, headItems), el('body', { style: 'margin:0' }, body)])])], ...more, [1]];
}
