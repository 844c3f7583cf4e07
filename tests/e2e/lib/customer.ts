/** The customer, as seen from a test: presses what a person would press. */
import type { Locator, Page } from 'playwright-core';
import { until } from './server.ts';

export class CustomerSide {
  constructor(readonly page: Page) {}

  /** Twinpane's corner of the page. */
  get panel(): Locator { return this.page.getByRole('complementary', { name: 'Page sharing' }); }

  button(name: string): Locator { return this.panel.getByRole('button', { name, exact: true }); }

  /** Presses the start button and returns the nine digits. */
  async start(): Promise<string> {
    await this.button('Get help on this page').click();
    let digits = '';
    await until(async () => {
      const text = await this.panel.textContent().catch(() => '');
      digits = /(\d{3})\D{0,3}(\d{3})\D{0,3}(\d{3})/.exec(text ?? '')?.slice(1).join('') ?? '';
      return digits.length === 9;
    }, 10_000, 'nine digits');
    return digits;
  }

  /** Says yes to showing the page. */
  async share(): Promise<void> { await this.button('Share this page').click(); }

  /** Waits until the bar says that the agent sees the page. */
  async shared(): Promise<void> {
    await this.panel.getByText('sees this page').first().waitFor({ timeout: 15_000 });
  }

  async allowWrite(): Promise<void> { await this.button('Allow').click(); }

  async end(): Promise<void> { await this.button('End').click(); }
}
