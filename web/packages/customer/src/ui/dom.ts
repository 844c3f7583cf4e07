/** Builds elements without markup text: nothing here needs `innerHTML`, which Trusted Types would refuse. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | ((event: Event) => void)> = {},
  ...children: (Node | string | undefined)[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') el.addEventListener(name, value);
    else el.setAttribute(name, value);
  }
  el.append(...children.filter((c) => c !== undefined));
  return el;
}

const kIcons = {
  screen: 'M2 3h12v8H2zM5.5 13.5h5',
  close: 'M4 4l8 8M12 4l-8 8',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.8V8l2.2 1.4',
  shield: 'M8 1.8 13 3.6v4c0 3.2-2.1 5.4-5 6.6-2.9-1.2-5-3.4-5-6.6v-4z',
  eye: 'M1.7 8C2.7 5.4 5.1 3.5 8 3.5s5.3 1.9 6.3 4.5c-1 2.6-3.4 4.5-6.3 4.5S2.7 10.6 1.7 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4',
  pointer: 'M3.5 2.5 12.8 6.8 8.9 8.5 7.2 12.6z',
  crossed: 'M2.5 2.5l11 11M6.6 6.7a2 2 0 0 0 2.8 2.8M4.3 4.5C3 5.4 2.2 6.7 1.7 8c1 2.6 3.4 4.5 6.3 4.5 1.2 0 2.3-.3 3.2-.8M7 3.6c.3 0 .7-.1 1-.1 2.9 0 5.3 1.9 6.3 4.5-.3.9-.8 1.6-1.4 2.3',
  lock: 'M4 7.2h8v6H4zM5.7 7.2V5.1a2.3 2.3 0 0 1 4.6 0v2.1',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  grip: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  link: 'M2.5 12.5v-2M6.2 12.5v-4.500M9.800 12.5V6M13.500 12.5v-9',
} as const;
export type IconName = keyof typeof kIcons;

const kSvg = 'http://www.w3.org/2000/svg';

export function svg(viewBox: string, width: number, height: number, ...paths: Record<string, string>[]): SVGSVGElement {
  const el = document.createElementNS(kSvg, 'svg');
  const attributes: Record<string, string> = { viewBox, width: String(width), height: String(height), 'aria-hidden': 'true', focusable: 'false' };
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, value);
  for (const path of paths) {
    const p = document.createElementNS(kSvg, 'path');
    for (const [name, value] of Object.entries(path)) p.setAttribute(name, value);
    el.append(p);
  }
  return el;
}

export function icon(name: IconName, size = 16): SVGSVGElement {
  const el = svg('0 0 16 16', size, size, { d: kIcons[name] });
  el.classList.add('i');
  return el;
}

/** Moves an overlay. A style set through the object model needs no `style-src`. */
export function place(el: HTMLElement, x: number, y: number): void {
  el.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
}
