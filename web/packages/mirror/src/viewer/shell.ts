import { ActOp, type FromViewer, type PrivacyClass, type ToViewer } from '@twinpane/protocol';
import * as dom from '../dom.ts';
import { isTextField } from '../fields.ts';
import { boxOf, type Hit } from '../hit.ts';
import { Mirror } from '../mirror.ts';
import { positionOf } from '../scrolls.ts';
import { nodeOf, type MirrorNode } from '../tree.ts';
import { Acts } from './acts.ts';
import { ChoiceList, optionsOf } from './choices.ts';
import { Keyboard } from './keyboard.ts';
import { Marks } from './marks.ts';
import { Stage } from './stage.ts';
import { isPicked, ValueBox } from './value-box.ts';
import { pixels, scrollTarget } from './wheel.ts';

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

interface Popup {
  close(): void;
  contains(target: EventTarget | null): boolean;
}

/** The page's surroundings: takes the agent's pointer and keys in its own layer, tells the desk what they mean. */
export class Shell {
  private readonly mirror: Mirror;
  private readonly stage: Stage;
  private readonly marks: Marks;
  private readonly acts: Acts;
  private readonly keyboard: Keyboard;
  private readonly overlay = byId('overlay');
  private mode: 'pointer' | 'write' = 'pointer';
  private enabled = false;
  private veil: 'none' | 'stale' | 'hidden' = 'none';
  private follow = true;
  private pointer: { x: number; y: number } | undefined;
  private hovered: PrivacyClass | null = null;
  private hint: PrivacyClass | null = null;
  private popup: Popup | undefined;
  private list: ChoiceList | undefined;
  /** Where the agent's wheel has sent something to, until the customer's position comes. */
  private wheeled: { node: MirrorNode; x: number; y: number; at: number } | undefined;
  private page = '';

  constructor(private readonly port: MessagePort, resources: string) {
    const frame = document.createElement('iframe');
    // Before it is attached: the one thing that keeps what is shown from running.
    frame.setAttribute('sandbox', 'allow-same-origin');
    frame.title = 'Shared page';
    frame.tabIndex = -1;
    byId('page').append(frame);
    const shift = (): { x: number; y: number } => this.shift();
    this.stage = new Stage(byId('view'), byId('sizer'), () => this.moved());
    this.marks = new Marks(byId('marks'), () => this.stage.scale, shift);
    this.acts = new Acts((acts) => {
      if (this.live) this.post({ t: 'acts', e: this.mirror.epoch, acts });
    });
    this.mirror = new Mirror(frame, {
      resources,
      onPage: (page) => {
        this.stage.setPage(page.width, page.height);
        this.update();
        this.report();
      },
      onBroken: (b) => this.post({ t: 'broken', ...b }),
      onPainted: (e, s, at) => {
        this.post(at === undefined ? { t: 'painted', e, s } : { t: 'painted', e, s, at });
        this.moved();
      },
      onPointer: (moves) => this.marks.play(moves),
      onClick: (x, y) => this.marks.ripple({ x, y }, 'customer', false),
      onFocus: (id) => this.keyboard.followFocus(id),
      onField: (n) => this.keyboard.fieldChanged(n),
    });
    this.keyboard = new Keyboard(byId<HTMLTextAreaElement>('keys'), {
      mirror: this.mirror, marks: byId('marks'), scale: () => this.stage.scale, mayWrite: () => this.mayWrite, send: (act) => this.acts.send(act),
      report: (key) => this.post({ t: 'key', key }), targetChanged: () => this.updateHint(),
      intercept: (event) => {
        const list = this.list;
        list?.key(event);
        return list !== undefined;
      },
    });
    this.listen();
    port.onmessage = (event: MessageEvent<ToViewer>) => this.take(event.data);
    this.update();
    this.post({ t: 'ready' });
  }

  /** The agent's pointer counts. */
  private get live(): boolean {
    return this.enabled && this.veil === 'none' && this.mirror.page.complete;
  }

  /** The page as the view shows it; undefined before there is one. */
  describe(): ReturnType<Mirror['serialize']> {
    return this.mirror.serialize();
  }

  private get mayWrite(): boolean {
    return this.live && this.mode === 'write';
  }

  private post(message: FromViewer): void {
    this.port.postMessage(message);
  }

  private take(m: ToViewer): void {
    switch (m.t) {
      case 'reset':
        this.forget();
        this.mirror.reset();
        return;
      case 'batch': {
        const epoch = this.mirror.epoch;
        this.mirror.apply(m.batch, m.snapshot === true);
        if (this.mirror.epoch !== epoch && epoch !== 0) this.forget();
        return;
      }
      case 'mode':
        this.mode = m.mode === 'write' ? 'write' : 'pointer';
        this.enabled = m.enabled === true;
        return this.update();
      case 'zoom': return this.stage.setZoom(m.zoom === 'fit' ? 'fit' : Number(m.zoom) || 1);
      case 'follow':
        this.follow = this.mirror.follow = m.on === true;
        return this.moved();
      case 'names': this.marks.customerName = String(m.customer); return;
      case 'veil':
        this.veil = m.veil;
        return this.update();
      case 'theme': document.documentElement.classList.toggle('tp-dark', m.theme === 'dark'); return;
      case 'focus': return this.keyboard.focus(m.on === true);
    }
  }

  /** The page is gone, or another. */
  private forget(): void {
    this.closePopup();
    this.keyboard.reset();
    this.acts.drop();
    this.marks.forget();
    this.wheeled = undefined;
    this.hovered = null;
    this.updateHint();
  }

  private update(): void {
    const body = document.body.classList;
    body.toggle('write', this.mode === 'write');
    body.toggle('stale', this.veil === 'stale');
    body.toggle('hidden', this.veil === 'hidden');
    body.toggle('live', this.live);
    this.marks.agent.name = this.mode === 'write' ? 'You type' : 'You';
    if (!this.mayWrite) {
      this.closePopup();
      this.keyboard.reset();
    }
    if (!this.live) {
      this.acts.drop();
      this.hovered = null;
    }
    this.showPointer();
    this.updateHint();
  }

  /** Picture or scale have changed: what lies over it follows. */
  private moved(): void {
    this.marks.refresh();
    this.keyboard.refresh();
    this.showPointer();
    this.report();
  }

  private report(): void {
    const { url, title, width, height, hidden } = this.mirror.page;
    const page = { t: 'page', url, title, width, height, scale: this.stage.scale, hidden } as const;
    const text = JSON.stringify(page);
    if (text === this.page) return;
    this.page = text;
    this.post(page);
  }

  /** How far the customer's viewport is from the picture, which the agent may have scrolled. */
  private shift(): { x: number; y: number } {
    const root = this.mirror.node(1);
    const at = !this.follow && root ? positionOf(root) : undefined;
    const target = this.mirror.view.scrolls.target;
    return at ? { x: target.x - at.x, y: target.y - at.y } : { x: 0, y: 0 };
  }

  private listen(): void {
    const o = this.overlay;
    o.addEventListener('pointermove', (e) => this.pointed(e));
    o.addEventListener('pointerleave', () => this.left());
    // Focus stays where it is: with the desk in pointer mode, with the typing in write mode.
    o.addEventListener('mousedown', (e) => {
      e.preventDefault();
      if (this.mayWrite) this.keyboard.focus(true);
    });
    o.addEventListener('click', (e) => this.clicked(e, 0));
    o.addEventListener('auxclick', (e) => {
      if (e.button === 1) this.clicked(e, 1);
    });
    o.addEventListener('contextmenu', (e) => {
      e.preventDefault();
      this.clicked(e, 2);
    });
    o.addEventListener('wheel', (e) => this.wheel(e), { passive: false });
    document.addEventListener('pointerdown', (e) => {
      if (this.popup && !this.popup.contains(e.target)) this.closePopup();
    }, true);
    document.addEventListener('keydown', (e) => {
      // Keys that reach the shell and not the page are the desk's.
      if (e.target === byId('keys') || this.popup?.contains(e.target) || e.ctrlKey || e.metaKey || e.altKey) return;
      this.post({ t: 'key', key: e.key });
    });
  }

  private pointed(event: PointerEvent): void {
    this.pointer = this.stage.toPage(event);
    this.showPointer();
    if (!this.live) return;
    const { x, y } = this.pointer;
    const hit = this.mirror.hit(x, y);
    this.acts.pointer(x, y, hit?.node.id ?? 0, hit?.fx ?? 0, hit?.fy ?? 0);
    this.hover(hit?.node);
  }

  private left(): void {
    this.pointer = undefined;
    this.showPointer();
    if (this.live) this.acts.left();
    this.hover(undefined);
  }

  private showPointer(): void {
    this.marks.agent.show(this.live ? this.pointer : undefined, this.stage.scale);
  }

  /** Hidden fields explain themselves when the agent points at them. */
  private hover(n: MirrorNode | undefined): void {
    const hidden = n !== undefined && n.effective > 0 ? hiddenAt(n) : undefined;
    this.hovered = hidden ? hidden.effective : null;
    this.marks.outline(hidden && boxOf(hidden));
    this.updateHint();
  }

  private updateHint(): void {
    const target = this.keyboard.target;
    const hint = this.hovered ?? (target && target.effective > 0 ? target.effective : null);
    if (hint === this.hint) return;
    this.hint = hint;
    this.post({ t: 'hint', privacy: hint });
  }

  private clicked(event: MouseEvent, button: number): void {
    if (!this.live) return;
    const p = this.stage.toPage(event);
    const hit = this.mirror.hit(p.x, p.y);
    if (this.mode === 'pointer') {
      if (button !== 0) return;
      this.acts.send([ActOp.Mark, Math.round(p.x), Math.round(p.y), hit?.node.id ?? 0, hit?.fx ?? 0, hit?.fy ?? 0]);
      return this.marks.ripple(p, 'agent', true);
    }
    if (!hit) return;
    this.keyboard.focus(true);
    this.marks.ripple(p, 'agent', false);
    this.write(hit, button, event);
  }

  private write(hit: Hit, button: number, event: MouseEvent): void {
    const n = hit.node;
    // Closed to the agent; the hint says so already.
    if (n.effective === 2) {
      this.keyboard.clicked(undefined);
      return this.hover(n);
    }
    const mods = (event.shiftKey ? 1 : 0) | (event.ctrlKey ? 2 : 0) | (event.altKey ? 4 : 0) | (event.metaKey ? 8 : 0);
    const select = ancestor(n, 'select');
    const dropDown = select !== undefined && (select.element as HTMLSelectElement).size <= 1 && select.attribute('multiple') === null;
    if (button === 0 && select && !isDisabled(select)) {
      this.keyboard.clicked(undefined);
      if (dropDown) return this.openChoices(select);
      if (n.local === 'option') return this.pickInline(select, n, event);
    }
    if (button === 0 && isPicked(n) && !isDisabled(n)) {
      this.keyboard.clicked(undefined);
      return this.openValue(n);
    }
    this.acts.send([ActOp.Click, n.id, hit.fx, hit.fy, button, Math.max(1, Math.min(3, event.detail)), mods]);
    if (button !== 0) return;
    const field = isTextField(n) ? n : labelled(n);
    const typing = field && !isDisabled(field) && field.attribute('readonly') === null ? field : undefined;
    this.keyboard.clicked(typing, typing && typing === n && typing.effective === 0 ? this.caretAt(hit) : undefined);
  }

  /** Where in the field's text the click was, if the browser can tell. */
  private caretAt(hit: Hit): number | undefined {
    const at = dom.caretPositionFromPoint(hit.node.frame!.dom as Document, hit.x, hit.y);
    return at && at.offsetNode === hit.node.dom ? at.offset : undefined;
  }

  private openChoices(select: MirrorNode): void {
    const box = boxOf(select);
    if (!box) return;
    const s = this.stage.scale;
    const list: ChoiceList = new ChoiceList(
      byId('popup'), select, { x: box.x * s, y: box.y * s, width: box.width * s, height: box.height * s }, byId('sizer').clientHeight, byId('keys'),
      (indexes) => this.acts.send([ActOp.Select, select.id, ...indexes]),
      () => {
        if (this.list !== list) return;
        this.list = undefined;
        this.popup = undefined;
      },
    );
    this.list = list;
    this.popup = list;
  }

  /** A list that is open on the page: one option, or with more the set. */
  private pickInline(select: MirrorNode, option: MirrorNode, event: MouseEvent): void {
    const options = optionsOf(select);
    const index = options.indexOf(option);
    const chosen = (o: MirrorNode): boolean => select.effective === 0 && (o.element as HTMLOptionElement).selected;
    const many = select.attribute('multiple') !== null && (event.ctrlKey || event.metaKey || event.shiftKey);
    const indexes = many ? [...options.keys()].filter((i) => (i === index ? !chosen(option) : chosen(options[i]!))) : [index];
    this.acts.send([ActOp.Select, select.id, ...indexes]);
  }

  private openValue(n: MirrorNode): void {
    const box = boxOf(n);
    if (!box) return;
    const s = this.stage.scale;
    const popup = new ValueBox(byId('popup'), n, { x: box.x * s, y: box.y * s, width: box.width * s, height: box.height * s },
      (value) => this.acts.send([ActOp.Type, n.id, value, 0, 0]),
      () => {
        if (this.popup !== popup) return;
        this.popup = undefined;
        if (this.mayWrite) this.keyboard.focus(true);
      });
    this.popup = popup;
  }

  private closePopup(): void {
    const open = this.popup;
    this.popup = undefined;
    this.list = undefined;
    open?.close();
  }

  private wheel(event: WheelEvent): void {
    if (!this.live || event.ctrlKey) return;
    this.closePopup();
    const root = this.mirror.node(1);
    if (this.mode === 'pointer') {
      if (this.follow || !root) return;
      const d = pixels(event, this.mirror.page.height);
      const to = scrollTarget(root, d.x, d.y, () => undefined);
      if (!to) return;
      event.preventDefault();
      scrollView(to.node, to.x, to.y);
      return this.moved();
    }
    const p = this.stage.toPage(event);
    const hit = this.mirror.hit(p.x, p.y);
    const d = pixels(event, this.mirror.page.height);
    const now = performance.now();
    const recent = this.wheeled && now - this.wheeled.at < 400 ? this.wheeled : undefined;
    const to = hit && scrollTarget(hit.node, d.x, d.y, (n) => (n === recent?.node ? recent : undefined));
    if (!to) return;
    event.preventDefault();
    this.wheeled = { ...to, at: now };
    this.acts.send([ActOp.Scroll, to.node.id, to.x, to.y]);
    // Shown at once; where the customer's page really goes is what stays.
    this.mirror.view.scrolls.expect(to.node, to.x, to.y);
    this.moved();
  }
}

function scrollView(n: MirrorNode, x: number, y: number): void {
  const win = n.dom.nodeType === 9 ? dom.defaultView(n.dom as Document) : null;
  win?.scrollTo({ left: x, top: y, behavior: 'instant' });
}

function ancestor(n: MirrorNode, local: string): MirrorNode | undefined {
  for (let p: MirrorNode | null = n; p; p = p.parent) if (p.local === local && p.ns === 'html') return p.element ? p : undefined;
  return undefined;
}

/** The field whose label was clicked. */
function labelled(n: MirrorNode): MirrorNode | undefined {
  const label = ancestor(n, 'label')?.element as HTMLLabelElement | undefined;
  const control = label?.control;
  const field = control && nodeOf(control);
  return field && isTextField(field) ? field : undefined;
}

function isDisabled(n: MirrorNode): boolean {
  return Element.prototype.matches.call(n.element!, ':disabled');
}

/** The element that hides `n`: a field itself, or what carries the class. */
function hiddenAt(n: MirrorNode): MirrorNode {
  let at = n;
  while (at.privacy === 0 && at.parent && at.parent.effective > 0) at = at.parent;
  return at.element ? at : n;
}
