import { release } from 'node:os';
import type { ApiRequest } from './api-request.ts';
import { HttpFailure, readJson, writeJson } from './http-answers.ts';
import { type KubernetesObject, type ObjectKind, type PodObject, RESOURCE_KINDS } from './kubernetes-objects.ts';
import { createPod, deletePod } from './pod-lifecycle.ts';
import { parseSelector } from './selector.ts';
import { answerWatch } from './watch-route.ts';

/** `/version`, discovery, and list, watch, get, create, delete below `/api/v1`. */
export async function answerKubernetes(call: ApiRequest): Promise<void> {
  const { path, request, response } = call;
  const line = `${request.method} /${path.join('/')}`;
  const discovered = DISCOVERY[line];
  if (discovered !== undefined) return writeJson(response, 200, discovered);
  if (path[0] !== 'api' || path[1] !== 'v1') throw notFound(line);
  if (path[2] === 'namespaces' && path[3] !== undefined && path[4] === 'pods') {
    return await answerPods(call, path[3], path[5]);
  }
  const kind = RESOURCE_KINDS[path[2] ?? ''];
  if (kind === undefined || request.method !== 'GET') throw notFound(line);
  if (path[3] === undefined) return answerList(call, kind, undefined);
  const node = kind === 'Node' ? call.parts.store.getNode(path[3]) : undefined;
  if (node === undefined || path[4] !== undefined) throw notFound(line);
  writeJson(response, 200, node);
}

async function answerPods(call: ApiRequest, namespace: string, name: string | undefined): Promise<void> {
  const { parts, request, response } = call;
  const verb = `${request.method}${name === undefined ? '' : ' one'}`;
  if (verb === 'GET') return answerList(call, 'Pod', namespace);
  if (verb === 'POST') return writeJson(response, 201, createPod(parts, namespace, await readJson(request)));
  const pod = name === undefined ? undefined : parts.store.getPod(namespace, name);
  if (pod === undefined) throw notFound(`pods "${name ?? ''}" in namespace ${namespace}`);
  if (verb === 'GET one') return writeJson(response, 200, pod);
  if (verb !== 'DELETE one') throw new HttpFailure(405, 'MethodNotAllowed', `${request.method} is not supported here`);
  const options = (await readJson(request)) as { readonly gracePeriodSeconds?: unknown } | undefined;
  writeJson(response, 200, deletePod(parts, pod, options?.gracePeriodSeconds));
}

function answerList(call: ApiRequest, kind: ObjectKind, namespace: string | undefined): void {
  const { url, parts, response } = call;
  const selects = parseSelector(url.searchParams);
  const isSelected = (object: KubernetesObject) =>
    object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace) && selects(object);
  const watch = url.searchParams.get('watch');
  if (watch === 'true' || watch === '1') {
    answerWatch(call, { kind, isSelected });
    return;
  }
  const items = (parts.store.list(kind) as readonly (KubernetesObject | PodObject)[]).filter(isSelected);
  writeJson(response, 200, {
    kind: `${kind}List`,
    apiVersion: 'v1',
    metadata: { resourceVersion: String(parts.store.revision) },
    items,
  });
}

function notFound(what: string): HttpFailure {
  return new HttpFailure(404, 'NotFound', `${what} not found`);
}

const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.2-podwire-lab',
  platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  kernelVersion: release(),
};

/** What kubectl asks before its first request. */
const DISCOVERY: Readonly<Record<string, unknown>> = {
  'GET /version': VERSION,
  'GET /healthz': 'ok',
  'GET /readyz': 'ok',
  'GET /api': { kind: 'APIVersions', versions: ['v1'] },
  'GET /apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  'GET /api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      { name: 'nodes', singularName: 'node', namespaced: false, kind: 'Node', verbs: ['get', 'list', 'watch'] },
      {
        name: 'pods',
        singularName: 'pod',
        namespaced: true,
        kind: 'Pod',
        shortNames: ['po'],
        verbs: ['create', 'delete', 'get', 'list', 'watch'],
      },
    ],
  },
};
