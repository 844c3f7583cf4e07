/** One page of a session: brought into a state worth comparing, then looked at from both sides. */
import type { Frame, Page } from 'playwright-core';
import { until } from '../lib/server.ts';
import type { Pair } from '../lib/session.ts';
import { compare, type Comparison, type Shown } from './compare.ts';
import { comparePixels } from './pixels.ts';
import type { PageCase } from './sites.ts';
import { countLoaded, walkPage } from './walk.ts';

export interface Visit extends Comparison {
  site: string;
  page: string;
  /** Shares of differing pixels. */
  pixels: number;
  noise: number;
  pictures: { customer: Buffer; agent: Buffer; difference: Buffer };
}

/** Fills, checks, chooses and scrolls as a customer might. Runs in the page; says nothing to the site's own scripts but `input`. */
function prepare(): void {
  const visible = <T extends HTMLElement>(selector: string): T[] => Array.from(document.querySelectorAll<T>(selector)).filter((e) => e.getClientRects().length > 0 && !e.matches(':disabled, [readonly]'));
  const texts = visible<HTMLInputElement>('input:not([type]), input[type=text], input[type=email], input[type=search], input[type=tel], input[type=password], textarea').slice(0, 6);
  texts.forEach((field, i) => {
    field.value = `Typed ${i + 1}`;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
  visible<HTMLInputElement>('input[type=checkbox]').slice(0, 3).forEach((box, i) => {
    if (i === 2) box.indeterminate = true;
    else box.checked = !box.checked;
  });
  const radios = visible<HTMLInputElement>('input[type=radio]');
  if (radios.length > 1) radios[1]!.checked = true;
  visible<HTMLSelectElement>('select').slice(0, 5).forEach((select) => { select.selectedIndex = select.options.length - 1; });
  texts[0]?.focus({ preventScroll: true });
  const root = document.scrollingElement!;
  for (const el of Array.from(document.querySelectorAll('*'))) {
    const range = el.scrollHeight - el.clientHeight;
    if (el !== root && el !== document.body && range > 4 && /auto|scroll/.test(getComputedStyle(el).overflowY)) el.scrollTo({ top: Math.min(40, range), behavior: 'instant' });
  }
  for (const frame of Array.from(document.querySelectorAll('iframe'))) frame.contentWindow?.scrollTo({ top: 30, behavior: 'instant' });
  root.scrollTo({ top: Math.round((root.scrollHeight - root.clientHeight) / 3), behavior: 'instant' });
}

/** Nothing of Twinpane's own in the pictures. */
// (The host guards itself against the page's rules with `!important`, which only a rule in its own root outdoes.)
const WITHOUT_US = ':host(twinpane-ui) { opacity: 0 !important }';
const WITHOUT_MARKS = '#marks, #overlay, #popup { visibility: hidden !important }';

const frozen = { animations: 'disabled', caret: 'hide', scale: 'css' } as const;

/** Two pictures in a row that are the same: whatever loads or moves by script has come to rest. */
async function still(shoot: () => Promise<Buffer>): Promise<Buffer> {
  let last = await shoot();
  for (let i = 0; i < 12; i++) {
    const next = await shoot();
    if (comparePixels(last, next).share === 0) return next;
    last = next;
  }
  return last;
}

async function ready(page: Page, of: PageCase): Promise<void> {
  await page.waitForFunction(of.ready ?? 'true', undefined, { timeout: 15_000 });
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all(Array.from(document.images).filter((i) => i.loading !== 'lazy' && !i.complete).map((i) => i.decode().catch(() => undefined)));
  });
  await page.evaluate(prepare);
  const editor = page.locator('[contenteditable=true]').first();
  if (await editor.count()) {
    await editor.focus();
    await page.keyboard.insertText('Written here. ');
  }
}

async function comparison(customer: Page, viewer: () => Frame): Promise<Comparison> {
  const page = await customer.evaluate(walkPage);
  const view = await viewer().evaluate(() => (window as unknown as { twinpaneDescribe?: () => unknown }).twinpaneDescribe?.()).catch(() => undefined);
  return compare(page, view as Shown | undefined);
}

export async function visit(people: Pair, site: string, origin: string, of: PageCase): Promise<Visit> {
  const { customer, agent } = people;
  const ofCustomer = (): Promise<Buffer> => customer.page.screenshot({ ...frozen, style: WITHOUT_US });
  await customer.page.goto(`${origin}/${of.path}`);
  await ready(customer.page, of);
  const before = await still(ofCustomer);
  await customer.page.reload();
  await ready(customer.page, of);
  const now = await still(ofCustomer);
  await agent.live();

  let result = await comparison(customer.page, () => agent.viewer());
  await until(async () => {
    if (result.differences.length > 0) result = await comparison(customer.page, () => agent.viewer());
    return result.differences.length === 0;
  }, 10_000).catch(() => undefined);

  // Pictures and fonts go through the store and may come later than the page.
  const wanted = await customer.page.evaluate(countLoaded);
  await until(async () => {
    const has = await (await agent.picture())?.evaluate(countLoaded).catch(() => undefined);
    return has && has.pictures >= wanted.pictures && has.fonts >= wanted.fonts;
  }, 8_000).catch(() => undefined);
  const frame = await (await agent.picture())!.frameElement();
  const shown = await still(() => frame.screenshot({ ...frozen, style: WITHOUT_MARKS }) as Promise<Buffer>);
  const { share, picture } = comparePixels(now, shown);
  return {
    ...result, site, page: of.path, pixels: share, noise: comparePixels(before, now).share,
    pictures: { customer: now, agent: shown, difference: picture },
  };
}
