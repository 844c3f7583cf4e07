/** Real Chromium, one profile per person, with third-party cookies blocked as people have it. */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

export interface Profile { context: BrowserContext; page: Page; close(): Promise<void> }

export interface ProfileOptions {
  width?: number;
  height?: number;
  dark?: boolean;
  /** Refuse every WebSocket, as some proxies do. */
  noWebSocket?: boolean;
}

export async function profile(options: ProfileOptions = {}): Promise<Profile> {
  const folder = await mkdtemp(path.join(tmpdir(), 'twinpane-profile-'));
  await mkdir(path.join(folder, 'Default'));
  await writeFile(path.join(folder, 'Default/Preferences'), JSON.stringify({
    profile: { block_third_party_cookies: true, cookie_controls_mode: 1 },
  }));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    deviceScaleFactor: 1,
    colorScheme: options.dark ? 'dark' : 'light',
    args: ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows'],
  });
  if (options.noWebSocket) await context.routeWebSocket(/.*/, (socket) => { void socket.close({ code: 1006 }); });
  // The customer's own interface lives in a closed shadow root; tests have to see it.
  await context.addInitScript(() => {
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (init) {
      const host = this as Element & { localName: string };
      return attach.call(this, host.localName.startsWith('tp-') || host.localName.startsWith('twinpane') ? { ...init, mode: 'open' } : init);
    };
  });
  const page = context.pages()[0] ?? (await context.newPage());
  return {
    context,
    page,
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
