import { expect } from '@playwright/test';
import { podwireTest as test } from './podwire-test.ts';
import { startPodwire } from './start-podwire.ts';

test('the theme follows the system, the toggle changes it, and the choice outlives a reload', async ({ page }) => {
  const html = page.locator('html');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto('/');
  await expect(html).toHaveAttribute('data-theme', 'light');
  await page.getByRole('button', { name: 'Switch to dark theme' }).click();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(html).toHaveAttribute('data-theme', 'dark');
});

test('a stopped server is told at once: what is shown is no longer Live', async ({ page }) => {
  test.setTimeout(150_000);
  const podwire = await startPodwire({ hasWeb: true });
  try {
    await page.goto(podwire.url);
    const state = page.locator('[data-connection]');
    await expect(state).toHaveText(/^Live/);
    await podwire.stop();
    await expect(state).not.toHaveText(/^Live/);
    await expect(state).toHaveAttribute('data-connection', /stale|gone/);
  } finally {
    await podwire.stop();
  }
});

test('the keyboard alone opens a pod and closes it again', async ({ page }) => {
  await page.goto('/nodes/k8s-node01');
  const card = page.getByTestId('pod-card-default/busybox');
  await expect(card).toBeVisible();
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press('Tab');
    if (
      await card.evaluate((element) => element === document.activeElement || element.contains(document.activeElement))
    )
      break;
  }
  await page.keyboard.press('Enter');
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector).toContainText('busybox');
  await page.keyboard.press('Escape');
  await expect(inspector).toBeHidden();
});
