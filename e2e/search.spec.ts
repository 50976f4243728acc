import { expect } from '@playwright/test';
import { readNode } from './call-api.ts';
import { podwireTest as test } from './podwire-test.ts';

const node = 'k8s-node01';
const key = 'default/nginx1';

test('Ctrl-K and the host veth of a pod lead to its wire', async ({ page, baseURL }) => {
  const { attachments } = await readNode(baseURL ?? '', node);
  const hostVeth = Object.values(attachments).find(({ pod }) => pod === key)?.reported?.hostVeth ?? '';
  expect(hostVeth).toMatch(/^veth/);

  await page.goto('/');
  await expect(page.locator(`[data-node="${node}"]`)).toBeVisible();
  await page.keyboard.press('Control+k');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').fill(hostVeth);
  await expect(dialog.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toContainText('nginx1');
  await expect(page.getByTestId(`pod-card-${key}`)).toHaveAttribute('aria-pressed', 'true');
});

test('a search on the page of a node selects another pod there, and Back returns', async ({ page }) => {
  await page.goto(`/nodes/${node}?select=pod:default/busybox`);
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector).toContainText('busybox');
  await page.keyboard.press('/');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').fill('10.240.2.3');
  await dialog.getByRole('option', { name: key }).click();
  await expect(inspector.getByRole('heading', { level: 2 })).toHaveText('default / nginx1');
  await page.goBack();
  await expect(inspector.getByRole('heading', { level: 2 })).toHaveText('default / busybox');
});
