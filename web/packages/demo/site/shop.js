// What every page of the shop shares: the lamps, the basket, money.
export const lamps = [
  { id: 'skov', name: 'Skov table lamp', kind: 'table', price: 249, stock: true, text: 'A spun metal dome on a brass stem. Throws its light down, keeps its glow to itself.', colours: [['skov', 'Moss green', '#3F5B4A'], ['skov-ochre', 'Ochre', '#B9812F'], ['skov-clay', 'Clay', '#98503C']] },
  { id: 'mane', name: 'Måne pendant', kind: 'pendant', price: 219, stock: true, text: 'Opal glass, mouth-blown, so that no two moons are quite alike.' },
  { id: 'bok', name: 'Bøk tripod', kind: 'floor', price: 429, stock: false, text: 'Three legs of oiled beech and a linen shade that can be washed.' },
  { id: 'vass', name: 'Vass lantern', kind: 'outdoor', price: 129, stock: true, text: 'Powder-coated steel and frosted glass. Rain is welcome.' },
  { id: 'fjaer', name: 'Fjær desk lamp', kind: 'table', price: 179, stock: true, text: 'Two joints, one spring, and a red head that looks where you look.' },
  { id: 'dis', name: 'Dis trio', kind: 'pendant', price: 459, stock: false, text: 'Three small globes at three heights over one long table.' },
  { id: 'sten', name: 'Sten table lamp', kind: 'table', price: 159, stock: true, text: 'A glass ball on a foot cast from quarry dust. Heavy in the best way.' },
  { id: 'lykt', name: 'Lykt post', kind: 'outdoor', price: 299, stock: true, text: 'Stands by the path and lights only the path.' },
  { id: 'bue', name: 'Bue arc lamp', kind: 'floor', price: 389, stock: true, text: 'Reaches over the back of a sofa without asking it to move.' },
  { id: 'klokke', name: 'Klokke pendant', kind: 'pendant', price: 189, stock: true, text: 'A bell in deep blue enamel, white inside.' },
  { id: 'tind', name: 'Tind desk lamp', kind: 'table', price: 199, stock: false, text: 'The Fjær for people who want it quieter.' },
  { id: 'papir', name: 'Papir globe', kind: 'pendant', price: 119, stock: true, text: 'Mulberry paper on wire. Weighs less than a letter.' },
];
export const lampOf = (id) => lamps.find((l) => l.id === id);
export const money = (n) => `€ ${n.toFixed(2)}`;

const kCode = 'AUTUMN-15';
const read = (key, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(`fennhus-${key}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const write = (key, value) => localStorage.setItem(`fennhus-${key}`, JSON.stringify(value));

export const store = {
  get basket() { return read('basket', []); },
  set basket(lines) { write('basket', lines); count(); },
  get discount() { return read('discount', ''); },
  set discount(code) { write('discount', code); },
  get orders() { return read('orders', []); },
  set orders(orders) { write('orders', orders); },
  get user() { return read('user', ''); },
  set user(email) { write('user', email); },
};

export function addToBasket(id, picture, quantity, note) {
  const lines = store.basket;
  const same = lines.find((l) => l.id === id && l.picture === picture && l.note === note);
  if (same) same.quantity = Math.min(9, same.quantity + quantity);
  else lines.push({ id, picture, quantity, note });
  store.basket = lines;
}

export function totals(delivery = 0) {
  const goods = store.basket.reduce((sum, l) => sum + lampOf(l.id).price * l.quantity, 0);
  const off = store.discount === kCode ? goods * 0.15 : 0;
  return { goods, off, delivery, sum: goods - off + delivery };
}

export function showTotals(el, delivery) {
  const t = totals(delivery ?? 0);
  const rows = [['Goods', money(t.goods)]];
  if (t.off > 0) rows.push([`Discount ${kCode}`, `− ${money(t.off)}`]);
  if (delivery !== undefined) rows.push(['Delivery', money(delivery)]);
  rows.push(['Total', money(t.sum)]);
  el.replaceChildren(...rows.map(([name, value], i) => {
    const row = make('div', { className: i === rows.length - 1 ? 't b' : 't' });
    row.append(make('span', { textContent: name }), make('span', { textContent: value }));
    return row;
  }));
}

/** The code is refused unless it is right. */
export function discountForm(form, changed) {
  const [input, error] = [form.elements.code, form.querySelector('.err')];
  input.value = store.discount;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const code = input.value.trim().toUpperCase();
    const right = code === kCode;
    store.discount = right ? code : '';
    error.hidden = right || code === '';
    error.textContent = 'This code is not valid.';
    input.setAttribute('aria-invalid', String(!error.hidden));
    changed();
  });
  input.addEventListener('input', () => {
    error.hidden = true;
    input.removeAttribute('aria-invalid');
  });
}

export function make(tag, properties = {}, ...children) {
  const el = Object.assign(document.createElement(tag), properties);
  el.append(...children);
  return el;
}

/** Marks the fields that are not filled in as they should be; returns the first. */
export function check(form) {
  let first;
  for (const field of form.elements) {
    if (!field.willValidate) continue;
    const bad = !field.checkValidity();
    field.setAttribute('aria-invalid', String(bad));
    const label = field.closest('label');
    label?.querySelector('em')?.remove();
    if (bad && label && field.type !== 'checkbox') label.append(make('em', { textContent: field.validity.valueMissing ? 'This is missing.' : 'This does not look right.' }));
    if (bad) first ??= field;
  }
  return first;
}

function count() {
  const n = store.basket.reduce((sum, l) => sum + l.quantity, 0);
  for (const el of document.querySelectorAll('[data-basket-count]')) el.textContent = String(n);
}
count();
window.addEventListener('storage', count);
window.addEventListener('pageshow', count);
