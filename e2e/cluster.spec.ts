import { expect, type Page } from '@playwright/test';
import { configureLabNode } from './call-api.ts';
import { podwireTest as test } from './podwire-test.ts';

const nodes = ['controlplane', 'k8s-node01'] as const;
const findTile = (page: Page, node: string) => page.locator(`[data-node="${node}"]`);

for (const node of nodes) {
  test(`the cluster view shows ${node} Ready and leads to it`, async ({ page }) => {
    await page.goto('/');
    const tile = findTile(page, node);
    await expect(tile.getByText('Ready', { exact: true })).toBeVisible();
    await tile.getByRole('link', { name: node }).click();
    await expect(page).toHaveURL(new RegExp(`/nodes/${node}`));
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(node);
    await expect(page.getByRole('main').locator('header').getByText('Ready', { exact: true })).toBeVisible();
  });
}

test('a node without configuration says it in the words of the kubelet, and is Ready again when it has one', async ({
  page,
  baseURL,
}) => {
  test.setTimeout(90_000);
  const node = 'controlplane';
  await page.goto('/');
  const tile = findTile(page, node);
  try {
    await page.getByRole('button', { name: `Remove CNI on ${node}` }).click();
    await expect(tile.getByText('NotReady', { exact: true })).toBeVisible({ timeout: 30_000 });
    await expect(tile).toContainText('cni plugin not initialized');
    await tile.getByRole('link', { name: node }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(node);
    await expect(page.getByRole('main')).toContainText('cni plugin not initialized');
    await page.goBack();
    await page.getByRole('button', { name: `Install CNI on ${node}` }).click();
    await expect(tile.getByText('Ready', { exact: true })).toBeVisible({ timeout: 30_000 });
    await expect(tile).not.toContainText('cni plugin not initialized');
  } finally {
    await configureLabNode(baseURL ?? '', node, true);
  }
});
