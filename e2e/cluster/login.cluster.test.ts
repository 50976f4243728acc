import { type Browser, type BrowserContext, expect as expectPage, type Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PodBody } from '#model/protocol/rest.ts';
import { renderKubeconfig } from './control-plane/credentials.ts';
import { createPod, runPod } from './pods.ts';
import type { CollectorClient } from './podwire/collector-client.ts';
import { type DeployableCluster, reachCollector, startDeployableCluster } from './podwire/deployed-cluster.ts';
import { openDeskBrowser } from './podwire/desk-browser.ts';
import { createPerson } from './podwire/people.ts';
import { NAMESPACE } from './podwire/release.ts';
import { waitFor } from './wait-for.ts';
import type { Daemon } from './world/daemon.ts';

/** What `kubectl port-forward` of the README says. */
const URL = 'http://127.0.0.1:7639';

let cluster: DeployableCluster;
let collector: CollectorClient;
let forward: Daemon;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** By name: who may do everything, and who may look at the pods of one namespace. */
let tokens: { readonly admin: string; readonly guest: string };

beforeAll(async () => {
  cluster = await startDeployableCluster();
  const { api, release, desk, credentials } = cluster;
  await release.install('cni.mode=bridge');
  collector = await reachCollector(cluster);
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'guests' } });
  tokens = {
    admin: await createPerson(cluster, 'root', { clusterRole: 'cluster-admin' }),
    guest: await createPerson(cluster, 'guest', { roles: { guests: 'view' } }),
  };
  const kubeconfig = renderKubeconfig(await credentials.readAuthority(), tokens.admin);
  const path = await desk.keepKubeconfig('person', kubeconfig);
  forward = desk.prepareKubectl(path, '-n', NAMESPACE, 'port-forward', 'service/podwire', '7639:7639').start();
  await waitFor({ what: 'the forwarded port', explain: () => forward.readLog() }, async () =>
    forward.readLog().includes('Forwarding from 127.0.0.1:7639'),
  );
  browser = await openDeskBrowser(desk);
});
afterAll(async () => {
  await browser?.close();
  await cluster?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
  page = await context.newPage();
});
afterEach(() => context?.close());

async function logIn(token: string): Promise<void> {
  await page.goto(`${URL}/pods`);
  await expectPage(page).toHaveURL(/\/login/, { timeout: 30_000 });
  await page.getByLabel(/^Token/).fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** From inside the page, as its own scripts do. */
const read = (path: string): Promise<{ readonly status: number; readonly text: string }> =>
  page.evaluate(async (asked) => {
    const answer = await fetch(asked);
    return { status: answer.status, text: await answer.text() };
  }, path);

const awaitLive = () => expectPage(page.locator('[data-connection]')).toHaveText(/^Live/, { timeout: 30_000 });

test('a node that is Ready before its first pod says why: the runtime asks STATUS and is told so', async () => {
  await logIn(tokens.admin);
  await awaitLive();
  await page.goto(`${URL}/nodes/k8s-node01`);
  await expectPage(
    page.getByText(/^The runtime asks STATUS every few seconds .*: the network is ready\. No pod is wired here\.$/),
  ).toBeVisible({ timeout: 90_000 });
});

describe('with a pod in each of two namespaces', () => {
  beforeAll(async () => {
    await runPod(cluster.api, 'hidden', { nodeName: 'k8s-node01' });
    await createPod(cluster.api, 'shown', { namespace: 'guests', nodeName: 'k8s-node01' });
  });

  test('a person comes in by a token of kubectl, sees the cluster, and logs out; the session ends with that', async () => {
    await logIn(tokens.admin);
    await awaitLive();
    await page.goto(`${URL}/pods/default/hidden`);
    await expectPage(page.getByRole('heading', { name: /hidden/ }).first()).toBeVisible({ timeout: 30_000 });
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: 'podwire_session', httpOnly: true, sameSite: 'Strict' });
    expect(await page.evaluate(() => document.cookie)).toBe('');
    await page.getByRole('button', { name: /^Logged in as system:serviceaccount:people:root/ }).click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await expectPage(page).toHaveURL(/\/login/, { timeout: 30_000 });
    // A stolen copy of the cookie is worth nothing then.
    await context.addCookies(cookie === undefined ? [] : [cookie]);
    expect(await read('/api/v1/nodes')).toMatchObject({ status: 401 });
  });

  test('a person who may see one namespace sees its pods and no others, wherever they look', async () => {
    await logIn(tokens.guest);
    await awaitLive();
    await waitFor({ what: 'the pod of the namespace', explain: () => read('/api/v1/pods') }, async () =>
      (await read('/api/v1/pods')).text.includes('shown'),
    );
    for (const path of ['/api/v1/pods', '/api/v1/events?limit=1000', '/api/v1/nodes', '/api/v1/cluster']) {
      expect((await read(path)).text).not.toContain('hidden');
    }
    expect(await read('/api/v1/pods/default/hidden')).toMatchObject({ status: 404 });
    for (const path of ['/', '/pods', '/timeline', '/nodes/k8s-node01']) {
      await page.goto(`${URL}${path}`);
      await page.waitForLoadState('networkidle');
      expect(await page.content()).not.toContain('hidden<');
    }
  });

  test('a token that is no token gets nobody in', async () => {
    await logIn('not.a.token');
    await expectPage(page.getByRole('alert').filter({ hasText: 'not accepted' })).toBeVisible({ timeout: 30_000 });
    expect(await context.cookies()).toEqual([]);
  });

  test('a pod’s page says what `kubectl get pods -o wide` says of it', async () => {
    await logIn(tokens.admin);
    await awaitLive();
    const row = await cluster.api.kubectl('get', 'pod', 'hidden', '--no-headers', '-o', 'wide');
    const [name = '', ready = '', status, restarts, _age, ip, node] = row.trim().split(/\s+/);
    await page.goto(`${URL}/pods/default/hidden`);
    await expectPage(page.getByRole('heading', { name }).first()).toBeVisible({ timeout: 30_000 });
    const factOf = (label: string) => page.locator(`dt:text-is("${label}") + dd`).first();
    const [some, all] = ready.split('/');
    await expectPage(factOf('status')).toHaveText(status ?? '');
    await expectPage(factOf('containers')).toHaveText(`${some} of ${all} ready, ${restarts} restarts`);
    await expectPage(factOf('pod IPs')).toHaveText(ip ?? '');
    await expectPage(factOf('node')).toHaveText(node ?? '');
    await expectPage(factOf('created')).toHaveText(/\d\d:\d\d:\d\d$/);
  });

  describe('the right to trace', () => {
    /** Of the only wire of a pod. */
    const findWire = (pod: string): Promise<string> =>
      waitFor({ what: `the wire of ${pod}` }, async () => {
        const { attachments } = PodBody.parse(await collector.get(`/api/v1/pods/${pod}`));
        return attachments[0]?.hostLinkIndex !== undefined && attachments[0].namespaceId;
      });
    const command = async (token: string, body: object, node = 'k8s-node01') => {
      const path = `/api/v1/nodes/${node}/commands`;
      const { status, text } = await collector.as(token).call({ method: 'POST', path, body });
      return { status, answer: JSON.parse(text) as unknown };
    };
    const probe = async (from: string | undefined) => ({
      type: 'probe',
      ...(from !== undefined && { namespaceId: await findWire(from) }),
      to: '8.8.8.8',
      protocol: 'icmp',
      timeoutMs: 5_000,
    });
    const refusal = (where: string) => ({
      status: 403,
      answer: {
        type: expect.stringMatching(/forbidden$/),
        detail: expect.stringContaining(`verb trace on pods in ${where}`),
      },
    });
    const answered = { status: 200, answer: { outcome: 'answered' } };

    test('who sees everything and lacks the verb has no packet sent and no node read', async () => {
      const looker = await createPerson(cluster, 'looker', { clusterRole: 'podwire-viewer' });
      expect(await command(looker, await probe('guests/shown'))).toMatchObject(refusal('namespace guests'));
      for (const body of [await probe(undefined), { type: 'snapshot' }]) {
        expect(await command(looker, body)).toMatchObject(refusal('all namespaces'));
      }
    });

    test('who has it in one namespace has packets sent from its pods, from no other and not from the node', async () => {
      const tracer = await createPerson(cluster, 'tracer', { roles: { guests: 'podwire-tracer' } });
      expect(await command(tracer, await probe('guests/shown'))).toMatchObject({
        ...answered,
        answer: { probe: { verdict: 'reply' } },
      });
      for (const body of [await probe('default/hidden'), await probe(undefined), { type: 'snapshot' }]) {
        expect(await command(tracer, body)).toMatchObject(refusal('all namespaces'));
      }
      // None of their pods is on it: it is as if it were not there.
      expect(await command(tracer, { type: 'snapshot' }, 'controlplane')).toMatchObject({ status: 404 });
    });

    test('who has it everywhere has a packet sent from any pod, and the node read again', async () => {
      const master = await createPerson(cluster, 'master', { clusterRole: 'podwire-tracer' });
      for (const body of [await probe('default/hidden'), await probe(undefined), { type: 'snapshot' }]) {
        expect(await command(master, body)).toMatchObject(answered);
      }
    });
  });
});
