import { createSign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KUBERNETES_FOLDER } from '../control-plane/credentials.ts';
import type { Cluster } from '../start-cluster.ts';
import { NAMESPACE } from './release.ts';

const AUDIENCE = 'podwire';

/** The name of the agent's pod on a node. @throws where none runs */
export async function findAgentPod({ api }: Cluster, nodeName: string): Promise<string> {
  const pod = (await api.listPods(NAMESPACE)).find(
    ({ metadata, spec }) => metadata.labels?.['app.kubernetes.io/component'] === 'agent' && spec.nodeName === nodeName,
  );
  if (pod === undefined) throw new Error(`no agent on ${nodeName}`);
  return pod.metadata.name;
}

/** A token as kubelet projects it for a pod: bound to the pod, and with its node's name. */
export async function createPodToken(
  cluster: Cluster,
  { account, pod, audience = AUDIENCE }: { readonly account: string; readonly pod: string; readonly audience?: string },
): Promise<string> {
  const binding = ['--bound-object-kind=Pod', `--bound-object-name=${pod}`, `--audience=${audience}`];
  return (await cluster.api.kubectl('create', 'token', account, '-n', NAMESPACE, ...binding)).trim();
}

/** The same token as the API server issued it a day earlier, signed with its key: expired in truth. */
export async function ageToken(cluster: Cluster, token: string): Promise<string> {
  const [header = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
  const DAY_S = 86_400;
  for (const name of ['exp', 'iat', 'nbf']) claims[name] = Number(claims[name]) - DAY_S;
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  const key = await readFile(join(cluster.nodes[0].root, KUBERNETES_FOLDER, 'pki', 'sa.key'), 'utf8');
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`;
}
