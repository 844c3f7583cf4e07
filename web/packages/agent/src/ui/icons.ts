/** The desk's own icons: 16 px grid, 1.5 px round stroke, currentColor. The shapes are in icons.json; build.mjs writes
 *  the ones that Web Awesome asks for as files beside the desk. */
import { svg, html, type TemplateResult } from 'lit';
import { registerIconLibrary } from '@awesome.me/webawesome/dist/components/icon/library.js';
import shapes from './icons.json' with { type: 'json' };

export type IconName = keyof typeof shapes;

/** Icons that point along the line of reading and turn with it. */
const FLIPS = new Set<IconName>(['back', 'forward', 'exit']);

/** Decoration beside words; the element that holds it has the name. */
export function icon(name: IconName, size = 16): TemplateResult {
  return html`<svg class="i ${FLIPS.has(name) ? 'flip' : ''}" width=${size} height=${size} viewBox="0 0 16 16"
    aria-hidden="true">${svg`<path d=${shapes[name]}></path>`}</svg>`;
}

/** Web Awesome's own icons come from here too; by default they would be fetched from elsewhere. */
export function useOwnIcons(): void {
  const resolver = (name: string): string => (name in shapes ? new URL(`icons/${name}.svg`, import.meta.url).href : '');
  for (const library of ['default', 'system']) registerIconLibrary(library, { resolver });
}
