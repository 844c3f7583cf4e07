import { lamps, make, money } from './shop.js';

const form = document.getElementById('filters');
const list = document.getElementById('list');
const sort = document.getElementById('sort');
const query = (new URLSearchParams(location.search).get('q') ?? '').trim().toLowerCase();
document.querySelector('.search input').value = query;

function card(lamp) {
  return make('li', {}, make('a', { href: `product.html?id=${lamp.id}`, className: 'card' },
    make('figure', {}, make('img', { src: `img/${lamp.id}.svg`, alt: '', width: 480, height: 480, loading: 'lazy' })),
    make('b', { textContent: lamp.name }), make('span', { className: 'p', textContent: money(lamp.price) }),
    make('small', { textContent: lamp.stock ? 'Ready to send' : 'Made in three weeks' })));
}

function render() {
  const data = new FormData(form);
  const kinds = data.getAll('kind');
  const max = Number(data.get('max'));
  document.getElementById('max-out').textContent = `€ ${max}`;
  const shown = lamps.filter((l) =>
    (kinds.length === 0 || kinds.includes(l.kind)) && l.price <= max && (!data.has('stock') || l.stock) && `${l.name} ${l.text} ${l.kind}`.toLowerCase().includes(query));
  shown.sort(sort.value === 'name' ? (a, b) => a.name.localeCompare(b.name) : sort.value === 'low' ? (a, b) => a.price - b.price : (a, b) => b.price - a.price);
  document.getElementById('count').textContent = shown.length === lamps.length ? 'All lamps' : shown.length === 1 ? '1 lamp' : `${shown.length} lamps`;
  list.replaceChildren(...(shown.length > 0 ? shown.map(card) : [make('li', { className: 'none', textContent: 'No lamp is like that. Show all, or search for less.' })]));
}

form.addEventListener('input', render);
form.addEventListener('reset', () => setTimeout(render));
sort.addEventListener('change', render);
render();
window.addEventListener('pageshow', render);
