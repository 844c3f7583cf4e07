/** Sending forms is the site's to allow: closed, it stays closed in every disguise; open, every way of sending works. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Site } from '../lib/site.ts';
import { root, TwinpaneServer, until } from '../lib/server.ts';
import { pair, shareWith, type Pair } from '../lib/session.ts';

/** Every form counts its submits under its own id; `marks` counts a button that sends nothing. */
const PAGE = `<!doctype html><html lang="en"><head><title>Forms</title><style>
  body { font: 16px/24px sans-serif; margin: 16px; } form { margin: 0 0 8px; } button span { display: inline-block; padding: 2px 12px; }
</style></head><body>
<form id="child"><button type="submit"><span id="inside"><b id="deeper">Send</b></span></button></form>
<form id="untyped"><button id="bare">Send</button></form>
<form id="odd"><button id="oddly" type="nonsense">Send</button></form>
<form id="input"><input id="submit-input" type="submit" value="Send"></form>
<form id="image"><input id="image-input" type="image" alt="Send" width="60" height="20" src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"></form>
<form id="labelled"><label id="label-for" for="by-label">Send by label</label> <button id="by-label">Send</button></form>
<form id="wrapped"><label id="label-around"><span id="label-text">Send </span><input type="submit" id="in-label" value="it"></label></form>
<form id="remote"></form><button id="outside" form="remote"><i id="outside-text">Send from outside</i></button>
<form id="enter"><input id="enter-field" size="10"></form>
<form id="keys"><input id="keys-field" size="10"> <button id="keys-button">Send</button></form>
<form id="implicit"><input id="implicit-check" type="checkbox"><button>Send</button></form>
<p><button type="button" id="mark">Nothing</button></p>
<script>
  const sent = {}; let marks = 0;
  addEventListener('submit', (event) => { event.preventDefault(); sent[event.target.id] = (sent[event.target.id] || 0) + 1; });
  document.querySelector('#mark').addEventListener('click', () => { marks += 1; });
</script></body></html>`;

interface Way { form: string; how: string; go: (people: Pair) => Promise<void> }

const clicking = (form: string, how: string, selector: string): Way => ({ form, how, go: ({ agent }) => agent.clickOn(selector) });
const focusAt = (people: Pair, selector: string): Promise<void> =>
  until(() => people.customer.page.evaluate((s) => document.activeElement === document.querySelector(s), selector), 8000, `the focus at ${selector}`);
const pressing = (form: string, how: string, field: string, ...keys: [string, string][]): Way => ({
  form, how,
  async go(people) {
    await people.agent.clickOn(field);
    await focusAt(people, field);
    for (const [key, then] of keys) {
      await people.agent.page.keyboard.press(key);
      if (then) await focusAt(people, then);
    }
  },
});

const ways: Way[] = [
  clicking('child', 'a child of the button', '#inside'),
  clicking('child', 'a grandchild and its text', '#deeper'),
  clicking('untyped', 'a button without a type', '#bare'),
  clicking('odd', 'a button of an unknown type', '#oddly'),
  clicking('input', 'an input that submits', '#submit-input'),
  clicking('image', 'a picture that submits', '#image-input'),
  clicking('labelled', 'the label of a button', '#label-for'),
  clicking('wrapped', 'a label around one', '#label-text'),
  clicking('remote', 'a button outside of its form', '#outside-text'),
  pressing('enter', 'Enter in the only field', '#enter-field', ['Enter', '']),
  pressing('keys', 'Enter in a field beside a button', '#keys-field', ['Enter', '']),
  pressing('keys', 'Enter on the button', '#keys-field', ['Tab', '#keys-button'], ['Enter', '']),
  pressing('keys', 'Space on the button', '#keys-field', ['Tab', '#keys-button'], ['Space', '']),
  pressing('implicit', 'Enter on a checkbox', '#implicit-check', ['Enter', '']),
];

describe.sequential.each([{ allowed: false, says: 'none sends' }, { allowed: true, says: 'each sends' }])('allow_submit: $allowed, $says', ({ allowed }) => {
  let site: Site;
  let server: TwinpaneServer;
  let people: Pair;

  beforeAll(async () => {
    site = await Site.start({ folder: `${root}/web/dist`, host: 'shop.localhost', tag: () => server.scriptTag, pages: { '/forms.html': PAGE } });
    server = await TwinpaneServer.start({ sites: [{ name: 'shop', origins: [site.origin], form_values: 'shown', allow_submit: allowed }] });
    people = await pair(server, { customer: { width: 1000, height: 700 } });
    await shareWith(people, `${site.origin}/forms.html`);
    await people.agent.askForWrite('');
    await people.customer.allowWrite();
    await people.agent.writing();
  });
  afterAll(async () => {
    await people?.close();
    await server?.stop();
    await site?.stop();
  });
  afterEach(async () => {
    await people.customer.page.evaluate('for (const name of Object.keys(sent)) delete sent[name]; marks = 0; document.activeElement.blur()');
  });

  test.each(ways)('$how', async ({ form, go }) => {
    const { customer, agent } = people;
    await go(people);
    // Acts arrive in order: once the mark is there, the one before it has done what it does.
    await agent.clickOn('#mark');
    await until(() => customer.page.evaluate('marks === 1'), 8000, 'the mark');
    expect(await customer.page.evaluate('sent')).toEqual(allowed ? { [form]: 1 } : {});
  });

  if (!allowed) {
    test('the desk says why nothing was sent', async () => {
      await people.agent.clickOn('#bare');
      await people.agent.page.locator('tp-stage .stat').getByText('Only the visitor can send this form.').waitFor({ timeout: 8000 });
    });
  }
});
