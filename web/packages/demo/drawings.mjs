// The shop's pictures, drawn here: lamps on a plain ground, one SVG file each.

const frame = (body, view = '0 0 120 120') => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${view}" width="480" height="480">${body}</svg>\n`;
const shadow = (rx = 26, y = 109) => `<ellipse cx="60" cy="${y}" rx="${rx}" ry="3.5" fill="#2A2620" opacity=".13"/>`;
const glow = (cx, cy, r) => `<circle cx="${cx}" cy="${cy}" r="${r}" fill="#F6DFA4" opacity=".35"/>`;
const cord = (to) => `<path d="M60 0V${to}" stroke="#6B645A" stroke-width="1.4"/>`;
const brass = '#B08A56';

const dome = (dark, light) =>
  frame(`${shadow()}${glow(60, 66, 34)}<path d="M58.5 56h3v46h-3z" fill="${brass}"/><ellipse cx="60" cy="104" rx="20" ry="4.5" fill="${brass}"/>
<path d="M24 60c0-24 16-38 36-38s36 14 36 38z" fill="${dark}"/><path d="M24 60c0-24 16-38 36-38 4 0 7 .5 10 1.5C52 27 40 41 40 60z" fill="${light}"/>
<ellipse cx="60" cy="60" rx="36" ry="4" fill="#F3D99B"/><circle cx="60" cy="20" r="3" fill="${brass}"/>`);

const globe = (fill, shade, y = 74, r = 29) =>
  frame(`${cord(y - r - 6)}<rect x="53" y="${y - r - 7}" width="14" height="9" rx="2" fill="${brass}"/><circle cx="60" cy="${y}" r="${r}" fill="${fill}"/>
<path d="M60 ${y - r}a${r} ${r} 0 0 1 0 ${2 * r} ${r * 1.25} ${r * 1.25} 0 0 0 0-${2 * r}z" fill="${shade}"/>`);

const tripod = (shade, fold) =>
  frame(`${shadow(30, 115)}${glow(60, 40, 36)}<path d="M60 46 40 114M60 46l20 68M60 46v66" stroke="#7A5638" stroke-width="2.6" stroke-linecap="round"/>
<path d="M38 12h44l8 36H30z" fill="${shade}"/><path d="M38 12h10l-4 36H30z" fill="${fold}"/><path d="M30 48h60l-.6 2.4H30.600z" fill="#F3D99B"/><path d="M48 84h24" stroke="#7A5638" stroke-width="1.6"/>`);

const arc = (metal, shade) =>
  frame(`${shadow(20, 115)}<path d="M34 112C30 60 34 14 66 12c16-1 24 10 24 22" fill="none" stroke="${metal}" stroke-width="2.6"/><ellipse cx="34" cy="112" rx="16" ry="3.6" fill="${metal}"/>
${glow(90, 54, 18)}<path d="M74 48c0-9 7-15 16-15s16 6 16 15z" fill="${shade}"/><ellipse cx="90" cy="48" rx="16" ry="2.4" fill="#F3D99B"/>`);

const desk = (metal, light) =>
  frame(`${shadow(24)}<rect x="38" y="102" width="44" height="5" rx="2.5" fill="${metal}"/><path d="M52 102 40 64l28-30" fill="none" stroke="${metal}" stroke-width="2.8" stroke-linejoin="round"/>
<circle cx="40" cy="64" r="3.4" fill="${brass}"/>${glow(80, 56, 20)}<path d="m62 26 24 12-8 16-26-13c1-7 5-12 10-15z" fill="${light}"/><path d="m78 54-26-13-.6 3 25.400 13z" fill="#F3D99B"/>`);

const lantern = (metal) =>
  frame(`${shadow(24)}<path d="M50 35V24a10 10 0 0 1 20 0v11" fill="none" stroke="${metal}" stroke-width="2.400"/>${glow(60, 68, 30)}<path d="M40 34h40l6 8H34z" fill="${metal}"/>
<rect x="37" y="42" width="46" height="58" fill="#FBF3DF" opacity=".85"/><path d="M37 42v58M60 42v58M83 42v58M37 71h46" stroke="${metal}" stroke-width="2.200"/><rect x="34" y="99" width="52" height="7" rx="1.500" fill="${metal}"/>
<path d="M60 62c5 6 7 10 7 14a7 7 0 0 1-14 0c0-4 3-8 7-14z" fill="#E9B44C"/>`);

const post = (metal) =>
  frame(`${shadow(14, 115)}<rect x="57" y="52" width="6" height="62" fill="${metal}"/><rect x="48" y="111" width="24" height="4" rx="1" fill="${metal}"/>${glow(60, 36, 26)}
<rect x="47" y="22" width="26" height="30" rx="3" fill="#FBF3DF"/><path d="M43 22h34l-6-8H49z" fill="${metal}"/><path d="M47 30h26M47 38h26M47 46h26" stroke="${metal}" stroke-width="1.4" opacity=".6"/>`);

const bell = (dark, light) =>
  frame(`${cord(34)}<rect x="55" y="32" width="10" height="8" rx="2" fill="${brass}"/>${glow(60, 92, 30)}<path d="M54 40h12c3 20 14 30 24 44H30c10-14 21-24 24-44z" fill="${dark}"/>
<path d="M54 40h4c-1 22-8 32-14 44H30c10-14 21-24 24-44z" fill="${light}"/><ellipse cx="60" cy="84" rx="30" ry="3.600" fill="#F3D99B"/>`);

const cluster = () =>
  frame(`<path d="M34 0v40M60 0v62M86 0v28" stroke="#6B645A" stroke-width="1.2"/>${[[34, 52, '#FBF3DF', '#EBDDBD'], [60, 76, '#E3C08A', '#CFA668'], [86, 40, '#D9E0DA', '#BCC8BF']]
    .map(([x, y, a, b]) => `<circle cx="${x}" cy="${y}" r="15" fill="${a}"/><path d="M${x} ${y - 15}a15 15 0 0 1 0 30 19 19 0 0 0 0-30z" fill="${b}"/>`).join('')}`);

const stone = () =>
  frame(`${shadow(30)}<path d="M30 104c-4-14 6-22 30-22s34 8 30 22z" fill="#8C877E"/><path d="M30 104c-4-14 6-22 30-22-14 4-20 12-20 22z" fill="#A39E94"/>${glow(60, 54, 34)}
<circle cx="60" cy="56" r="27" fill="#FBF3DF"/><path d="M60 29a27 27 0 0 1 0 54 34 34 0 0 0 0-54z" fill="#EBDDBD"/>`);

const paper = () =>
  frame(`${cord(26)}${glow(60, 68, 44)}<ellipse cx="60" cy="68" rx="38" ry="42" fill="#FBF6EA"/><g fill="none" stroke="#E2D8C2" stroke-width="1.1">
${[34, 46, 58, 70, 82, 94].map((y) => `<path d="M${60 - Math.round(38 * Math.sqrt(1 - ((y - 68) / 42) ** 2))} ${y}Q60 ${y + 6} ${60 + Math.round(38 * Math.sqrt(1 - ((y - 68) / 42) ** 2))} ${y}"/>`).join('')}</g>`);

const room = () =>
  frame(`<rect width="360" height="200" fill="#E9E1D3"/><rect y="150" width="360" height="50" fill="#CDBB9D"/><path d="M0 150h360" stroke="#B8A482"/>
<rect x="30" y="24" width="84" height="104" fill="#F7F2E8"/><path d="M30 128V24h84v104zM72 24v104M30 76h84" fill="none" stroke="#B8A482" stroke-width="3"/><path d="M33 126V96c14-12 24 4 36-6v36z" fill="#BFCBB6"/>
<rect x="196" y="104" width="130" height="12" rx="2" fill="#8A6242"/><path d="M206 116v54M316 116v54" stroke="#6E4C31" stroke-width="6"/><circle cx="262" cy="66" r="56" fill="#F6DFA4" opacity=".35"/>
<path d="M260.500 66h3v36h-3z" fill="#B08A56"/><ellipse cx="262" cy="102" rx="16" ry="3.500" fill="#B08A56"/><path d="M230 68c0-22 14-34 32-34s32 12 32 34z" fill="#3F5B4A"/><path d="M230 68c0-22 14-34 32-34-14 4-18 20-18 34z" fill="#54735F"/>
<ellipse cx="262" cy="68" rx="32" ry="3.500" fill="#F3D99B"/><rect x="204" y="94" width="22" height="10" rx="1" fill="#A2553F"/><rect x="206" y="86" width="20" height="8" rx="1" fill="#D9C9A8"/><path d="M160 170c-16 0-18-40-4-52 14 12 14 52 4 52z" fill="#5E7A58"/><path d="M150 170h22l-3 20h-16z" fill="#A2553F"/>`, '0 0 360 200').replace('width="480" height="480"', 'width="720" height="400"');

export function drawings() {
  return {
    skov: dome('#3F5B4A', '#54735F'), 'skov-ochre': dome('#B9812F', '#CF9A4B'), 'skov-clay': dome('#98503C', '#B36A55'),
    mane: globe('#FBF3DF', '#EBDDBD'), drape: globe('#DCE5E1', '#BFCFC8', 70, 24), sten: stone(), bok: tripod('#EFE6D6', '#DDD0B9'), bue: arc('#3B3A37', '#3B3A37'),
    fjaer: desk('#3B3A37', '#A93A28'), tind: desk('#8C877E', '#2E4A38'), vass: lantern('#3B3A37'), lykt: post('#2F3B36'), klokke: bell('#24424F', '#36596A'), dis: cluster(), papir: paper(), room: room(),
  };
}
