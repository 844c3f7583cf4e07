import { discountForm, showTotals, store } from './shop.js';
import { showLines } from './lines.js';

function render() {
  showLines(document.getElementById('lines'), render);
  showTotals(document.getElementById('totals'));
  const empty = store.basket.length === 0;
  document.getElementById('empty').hidden = !empty;
  document.getElementById('go').hidden = empty;
}
discountForm(document.getElementById('discount'), render);
render();
window.addEventListener('pageshow', render);
