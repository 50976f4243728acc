import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UnixCall } from './call-unix.ts';
import { runPod } from './pods.ts';
import { ageToken, createPodToken, findAgentPod } from './podwire/agent-token.ts';
import type { CollectorClient } from './podwire/collector-client.ts';
import { type DeployableCluster, reachCollector, startDeployableCluster } from './podwire/deployed-cluster.ts';
import { createPerson } from './podwire/people.ts';
import { NAMESPACE } from './podwire/release.ts';

const [OWN, OTHER] = ['controlplane', 'k8s-node01'] as const;
const AGENT = 'podwire-agent';

let cluster: DeployableCluster;
let collector: CollectorClient;
/** Everything that must never be seen again. */
const secrets: string[] = [];
/** Whatever was answered to those who were refused. */
const answers: string[] = [];

const keepSecret = (token: string): string => {
  secrets.push(token);
  return token;
};

beforeAll(async () => {
  cluster = await startDeployableCluster();
  await cluster.release.install('cni.mode=bridge');
  collector = await reachCollector(cluster);
  await runPod(cluster.api, 'seen');
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const readCount = async (name: string): Promise<number> => {
  const { text } = await collector.call({ path: '/metrics' });
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length));
};

/** Reasons of refusals, as /metrics counts them. */
async function readRefusals(): Promise<ReadonlyMap<string, number>> {
  const { status, text } = await collector.call({ path: '/metrics' });
  expect(status).toBe(200);
  const lines = text.matchAll(/^podwire_refused_requests_total\{reason="([^"]+)"\} (\d+)$/gm);
  return new Map([...lines].map(([, reason = '', count]) => [reason, Number(count)]));
}

type Refused = { readonly by?: CollectorClient; readonly call: Omit<UnixCall, 'socket'> };

/** Asks, and expects a refusal of this status and word that is counted and says nothing of a token. */
async function expectRefusal({ by = collector.as(undefined), call }: Refused, status: number, word: string) {
  const before = (await readRefusals()).get(word) ?? 0;
  const answer = await by.call(call);
  answers.push(JSON.stringify(answer));
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(word)]);
  expect((await readRefusals()).get(word)).toBe(before + 1);
}

let sequence = 0;

/** A batch of a node's agent, with an invocation and a kernel such as only those nodes could have. */
const makeBatch = (headerNode: string, eventNode = headerNode, kernelNode = headerNode): Omit<UnixCall, 'socket'> => {
  const now = new Date().toISOString();
  sequence += 1;
  const header = { protocol: 1, node: headerNode, bootId: 'forged', sequence, agentVersion: 'x', sentAt: now };
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: `/nodes/${eventNode}/plugin`,
    type: 'io.podwire.cni.invocation.v1',
    time: now,
    subject: 'default/forged',
    datacontenttype: 'application/json',
    data: {
      ...{ verb: 'ADD', mode: 'bridge', pluginVersion: 'x', env: {}, outcome: 'ok', exitCode: 0, steps: [] },
      ...{ pod: { namespace: 'default', name: 'forged' }, startedAt: now, durationUs: 1 },
    },
  };
  const snapshot = { node: kernelNode, bootId: 'forged', time: now, sequence, namespaces: [] };
  const records = [
    { type: 'invocation', event },
    { type: 'kernel.snapshot', snapshot },
  ];
  const lines = [header, ...records].map((line) => JSON.stringify(line));
  return {
    method: 'POST',
    path: '/agent/v1/batches',
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    bytes: gzipSync(`${lines.join('\n')}\n`),
  };
};

const tokenOfAgent = async (node: string, audience?: string): Promise<string> => {
  const pod = await findAgentPod(cluster, node);
  return keepSecret(
    await createPodToken(cluster, { account: AGENT, pod, ...(audience !== undefined && { audience }) }),
  );
};

const asAgent = (token: string): CollectorClient => collector.as(token);

describe('an agent', () => {
  test('without a token is refused', async () => {
    await expectRefusal({ call: makeBatch(OWN) }, 401, 'no-token');
  });

  test('with a token that nobody issued is refused', async () => {
    const by = asAgent(keepSecret(`${(await tokenOfAgent(OWN)).slice(0, -20)}${'A'.repeat(20)}`));
    await expectRefusal({ by, call: makeBatch(OWN) }, 401, 'token-refused');
  });

  test('with the token of another node speaks for that one alone: neither in the header nor in an event', async () => {
    const by = asAgent(await tokenOfAgent(OWN));
    await expectRefusal({ by, call: makeBatch(OTHER) }, 403, 'other-node');
    await expectRefusal({ by, call: { path: `/agent/v1/commands?node=${OTHER}&bootId=x` } }, 403, 'other-node');
    const forged = await by.call(makeBatch(OWN, OWN, OTHER));
    answers.push(forged.text);
    expect([forged.status, forged.text]).toEqual([422, expect.stringContaining('malformed-batch')]);
    expect(await readCount('podwire_ingest_refusals_total{reason="malformed-batch"}')).toBe(1);
    // A plugin names its host, which may be called otherwise than the node: what counts is whose agent sent it.
    expect(await by.call(makeBatch(OWN, OTHER))).toMatchObject({ status: 200 });
    expect(await readCount('podwire_ingest_foreign_sources_total')).toBe(1);
  });

  test('with a token that has expired is refused', async () => {
    const by = asAgent(keepSecret(await ageToken(cluster, await tokenOfAgent(OWN))));
    await expectRefusal({ by, call: makeBatch(OWN) }, 401, 'token-expired');
  });

  test('with a token for the API server, which every pod has, is refused', async () => {
    const by = asAgent(await tokenOfAgent(OWN, 'https://kubernetes.default.svc'));
    await expectRefusal({ by, call: makeBatch(OWN) }, 401, 'wrong-audience');
  });

  test('of another account is refused, with a token for Podwire too', async () => {
    const [pod] = (await cluster.api.listPods(NAMESPACE)).filter(({ spec }) => spec.serviceAccountName === 'podwire');
    const token = await createPodToken(cluster, { account: 'podwire', pod: pod?.metadata.name ?? '' });
    await expectRefusal({ by: asAgent(keepSecret(token)), call: makeBatch(OWN) }, 403, 'not-the-agent');
  });

  test('whose pod is gone is refused with what its token was', async () => {
    const pod = await findAgentPod(cluster, OWN);
    const by = asAgent(await tokenOfAgent(OWN));
    await cluster.release.kubectl('delete', 'pod', pod, '--grace-period=0', '--force');
    await cluster.release.waitForRollout();
    await expectRefusal({ by, call: makeBatch(OWN) }, 401, 'token-refused');
  });

  test('that lied has left nothing on the node that it spoke of', async () => {
    expect(await collector.get(`/api/v1/events?pod=default/forged&node=${OTHER}`)).toMatchObject({ events: [] });
    expect(await collector.get(`/api/v1/events?pod=default/forged&node=${OWN}`)).toMatchObject({
      events: [{ node: OWN }],
    });
    const [node, events] = await Promise.all(
      [`/api/v1/nodes/${OTHER}`, `/api/v1/events?node=${OTHER}`].map((path) => collector.get(path)),
    );
    expect(JSON.stringify([node, events])).not.toContain('forged');
    expect(node).toMatchObject({ node: { node: { name: OTHER, agent: { state: 'live' } } } });
  });
});

describe('a person', () => {
  const logIn = (token: string): Omit<UnixCall, 'socket'> => ({
    method: 'POST',
    path: '/api/v1/session',
    body: { token },
  });

  test('without a token or session is refused, whatever is asked for', async () => {
    for (const path of ['/api/v1/nodes', '/api/v1/events', '/api/v1/cluster', '/api/v1/session', '/metrics']) {
      await expectRefusal({ call: { path } }, 401, 'no-session');
    }
    await expectRefusal({ call: logIn('no.such.token') }, 401, 'token-refused');
  });

  test('with the token of an agent cannot log in', async () => {
    await expectRefusal({ call: logIn(await tokenOfAgent(OTHER)) }, 401, 'token-refused');
  });

  test('without any right sees nothing, reads no metrics and sends no trace', async () => {
    const nobody = collector.as(keepSecret(await createPerson(cluster, 'nobody', {})));
    expect(await nobody.get('/api/v1/session')).toMatchObject({ scope: { namespaces: [], seesNodes: false } });
    await expectRefusal({ by: nobody, call: { path: '/metrics' } }, 403, 'not-allowed');
  });

  test('on a page of another origin can neither log in nor open a socket', async () => {
    const headers = { origin: 'https://evil.example' };
    await expectRefusal({ call: { ...logIn('x'), headers } }, 403, 'foreign-origin');
    const upgrade = { ...headers, ...UPGRADE };
    await expectRefusal({ call: { path: '/api/v1/live', headers: upgrade } }, 403, 'foreign-origin');
  });

  test('on a page whose name was rebound to the collector reads nothing', async () => {
    const headers = { host: 'evil.example' };
    await expectRefusal({ by: collector, call: { path: '/api/v1/nodes', headers } }, 403, 'foreign-host');
    const upgrade = { ...headers, origin: 'http://evil.example', ...UPGRADE };
    await expectRefusal({ by: collector, call: { path: '/api/v1/live', headers: upgrade } }, 403, 'foreign-host');
  });
});

/** RFC 6455, section 4.1. */
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.from('podwire-test-key').toString('base64'),
};

describe('the node agent', () => {
  /** Verbs and resources that an account is granted beyond what everybody is. */
  const listGrants = async (account: string): Promise<readonly string[]> => {
    const user = `system:serviceaccount:${NAMESPACE}:${account}`;
    const text = await cluster.api.kubectl('auth', 'can-i', '--list', '--no-headers', `--as=${user}`);
    return text
      .split('\n')
      .map((line) =>
        line
          .trim()
          .split(/\s{2,}/)
          .join(' '),
      )
      .filter((line) => line !== '' && !/^(selfsubject|\[)/.test(line));
  };

  test('may read nodes, and neither pods nor secrets nor anything else', async () => {
    expect(await listGrants(AGENT)).toEqual(['nodes [] [] [get list watch]']);
  });

  const runInAgent = async (...command: readonly string[]) => {
    const pod = await findAgentPod(cluster, OTHER);
    return await cluster.release.kubectl('exec', pod, '-c', 'agent', '--', ...command);
  };

  test('has four capabilities, a root that is read only, and of the node neither processes nor files but five folders: no credentials, no volumes', async () => {
    const status = await runInAgent(
      'sh',
      '-c',
      'grep -e CapBnd -e CapEff -e NoNewPrivs -e "Seccomp:" /proc/self/status',
    );
    // NET_ADMIN (12), NET_RAW (13), SYS_ADMIN (21), NET_BROADCAST (11): include/uapi/linux/capability.h
    const bits = (1n << 11n) | (1n << 12n) | (1n << 13n) | (1n << 21n);
    const set = bits.toString(16).padStart(16, '0');
    expect(
      status
        .trim()
        .split('\n')
        .map((line) => line.replace(/\s+/, ' ')),
    ).toEqual([...[`CapEff: ${set}`, `CapBnd: ${set}`, 'NoNewPrivs: 1', 'Seccomp: 2']]);
    expect(await runInAgent('sh', '-c', "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).not.toContain('kubelet');
    const script =
      'ls -d /etc/kubernetes /var/lib/kubelet /var/lib/etcd /root/.kube /proc/1/root/etc/kubernetes 2>/dev/null; touch /x 2>&1 || true';
    expect(await runInAgent('sh', '-c', script)).toContain('Read-only file system');
    expect(await runInAgent('sh', '-c', script)).not.toMatch(/kubernetes|kubelet|etcd|\.kube/);
  });
});

test('no token is in an answer, an event, a metric or a log line, whatever was tried', async () => {
  const pods = (await cluster.api.listPods(NAMESPACE)).map(({ metadata }) => metadata.name);
  const logs = await Promise.all(
    pods.map((name) => cluster.release.kubectl('logs', name, '--all-containers', '--prefix', '--tail=-1')),
  );
  const events = await collector.call({ path: '/api/v1/events?limit=1000' });
  const metrics = await collector.call({ path: '/metrics' });
  const said = [...answers, ...logs, events.text, metrics.text].join('\n');
  expect(said).toContain('other-node');
  expect(secrets.length).toBeGreaterThan(8);
  // Of a token, the signature is the secret; half of one would be too much.
  const parts = secrets.flatMap((token) => [token, token.split('.').at(-1)?.slice(0, 40) ?? token]);
  expect(parts.filter((part) => said.includes(part))).toEqual([]);
});
