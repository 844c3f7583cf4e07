/** The agent, as seen from a test: types and presses what a person would. */
import type { Frame, Locator, Page } from 'playwright-core';
import { until, type TwinpaneServer } from './server.ts';

export class AgentSide {
  #marks = 0;

  constructor(readonly page: Page, readonly server: TwinpaneServer) {}

  async login(): Promise<void> {
    await this.page.goto(this.server.deskUrl);
    await this.page.getByRole('textbox', { name: 'Name' }).fill(this.server.login);
    await this.page.getByRole('textbox', { name: 'Password' }).fill(this.server.password);
    await this.page.getByRole('button', { name: 'Log in' }).click();
    await this.page.getByRole('button', { name: 'Join session' }).waitFor({ timeout: 10_000 });
  }

  /** Types the digits from anywhere and presses Enter. */
  async join(code: string): Promise<void> {
    await this.page.keyboard.type(code);
    await this.page.keyboard.press('Enter');
    await this.page.getByRole('button', { name: 'Back to the desk' }).waitFor({ timeout: 10_000 });
  }

  get strip(): Locator { return this.page.locator('tp-strip'); }

  /** Waits until the page is shown and the agent looks and points. */
  async live(): Promise<void> {
    await this.strip.getByText('You look and point.').waitFor({ timeout: 20_000 });
    await until(async () => (await this.picture()) !== undefined, 10_000, 'the picture');
  }

  /** Waits until the desk's address bar shows this page, and the picture is of it. */
  async at(part: string, here = true): Promise<void> {
    await until(async () => ((await this.page.locator('tp-stage .addr').innerText({ timeout: 1000 }).catch(() => '')).includes(part)) === here, 15_000, `the address ${here ? 'with' : 'without'} ${part}`);
    await until(async () => (await this.picture()) !== undefined, 10_000, 'the picture');
  }

  /**
   * Waits until the picture is the customer's page of this very load, its images there. Pages of one site look alike, and what is
   * clicked on the page before is refused.
   */
  async follows(customer: Page): Promise<void> {
    const mark = String(++this.#marks);
    await customer.evaluate((m) => { document.documentElement.setAttribute('data-mark', m); }, mark);
    await until(async () => (await this.picture())?.evaluate(
      (m) => document.documentElement.getAttribute('data-mark') === m && [...document.images].every((i) => i.complete), mark,
    ).catch(() => false), 15_000, 'the page as the customer has it');
  }

  async writing(): Promise<void> {
    await this.strip.getByText('You can click and type.').waitFor({ timeout: 10_000 });
  }

  /** Asks, and asks again when a page load closed the question before it was sent. */
  async askForWrite(why: string): Promise<void> {
    const field = this.strip.getByRole('textbox');
    const asking = this.strip.getByText(/^Asking /);
    const soon = { timeout: 2000 };
    await until(async () => {
      if (await asking.isVisible()) return true;
      if (!(await field.isVisible())) await this.strip.getByRole('button', { name: 'Write' }).click(soon).catch(() => undefined);
      await field.fill(why, soon).catch(() => undefined);
      await this.strip.getByRole('button', { name: 'Ask to click and type' }).click(soon).catch(() => undefined);
      return asking.isVisible();
    }, 20_000, 'the question to be asked');
  }

  /** The viewer shell's frame. */
  viewer(): Frame {
    const frame = this.page.frames().find((f) => f.url().startsWith(this.server.viewerOrigin));
    if (!frame) throw new Error('the viewer is not there');
    return frame;
  }

  /** The customer's page as the agent sees it: the script-less frame inside the shell. */
  async picture(): Promise<Frame | undefined> {
    const shell = this.page.frames().find((f) => f.url().startsWith(this.server.viewerOrigin));
    for (const child of shell?.childFrames() ?? []) {
      if (await child.evaluate(() => document.body !== null).catch(() => false)) return child;
    }
    return undefined;
  }

  /** Waits until the picture fulfils something. */
  async sees(what: string, condition: (document: Document) => boolean, timeout = 15_000): Promise<void> {
    const source = `(${condition.toString()})(document)`;
    await until(async () => {
      const picture = await this.picture();
      return picture?.evaluate(source).catch(() => false);
    }, timeout, `the agent to see ${what}`);
  }

  /** Waits until the picture contains this text. */
  async seesText(text: string, timeout = 15_000): Promise<void> {
    await until(async () => {
      const picture = await this.picture();
      return picture?.evaluate((wanted) => document.body?.innerText.includes(wanted) ?? false, text).catch(() => false);
    }, timeout, `the agent to see "${text}"`);
  }

  /** Where an element of the customer's page is on the agent's screen. */
  async point(selector: string): Promise<{ x: number; y: number }> {
    const picture = await this.picture();
    if (!picture) throw new Error('no picture');
    const owner = await picture.frameElement();
    const box = await owner.boundingBox();
    const inner = await picture.evaluate((s) => {
      const r = document.querySelector(s)!.getBoundingClientRect();
      return { x: r.x + r.width / 2, y: r.y + r.height / 2, width: innerWidth };
    }, selector);
    const scale = box!.width / inner.width;
    return { x: box!.x + inner.x * scale, y: box!.y + inner.y * scale };
  }

  async clickOn(selector: string): Promise<void> {
    const { x, y } = await this.point(selector);
    await this.page.mouse.move(x - 3, y - 2);
    await this.page.mouse.move(x, y);
    await this.page.mouse.click(x, y);
  }

  async end(): Promise<void> {
    await this.page.getByRole('button', { name: /^End/ }).click();
  }
}
