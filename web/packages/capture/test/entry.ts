/** Runs in the page under test: capture, a model fed with what it emits, and a description of the page made without capture. */
import type { Batch } from '@twinpane/protocol';
import { Model, type ModelNode } from '@twinpane/protocol/testing';
import { Capture, type CapturePolicy, type ResourceSink } from '../src/index.ts';

export interface Plain { kind: number; tag?: string; attributes?: Record<string, string>; data?: string; quirks?: boolean; mode?: string; children: Plain[] }

export class Harness {
  readonly batches: Batch[] = [];
  readonly json: string[] = [];
  readonly model = new Model();
  readonly capture: Capture;
  degraded: boolean[] = [];

  constructor(policy: CapturePolicy = { formValues: 'shown', mask: [], submit: true }, resource?: ResourceSink) {
    this.capture = new Capture({
      window, policy,
      ignore: (el) => el.id === 'twinpane',
      emit: (batch) => {
        this.batches.push(batch);
        this.json.push(JSON.stringify(batch));
        this.model.fold(JSON.parse(JSON.stringify(batch)));
      },
      onDegraded: (on) => this.degraded.push(on),
      ...(resource ? { resource } : {}),
    });
  }

  begin(epoch = 1): this {
    this.model.begin(epoch);
    this.capture.begin(epoch);
    return this;
  }

  /** All differences between page and model, the first few. */
  differences(): string[] {
    this.capture.flush();
    const out: string[] = [];
    const recount = this.model.recount();
    if (recount.count !== this.model.checksum.count || recount.sum !== this.model.checksum.sum) out.push('the model has lost count');
    if (this.capture.errors > 0) out.push(`${this.capture.errors} errors caught: ${(this.capture.failure as Error).stack}`);
    this.compare(document, this.model.root!, 'document', out);
    return out.slice(0, 5);
  }

  private compare(node: Node, n: ModelNode, path: string, out: string[]): void {
    if (this.capture.nodeOf(n.id) !== node) out.push(`${path}: id ${n.id} stands for another node`);
    const a = JSON.stringify(shallow(node));
    const b = JSON.stringify(shallowModel(n));
    if (a !== b) out.push(`${path}: page ${a} model ${b}`);
    const kids = childNodes(node);
    if (kids.length !== n.children.length) out.push(`${path}: page has ${kids.map((k) => k.nodeName)}, model ${n.children.map((k) => k.tag || k.kind)}`);
    else kids.forEach((k, i) => this.compare(k, n.children[i]!, `${path} > ${k.nodeName}[${i}]`, out));
  }

  /** The model's node for the first element that matches. */
  of(selector: string, root: ParentNode = document): ModelNode {
    return this.model.node(this.capture.idOf(root.querySelector(selector)!));
  }
}

/** Written after the text of page-stream.md, not after capture: what a mirror has to hold. */
function childNodes(node: Node): Node[] {
  if (node instanceof Element || node.nodeType === 1) {
    const el = node as Element;
    if (el.tagName === 'TEMPLATE') return [];
    if (el.tagName === 'IFRAME') {
      const doc = (el as HTMLIFrameElement).contentDocument;
      return doc ? [doc] : [];
    }
  }
  const own = Array.from(node.childNodes).filter((c) => {
    if (![1, 3, 4, 8, 10].includes(c.nodeType)) return false;
    if (c.nodeType !== 1) return true;
    const el = c as Element;
    if (el.id === 'twinpane' || ['script', 'noscript'].includes(el.localName)) return false;
    if (el.localName === 'meta') return el.hasAttribute('charset') || el.getAttribute('name') === 'viewport';
    return !(el.localName === 'link' && ['preload', 'prefetch', 'modulepreload', 'manifest'].includes(el.getAttribute('rel')!));
  });
  const shadow = (node as Element).shadowRoot;
  return shadow ? [shadow, ...own] : own;
}

function shallow(node: Node): unknown {
  if (node.nodeType === 1) {
    const el = node as Element;
    const attributes = Array.from(el.attributes).filter((a) => !/^(on|nonce$|integrity$|srcdoc$)/.test(a.name)).map((a) => [a.name, a.value]);
    return { kind: 1, tag: el.localName, svg: el.namespaceURI !== 'http://www.w3.org/1999/xhtml', attributes: attributes.sort(([a], [b]) => (a! < b! ? -1 : 1)) };
  }
  const kinds: Record<number, number> = { 3: 2, 4: 7, 8: 3, 9: 6, 10: 4, 11: 5 };
  const text = node.nodeType === 3 || node.nodeType === 4;
  return { kind: kinds[node.nodeType], ...(text ? { data: (node as Text).data.replace(/\p{Cs}/gu, '\ufffd') } : {}) };
}

function shallowModel(n: ModelNode): unknown {
  if (n.kind === 1) return { kind: 1, tag: n.tag, svg: n.svg, attributes: [...n.attributes].sort(([a], [b]) => (a < b ? -1 : 1)) };
  return { kind: n.kind, ...(n.kind === 2 || n.kind === 7 ? { data: n.data } : {}) };
}

/** mulberry32 */
export function random(seed: number): (n: number) => number {
  let a = seed >>> 0;
  return (n) => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** Changes the page at random: everything that scripts do to trees, in any order. */
export class Mutator {
  private readonly pool: Node[] = [];
  constructor(private readonly rnd: (n: number) => number) {}

  private all(): Node[] {
    const out: Node[] = [];
    const walk = (n: Node): void => {
      out.push(n);
      if ((n as Element).shadowRoot) walk((n as Element).shadowRoot!);
      const doc = n.nodeName === 'IFRAME' ? (n as HTMLIFrameElement).contentDocument : null;
      if (doc?.body) walk(doc.body);
      n.childNodes.forEach(walk);
    };
    walk(document.body);
    return out;
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.rnd(from.length)]!;
  }

  private container(nodes: Node[]): Element | ShadowRoot {
    const list = nodes.filter((n) => (n.nodeType === 1 || n.nodeType === 11) && !['IFRAME', 'TEMPLATE', 'BR', 'INPUT', 'TEXTAREA', 'STYLE', 'META', 'LINK'].includes(n.nodeName));
    return this.pick(list) as Element;
  }

  private movable(nodes: Node[]): Node {
    return this.pick(nodes.filter((n) => n !== document.body && n.nodeType !== 11 && n.nodeName !== 'BODY')) ?? document.body.appendChild(document.createElement('i'));
  }

  private make(): Node {
    const r = this.rnd;
    const doc = document;
    switch (r(12)) {
      case 0: return doc.createTextNode('text ' + r(1000));
      case 1: return doc.createComment('c' + r(1000));
      case 2: return doc.createElementNS('http://www.w3.org/2000/svg', this.pick(['svg', 'g', 'linearGradient']));
      case 3: {
        const el = doc.createElement(this.pick(['script', 'noscript', 'template', 'meta']));
        if (el instanceof HTMLScriptElement) el.type = 'text/plain';
        return el;
      }
      case 4: return doc.createElement('link');
      case 5: {
        const host = doc.createElement('x-host');
        host.attachShadow({ mode: 'open' }).innerHTML = `<b>shadow ${r(99)}</b><slot></slot>`;
        return host;
      }
      case 6: return doc.createElement(r(4) === 0 ? 'iframe' : 'input');
      default: {
        const el = doc.createElement(this.pick(['div', 'p', 'ul', 'span', 'a']));
        el.innerHTML = this.pick(['', 'a<b>c</b>d', '<i><u>deep</u></i><!--x-->', '<ul><li>1</li><li>2</li><li>3</li></ul>']);
        return el;
      }
    }
  }

  private static put(parent: Node, node: Node, before: Node | null): void {
    if (!node.contains(parent)) {
      try {
        parent.insertBefore(node, before);
      } catch {
        // Into its own shadow tree or frame: the browser refuses, nothing has happened.
      }
    }
  }

  step(): void {
    const r = this.rnd;
    const nodes = this.all();
    const into = this.container(nodes);
    const before = into.childNodes.length > 0 && r(2) ? this.pick(Array.from(into.childNodes)) : null;
    switch (r(20)) {
      case 0: case 1: case 2: Mutator.put(into, this.make(), before); break;
      case 3: case 4: Mutator.put(into, this.movable(nodes), before); break;
      case 5: (this.movable(nodes) as ChildNode).remove(); break;
      case 6: {
        const n = this.movable(nodes) as ChildNode;
        n.remove();
        if (this.pool.length < 40) this.pool.push(n);
        break;
      }
      case 7: if (this.pool.length > 0) Mutator.put(into, this.pool.splice(r(this.pool.length), 1)[0]!, before); break;
      case 8: {
        // What happens to detached nodes is not observed.
        const n = this.pool.length > 0 ? this.pick(this.pool) : null;
        if (n instanceof Element) {
          n.setAttribute('data-d', String(r(99)));
          if (n.firstChild && r(2)) this.pool.push(n.removeChild(n.firstChild));
          else n.append('while detached');
        } else if (n instanceof Text) n.data = 'detached ' + r(99);
        break;
      }
      case 9: case 10: if (into.nodeType === 1) (into as Element).setAttribute(this.pick(['class', 'id', 'title', 'data-x', 'rel', 'name', 'onclick']), this.pick(['a', 'b', 'preload', 'viewport', 'x y', String(r(50))])); break;
      case 11: if (into.nodeType === 1) for (const a of Array.from((into as Element).attributes)) if (a.name !== 'type' && r(2)) (into as Element).removeAttributeNode(a); break;
      case 12: case 13: {
        const texts = nodes.filter((n) => n.nodeType === 3) as Text[];
        const t = texts.length > 0 ? this.pick(texts) : null;
        if (!t) break;
        if (r(3) === 0) t.data = this.pick(['', 'x'.repeat(r(200)), '\u{1f600}'.repeat(r(60)), '\ud83d' + 'é'.repeat(100), 'line ' + r(9)]);
        else if (r(2)) t.insertData(r(t.length + 1), this.pick(['+', '\u{1f601}\u{1f602}', 'inserted text ' + r(9)]));
        else t.deleteData(r(t.length + 1), r(20));
        break;
      }
      case 14: into.replaceChildren(...Array.from(into.childNodes).reverse()); break;
      case 15: {
        // Unwrap, or wrap.
        const el = into as Element;
        if (r(2) && el !== document.body && el.nodeType === 1 && el.parentNode) el.replaceWith(...Array.from(el.childNodes));
        else if (el.nodeType === 1 && el !== document.body && el.parentNode && el.parentNode.nodeType !== 9) {
          const wrap = document.createElement('section');
          el.replaceWith(wrap);
          wrap.append('w', el);
        }
        break;
      }
      case 16: if (into !== document.body && r(2)) (into as Element).innerHTML = '<em>new</em> html<p>x</p>'; break;
      case 17: {
        // Parent and child change places.
        const el = into as Element;
        const child = el.firstElementChild;
        if (!child || el === document.body || el.nodeType !== 1 || !el.parentNode || ['IFRAME', 'TEMPLATE', 'LINK', 'META', 'INPUT', 'SCRIPT', 'NOSCRIPT'].includes(child.nodeName)) break;
        el.replaceWith(child);
        child.append(el);
        break;
      }
      case 18: {
        const el = nodes.find((n) => n.nodeName === 'DIV' && !(n as Element).shadowRoot) as Element | undefined;
        if (el && r(4) === 0) el.attachShadow({ mode: 'open' }).append(document.createElement('hr'), 'late');
        break;
      }
      case 19: {
        const t = nodes.find((n) => n.nodeType === 3 && (n as Text).length > 3) as Text | undefined;
        if (r(2)) t?.splitText(2);
        else into.normalize();
        break;
      }
    }
    if (document.body.getElementsByTagName('*').length > 400) document.body.replaceChildren('fresh');
  }
}

Object.assign(window, { Harness, Mutator, random });
