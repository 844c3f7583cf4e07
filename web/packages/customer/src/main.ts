import { Capture } from '@twinpane/capture';
import { App, clock, type AppConfig } from './app.ts';
import { BayeuxBus } from './bayeux.ts';
import type { Phase } from './session.ts';

/** The one global. */
export interface TwinpaneApi {
  start(): void;
  end(): void;
  readonly state: Phase;
}

function configOf(script: HTMLScriptElement | null): AppConfig | undefined {
  const url = script?.dataset['url'];
  if (!script || !url) return undefined;
  try {
    const base = new URL(url, document.baseURI);
    if (base.protocol !== 'https:' && base.protocol !== 'http:') return undefined;
    const { site, position } = script.dataset;
    return { base: base.href.replace(/\/+$/, ''), position: position === 'left' ? 'left' : 'right', ...(site && { site }) };
  } catch {
    return undefined;
  }
}

function run(): void {
  const holder = window as unknown as { twinpane?: TwinpaneApi };
  const script = (document.currentScript as HTMLScriptElement | null) ?? document.querySelector<HTMLScriptElement>('script[data-url][src*="twinpane"]');
  const config = configOf(script);
  // Twice on a page, or in a frame of a page that carries it too: the first, outermost one does it all.
  if (!config || holder.twinpane || window.top !== window) return;

  let app: App | undefined;
  let wanted = false;
  holder.twinpane = {
    start() {
      wanted = true;
      app?.session.start();
    },
    end() {
      wanted = false;
      app?.session.end();
    },
    get state() { return app?.phase ?? 'idle'; },
  };
  const begin = (): void => {
    app = new App(config, {
      bus: new BayeuxBus({ clock, WebSocket: window.WebSocket as typeof WebSocket | undefined, fetch: (input, init) => fetch(input, init) }),
      // Our own file is one that any site may read.
      reachable: (base) => fetch(`${base}/js/twinpane.min.js`, { method: 'HEAD', cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(4000) })
        .then((answer) => answer.ok, () => false),
      source: (policy, emit, ignore, resource) =>
        new Capture({ window, policy: { formValues: policy.formValues, mask: policy.mask, submit: policy.allowSubmit }, ignore, emit, ...(resource && { resource }) }),
    });
    if (wanted) app.session.start();
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin, { once: true });
  else begin();
}

run();
