import { check, make, money, store } from './shop.js';

const [login, inside] = [document.getElementById('login'), document.getElementById('inside')];

function render() {
  const { user, orders } = store;
  login.hidden = user !== '';
  inside.hidden = user === '';
  document.getElementById('who').textContent = user;
  const rows = orders.length > 0 ? orders : [{ number: 'F-1012', day: '2024-10-02', lamps: 1, total: 223.9 }];
  document.getElementById('orders').replaceChildren(...rows.map((o) =>
    make('tr', {}, make('td', { textContent: o.number }), make('td', { textContent: o.day }), make('td', { textContent: String(o.lamps) }), make('td', { className: 'r', textContent: money(o.total) }))));
}

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const first = check(login);
  const error = login.querySelector('.err');
  error.hidden = !first;
  error.textContent = 'Address or password is not as it should be.';
  if (first) return first.focus();
  store.user = login.elements.email.value;
  login.reset();
  render();
});
document.getElementById('logout').addEventListener('click', () => {
  store.user = '';
  render();
});
const tabs = [...document.querySelectorAll('[role=tab]')];
for (const tab of tabs) {
  tab.addEventListener('click', () => {
    for (const t of tabs) {
      t.setAttribute('aria-selected', String(t === tab));
      document.getElementById(t.getAttribute('aria-controls')).hidden = t !== tab;
    }
  });
}
document.getElementById('t-news').addEventListener('submit', (event) => {
  event.preventDefault();
  event.target.querySelector('.ok').textContent = 'Saved.';
});
render();
