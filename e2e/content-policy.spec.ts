import { expect } from '@playwright/test';
import { collectViolations } from './collect-violations.ts';
import { podwireTest as test } from './podwire-test.ts';
import { themes, views } from './views.ts';

for (const view of views) {
  for (const theme of themes) {
    test(`the ${theme} ${view.name} view breaks no rule of its content policy`, async ({ page }) => {
      const violations = await collectViolations(page);
      await page.emulateMedia({ colorScheme: theme });
      const answer = await page.goto(view.path);
      const policy = answer?.headers()['content-security-policy'] ?? '';
      expect(policy).toMatch(/script-src 'self' 'nonce-[^']+'; style-src 'self' 'nonce-[^']+';/);
      expect(policy).not.toContain('unsafe');
      await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
      await view.waitUntilDrawn(page);
      // A window over the page locks its scrolling with a style sheet of its own.
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog')).toBeVisible();
      await expect(page.locator('body')).toHaveCSS('overflow', 'hidden');
      expect(violations).toEqual([]);
    });
  }
}

test('a style attribute in what the server sends would be ignored: there is none', async ({ page, baseURL }) => {
  for (const { path } of views) {
    const html = await (await page.request.get(`${baseURL}${path}`)).text();
    expect([path, html.match(/<[^>]* style="[^"]*"/g) ?? []]).toEqual([path, []]);
  }
});
