import { lampOf, make, money, store } from './shop.js';

/** Draws the lines of the basket; with `changed`, they can be changed. */
export function showLines(el, changed) {
  el.replaceChildren(...store.basket.map((line, index) => {
    const lamp = lampOf(line.id);
    const about = make('div', {}, make('a', { href: `product.html?id=${line.id}`, textContent: lamp.name }), make('small', { textContent: line.note }));
    const item = make('li', {}, make('figure', {}, make('img', { src: `img/${line.picture}.svg`, alt: '', width: 480, height: 480 })), about);
    if (changed) {
      const quantity = make('input', { type: 'number', min: '1', max: '9', value: String(line.quantity) });
      quantity.setAttribute('aria-label', `Quantity of ${lamp.name}`);
      quantity.addEventListener('change', () => update(index, Math.max(1, Math.min(9, Math.trunc(Number(quantity.value)) || 1))));
      const remove = make('button', { type: 'button', className: 'link', textContent: 'Remove' });
      remove.setAttribute('aria-label', `Remove ${lamp.name}`);
      remove.addEventListener('click', () => update(index, 0));
      item.append(quantity, remove);
    } else if (line.quantity > 1) about.append(make('small', { textContent: `${line.quantity} ×` }));
    item.append(make('span', { className: 'p', textContent: money(lamp.price * line.quantity) }));
    return item;
  }));
  function update(index, quantity) {
    const lines = store.basket;
    if (quantity === 0) lines.splice(index, 1);
    else lines[index].quantity = quantity;
    store.basket = lines;
    changed();
  }
}
