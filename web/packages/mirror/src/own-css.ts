import type { Names } from './names.ts';

const svg = (width: number, height: number, body: string): string =>
  `url("data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg>`)}")`;

const EYE = svg(16, 16, '<g fill="none" stroke="#5F6A6F" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">'
  + '<path d="M6.6 3.9A6 6 0 0 1 8 3.7c4 0 6.5 4.3 6.5 4.3a11 11 0 0 1-1.7 2.1M9.5 9.6A2.1 2.1 0 0 1 6.4 6.6M4.6 4.9A10.600 10.600 0 0 0 1.500 8S4 12.300 8 12.300a6 6 0 0 0 3-.8M2 2l12 12"/></g>');
const DOTS = svg(61, 5, Array.from({ length: 8 }, (_, i) => `<circle cx="${2.500 + i * 8}" cy="2.500" r="2" fill="#5F6A6F"/>`).join(''));
const HATCH = 'repeating-linear-gradient(135deg,#E9EDEE 0 6px,#F4F6F6 6px 12px)';

/**
 * The sheet that every document and shadow root of the view adopts last: hidden fields (nothing here changes a box), the ring of the
 * mirrored focus, and what a frame without scripts would show otherwise.
 */
export function ownCss(names: Names): string {
  const m = (kinds: string, tail = ''): string => kinds.split(' ').map((k) => `[${names.mask}="${k}"]`.repeat(3) + tail).join(',');
  const hatch = 'background-attachment:scroll!important;background-blend-mode:normal!important;background-clip:border-box!important;';
  return `
${m('text dots block')}{background-color:#E9EDEE!important;background-image:${HATCH}!important;${hatch}}
${m('text')}{background-image:${EYE},${HATCH}!important;background-repeat:no-repeat,repeat!important;background-position:right 10px center,0 0!important;background-size:16px 16px,auto!important}
${m('dots')}{background-image:${EYE},${DOTS},${HATCH}!important;background-repeat:no-repeat,no-repeat,repeat!important;background-position:right 10px center,12px center,0 0!important;background-size:16px 16px,61px 5px,auto!important}
[dir=rtl] ${m('text')}{background-position:left 10px center,0 0!important}
${m('text dots')}{color:#5F6A6F!important;-webkit-text-fill-color:#5F6A6F!important;text-shadow:none!important;border-color:#C3CBCE!important;text-transform:none!important}
${m('text')}{letter-spacing:2px!important}
${m('dots')}{color:transparent!important;-webkit-text-fill-color:transparent!important}
${m('dots', '::placeholder')}{color:transparent!important;-webkit-text-fill-color:transparent!important}
${m('dots', '::-webkit-datetime-edit')},${m('dots', '::-webkit-calendar-picker-indicator')},${m('dots', '::-webkit-color-swatch')},${m('dots', '::-webkit-slider-thumb')},${m('dots', '::-webkit-slider-runnable-track')},${m('dots', '::-webkit-inner-spin-button')}{opacity:0!important}
[type=range]${m('dots')}{appearance:none!important}
${m('check')}{outline:1px dashed #5F6A6F!important;outline-offset:-1px!important;mask-image:repeating-linear-gradient(135deg,#000 0 2px,rgb(0 0 0/.3) 2px 4px)!important}
video:not([controls])::-webkit-media-controls{display:none!important}
audio:not([controls]){display:none!important}
[${names.gone}]{background-color:rgb(128 128 128 / .14)}
@layer ${names.focus}{[${names.focusVisible}]{outline:-webkit-focus-ring-color auto 1px}
[type=search]:enabled:read-write:is([${names.focus}],[${names.hover}])::-webkit-search-cancel-button{opacity:1}}
`;
}
