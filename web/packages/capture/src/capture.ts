import { BatchWriter, Op, type Act, type PrivacyClass } from '@twinpane/protocol';
import { Actor } from './acts.ts';
import { Differ } from './differ.ts';
import { isDocument, isElement, isShadow, rememberShadow, rootsOf } from './dom.ts';
import { Forms } from './forms.ts';
import { Live } from './live.ts';
import { sentAddress } from './masking.ts';
import { Patches, natives, original, type Natives } from './natives.ts';
import { Pictures } from './pictures.ts';
import { PrivacyRules } from './privacy.ts';
import { Resources } from './resources.ts';
import { Sheets } from './sheets.ts';
import { Tree, type Rec } from './tree.ts';
import type { ActResult, CaptureOptions } from './api.ts';

/** Changes wait for the next frame, but no longer than this. Hidden tabs get no frames. */
const FLUSH_MS = 100;
/** What no event tells of is looked after so often. */
const BEAT_MS = 500;
/** A page that changes by more than this in a second is told in larger steps, until it has been quiet for a second. */
const BUDGET_BYTES = 256 << 10;
const DEGRADED_MS = 1000;
const CHECKSUM_MS = 5000;

/** All that belongs to one page life; thrown away when the next begins. */
interface Life {
  tree: Tree;
  writer: BatchWriter;
  differ: Differ;
  forms: Forms;
  live: Live;
  sheets: Sheets;
  pictures: Pictures;
  frames: Set<Rec>;
  summed: number;
  sum: number;
}

function hold(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** The page as a stream, and acts on it. Nothing of it throws into the page, and nothing is left there after {@link stop}. */
export class Capture {
  /** Own failures that were caught; the mirror was told the whole page anew after each. */
  errors = 0;
  /** The first of them. */
  failure: unknown;
  #life: Life | undefined;
  readonly #rules: PrivacyRules;
  readonly #natives: Natives;
  readonly #actor: Actor;
  readonly #resources: Resources;
  readonly #documents = new Set<Document>();
  #observer: MutationObserver | undefined;
  #patches = new Patches();
  #patched = new WeakSet<object>();
  #timer = 0;
  #frame = 0;
  #beat = 0;
  #pulses = 0;
  #degraded = false;
  #spent = { at: 0, bytes: 0 };

  constructor(private readonly options: CaptureOptions) {
    this.#rules = new PrivacyRules(options.policy, options.window.document);
    this.#natives = natives(options.window);
    this.#resources = new Resources(options.window, this.#natives, options.resource, () => this.#schedule());
    this.#actor = new Actor(options.window, {
      nodeOf: (id) => this.nodeOf(id),
      effective: (el) => this.privacyOf(el),
      ignore: options.ignore,
      origins: options.origins ?? [],
      submit: options.policy.submit === true,
      later: (run) => this.#natives.setTimeout(run, 0),
    });
  }

  get running(): boolean {
    return this.#life !== undefined;
  }

  /** Sends the whole page in `epoch`, then its changes. Again: a new epoch takes over. */
  begin(epoch: number): void {
    this.#end();
    const { window: win } = this.options;
    const tree = new Tree();
    const now = (): number => win.performance.timeOrigin + win.performance.now();
    const writer = new BatchWriter({ epoch, emit: this.options.emit, now });
    const differ: Differ = new Differ(win.document, tree, writer, {
      rules: this.#rules,
      ignore: this.options.ignore,
      documents: this.#documents,
      added: (rec) => this.#added(rec),
      removed: (rec) => this.#removed(rec),
      rehidden: (rec) => forms.forget(rec),
      left: (doc) => this.#unwatch(doc),
      changed: (el) => this.#changed(el),
      names: (el, attribute, url) => this.#names(el, attribute, url),
      longUrl: (url) => this.#resources.nameOf(url),
    });
    const forms = new Forms(tree, writer, (rec) => differ.at(rec));
    const pictures = new Pictures(tree, writer, this.#resources, this.#natives, (rec) => differ.at(rec));
    const sheets = new Sheets(tree, writer, {
      seen: (url, doc) => this.#resources.named(url, doc.defaultView ?? win),
      schedule: () => this.#schedule(),
      fetchText: (url) => this.#fetchText(url),
    });
    this.#resources.begin();
    const live = new Live(win, tree, writer, forms, {
      schedule: () => this.#schedule(),
      loaded: (el) => this.#loaded(el),
      ignore: this.options.ignore,
      address: () => sentAddress(win.location.href, this.options.policy.formValues),
      title: () => this.#title(),
    });
    this.#life = { tree, writer, differ, forms, live, sheets, pictures, frames: new Set(), summed: 0, sum: 0 };
    // One for all documents: nodes that change document stay observed, and records of what has left name no node we know.
    const observer = this.#observer = new (original<typeof MutationObserver>(win, 'MutationObserver'))((records) => {
      if (this.#observer === observer && this.#life) this.#guard(() => this.#noted(records));
    });
    live.begin();
    this.#guard(() => differ.snapshot());
    this.#guard(() => {
      sheets.check();
      this.#loads();
      forms.check();
      live.scrolls();
      live.flush(true);
    });
    writer.push([Op.Complete]);
    this.#checksum(true);
    writer.close();
    this.#spent = { at: win.performance.now(), bytes: writer.bytes };
    this.#beat = this.#natives.setInterval(() => this.#guard(() => this.#pulse()), BEAT_MS);
  }

  stop(): void {
    this.#actor.settle();
    if (this.#life) this.flush();
    this.#end();
    this.#patches.restore();
    this.#patched = new WeakSet();
  }

  /** Pending changes out now. */
  flush(): void {
    if (!this.#life) return;
    this.#unschedule();
    this.#guard(() => this.#write());
  }

  nodeOf(id: number): Node | undefined {
    return this.#life?.tree.get(id)?.node;
  }

  /** The id the mirror has for the node, 0 when it has none. */
  idOf(node: Node): number {
    return this.#life?.tree.of(node)?.id ?? 0;
  }

  privacyOf(el: Element): PrivacyClass {
    return this.#rules.place(el).effective;
  }

  /** Private and masked fields and regions in the page, whether or not it is being sent. */
  hiddenElements(): Element[] {
    const found: Element[] = [];
    const selector = 'input,textarea,select,[contenteditable]' + (this.#rules.selector && ',' + this.#rules.selector);
    for (const root of rootsOf(this.options.window.document)) {
      for (const el of root.querySelectorAll(selector)) {
        if (this.#rules.own(el) > 0 && (el as HTMLInputElement).type !== 'hidden' && !this.options.ignore(el)) found.push(el);
      }
    }
    return found;
  }

  /** Executes acts 3 to 10 on the page; for 1 and 2, which are the UI's business, the point in the viewport is returned. */
  perform(acts: Act[]): ActResult[] {
    // A page may send a form from any of its listeners: while an agent acts, none leaves that is closed to agents.
    const windows = this.options.policy.submit ? [] : [this.options.window, ...Array.from(this.#documents, (doc) => doc.defaultView)];
    for (const win of windows) win?.addEventListener('submit', hold, true);
    const results = acts.map((act) => this.#actor.perform(act));
    for (const win of windows) win?.removeEventListener('submit', hold, true);
    this.flush();
    return results;
  }

  /** A point of a node's border box (in 1/10000), in the page's viewport; undefined when the node is gone. */
  pointOf(id: number, fx: number, fy: number): { x: number; y: number } | undefined {
    return this.#actor.pointOf(id, fx, fy);
  }

  #title(): string {
    const doc = this.options.window.document;
    const el = doc.querySelector('head > title, title');
    return el && this.#rules.place(el).effective > 0 ? '' : doc.title;
  }

  #end(): void {
    const life = this.#life;
    if (!life) return;
    this.#unschedule();
    this.#natives.clearInterval(this.#beat);
    if (this.#degraded) this.options.onDegraded?.(this.#degraded = false);
    life.live.stop();
    this.#documents.clear();
    this.#observer?.disconnect();
    this.#life = undefined;
  }

  /** Runs a piece of our work. When it fails, the mirror's page is replaced by the present one, in the same epoch. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.errors++;
      this.failure ??= error;
      const life = this.#life;
      if (!life) return;
      try {
        life.differ.snapshot();
        life.writer.close();
      } catch (again) {
        this.errors++;
        this.failure ??= again;
      }
    }
  }

  #write(): void {
    const { differ, forms, live, sheets, writer, frames } = this.#life!;
    differ.note(this.#observer!.takeRecords());
    for (const rec of frames) differ.checkFrame(rec);
    const mutated = differ.waiting;
    if (mutated) {
      differ.flush();
      live.rewatch();
    }
    sheets.check();
    this.#loads();
    if (mutated || live.formsDirty) forms.check();
    live.formsDirty = false;
    live.flush(mutated);
    this.#checksum(false);
    writer.close();
    this.#budget(writer.bytes);
  }

  /** Once a second: has the page changed too much to be told frame by frame? */
  #budget(bytes: number): void {
    const now = this.options.window.performance.now();
    if (now - this.#spent.at < 1000) return;
    const on = bytes - this.#spent.bytes > BUDGET_BYTES;
    this.#spent = { at: now, bytes };
    if (on === this.#degraded) return;
    this.#degraded = on;
    this.options.onDegraded?.(on);
  }

  /** What was read and loaded meanwhile. */
  #loads(): void {
    const { sheets, pictures, writer } = this.#life!;
    sheets.arrived();
    for (const { url, hash, type } of this.#resources.take()) writer.push([Op.Resource, writer.str(url), hash, writer.str(type)]);
    pictures.flush();
  }

  #noted(records: MutationRecord[]): void {
    this.#life!.differ.note(records);
    this.#schedule();
  }

  #checksum(always: boolean): void {
    const life = this.#life!;
    const now = this.options.window.performance.now();
    const { count, sum } = life.tree.checksum;
    if (!always && (sum === life.sum || now - life.summed < CHECKSUM_MS)) return;
    life.summed = now;
    life.sum = sum;
    life.writer.push([Op.Checksum, count, sum]);
  }

  /** What no event tells of. */
  #pulse(): void {
    const { live, sheets, pictures } = this.#life!;
    live.formsDirty = true;
    if (++this.#pulses % 4 === 0) sheets.poll();
    this.#resources.poll();
    pictures.poll();
    if (this.#degraded && this.#timer !== 0) return;
    this.#unschedule();
    this.#write();
  }

  #schedule(): void {
    if (this.#timer !== 0 || !this.#life) return;
    const go = (): void => this.flush();
    this.#timer = this.#natives.setTimeout(go, this.#degraded ? DEGRADED_MS : FLUSH_MS);
    if (!this.#degraded) this.#frame = this.#natives.requestAnimationFrame(go);
  }

  #unschedule(): void {
    this.#natives.clearTimeout(this.#timer);
    this.#natives.cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = 0;
  }

  #added(rec: Rec): void {
    const { forms, frames, differ, sheets, pictures } = this.#life!;
    const node = rec.node;
    sheets.added(rec);
    pictures.added(rec);
    if (isDocument(node)) {
      this.#watch(node);
    } else if (isShadow(node)) {
      this.#observer!.observe(node, OBSERVE);
      this.#life!.live.watch(node);
      differ.shadowAdded(rec);
    } else if (isElement(node)) {
      forms.added(rec);
      if (node.localName === 'iframe') frames.add(rec);
    }
  }

  #removed(rec: Rec): void {
    const { forms, frames, differ, live, sheets, pictures } = this.#life!;
    forms.removed(rec);
    sheets.removed(rec);
    pictures.removed(rec);
    frames.delete(rec);
    if (isShadow(rec.node)) {
      live.unwatch(rec.node);
      differ.shadowRemoved(rec);
    } else if (isDocument(rec.node)) {
      this.#unwatch(rec.node);
    }
  }

  #watch(doc: Document): void {
    if (this.#documents.has(doc)) return;
    const win = (doc.defaultView ?? this.options.window) as Window & typeof globalThis;
    this.#documents.add(doc);
    this.#observer!.observe(doc, OBSERVE);
    this.#life!.live.watch(doc);
    this.#patch(win);
  }

  #unwatch(doc: Document): void {
    this.#documents.delete(doc);
    this.#life?.live.unwatch(doc);
  }

  #loaded(el: Element): void {
    if (el.localName === 'iframe') this.#life?.differ.dirty(el);
    else this.#changed(el);
  }

  #changed(el: Element): void {
    const life = this.#life;
    if (!life) return;
    if (el.localName === 'img') life.pictures.touched(el);
    else if (el.localName === 'link' || el.localName === 'style') life.sheets.touched(el);
    else if (el.hasAttribute('popover')) life.forms.layer(life.tree.of(el)!);
  }

  /** An attribute names something to load. What `img` shows is seen when it has loaded; media and code are not read. */
  #names(el: Element, attribute: string, url: string): void {
    const win = el.ownerDocument.defaultView ?? this.options.window;
    if (attribute === 'style') this.#resources.named(url, win);
    else if (/^(input|image|feImage|use)$/.test(el.localName) || attribute === 'poster' || attribute === 'background') this.#resources.want(url);
  }

  async #fetchText(url: string): Promise<string | undefined> {
    const { window: win } = this.options;
    try {
      const same = new URL(url).origin === win.location.origin;
      const response = await win.fetch(url, { credentials: same ? 'same-origin' : 'omit', mode: 'cors', cache: 'force-cache' });
      return response.ok ? await response.text() : undefined;
    } catch {
      return undefined;
    }
  }

  /** Things that pages do without any event. Once per window; put back by {@link stop}. */
  #patch(win: Window & typeof globalThis): void {
    // A frame keeps its window object through loads, its prototypes not.
    if (this.#patched.has(win.Element)) return;
    this.#patched.add(win.Element);
    const patches = this.#patches;
    const form = (): void => {
      if (!this.#life) return;
      this.#life.live.formsDirty = true;
      this.#schedule();
    };
    patches.method(win.Element.prototype, 'attachShadow', (host, _, root) => {
      rememberShadow(host as Element, root as ShadowRoot);
      this.#life?.differ.dirty(host as Element);
      this.#schedule();
    });
    for (const name of ['value', 'checked', 'indeterminate', 'selectionStart', 'selectionEnd']) patches.setter(win.HTMLInputElement.prototype, name, form);
    patches.setter(win.HTMLTextAreaElement.prototype, 'value', form);
    for (const name of ['value', 'selectedIndex']) patches.setter(win.HTMLSelectElement.prototype, name, form);
    patches.setter(win.HTMLOptionElement.prototype, 'selected', form);
    const wrote = (self: unknown): void => {
      if (!this.#life) return;
      this.#life.sheets.wrote(self);
      this.#schedule();
    };
    patches.method(win.CSSStyleSheet.prototype, 'replace', (self, _, done) => void (done as Promise<unknown>).then(() => wrote(self), () => undefined));
    for (const name of ['insertRule', 'deleteRule', 'addRule', 'removeRule', 'replaceSync']) patches.method(win.CSSStyleSheet.prototype, name, wrote);
    for (const name of ['insertRule', 'deleteRule']) patches.method(win.CSSGroupingRule.prototype, name, wrote);
    patches.setter(win.StyleSheet.prototype, 'disabled', wrote);
    // The style of a rule, not that of an element.
    const ruled = (self: unknown): void => {
      if ((self as CSSStyleDeclaration).parentRule) wrote(self);
    };
    for (const name of ['setProperty', 'removeProperty']) patches.method(win.CSSStyleDeclaration.prototype, name, ruled);
    patches.setter(win.CSSStyleDeclaration.prototype, 'cssText', ruled);
    for (const owner of [win.Document.prototype, win.ShadowRoot.prototype]) patches.setter(owner, 'adoptedStyleSheets', () => this.#schedule());
    for (const name of ['pushState', 'replaceState']) patches.method(win.History.prototype, name, () => this.#schedule());
  }
}

const OBSERVE: MutationObserverInit = { subtree: true, childList: true, attributes: true, characterData: true, attributeOldValue: true, characterDataOldValue: true };
