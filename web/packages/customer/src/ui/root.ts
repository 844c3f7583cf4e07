import { h } from './dom.ts';
import css from './styles.css';

/** Events of our own buttons are nobody else's business: pages close menus on "a click elsewhere" and own keyboard shortcuts. */
const kOwnEvents = [
  'click', 'dblclick', 'auxclick', 'contextmenu', 'mousedown', 'mouseup', 'mousemove', 'mouseover', 'mouseout', 'pointerdown', 'pointerup', 'pointermove',
  'pointerover', 'pointerout', 'touchstart', 'touchend', 'touchmove', 'keydown', 'keyup', 'keypress', 'focusin', 'focusout', 'wheel',
];

/**
 * The one element the script adds to the page: at the end of <html>, in the top layer where the browser has one, with a
 * closed shadow root whose styles are constructed (no inline style, no style element: strict policies allow it).
 */
export class Root {
  readonly host = document.createElement('twinpane-ui');
  #polite = h('div', { class: 'sr', role: 'status' });
  #assertive = h('div', { class: 'sr', role: 'alert' });
  #dialogs: MutationObserver | undefined;

  constructor(...children: Node[]) {
    const shadow = this.host.attachShadow({ mode: 'closed', delegatesFocus: true });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(...children, this.#polite, this.#assertive);
    for (const name of kOwnEvents) shadow.addEventListener(name, (event) => { event.stopPropagation(); }, { passive: true });
    // Before everything in the page's tab order, wherever it stands in the document.
    this.host.tabIndex = 1;
    this.host.setAttribute('popover', 'manual');
    this.attach();
  }

  /** Puts the element where it belongs; does nothing when it is there. */
  attach(): void {
    const dialogs = this.#dialogs ? document.querySelectorAll('dialog:modal') : [];
    // A modal dialog makes everything outside of it inert, and "End" must stay within reach.
    const home = dialogs[dialogs.length - 1] ?? document.documentElement;
    if (this.host.parentNode !== home) home.append(this.host);
    try {
      if (!this.host.matches(':popover-open')) this.host.showPopover();
    } catch {
      // No top layer: the highest z-index has to do.
    }
  }

  /** While a session is on, follow modal dialogs that open and close. */
  followDialogs(on: boolean): void {
    if (on === (this.#dialogs !== undefined)) return;
    this.#dialogs?.disconnect();
    this.#dialogs = undefined;
    if (on) {
      // `showModal()` sets the attribute first and enters the top layer right after it.
      this.#dialogs = new MutationObserver(() => { this.attach(); });
      this.#dialogs.observe(document, { attributes: true, subtree: true, attributeFilter: ['open'] });
    }
    this.attach();
  }

  say(text: string, urgent = false): void {
    (urgent ? this.#assertive : this.#polite).textContent = text;
  }

  remove(): void {
    this.followDialogs(false);
    this.host.remove();
  }
}
