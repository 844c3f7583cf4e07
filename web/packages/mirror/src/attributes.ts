import { fixScripting, rewriteCss } from './css.ts';
import * as dom from './dom.ts';
import { isActiveUrl, parseSrcset } from './urls.ts';
import { baseOf, type View } from './view.ts';
import type { MirrorNode } from './tree.ts';

/** One transparent pixel: has a source, asks for nothing, shows no broken picture. */
const BLANK = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

/** Never in the view, on any element: they run, fetch, focus, or loosen what holds the frame. */
const DROPPED = new Set([
  'srcdoc', 'nonce', 'integrity', 'http-equiv', 'autofocus', 'autoplay', 'ping', 'attributionsrc', 'crossorigin', 'loading', 'manifest',
  'is', 'sandbox', 'allow', 'csp', 'credentialless', 'code', 'codebase', 'archive', 'classid', 'lowsrc', 'dynsrc', 'profile', 'data',
  'imagesrcset', 'browsingtopics', 'sharedstoragewritable', 'adauctionheaders', 'formaction', 'action', 'xml:base',
]);
/** Need a look before they are shown. */
const LOOKED_AT = new Set(['src', 'srcset', 'poster', 'background', 'href', 'xlink:href', 'style', 'media', 'popover', 'cite', 'longdesc', 'rel', 'disabled', 'type']);
/** Elements of which only harmless attributes are shown. */
const INERT = new Set(['link', 'meta', 'base']);
const INERT_SHOWN = /^(?:id|class|title|lang|dir|media|charset|data-.*)$/;
const ANIMATION = new Set(['animate', 'set', 'animatetransform', 'animatemotion', 'animatecolor']);
const NS: Record<string, string> = { xlink: 'http://www.w3.org/1999/xlink', xml: 'http://www.w3.org/XML/1998/namespace' };

/** Puts attributes on elements, made harmless; remembers what was sent where that differs. */
export class Attributes {
  constructor(private readonly view: View) {}

  /** @param value null: removed. */
  set(n: MirrorNode, name: string, value: string | null): void {
    const el = n.element;
    const key = n.ns === 'html' ? name.toLowerCase() : name;
    if (key === 'sandbox' && n.local === 'iframe') {
      // Nested frames are closed by us, whatever the page says.
      if (value === null) n.x?.sent?.delete(key);
      else (n.extra.sent ??= new Map()).set(key, value);
      return;
    }
    if (key === 'value' && this.view.fields.isHidden(n)) return;
    if (value === null) {
      n.x?.sent?.delete(key);
      if (el) dom.removeAttribute(el, name);
    } else if (!el) {
      (n.extra.sent ??= new Map()).set(key, value);
    } else {
      const shown = this.plain(n, key) ? value : this.shown(n, key.toLowerCase(), value);
      if (shown === value) n.x?.sent?.delete(key);
      else (n.extra.sent ??= new Map()).set(key, value);
      if (shown === undefined) dom.removeAttribute(el, name);
      else write(el, n, name, shown);
    }
    if (el && !this.plain(n, key)) this.follow(n, key, value);
  }

  /** Resources of this element have come or changed. */
  refresh(n: MirrorNode): void {
    if (n.local === 'style' || n.local === 'link') this.view.sheets.touch(n);
    for (const [name, value] of [...(n.x?.sent ?? [])]) this.set(n, name, value);
    this.properties(n);
  }

  /** Op 25. */
  property(n: MirrorNode, name: string, value: string): void {
    (n.extra.properties ??= new Map()).set(name, value);
    this.properties(n);
  }

  /** What an element gets that comes from no attribute: pictures of canvas and video. */
  properties(n: MirrorNode): void {
    const el = n.element;
    if (!el || n.ns !== 'html') return;
    if (n.local === 'canvas') {
      const url = n.x?.properties?.get('canvas');
      const shown = (url && this.view.resources.find(url, baseOf(n), n)) ?? emptyPicture(n);
      // The attribute as it was sent must be known before our own declaration changes it.
      if (!n.x?.ownStyle && dom.hasAttribute(el, 'style') && !n.x?.sent?.has('style')) (n.extra.sent ??= new Map()).set('style', dom.getAttribute(el, 'style')!);
      el.style.setProperty('content', `url("${shown}")`, 'important');
      n.extra.ownStyle = true;
    } else if (n.local === 'video') {
      const url = n.x?.properties?.get('media');
      const shown = url && this.view.resources.find(url, baseOf(n), n);
      if (shown) {
        const sent = n.attribute('poster');
        if (sent !== null) (n.extra.sent ??= new Map()).set('poster', sent);
        else n.extra.ownPoster = true;
        dom.setAttribute(el, 'poster', shown);
      }
    }
  }

  private plain(n: MirrorNode, key: string): boolean {
    return n.ns === 'html' && !INERT.has(n.local) && !LOOKED_AT.has(key) && !DROPPED.has(key) && !key.startsWith('on')
      && key !== 'width' && key !== 'height' && key !== 'open' && key !== 'pattern';
  }

  /** The harmless form of a value; undefined: the attribute is not shown. `key` is lower-case. */
  private shown(n: MirrorNode, key: string, value: string): string | undefined {
    const tag = n.local;
    if (key.startsWith('on') || DROPPED.has(key)) return undefined;
    if (INERT.has(tag) && !INERT_SHOWN.test(key)) return undefined;
    switch (key) {
      case 'src':
        if (tag === 'img' || tag === 'input' || tag === 'image') return this.picture(n, value);
        return tag === 'audio' || tag === 'video' || tag === 'source' || tag === 'track' ? this.resource(n, value) : undefined;
      case 'srcset': return this.srcset(n, value);
      case 'poster': case 'background': return this.resource(n, value);
      case 'href': case 'xlink:href':
        if (n.ns === 'html' || tag === 'a') return isActiveUrl(value) ? '#' : value;
        if (value.trim().startsWith('#')) return ANIMATION.has(tag) ? undefined : value;
        return tag === 'image' || tag === 'feimage' || tag === 'use' ? this.resource(n, value) : undefined;
      case 'style': return rewriteCss(value, this.view.names, (url) => this.view.resources.find(url, baseOf(n), n));
      case 'media': return fixScripting(value);
      // Which pop-over closes which is decided at the customer.
      case 'popover': return 'manual';
      case 'cite': case 'longdesc': return isActiveUrl(value) ? undefined : value;
      default:
    }
    if (n.ns === 'html') return value;
    if (ANIMATION.has(tag)) {
      if (key === 'attributename') return /href|^on|^src|^style$/i.test(value.trim()) ? undefined : value;
      // Nothing that is animated is an address.
      if (/[a-z][a-z0-9+.-]*\s*:|\/\//i.test(value) || value.split(';').some(isActiveUrl)) return undefined;
    }
    return rewriteCss(value, this.view.names, (url) => this.view.resources.find(url, baseOf(n), n));
  }

  /** What changes along with an attribute. */
  private follow(n: MirrorNode, key: string, value: string | null): void {
    switch (n.local) {
      case 'link': case 'style': this.view.sheets.touch(n); break;
      case 'base':
        if (key === 'href') this.view.frames.setBase(n, value);
        break;
      case 'canvas':
        // The page's own has replaced ours.
        if (key === 'style') n.extra.ownStyle = false;
        if (key === 'style' || key === 'width' || key === 'height') this.properties(n);
        break;
      case 'video':
        if (key === 'poster') this.properties(n);
        break;
      case 'dialog':
        if (key === 'open') this.view.fields.dialogOpen(n, value !== null);
        break;
      case 'input': case 'select': case 'textarea':
        if (key === 'type' || key === 'pattern') this.view.fields.renew(n);
        break;
      case 'iframe':
        if (key === 'src') this.view.frames.setSource(n);
        break;
      default:
    }
  }

  private resource(n: MirrorNode, value: string): string | undefined {
    return value.trim() === '' ? undefined : this.view.resources.find(value.trim(), baseOf(n), n);
  }

  private picture(n: MirrorNode, value: string): string | undefined {
    if (value.trim() === '') return undefined;
    const known = this.resource(n, value);
    if (known === undefined && this.view.resources.isGone(value.trim(), baseOf(n))) dom.setAttribute(n.element!, this.view.names.gone, '');
    else dom.removeAttribute(n.element!, this.view.names.gone);
    return known ?? BLANK;
  }

  private srcset(n: MirrorNode, value: string): string | undefined {
    const known: string[] = [];
    for (const [url, descriptor] of parseSrcset(value)) {
      const found = this.view.resources.find(url, baseOf(n), n);
      if (found !== undefined) known.push(`${found.replace(/,/g, '%2C').replace(/^data:([^%]*)%2C/, 'data:$1,')} ${descriptor}`.trim());
    }
    return known.length > 0 ? known.join(', ') : undefined;
  }
}

function write(el: Element, n: MirrorNode, name: string, value: string): void {
  try {
    const colon = n.ns === 'html' ? -1 : name.indexOf(':');
    const ns = colon > 0 ? NS[name.slice(0, colon)] : undefined;
    if (ns !== undefined) dom.setAttributeNS(el, ns, name, value);
    else dom.setAttribute(el, name, value);
  } catch {
    dom.setOddAttribute(el, name, value);
  }
}

/** Without scripts a canvas shows its fallback content; a picture of its size keeps its box. */
function emptyPicture(n: MirrorNode): string {
  const size = (name: string, otherwise: number): number => {
    const v = /^\s*\+?(\d{1,5})/.exec(n.attribute(name) ?? '');
    return v ? Number(v[1]) : otherwise;
  };
  return `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='${size('width', 300)}' height='${size('height', 150)}'/%3E`;
}
