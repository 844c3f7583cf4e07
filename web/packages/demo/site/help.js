import { make } from './shop.js';

const sections = [...document.querySelectorAll('#answers section')];
document.getElementById('toc').append(...sections.map((s) => make('li', {}, make('a', { href: `#${s.id}`, textContent: s.querySelector('h2').textContent }))));
document.getElementById('find').addEventListener('input', (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const [i, section] of sections.entries()) {
    section.hidden = !section.textContent.toLowerCase().includes(wanted);
    document.getElementById('toc').children[i].hidden = section.hidden;
  }
});

const kinds = ['Skov', 'Måne', 'Bøk', 'Vass', 'Fjær', 'Sten', 'Klokke', 'Papir'];
const things = ['turned the stem of', 'lacquered the second coat on', 'tested the switch of', 'packed', 'mended a returned', 'drew a taller'];
document.getElementById('diary').append(...Array.from({ length: 60 }, (_, i) =>
  make('p', {}, make('b', { textContent: `Day ${60 - i}` }), ` We ${things[(i * 5) % things.length]} ${kinds[(i * 3) % kinds.length]} number ${400 - i * 3}.`)));
