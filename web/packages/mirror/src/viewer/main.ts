import type { ViewerInit } from '@twinpane/protocol';
import { Shell } from './shell.ts';

/** The origins that the server put into the page; its template mark is none. */
const desks = new Set((document.querySelector<HTMLMetaElement>('meta[name="twinpane-desk-origin"]')?.content ?? '').split(/\s+/).filter((o) => /^https?:\/\/[^/]+$/.test(o)));

function isInit(data: unknown): data is ViewerInit {
  const init = data as Partial<ViewerInit> | null;
  if (typeof init !== 'object' || init === null || init.type !== 'twinpane-viewer' || init.v !== 1 || typeof init.resources !== 'string') return false;
  try {
    // Resources come from this host or not at all; the page's policy says the same.
    return new URL(init.resources, location.href).origin === location.origin;
  } catch {
    return false;
  }
}

function listen(event: MessageEvent<unknown>): void {
  if (event.source !== window.parent || window.parent === window || !desks.has(event.origin) || event.ports.length !== 1 || !isInit(event.data)) return;
  window.removeEventListener('message', listen);
  const shell = new Shell(event.ports[0]!, event.data.resources);
  // For tools and tests on this origin: what the view really shows, as plain data. Nothing here is the agent's.
  Object.defineProperty(window, 'twinpaneDescribe', { value: () => shell.describe() });
}

window.addEventListener('message', listen);
