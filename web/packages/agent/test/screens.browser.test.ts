/**
 * Every screen in both themes and four widths: no accessibility violation, nothing scrolls sideways, the strip keeps
 * its height and place. TWINPANE_SHOTS=DIR keeps pictures.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Page } from 'playwright-core';
import { DeskBench } from './desk-bench.ts';

// Twenty pictures and as many runs of axe each.
vi.setConfig({ testTimeout: 180_000 });
const bench = new DeskBench();
beforeAll(() => bench.open(), 60_000);
afterAll(() => bench.close());
beforeEach(() => bench.before());
afterEach(() => bench.after());

// Where the narrow screen has other parts than the wide one.
const NARROW = ['home-session', 'session-3-pointer', 'session-4-ask', 'session-8-keys', 'session-9-details'];

const looks = [
  { name: 'light-1440', axe: true, dark: false, width: 1440, height: 900 },
  { name: 'dark-1440', axe: true, dark: true, width: 1440, height: 900 },
  { name: 'light-1024', axe: false, dark: false, width: 1024, height: 768 },
  { name: 'dark-400', axe: NARROW, dark: true, width: 400, height: 860 },
  { name: 'light-360', axe: false, dark: false, width: 360, height: 740 },
];

const event = (data: Record<string, unknown>): void => bench.node.event(data);

/** The strip's height and the place of the view must be the same in all states. */
async function frame(page: Page): Promise<number[]> {
  const strip = await page.locator('tp-session[current] tp-strip').boundingBox();
  const view = await page.locator('tp-session[current] tp-stage .view').boundingBox();
  return [strip!.y, strip!.height, view!.y, view!.height].map(Math.round);
}

describe.each(looks)('$name', ({ name, axe, ...look }) => {
  const check = (page: Page, screen: string): Promise<void> => bench.check(page, `${screen}-${name}`, Array.isArray(axe) ? axe.includes(screen) : axe);

  it('log in and desk', async () => {
    const page = await bench.tab(look);
    await page.goto(bench.node.desk);
    await page.getByRole('heading', { name: 'Log in to the desk' }).waitFor();
    await check(page, 'login');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Enter your name.').waitFor();
    await check(page, 'login-problem');
    await bench.login(page);
    await check(page, 'home');
    await page.keyboard.type('481302');
    await check(page, 'home-typing');
    await page.keyboard.type('111');
    await page.keyboard.press('Enter');
    await page.getByText('This code is not known.').waitFor();
    await check(page, 'home-problem');
    await bench.join(page);
    await bench.says(page, 'You look and point.');
    event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    await bench.says(page, 'You can click and type.');
    await page.getByRole('button', { name: 'Back to the desk' }).click();
    await page.getByRole('button', { name: 'Return to Marta Lindqvist' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    await check(page, 'home-session');
    expect(bench.problems).toEqual([]);
  });

  it('a session in all its states', async () => {
    bench.node.verbs['/service/session/join'] = () => ({ ...bench.joined({ consent: 'asked', state: 'waiting', page: null }) });
    const page = await bench.tab(look);
    await bench.login(page);
    await bench.join(page);
    await bench.says(page, 'Waiting for Marta’s answer');
    await check(page, 'session-1-consent');
    const at = await frame(page);
    event({ type: 'consent', state: 'given' });
    await bench.says(page, 'Waiting for Marta’s page');
    await check(page, 'session-2-loading');
    expect(await frame(page)).toEqual(at);
    event({ type: 'page', e: 1, s: 1, complete: true, url: 'https://fennhus.example/checkout/payment', title: 'Delivery and payment' });
    await bench.says(page, 'You look and point.');
    await page.getByText('6 fields hidden from you').waitFor();
    await check(page, 'session-3-pointer');
    expect(await frame(page)).toEqual(at);
    await page.locator('tp-session[current] tp-strip').getByRole('button', { name: 'Write' }).click();
    await page.getByRole('textbox', { name: 'Why, for Marta to read' }).fill('Enter the code from the letter');
    await check(page, 'session-4-ask');
    await page.keyboard.press('Enter');
    await bench.says(page, 'Asking Marta');
    await check(page, 'session-5-asking');
    expect(await frame(page)).toEqual(at);
    event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    event({ type: 'joined', user: { userId: 'u5', role: 2, name: 'Tom Varga' } });
    await bench.says(page, 'You can click and type.');
    await page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!.evaluate('say({t: "hint", privacy: 1})');
    await page.getByText('This field is hidden.').waitFor();
    await check(page, 'session-6-write');
    expect(await frame(page)).toEqual(at);
    bench.node.verbs['/service/act'] = () => '403:4404:submit_closed';
    await page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!.evaluate('acts([[3,7,5000,5000,0,1,0]])');
    await page.getByText('Only Marta can send this form.').first().waitFor();
    await check(page, 'session-6-refused');
    expect(await frame(page)).toEqual(at);
    event({ type: 'presence', userId: 'u1', online: false });
    await bench.says(page, 'Reconnecting to Marta, ');
    await check(page, 'session-7-reconnecting');
    expect(await frame(page)).toEqual(at);
    event({ type: 'presence', userId: 'u1', online: true });
    await bench.says(page, 'You can click and type.');
    if (look.width > 640) await page.keyboard.press('?');
    else await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    await check(page, 'session-8-keys');
    if (look.width > 640) await page.keyboard.press(']');
    else await page.getByRole('button', { name: 'Details', exact: true }).click();
    await page.getByRole('heading', { name: 'Pages visited' }).waitFor();
    await check(page, 'session-9-details');
    if (look.width <= 640) await page.getByRole('button', { name: 'Page', exact: true }).click();
    event({ type: 'replaced' });
    await page.getByRole('button', { name: 'Take it back here' }).waitFor();
    await check(page, 'session-a-replaced');
    await page.getByRole('button', { name: 'Take it back here' }).click();
    await bench.says(page, 'You look and point.');
    event({ type: 'deactivated', by: 'customer', reason: 'self' });
    await bench.says(page, 'Marta ended the session at');
    await check(page, 'session-b-ended');
    expect(bench.problems).toEqual([]);
  });

  it('refused and failing', async () => {
    const page = await bench.tab(look);
    await bench.live(page);
    bench.node.snapshot = () => ({ status: 413, code: 4303 });
    await page.frames().find((candidate) => candidate.url().includes('/cobrowse/view/'))!.evaluate('say({t: "broken", e: 1, why: "gap", detail: ""})');
    await page.getByRole('heading', { name: 'This page could not be shown' }).waitFor({ timeout: 15_000 });
    await check(page, 'session-c-error');
    event({ type: 'consent', state: 'refused' });
    await bench.says(page, 'Marta did not agree to share the page.');
    await check(page, 'session-d-refused');
    await page.getByRole('button', { name: 'Back to the desk' }).click();
    await page.getByRole('button', { name: /^Your account/ }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'End and log out' }).waitFor();
    await check(page, 'logout');
    await page.getByRole('button', { name: 'End and log out' }).click();
    await page.getByRole('heading', { name: 'Log in to the desk' }).waitFor();
    expect(bench.node.sent('/service/session/exit')).toHaveLength(1);
    expect(bench.problems).toEqual([]);
  });
});
