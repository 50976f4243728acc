import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { podwireTest as test } from './podwire-test.ts';
import { postAsAgent } from './post-as-agent.ts';
import { themes } from './views.ts';

const node = 'controlplane';
const since = '2026-01-01T08:30:00.000Z';
const wrong: BatchRecord[] = [
  {
    type: 'agent.findings',
    findings: [
      {
        id: 'e2e-rule/mtu',
        rule: 'e2e-rule',
        severity: 'notice',
        title: 'cni0 has another MTU than its uplink',
        evidence: ['cni0 mtu 1500'],
        since,
      },
      {
        id: 'e2e-rule/route',
        rule: 'e2e-rule',
        severity: 'error',
        title: 'k8s-node01 is not on the same link',
        evidence: ['route 10.240.2.0/24 via 192.168.31.163 dev eth0'],
        remedy: 'ip route replace 10.240.2.0/24 via 192.168.31.163',
        object: 'route 10.240.2.0/24',
        since,
      },
    ],
  },
  {
    type: 'drift',
    drift: {
      id: 'e2e-drift',
      time: since,
      kind: 'sysctl',
      object: 'net.ipv4.ip_forward',
      found: 'changed',
      outcome: 'failed',
      command: 'sysctl -w net.ipv4.ip_forward=1',
      error: 'Read-only file system',
    },
  },
];

const socket = (): string => {
  const path = process.env.PODWIRE_E2E_SOCKET;
  if (path === undefined) throw new Error('the global set-up has not started a server');
  return path;
};

test.describe('what an agent finds wrong', () => {
  test.beforeEach(() => postAsAgent(socket(), node, wrong));
  test.afterEach(() => postAsAgent(socket(), node, [{ type: 'agent.findings', findings: [] }]));

  test('is counted in the navigation and on the tile, which leads to the words', async ({ page }) => {
    await page.goto('/');
    await expect(page.getByRole('navigation').getByRole('link', { name: /Findings/ })).toContainText('1');
    await page.locator(`[data-node="${node}"]`).getByRole('link', { name: '1 error, 1 notice' }).click();
    await expect(page).toHaveURL(new RegExp(`/findings\\?node=${node}`));
    const findings = page.locator('[data-finding^="e2e-rule"]');
    await expect(findings).toHaveCount(2);
    // Worst first, with what shows it and what mends it.
    await expect(findings.first()).toContainText('k8s-node01 is not on the same link');
    await expect(findings.first()).toContainText('route 10.240.2.0/24 via 192.168.31.163 dev eth0');
    await expect(findings.first().getByRole('button', { name: 'Copy the remedy' })).toBeVisible();
  });

  test('is narrowed by severity in the address, and goes from the page when it is mended', async ({ page }) => {
    await page.goto('/findings');
    const findings = page.locator('[data-finding^="e2e-rule"]');
    await expect(findings).toHaveCount(2);
    await page.getByRole('radio', { name: /error/ }).click();
    await expect(page).toHaveURL(/severity=error/);
    await expect(findings).toHaveCount(1);
    await page.reload();
    await expect(findings).toHaveCount(1);
    await postAsAgent(socket(), node, [{ type: 'agent.findings', findings: [] }]);
    await expect(findings).toHaveCount(0);
  });

  test('leads to its node, where the agent tells what it found out of place and could not mend', async ({ page }) => {
    await page.goto('/findings');
    await page.locator('[data-finding="e2e-rule/route"]').getByRole('link', { name: node }).click();
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    const drift = inspector.locator('[data-drift="failed"]').filter({ hasText: 'net.ipv4.ip_forward' });
    await expect(drift.first()).toContainText('Read-only file system');
    await page.keyboard.press('Escape');
    await expect(inspector).toHaveCount(0);
    await page.getByRole('button', { name: /agent live/ }).press('Enter');
    await expect(inspector).toContainText('k8s-node01 is not on the same link');
    await page.goto(`/nodes/${node}?as=table&table=drift`);
    await expect(page.getByRole('row').filter({ hasText: 'net.ipv4.ip_forward' }).first()).toContainText('failed');
  });

  for (const theme of themes) {
    test(`has nothing that axe objects to, ${theme}, on the page and in the panel of the agent`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme });
      for (const path of ['/findings', `/nodes/${node}?select=agent`]) {
        await page.goto(path);
        await expect(page.locator('[data-finding="e2e-rule/route"]')).toBeVisible();
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html) }))).toEqual([]);
      }
    });
  }
});

test('a node is read again on request, and what came of it is said', async ({ page }) => {
  await page.goto(`/nodes/${node}?select=agent`);
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  const readKernelTime = async (): Promise<string> => {
    const answer = await page.request.get(`/api/v1/nodes/${node}/kernel`);
    return KernelSnapshot.parse(await answer.json()).time;
  };
  const before = await readKernelTime();
  await inspector.getByRole('button', { name: 'Read again now' }).click();
  await expect(inspector.getByText(/^Read whole at \d\d:\d\d:\d\d\.$/)).toBeVisible();
  // The effect is in the topology by then.
  expect(Date.parse(await readKernelTime())).toBeGreaterThan(Date.parse(before));
  await expect(inspector.getByRole('button', { name: 'Read again now' })).toBeEnabled();
});

test('what an agent lost is said on its node before anything is drawn', async ({ page }) => {
  const journal = { shippedLines: 9, unreadableLines: 0, refusedLines: 2, droppedLines: 7, waitingBytes: 0 };
  const counts = {
    resyncs: 1,
    corrections: 0,
    notificationOverflows: 0,
    interruptedDumps: 0,
    foldedChanges: 0,
    droppedDrifts: 0,
  };
  await postAsAgent(socket(), node, [{ type: 'agent.status', status: { ...counts, journal, rssBytes: 1 } }]);
  await page.goto(`/nodes/${node}`);
  await expect(page.getByText('7 lines dropped, 2 lines refused')).toBeVisible();
  const nothing = { ...journal, refusedLines: 0, droppedLines: 0 };
  await postAsAgent(socket(), node, [{ type: 'agent.status', status: { ...counts, journal: nothing, rssBytes: 1 } }]);
  await expect(page.getByText('7 lines dropped')).toHaveCount(0);
});
