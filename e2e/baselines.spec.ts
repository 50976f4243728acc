import { join, resolve } from 'node:path';
import { expect } from '@playwright/test';
import { podwireTest as test } from './podwire-test.ts';
import { themes, views } from './views.ts';

const imagesDirectory = resolve(import.meta.dirname, '../docs/images');
/** The pictures of the README come from this run: `PODWIRE_IMAGES=1`. */
const writesImages = process.env.PODWIRE_IMAGES === '1';
const readmeImages: Readonly<Record<string, string>> = {
  'inspector-dark': 'node-dark.png',
  'inspector-light': 'node-light.png',
  'cluster-dark': 'cluster-dark.png',
};

for (const view of views) {
  for (const theme of themes) {
    test(`the ${theme} ${view.name} view looks as it did`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme });
      await page.goto(view.path);
      await view.waitUntilDrawn(page);
      await page.evaluate(() => document.fonts.ready);
      const name = `${view.name}-${theme}`;
      const image = readmeImages[name];
      if (writesImages && image !== undefined) {
        await page.screenshot({ path: join(imagesDirectory, image), animations: 'disabled' });
      }
      // Clocks, durations and what moves with them differ in every run.
      await expect(page).toHaveScreenshot(`${name}.png`, { mask: [page.locator('time, [role="listbox"]')] });
    });
  }
}
