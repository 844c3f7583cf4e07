import { addToBasket, lampOf, make, money } from './shop.js';

const lamp = lampOf(new URLSearchParams(location.search).get('id')) ?? lampOf('skov');
const form = document.getElementById('buy');
const picture = document.getElementById('picture');
const colours = lamp.colours ?? [[lamp.id, '', '']];

document.title = `${lamp.name} · Fennhus`;
for (const el of document.querySelectorAll('[data-name]')) el.textContent = lamp.name;
document.querySelector('[data-price]').textContent = money(lamp.price);
document.querySelector('[data-text]').textContent = lamp.text;

function show(index) {
  const [image, name] = colours[index];
  picture.src = `img/${image}.svg`;
  picture.alt = name === '' ? lamp.name : `${lamp.name}, ${name}`;
  document.querySelector('[data-colour]').textContent = name;
  for (const [i, thumb] of [...document.getElementById('thumbs').children].entries()) thumb.setAttribute('aria-pressed', String(i === index));
}

if (lamp.colours) {
  document.getElementById('colours').hidden = false;
  document.querySelector('.swatches').append(...colours.map(([, name, value], i) => {
    const input = make('input', { type: 'radio', name: 'colour', value: String(i), checked: i === 0 });
    input.setAttribute('aria-label', name);
    input.addEventListener('change', () => show(i));
    const dot = make('i');
    dot.style.background = value;
    return make('label', { title: name }, input, dot);
  }));
}
document.getElementById('thumbs').append(...colours.map(([image, name], i) => {
  const thumb = make('button', { type: 'button' }, make('img', { src: `img/${image}.svg`, alt: name || lamp.name, width: 480, height: 480 }));
  thumb.addEventListener('click', () => {
    const radio = form.elements.colour?.[i];
    if (radio) radio.checked = true;
    show(i);
  });
  return thumb;
}));
show(0);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const data = new FormData(form);
  const index = Number(data.get('colour') ?? 0);
  const quantity = Math.max(1, Math.min(9, Math.trunc(Number(data.get('quantity'))) || 1));
  const bulb = { warm: 'warm bulb', soft: 'soft bulb', none: 'no bulb' }[data.get('bulb')];
  addToBasket(lamp.id, colours[index][0], quantity, [colours[index][1], bulb].filter(Boolean).join(', '));
  document.getElementById('added').replaceChildren(`${quantity} in your basket. `, make('a', { href: 'basket.html', textContent: 'Go to the basket' }));
});
form.elements.question.addEventListener('input', (event) => {
  document.getElementById('left').textContent = String(300 - event.target.value.length);
});
document.getElementById('open-sizes').addEventListener('click', () => document.getElementById('sizes').showModal());
