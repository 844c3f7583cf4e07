/** In write mode the agent uses everything a form is made of; what counts is what the customer's page makes of it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Site } from '../lib/site.ts';
import { root, TwinpaneServer, until } from '../lib/server.ts';
import { pair, shareWith, type Pair } from '../lib/session.ts';

/** `seen` counts what the page was told, by element and event, as a site's own scripts would hear it. */
const PAGE = `<!doctype html><html lang="en"><head><title>Widgets</title><style>
  body { font: 16px/24px sans-serif; margin: 20px; } p { margin: 8px 0; }
  #box { height: 80px; width: 300px; overflow: auto; border: 1px solid; } #box div { height: 900px; }
  #editor { border: 1px solid; width: 300px; min-height: 24px; }
</style></head><body><h1>Widgets</h1>
<p><label><input type="checkbox" id="agree"> Agree</label></p>
<p><label for="news">News</label> <input id="before-news" size="6"> <input type="checkbox" id="news"></p>
<p><label><input type="radio" name="size" id="small" value="small" checked> Small</label> <label><input type="radio" name="size" id="large" value="large"> Large</label></p>
<p><select id="colour"><option value="m">Moss</option><option value="s">Sand</option><option value="i">Ink</option></select></p>
<p><select id="extras" multiple size="3"><option>Lid</option><option>Tray</option><option>Card</option></select></p>
<p><input id="first" size="8"> <input id="second" size="8"> <input id="third" size="8"></p>
<form id="form"><input id="code" size="8"><input type="hidden" name="x" value="1"></form>
<p><label id="terms-label"><input type="checkbox" id="terms"> I accept the <a id="terms-link" href="#read">terms</a></label></p>
<p><button type="button" id="plain">Count</button> <a id="away" href="/other.html">Other page</a></p>
<div id="box"><div>tall</div></div>
<div id="editor" contenteditable="true">Dear all</div>
<script>
  const seen = {};
  for (const name of ['click', 'input', 'change', 'submit', 'keydown', 'focusin']) {
    addEventListener(name, (event) => {
      const key = (event.target.id || event.target.localName) + ' ' + name;
      seen[key] = (seen[key] || 0) + 1;
      if (name === 'submit') event.preventDefault();
    });
  }
</script></body></html>`;

let site: Site;
let server: TwinpaneServer;
let people: Pair;
let visit = 0;

beforeAll(async () => {
  site = await Site.start({
    folder: `${root}/web/dist`, host: 'shop.localhost', tag: () => server.scriptTag,
    pages: { '/widgets.html': PAGE, '/other.html': '<!doctype html><html lang="en"><head><title>Other</title></head><body><h1>The other page</h1></body></html>' },
  });
  server = await TwinpaneServer.start({ sites: [{ name: 'shop', origins: [site.origin], form_values: 'shown', allow_submit: true }] });
  people = await pair(server);
  await shareWith(people, `${site.origin}/widgets.html`);
  await people.agent.askForWrite('');
  await people.customer.allowWrite();
  await people.agent.writing();
});
afterAll(async () => {
  await people?.close();
  await server?.stop();
  await site?.stop();
});

/** Every widget begins as the page was loaded. */
beforeEach(async () => {
  const { customer, agent } = people;
  visit += 1;
  await customer.page.goto(`${site.origin}/widgets.html?${visit}`);
  await agent.at(`?${visit}`);
  await agent.follows(customer.page);
  await agent.writing();
});

const customerHas = (what: string, expression: string): Promise<void> => until(() => people.customer.page.evaluate(expression), 8000, what);
const seen = (key: string): Promise<number> => people.customer.page.evaluate((k) => (0, eval)(`seen[${JSON.stringify(k)}] || 0`) as number, key);
const key = (name: string): Promise<void> => people.agent.page.keyboard.press(name);

/** The agent's next key goes where the customer's page has its focus. */
async function focusedAt(selector: string): Promise<void> {
  await customerHas(`the focus at ${selector}`, `document.activeElement === document.querySelector('${selector}')`);
}

test('a checkbox, by its box and by its label', async () => {
  await people.agent.clickOn('#agree');
  await customerHas('the check', 'document.querySelector("#agree").checked');
  expect(await seen('agree change')).toBe(1);
  await people.agent.sees('the check', (d) => d.querySelector<HTMLInputElement>('#agree')!.checked);
  await people.agent.clickOn('label:has(#agree)');
  await customerHas('no check', '!document.querySelector("#agree").checked');
  await people.agent.sees('no check', (d) => !d.querySelector<HTMLInputElement>('#agree')!.checked);
});

test('a checkbox by Space, reached by Tab', async () => {
  await people.agent.clickOn('#before-news');
  await focusedAt('#before-news');
  await key('Tab');
  await focusedAt('#news');
  await key('Space');
  await customerHas('the check', 'document.querySelector("#news").checked');
  expect(await people.customer.page.evaluate('document.querySelector("#before-news").value')).toBe('');
  await key('Space');
  await customerHas('no check', '!document.querySelector("#news").checked');
});

test('a radio button, by click and by arrow', async () => {
  await people.agent.clickOn('#large');
  await customerHas('the choice', 'document.querySelector("#large").checked && !document.querySelector("#small").checked');
  expect(await seen('large change')).toBe(1);
  await focusedAt('#large');
  await key('ArrowLeft');
  await customerHas('the other choice', 'document.querySelector("#small").checked');
});

test('a select: its list opens at the agent, the choice is made at the customer', async () => {
  const { agent } = people;
  await agent.clickOn('#colour');
  await agent.viewer().getByRole('option', { name: 'Ink' }).click();
  await customerHas('the choice', 'document.querySelector("#colour").value === "i"');
  expect(await seen('colour change')).toBe(1);
  await agent.sees('the choice', (d) => d.querySelector<HTMLSelectElement>('#colour')!.value === 'i');
  await agent.clickOn('#colour');
  await agent.viewer().getByRole('listbox').waitFor();
  await key('ArrowUp');
  await key('Enter');
  await customerHas('the choice by key', 'document.querySelector("#colour").value === "s"');
});

test('a list of several', async () => {
  await people.agent.clickOn('#extras option:nth-child(2)');
  await customerHas('one', '[...document.querySelector("#extras").selectedOptions].map((o) => o.text).join() === "Tray"');
});

test('an inner part is scrolled by the wheel', async () => {
  const { x, y } = await people.agent.point('#box');
  await people.agent.page.mouse.move(x, y);
  await people.agent.page.mouse.wheel(0, 150);
  await customerHas('the scrolling', 'document.querySelector("#box").scrollTop > 100');
  expect(await people.customer.page.evaluate('[scrollY, document.querySelector("#box").scrollTop]')).toEqual([0, 150]);
});

test('Tab goes from field to field, also at once after the click, and Shift Tab back', async () => {
  await people.agent.clickOn('#first');
  await people.agent.page.keyboard.type('one');
  await customerHas('the first', 'document.querySelector("#first").value === "one"');
  await key('Tab');
  await focusedAt('#second');
  await people.agent.sees('the focus', (d) => [...d.querySelector('#second')!.attributes].some((a) => a.name.endsWith('-f')));
  await people.agent.page.keyboard.type('two');
  await customerHas('the second', 'document.querySelector("#second").value === "two"');
  expect(await people.customer.page.evaluate('document.querySelector("#first").value')).toBe('one');
  expect(await seen('first change')).toBe(1);
  await key('Shift+Tab');
  await focusedAt('#first');
});

test('Enter in a field sends its form where the site allows it', async () => {
  await people.agent.clickOn('#code');
  await people.agent.page.keyboard.type('abc');
  await customerHas('the text', 'document.querySelector("#code").value === "abc"');
  await key('Enter');
  await customerHas('the sending', 'seen["form submit"] === 1');
});

test('a link within a label is followed and checks nothing', async () => {
  await people.agent.clickOn('#terms-link');
  await customerHas('the link', 'location.hash === "#read"');
  expect(await people.customer.page.evaluate('document.querySelector("#terms").checked')).toBe(false);
  await people.agent.clickOn('#terms');
  await customerHas('the check', 'document.querySelector("#terms").checked');
});

test('a link and a button', async () => {
  await people.agent.clickOn('#plain');
  await customerHas('the click', 'seen["plain click"] === 1');
  await people.agent.clickOn('#away');
  await until(() => people.customer.page.url().endsWith('/other.html'), 8000, 'the other page');
  await people.agent.seesText('The other page');
});
