import { LabExecBody } from '#model/protocol/rest.ts';
import { ClusterTopology, NodeTopology } from '#model/topology/topology.ts';

async function callApi(url: string, init?: RequestInit): Promise<unknown> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${init?.method ?? 'GET'} ${url}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const sendJson = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export async function readCluster(server: string): Promise<ClusterTopology> {
  return ClusterTopology.parse(await callApi(`${server}/api/v1/cluster`));
}

export async function readNode(server: string, node: string): Promise<NodeTopology> {
  return NodeTopology.parse(await callApi(`${server}/api/v1/nodes/${node}`));
}

export async function createLabPod(
  server: string,
  pod: { readonly name: string; readonly node: string; readonly image: 'busybox' | 'nginx' },
): Promise<void> {
  await callApi(`${server}/api/v1/lab/pods`, sendJson('POST', { namespace: 'default', ...pod }));
}

/** A pod that is gone already is what was asked for. */
export async function deleteLabPod(server: string, name: string): Promise<void> {
  const answer = await fetch(`${server}/api/v1/lab/pods/default/${name}`, { method: 'DELETE' });
  if (!answer.ok && answer.status !== 404)
    throw new Error(`DELETE of ${name}: ${answer.status} ${await answer.text()}`);
}

export async function configureLabNode(server: string, node: string, installed: boolean): Promise<void> {
  await callApi(`${server}/api/v1/lab/nodes/${node}/cni`, sendJson('PUT', { installed }));
}

/** Runs one command in the lab: `nodes/<node>` in the node's root namespace, `pods/<namespace>/<name>` in the pod's. */
export async function execInLab(server: string, place: string, command: readonly string[]): Promise<LabExecBody> {
  return LabExecBody.parse(await callApi(`${server}/api/v1/lab/${place}/exec`, sendJson('POST', { command })));
}

/** The same for a command that has to succeed. */
export async function readInLab(server: string, place: string, command: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await execInLab(server, place, command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')} at ${place} ended with ${exitCode}: ${stderr}${stdout}`);
  return stdout;
}
