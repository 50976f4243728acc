import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test as plain } from '@playwright/test';
import { collectViolations } from './collect-violations.ts';
import { podwireTest as test } from './podwire-test.ts';
import { type RunningPodwire, startPodwire } from './start-podwire.ts';
import { themes } from './views.ts';

/**
 * A second Podwire that watches the lab of the first by its kubeconfig, told that it runs in a pod: there people log in, on loopback
 * too. The lab's API reviews tokens and rights.
 */
const kubeconfigPath = (): string => join(dirname(process.env.PODWIRE_E2E_SOCKET ?? ''), '..', 'lab', 'kubeconfig');

type LabApi = { readonly server: string; readonly token: string };

function readLabApi(): LabApi {
  const config = JSON.parse(readFileSync(kubeconfigPath(), 'utf8')) as {
    readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  return { server: config.clusters[0]?.cluster.server ?? '', token: config.users[0]?.user.token ?? '' };
}

/** As `kubectl create token` asks. */
async function createToken(account: string, spec: object = {}): Promise<string> {
  const { server, token } = readLabApi();
  const answer = await fetch(`${server}/api/v1/namespaces/default/serviceaccounts/${account}/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ spec }),
  });
  const body = (await answer.json()) as { readonly status: { readonly token: string } };
  return body.status.token;
}

async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel(/^Token/).fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const account = (page: Page, name: string) =>
  page.getByRole('button', { name: `Logged in as system:serviceaccount:default:${name}` });

plain.describe('where people log in', () => {
  let podwire: RunningPodwire;

  plain.beforeAll(async () => {
    plain.setTimeout(150_000);
    const environment = { KUBECONFIG: kubeconfigPath(), KUBERNETES_SERVICE_HOST: '127.0.0.1' };
    podwire = await startPodwire({ hasWeb: true, environment });
  });
  plain.afterAll(() => podwire.stop());
  plain(
    'every page leads to the login, a token leads back, and the way out closes every tab',
    async ({ page, context }) => {
      const violations = await collectViolations(page);
      await page.goto(`${podwire.url}/nodes/k8s-node01?as=table`);
      await expect(page).toHaveURL(/\/login\?from=%2Fnodes%2Fk8s-node01%3Fas%3Dtable$/);
      await expect(page.getByRole('navigation')).toHaveCount(0);
      const field = page.getByLabel(/^Token/);
      await expect(field).toHaveAttribute('type', 'password');
      await expect(field).toHaveAttribute('autocomplete', 'off');

      await logIn(page, `${await createToken('admin')}x`);
      await expect(page.getByRole('alert').filter({ hasText: 'The token is not accepted' })).toBeVisible();

      const token = await createToken('admin');
      await logIn(page, token);
      await expect(page).toHaveURL(`${podwire.url}/nodes/k8s-node01?as=table`);
      await expect(page.locator('[data-connection]')).toHaveText(/^Live/);
      await account(page, 'admin').click();
      await expect(page.getByText('Sees everything.')).toBeVisible();

      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ name: 'podwire_session', httpOnly: true, sameSite: 'Strict', path: '/' });
      const readable = await page.evaluate(() => [
        document.cookie,
        JSON.stringify({ ...localStorage, ...sessionStorage }),
      ]);
      expect(readable.join()).not.toContain('podwire_session');
      expect(readable.join()).not.toContain(token);

      const other = await context.newPage();
      await other.goto(`${podwire.url}/timeline`);
      await expect(other.locator('[data-connection]')).toHaveText(/^Live/);
      await page.getByRole('button', { name: 'Log out' }).click();
      await expect(page).toHaveURL(/\/login$/);
      // Its socket is closed, and what it asks then is refused.
      await expect(other).toHaveURL(/\/login\?from=%2Ftimeline$/);
      expect(violations).toEqual([]);
      expect(podwire.readOutput()).not.toContain(token);
    },
  );

  plain('without a session the framework behind the pages shows nothing and takes nothing in', async ({ request }) => {
    const ask = async (method: string, path: string, headers: Record<string, string> = {}) =>
      (await request.fetch(`${podwire.url}${path}`, { method, headers, maxRedirects: 0 })).status();
    expect(await ask('POST', '/login', { 'next-action': '0'.repeat(40), origin: podwire.url })).toBe(405);
    expect(await ask('GET', '/_next/image?url=%2Ficon.svg&w=64&q=75')).toBe(302);
    expect(await ask('GET', '/nodes/k8s-node01?_rsc=1', { rsc: '1' })).toBe(401);
    expect(await ask('GET', '/pods', { 'x-middleware-subrequest': 'middleware', 'x-matched-path': '/login' })).toBe(
      302,
    );
    expect(await ask('GET', '/_next/static/none.js')).toBe(404);
    expect(await ask('GET', '/login', { rsc: '1', 'next-router-state-tree': '%5B%22%22%5D' })).toBeLessThan(500);
  });

  plain('one who may list the pods of one namespace is told so', async ({ page }) => {
    await page.goto(`${podwire.url}/`);
    await logIn(page, await createToken('viewer'));
    await account(page, 'viewer').click();
    await expect(page.getByText('Sees the pods of default, and no nodes.')).toBeVisible();
    await page.setViewportSize({ width: 390, height: 844 });
    const menu = page.getByRole('dialog', { name: 'Account' });
    await expect.poll(async () => (await menu.boundingBox())?.x).toBeGreaterThanOrEqual(0);
    await expect.poll(async () => ((await menu.boundingBox())?.width ?? 0) <= 390).toBe(true);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))])).toEqual([]);
  });

  plain('a token that has expired, or is for somebody else, is refused by its name', async ({ page }) => {
    await page.goto(`${podwire.url}/login?from=//evil.example/`);
    await logIn(page, await createToken('admin', { audiences: ['vault'] }));
    await expect(page.getByRole('alert').filter({ hasText: 'The token is not accepted' })).toBeVisible();
    await logIn(page, await createToken('admin'));
    // Never to another site, whatever the address said.
    await expect(page).toHaveURL(`${podwire.url}/`);
  });

  for (const theme of themes) {
    for (const width of [390, 1440]) {
      plain(`the ${theme} login fits into ${width} pixels, and axe has nothing to object to`, async ({ page }) => {
        await page.emulateMedia({ colorScheme: theme });
        await page.setViewportSize({ width, height: 844 });
        await page.goto(`${podwire.url}/login`);
        await logIn(page, 'no-token');
        await expect(page.getByRole('alert').filter({ hasText: 'not accepted' })).toBeVisible();
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow).toBeLessThanOrEqual(0);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))])).toEqual([]);
      });
    }
  }
});

test('where nobody logs in, nothing of it appears, and the login page leads on', async ({ page }) => {
  await page.goto('/login?from=/findings');
  await expect(page).toHaveURL(/\/findings$/);
  await expect(page.locator('[data-connection]')).toHaveText(/^Live/);
  await expect(page.getByRole('button', { name: /Logged in as/ })).toHaveCount(0);
});
