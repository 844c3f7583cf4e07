import type { Walked } from './walk.ts';

/** What the viewer says of its DOM: the shape of web/packages/mirror/src/describe.ts. */
export interface Shown extends Omit<Walked, 'attributes' | 'children' | 'svg'> {
  id: number;
  privacy?: number;
  svg?: 0 | 1;
  attributes?: Record<string, string>;
  children?: Shown[];
}

export interface Comparison { nodes: number; fields: number; scrolled: number; differences: string[] }

/** Everything that differs between the customer's page and the view, each with its path. */
export function compare(page: Walked, view: Shown | undefined): Comparison {
  const result: Comparison = { nodes: 0, fields: 0, scrolled: 0, differences: [] };
  if (view) both(page, view, '', 0, result);
  else result.differences.push('nothing is shown');
  return result;
}

const short = (v: unknown): string => {
  const text = JSON.stringify(v) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
};

function both(a: Walked, b: Shown, at: string, hidden: number, r: Comparison): void {
  r.nodes += 1;
  const path = `${at}/${label(a)}`;
  const say = (what: string, x: unknown, y: unknown): void => { r.differences.push(`${path} ${what}: ${short(x)} is shown as ${short(y)}`); };
  if (a.kind !== b.kind || a.tag !== b.tag) return say('node', label(a), label(b));
  const privacy = Math.max(hidden, b.privacy ?? 0);
  // Passwords never leave the page (section 5); nothing else is hidden under the policy of these tests.
  const password = a.tag === 'input' && (a.attributes?.['type']?.[0]?.toLowerCase() === 'password' || /password/i.test(a.attributes?.['autocomplete']?.[0] ?? ''));
  if ((privacy > 0) !== password) return say('privacy', password, privacy);
  for (const what of ['svg', 'name', 'publicId', 'systemId', 'quirks', 'indeterminate', 'modal', 'popover'] as const) {
    // Absent and false are the same: both sides leave out what is not so.
    if ((a[what] || false) !== (b[what] || false)) say(what, a[what], b[what]);
  }
  if (a.data !== b.data) say('text', a.data, b.data);
  // Buttons and hidden fields have no value but their attribute, which is compared as such; the path of a chosen file exists at the customer only.
  const type = a.attributes?.['type']?.[0]?.toLowerCase() ?? '';
  if (!password && !(a.tag === 'input' && /^(file|hidden|submit|button|reset|image)$/.test(type))) {
    if (a.value !== undefined || a.selected !== undefined) r.fields += 1;
    if (a.value !== b.value) say('value', a.value, b.value);
    if (a.checked !== b.checked) say('checked', a.checked, b.checked);
    if (a.selected !== b.selected) say('selected', a.selected, b.selected);
  }
  if (a.scroll) r.scrolled += 1;
  const [ax, ay] = a.scroll ?? [0, 0];
  const [bx, by] = b.scroll ?? [0, 0];
  // Positions travel in fractions; the browser snaps them to physical pixels.
  if (!a.root && (Math.abs(ax - bx) >= 1 || Math.abs(ay - by) >= 1)) say('scroll', a.scroll, b.scroll);
  attributes(a, b, password, say);
  children(a.children ?? [], b.children ?? [], path, privacy, r);
}

/** What a masked element keeps is for the privacy tests to say; here it has to keep its type and its place. */
const OF_MASKED = /^(id|class|style|type)$/;

function attributes(a: Walked, b: Shown, password: boolean, say: (what: string, x: unknown, y: unknown) => void): void {
  const shown = b.attributes ?? {};
  for (const [name, forms] of Object.entries(a.attributes ?? {})) {
    const value = shown[name];
    if (password && !OF_MASKED.test(name)) continue;
    if (value === undefined || !forms.includes(value)) say(`@${name}`, forms[0], value);
  }
  for (const name of Object.keys(shown)) if (!a.attributes || !(name in a.attributes)) say(`@${name}`, undefined, shown[name]);
}

function children(a: Walked[], b: Shown[], path: string, hidden: number, r: Comparison): void {
  if (a.length !== b.length) r.differences.push(`${path} has ${a.length} children (${a.map(label).join(' ').slice(0, 150)}), shown are ${b.length} (${b.map(label).join(' ').slice(0, 150)})`);
  for (let i = 0; i < Math.min(a.length, b.length); i++) both(a[i]!, b[i]!, path, hidden, r);
}

function label(n: Walked | Shown): string {
  switch (n.kind) {
    case 1: {
      const id = n.attributes?.['id'];
      return `${n.tag}${id ? `#${String(id)}` : ''}`;
    }
    case 2: return '"';
    case 3: return '!';
    case 4: return 'doctype';
    case 5: return '#shadow';
    default: return '#document';
  }
}
