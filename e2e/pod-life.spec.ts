import { expect } from '@playwright/test';
import { readInLab } from './call-api.ts';
import { podwireTest as test } from './podwire-test.ts';
import { readJournal } from './read-journal.ts';

const node = 'k8s-node01';

/** Lives in the document: gone after a reload or a full navigation. */
const markDocument = 'window.podwireE2eMark = "same document"';
const readMark = 'window.podwireE2eMark';

test('a pod created in the dashboard gets its card, wire and ADD bar, and loses them when it is deleted, without a reload', async ({
  page,
  podName,
}) => {
  const key = `default/${podName}`;
  const card = page.getByTestId(`pod-card-${key}`);
  const wire = page.getByTestId(`wire-${key}`);
  const bar = (verb: string) => page.locator('[data-verb]').filter({ hasText: `${verb} ${key}` });

  await page.goto('/');
  await page.locator(`[data-node="${node}"]`).getByRole('link', { name: node }).click();
  await expect(page.getByTestId('pod-card-default/busybox')).toBeVisible();
  await page.evaluate(markDocument);

  await page.getByRole('button', { name: 'Create pod' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(podName);
  await dialog.getByLabel('Image').selectOption('busybox');
  await dialog.getByRole('button', { name: 'Create pod' }).click();
  await expect(card).toBeVisible();
  await expect(wire).toBeAttached();
  await expect(card).toContainText(/10\.240\.2\.\d+/);
  await expect(bar('ADD').first()).toBeAttached();

  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector).toContainText(podName);
  await inspector.getByRole('button', { name: 'Delete pod' }).click();
  await dialog.getByRole('button', { name: 'Delete pod' }).click();
  await expect(card).toBeHidden();
  await expect(wire).not.toBeAttached();
  await expect(bar('DEL').first()).toBeAttached();

  expect(await page.evaluate(readMark)).toBe('same document');
});

test('the inspector shows the result that the executable printed, character for character', async ({
  page,
  baseURL,
}) => {
  const journal = await readJournal(baseURL ?? '', node);
  const added = journal.findLast(({ subject, data }) => subject === 'default/nginx1' && data.verb === 'ADD');
  expect(added?.data.outcome).toBe('ok');

  await page.goto(`/nodes/${node}`);
  await page.getByTestId('pod-card-default/nginx1').click();
  const result = page.getByLabel('the result', { exact: true });
  await expect(result).toBeVisible();
  expect(JSON.parse((await result.textContent()) ?? '')).toEqual(added?.data.result);
});

test('what the inspector shows of the kernel is what the pod itself sees', async ({ page, baseURL }) => {
  const mac = await readInLab(baseURL ?? '', 'pods/default/nginx1', ['cat', '/sys/class/net/eth0/address']);
  await page.goto(`/nodes/${node}`);
  await page.getByTestId('pod-card-default/nginx1').click();
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toContainText(mac.trim());
});
