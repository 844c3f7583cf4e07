import { check, discountForm, money, showTotals, store, totals } from './shop.js';
import { showLines } from './lines.js';

const form = document.getElementById('order');
const kDelivery = { shop: 4.9, home: 18 };
const delivery = () => kDelivery[form.elements.delivery.value];

function render() {
  showLines(document.getElementById('lines'));
  showTotals(document.getElementById('totals'), delivery());
  document.getElementById('pay').textContent = `Pay ${money(totals(delivery()).sum)}`;
  document.getElementById('note-field').hidden = form.elements.delivery.value !== 'home';
}

discountForm(document.getElementById('discount'), render);
form.addEventListener('change', render);
form.addEventListener('input', (event) => {
  if (event.target.name === 'card') event.target.value = event.target.value.replace(/\D/g, '').replace(/(.{4})(?=.)/g, '$1 ');
  if (event.target.getAttribute('aria-invalid') === 'true') check(form);
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const first = check(form);
  const summary = document.getElementById('summary');
  summary.hidden = !first && store.basket.length > 0;
  summary.textContent = first ? 'Some fields need another look.' : 'Your basket is empty.';
  if (first) return first.focus();
  if (store.basket.length === 0) return;
  const number = `F-${String(1000 + store.orders.length * 7 + 41)}`;
  store.orders = [{ number, day: new Date().toISOString().slice(0, 10), lamps: store.basket.reduce((n, l) => n + l.quantity, 0), total: totals(delivery()).sum }, ...store.orders];
  store.basket = [];
  store.discount = '';
  location.href = `thanks.html?order=${number}`;
});
document.getElementById('open-terms').addEventListener('click', () => document.getElementById('terms').showModal());
render();
