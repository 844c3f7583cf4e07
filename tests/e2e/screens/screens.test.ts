/** Takes the pictures that the documentation shows. Runs only when TWINPANE_WRITE_DOCS is set; otherwise it checks that they are there. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freePort, root, TwinpaneServer } from '../lib/server.ts';
import { pair, shareWith } from '../lib/session.ts';
import { sideBySide } from './side-by-side.ts';

const folder = path.join(root, 'docs/screens');

test('the picture of customer and agent side by side that the README shows is there, a PNG of less than 500 kB', async () => {
  const file = path.join(folder, 'side-by-side.png');
  if (process.env['TWINPANE_WRITE_DOCS']) {
    const demoPort = await freePort();
    const origin = `http://shop.localhost:${demoPort}`;
    const server = await TwinpaneServer.start({ demoPort, extra: 'auth: {first_agent: "Ines Okafor"}', sites: [{ name: 'shop', origins: [origin] }] });
    const people = await pair(server, { customer: { width: 1000, height: 760 }, agent: { width: 1440, height: 900 } });
    try {
      await shareWith(people, `${origin}/`);
      await people.customer.page.goto(`${origin}/checkout.html`);
      await people.agent.sees('the checkout', (d) => d.querySelectorAll('input').length > 3);
      await people.customer.page.locator('input[type=text], input[type=email]').first().fill('marta@lindqvist.example');
      const { x, y } = await people.agent.point('h1');
      await people.agent.page.mouse.move(x, y, { steps: 3 });
      await people.agent.page.mouse.click(x, y);
      await people.agent.sees('the picture in full', (d) => [...d.images].every((i) => i.complete));
      await sideBySide(people.customer.page, people.agent.page, file);
    } finally {
      await people.close();
      await server.stop();
    }
  }
  const png = await readFile(file);
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.length).toBeLessThan(500_000);
});
