import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { podwireTest as test } from './podwire-test.ts';
import { themes, views } from './views.ts';

for (const view of views) {
  for (const theme of themes) {
    test(`axe finds nothing to object to in the ${theme} ${view.name} view`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme });
      await page.goto(view.path);
      await view.waitUntilDrawn(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html.slice(0, 200)) }))).toEqual(
        [],
      );
    });
  }
}
