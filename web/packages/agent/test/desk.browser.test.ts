import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Page } from 'playwright-core';
import { DeskBench } from './desk-bench.ts';

vi.setConfig({ testTimeout: 60_000 });
const bench = new DeskBench();
beforeAll(() => bench.open(), 60_000);
afterAll(() => bench.close());
beforeEach(() => bench.before());
afterEach(() => bench.after());

const strip = (page: Page) => page.locator('tp-session[current] tp-strip');
const viewer = (page: Page) => page.frameLocator('tp-session[current] iframe');
/** What has the keyboard: its name, or its text; empty when nothing has it. */
const focused = (page: Page) => page.evaluate(() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at || at === document.body) return '';
  if (at.localName === 'iframe') return 'the page';
  return at.getAttribute('aria-label') ?? (at instanceof HTMLInputElement ? at.labels?.[0]?.textContent?.trim() : undefined) ?? at.textContent?.trim() ?? '';
});

describe('log in', () => {
  it('says what is wrong, then lets in', async () => {
    const page = await bench.tab();
    await page.goto(bench.node.desk);
    await page.getByLabel('Name', { exact: true }).fill('ines');
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Name or password is wrong.').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(bench.node.password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Enter the customer’s code' }).waitFor();
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain('t1');
    expect(bench.problems).toEqual([]);
  });

  it('stays logged in over a reload, and logs out', async () => {
    const page = await bench.tab();
    await bench.login(page);
    await page.reload();
    await page.getByRole('heading', { name: 'Enter the customer’s code' }).waitFor();
    await page.getByRole('button', { name: 'Your account, Ines Ostrowska' }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in to the desk' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Log in to the desk' }).waitFor();
  });

  it('waits for a server that is away', async () => {
    const page = await bench.tab();
    await bench.login(page);
    await page.route('**/rest/auth/refresh', (route) => route.abort());
    await page.reload();
    await page.getByText('The server can’t be reached.').waitFor();
    await page.unroute('**/rest/auth/refresh');
    await page.getByRole('heading', { name: 'Enter the customer’s code' }).waitFor();
  });
});

describe('the code', () => {
  it('takes digits typed anywhere, and says when they are not known', async () => {
    const page = await bench.tab();
    await bench.login(page);
    await page.getByRole('heading', { name: 'My sessions' }).click();
    await page.keyboard.type('999-999 998');
    await page.keyboard.press('Enter');
    await page.getByText('This code is not known. Ask for the nine digits again.').waitFor();
    // The next digits begin anew.
    await bench.join(page, '481302977');
    expect(bench.node.sent('/service/session/join')).toMatchObject([{ sessionToken: '481302977', role: 2 }]);
  });

  it('takes a pasted code in any form', async () => {
    const page = await bench.tab();
    await bench.login(page);
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData('text/plain', ' 481 302-977\n');
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    expect(await page.getByLabel('Nine-digit code').inputValue()).toBe('481302977');
    await page.getByRole('button', { name: 'Join session' }).click();
    await page.getByRole('heading', { name: 'Marta Lindqvist' }).waitFor();
  });

  it('deletes and replaces digits in place', async () => {
    const page = await bench.tab();
    await bench.login(page);
    await page.keyboard.type('4813029775');
    const field = page.getByLabel('Nine-digit code');
    expect(await field.inputValue()).toBe('481302977');
    await page.keyboard.press('Backspace');
    expect(await field.inputValue()).toBe('48130297');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.type('6');
    expect(await field.inputValue()).toBe('481302967');
  });

  it('shows a refusal of the verb in words', async () => {
    bench.node.verbs['/service/session/join'] = () => '409:4204:code_used';
    const page = await bench.tab();
    await bench.login(page);
    await page.keyboard.type('481302977');
    await page.keyboard.press('Enter');
    await page.getByText('This code has been used. Ask for a new one.').waitFor();
  });
});

describe('a session', () => {
  it('waits for consent, fetches, shows, acknowledges', async () => {
    bench.node.verbs['/service/session/join'] = () => ({ ...bench.joined({ consent: 'asked', state: 'waiting', page: null }) });
    const page = await bench.tab();
    await bench.login(page);
    await bench.join(page);
    await bench.says(page, 'Waiting for Marta’s answer, 0:0');
    await page.getByText('Marta is reading your request').waitFor();
    expect(bench.node.snapshots).toBe(0);
    bench.node.event({ type: 'consent', state: 'given' });
    await bench.says(page, 'Waiting for Marta’s page');
    bench.node.event({ type: 'page', e: 1, s: 1, complete: true, url: 'https://fennhus.example/checkout/payment', title: 'Delivery and payment' });
    await bench.says(page, 'You look and point.');
    await viewer(page).getByRole('heading', { name: 'Delivery and payment' }).waitFor();
    await expect.poll(() => bench.node.sent('/service/page')).toContainEqual({ v: 1, e: 1, s: 1, p: 1 });
    bench.node.batch({ e: 1, s: 2, o: [[21, 'Thank you']] });
    await viewer(page).getByRole('heading', { name: 'Thank you' }).waitFor();
    await page.getByText('fennhus.example', { exact: false }).first().waitFor();
    await page.getByText('6 fields hidden from you').waitFor();
    expect(bench.problems).toEqual([]);
  });

  it('says so when the customer does not agree', async () => {
    bench.node.verbs['/service/session/join'] = () => ({ ...bench.joined({ consent: 'asked', state: 'waiting', page: null }) });
    const page = await bench.tab();
    await bench.login(page);
    await bench.join(page);
    bench.node.event({ type: 'consent', state: 'refused' });
    await bench.says(page, 'Marta did not agree to share the page.');
    await page.getByRole('button', { name: 'End session' }).last().click();
    await bench.says(page, 'You ended the session at');
  });

  it('asks for write with a reason, acts, and gives it back', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await expect.poll(() => page.getByRole('button', { name: 'Back', exact: true }).isDisabled()).toBe(true);
    await page.keyboard.press('w');
    await page.keyboard.type('fill in 2 lines');
    await page.keyboard.press('Enter');
    await bench.says(page, 'Asking Marta for control, 0:0');
    expect(bench.node.sent('/service/session/mode')).toMatchObject([{ want: 'write', why: 'fill in 2 lines' }]);
    bench.node.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    await bench.says(page, 'You can click and type.');
    await expect.poll(() => page.locator('[aria-live=assertive]').textContent()).toContain('You can click and type. Marta agreed at');
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await expect.poll(() => bench.node.sent('/service/act')).toContainEqual({ v: 1, e: 1, n: 1, a: [[8, 'back']] });
    await page.keyboard.press('Escape');
    await expect.poll(() => bench.node.sent('/service/session/mode').at(-1)).toMatchObject({ want: 'pointer' });
    bench.node.event({ type: 'mode', mode: 'pointer', by: 'u2', state: 'changed' });
    await bench.says(page, 'You look and point.');
  });

  it('tells a refusal of write mode', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await strip(page).getByRole('button', { name: 'Write' }).click();
    await strip(page).getByRole('button', { name: 'Ask to click and type' }).click();
    await bench.says(page, 'Asking Marta');
    bench.node.event({ type: 'mode', mode: 'pointer', by: 'u1', state: 'refused' });
    await bench.says(page, 'Marta answered “just point” at');
  });

  it('carries the viewer’s acts with a counter', async () => {
    const page = await bench.tab();
    await bench.live(page);
    const frame = page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!;
    await frame.evaluate('acts([[1,10,20,5,5000,5000]]); acts([[2,11,21,5,5000,5000]])');
    await expect.poll(() => bench.node.sent('/service/act')).toEqual([
      { v: 1, e: 1, n: 1, a: [[1, 10, 20, 5, 5000, 5000]] }, { v: 1, e: 1, n: 2, a: [[2, 11, 21, 5, 5000, 5000]] },
    ]);
    expect(await frame.evaluate('init.resources')).toBe(`${bench.node.viewerOrigin}/cobrowse/resource/x/`);
  });

  it('explains a hidden field in the line below the page', async () => {
    const page = await bench.tab();
    await bench.live(page);
    const frame = page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!;
    await frame.evaluate('say({t: "hint", privacy: 2})');
    await page.getByText('It is closed to you and never leaves Marta’s browser.').waitFor();
    await frame.evaluate('say({t: "hint", privacy: null})');
    await page.getByText('6 fields hidden from you').waitFor();
  });

  it('says in the line below the page why a click did nothing, once more when it happens again', async () => {
    const page = await bench.tab();
    await bench.live(page);
    bench.node.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    await bench.says(page, 'You can click and type.');
    bench.node.verbs['/service/act'] = () => '403:4404:submit_closed';
    const frame = page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!;
    const line = page.locator('tp-session[current] tp-stage .stat');
    const said = page.locator('[role=status][aria-live=polite]');
    await frame.evaluate('acts([[3,7,5000,5000,0,1,0]])');
    await line.getByText('Only Marta can send this form. Point at it, or ask Marta to press it.').waitFor();
    await expect.poll(() => said.textContent()).toContain('Only Marta can send this form. Point at it, or ask Marta to press it.');
    const first = await said.textContent();
    await frame.evaluate('acts([[3,7,5000,5000,0,1,0]])');
    await expect.poll(() => said.textContent()).not.toBe(first);
    delete bench.node.verbs['/service/act'];
    await frame.evaluate('acts([[3,7,5000,5000,0,1,0]])');
    await line.getByText('6 fields hidden from you').waitFor();
    expect(bench.problems).toEqual([]);
  });

  it('zooms and follows by key', async () => {
    const page = await bench.tab();
    await bench.live(page);
    const frame = page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!;
    const told = (t: string) => frame.evaluate(`log.filter((m) => m.t === '${t}').at(-1)`);
    await page.keyboard.press('1');
    await expect.poll(() => told('zoom')).toEqual({ t: 'zoom', zoom: 1 });
    await page.keyboard.press('-');
    await expect.poll(() => told('zoom')).toEqual({ t: 'zoom', zoom: 0.9 });
    await page.keyboard.press('0');
    await expect.poll(() => told('zoom')).toEqual({ t: 'zoom', zoom: 'fit' });
    await page.keyboard.press('f');
    await expect.poll(() => told('follow')).toEqual({ t: 'follow', on: false });
    await page.getByRole('button', { name: 'Zoom: Fit, 78 %' }).click();
    await page.getByRole('menuitemcheckbox', { name: '125 %' }).click();
    await expect.poll(() => told('zoom')).toEqual({ t: 'zoom', zoom: 1.25 });
  });

  it('goes round the regions by F6, and leaves the page by it', async () => {
    const page = await bench.tab();
    await bench.live(page);
    bench.node.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    await bench.says(page, 'You can click and type.');
    const seen: (string | null | undefined)[] = [];
    // From the mode that was just given.
    await expect.poll(() => focused(page)).toBe('Write');
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press('F6');
      seen.push(await focused(page));
      if (seen.at(-1) !== 'the page') continue;
      const frame = page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!;
      await expect.poll(() => frame.evaluate('log.at(-1)')).toEqual({ t: 'focus', on: true });
      await frame.evaluate('say({t: "key", key: "F6"})');
      await expect.poll(() => focused(page)).toBe('Session');
      await expect.poll(() => frame.evaluate('log.at(-1)')).toEqual({ t: 'focus', on: false });
    }
    expect(seen).toEqual(['the page', 'Back to the desk', 'Pointer, V', 'PointerEsc', 'the page']);
    const frame = page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!;
    await frame.evaluate('say({t: "key", key: "Escape"})');
    await expect.poll(() => bench.node.sent('/service/session/mode').at(-1)).toMatchObject({ want: 'pointer' });
  });

  it('never leaves the keyboard nowhere: after joining, asking, being given write mode and the end', async () => {
    bench.node.verbs['/service/session/join'] = () => ({ ...bench.joined({ consent: 'asked', state: 'waiting', page: null }) });
    const page = await bench.tab();
    await bench.login(page);
    await bench.join(page);
    await expect.poll(() => focused(page)).toBe('Marta is reading your request');
    bench.node.event({ type: 'consent', state: 'given' });
    bench.node.event({ type: 'page', e: 1, s: 1, complete: true, url: 'https://fennhus.example/', title: 'Delivery' });
    await bench.says(page, 'You look and point.');
    await expect.poll(() => focused(page)).toBe('Page of Marta');
    await page.keyboard.press('w');
    await expect.poll(() => focused(page)).toContain('Why, for Marta to read');
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe('WriteW');
    await page.keyboard.press('w');
    await expect.poll(() => focused(page)).toContain('Why, for Marta to read');
    await page.keyboard.press('Enter');
    await bench.says(page, 'Asking Marta');
    await expect.poll(() => focused(page)).toBe('Page of Marta');
    bench.node.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    await expect.poll(() => focused(page)).toBe('Write');
    await page.keyboard.press('F6');
    await expect.poll(() => focused(page)).toBe('the page');
    bench.node.event({ type: 'mode', mode: 'pointer', by: 'u1', state: 'changed' });
    await bench.says(page, 'Marta took control back');
    expect(await focused(page)).toBe('the page');
    bench.node.event({ type: 'deactivated', by: 'customer', reason: 'self' });
    await expect.poll(() => focused(page)).toMatch(/^Session over after/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Nine-digit code');
  });

  it('does not take the keyboard from where it is', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await page.getByRole('button', { name: 'Copy the session id' }).focus();
    const before = await focused(page);
    bench.node.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    await bench.says(page, 'You can click and type.');
    bench.node.event({ type: 'deactivated', by: 'customer', reason: 'self' });
    await page.getByRole('heading', { name: /^Session over after/ }).waitFor();
    expect(await focused(page)).toBe(before);
  });

  it('the pressed button that ends the session hands the keyboard on', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await page.getByRole('button', { name: 'End session' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toMatch(/^Session over after/);
  });

  it('leaves single letters alone when they are switched off', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await page.keyboard.press('?');
    await page.getByText('Single-letter keys').click();
    await page.keyboard.press('w');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys' }).waitFor({ state: 'detached' });
    expect(await strip(page).getByRole('textbox').count()).toBe(0);
  });

  it('ends by key in two presses, and says who', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await page.keyboard.press('Shift+E');
    await page.getByRole('button', { name: 'Again to end' }).waitFor();
    expect(bench.node.sent('/service/session/exit')).toEqual([]);
    await page.keyboard.press('Shift+E');
    await bench.says(page, 'You ended the session at');
    await expect.poll(() => bench.node.sent('/service/session/exit')).toMatchObject([{ userToken: '07aa' }]);
    expect(await page.locator('iframe').count()).toBe(0);
    await page.getByRole('button', { name: 'Back to the desk' }).last().click();
    await page.getByText('No session is open in this tab.').waitFor();
    expect(await page.evaluate(() => sessionStorage.getItem('twinpane.sessions'))).toBe('[]');
  });

  it('shows that the customer ended it', async () => {
    const page = await bench.tab();
    await bench.live(page);
    bench.node.event({ type: 'deactivated', by: 'customer', reason: 'self' });
    await bench.says(page, 'Marta ended the session at');
    expect(await page.locator('iframe').count()).toBe(0);
  });

  it('keeps several, each with its own connection', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await page.getByRole('button', { name: 'Back to the desk' }).click();
    bench.node.verbs['/service/session/join'] = () => ({ ...bench.joined({ userToken: '07bb', userId: 'u9', users: [{ userId: 'u8', role: 1, name: 'Piotr Zieliński' }, { userId: 'u9', role: 2, name: 'Ines Ostrowska' }] }) });
    await page.keyboard.type('105220338');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Piotr Zieliński' }).waitFor();
    expect(bench.node.handshakes).toBe(2);
    await page.goBack();
    await page.getByRole('button', { name: 'Return to Piotr Zieliński' }).waitFor();
    const snapshots = bench.node.snapshots;
    await page.getByRole('button', { name: 'Return to Marta Lindqvist' }).click();
    await bench.says(page, 'You look and point.');
    expect(bench.node.snapshots).toBe(snapshots);
  });
});

describe('coming back', () => {
  it('shows a customer who is away as such everywhere, within a second', async () => {
    const page = await bench.tab();
    await bench.live(page);
    bench.node.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    await bench.says(page, 'You can click and type.');
    bench.node.event({ type: 'presence', userId: 'u1', online: false });
    await strip(page).getByText(/Reconnecting to Marta, \d+ s\. Nothing is lost\./).waitFor({ timeout: 5000 });
    const session = page.locator('tp-session[current]');
    await session.locator('tp-stage .stat').getByText(/Picture as of \d\d:\d\d/).waitFor();
    await expect.poll(() => viewer(page).locator('#p').getAttribute('class')).toBe('veil-stale');
    await session.locator('tp-person').getByText('away').waitFor();
    for (const live of ['You can click and type.', 'drive', 'acts', 'Following Marta', 'Pointer', 'Write']) {
      expect(await session.getByText(live, { exact: true }).count(), live).toBe(0);
    }
    for (const name of ['Back', 'Forward', 'Reload', 'Pointer, V', 'Follow scrolling, F']) {
      expect(await session.getByRole('button', { name, exact: true }).isDisabled(), name).toBe(true);
    }
    bench.node.event({ type: 'presence', userId: 'u1', online: true });
    await bench.says(page, 'You can click and type.');
    await session.getByText('Following Marta').waitFor();
  });

  it('is in the same session after a reload', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await page.reload();
    await bench.says(page, 'You look and point.');
    await viewer(page).getByRole('heading', { name: 'Delivery and payment' }).waitFor();
    expect(bench.node.sent('/service/session/rejoin')).toMatchObject([{ userToken: '07aa' }]);
    expect(bench.node.sent('/service/session/join')).toHaveLength(1);
    await page.getByRole('button', { name: 'Back to the desk' }).click();
    await page.getByRole('button', { name: 'Return to Marta Lindqvist' }).waitFor();
  });

  it('comes back by itself when the node was killed, and takes the new page', async () => {
    const page = await bench.tab();
    await bench.live(page);
    await bench.node.kill();
    await bench.says(page, 'Reconnecting to Marta, ');
    bench.node.verbs['/service/session/rejoin'] = () => ({ ...bench.joined({ page: null }) });
    await bench.node.start();
    await expect.poll(() => bench.node.sent('/service/session/rejoin').length, { timeout: 8000 }).toBe(1);
    bench.node.snapshot = () => bench.page(2, 3, 'Delivery, again');
    bench.node.event({ type: 'page', e: 2, s: 3, complete: true, url: 'https://fennhus.example/checkout/payment', title: 'Delivery, again' });
    await bench.says(page, 'You look and point.');
    await viewer(page).getByRole('heading', { name: 'Delivery, again' }).waitFor();
    const frame = page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!;
    await frame.evaluate('acts([[1,1,1,5,0,0]])');
    await expect.poll(() => bench.node.sent('/service/act').at(-1)).toMatchObject({ e: 2, n: 1 });
  });

  it('keeps the picture when only the line broke', async () => {
    const page = await bench.tab();
    await bench.live(page);
    bench.node.cut();
    await expect.poll(() => bench.node.sent('/service/session/rejoin').length, { timeout: 8000 }).toBe(1);
    await bench.says(page, 'You look and point.');
    expect(bench.node.snapshots).toBe(1);
    expect(bench.node.handshakes).toBe(1);
  });

  it('gets a new access token when the handshake is denied', async () => {
    const page = await bench.tab();
    await bench.live(page);
    bench.node.tokens.clear();
    await bench.node.kill();
    await bench.node.start();
    await bench.says(page, 'You look and point.');
    await expect.poll(() => bench.node.sent('/service/session/rejoin').length, { timeout: 8000 }).toBe(1);
    expect(bench.node.tokens.size).toBe(1);
  });

  it('asks to log in when the refresh is refused, and returns to the session', async () => {
    const page = await bench.tab();
    await bench.live(page);
    bench.node.tokens.clear();
    bench.node.cookies.clear();
    await bench.node.kill();
    await bench.node.start();
    await page.getByText('Your log-in ran out. Your sessions wait for you.').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('ines');
    await page.getByLabel('Password', { exact: true }).fill(bench.node.password);
    await page.keyboard.press('Enter');
    await bench.says(page, 'You look and point.');
    expect(bench.node.sent('/service/session/rejoin')).toMatchObject([{ userToken: '07aa' }]);
  });

  it('says what to do when the viewer can’t draw the page', async () => {
    const page = await bench.tab();
    await bench.live(page);
    const frame = page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!;
    bench.node.snapshot = () => ({ status: 500, code: 5000 });
    await frame.evaluate('say({t: "broken", e: 1, why: "gap", detail: ""})');
    await page.getByRole('heading', { name: 'This page could not be shown' }).waitFor({ timeout: 15_000 });
    bench.node.snapshot = () => bench.page(1, 1);
    await page.getByRole('button', { name: 'Ask for a fresh picture' }).click();
    await bench.says(page, 'You look and point.');
  });
});
