import { expect } from '@playwright/test';
import { podwireTest as test } from './podwire-test.ts';

test('the window of time is in the address, and the address restores it', async ({ page }) => {
  await page.goto('/timeline');
  const hour = page.getByRole('button', { name: '1 h', exact: true });
  await hour.click();
  await expect(page).toHaveURL(/window=3600000000/);
  await page.reload();
  await expect(hour).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('[data-statistics]')).toContainText('in the last 1 h');
});
