import { absolute, absoluteCss, absoluteSrcset } from './css.ts';
import { sentAttribute, type Place } from './masking.ts';

/** The server refuses longer attributes: 64 KiB of UTF-8, which this many UTF-16 units never exceed. */
const MAX_UNITS = 65_536 / 3;
const MAX_NAME = 256;

/** Is the attribute the address of something that the element loads and the view shows? Such are sent absolute. */
export function loads(tag: string, name: string): 'url' | 'set' | 'css' | undefined {
  switch (name) {
    case 'src': return /^(img|source|input|video|audio|track|embed)$/.test(tag) ? 'url' : undefined;
    case 'srcset': case 'imagesrcset': return /^(img|source|link)$/.test(tag) ? 'set' : undefined;
    case 'href': case 'xlink:href': return /^(link|image|feImage|use)$/.test(tag) ? 'url' : undefined;
    case 'poster': return tag === 'video' ? 'url' : undefined;
    case 'data': return tag === 'object' ? 'url' : undefined;
    case 'background': return /^(body|table|t[rdh]|thead|tbody|tfoot)$/.test(tag) ? 'url' : undefined;
    case 'style': return 'css';
    default: return undefined;
  }
}

export interface AttributeHost {
  /** Base URL of the element's document. */
  base(el: Element): string;
  /** The element names something to load. */
  names(el: Element, attribute: string, url: string): void;
  /** Gives a name to what does not fit into an attribute (a long data: URL). */
  longUrl(url: string): string | undefined;
}

/** The attribute as it goes on the wire, or null. */
export function wireAttribute(el: Element, name: string, value: string, at: Place, host: AttributeHost): string | null {
  if (name.length > MAX_NAME) return null;
  let sent = sentAttribute(name, value, at);
  if (sent === null || sent === '') return sent;
  const seen = (url: string): void => host.names(el, name, url);
  switch (loads(at.tag, name)) {
    case 'url': seen(sent = absolute(sent, host.base(el))); break;
    case 'set': sent = absoluteSrcset(sent, host.base(el), seen); break;
    case 'css': if (/url\(/i.test(sent)) sent = absoluteCss(sent, host.base(el), seen); break;
    case undefined: break;
  }
  if (sent.length <= MAX_UNITS) return sent;
  return (/^data:/i.test(sent) ? host.longUrl(sent) : undefined) ?? null;
}
