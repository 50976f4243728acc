import { release } from 'node:os';
import { answerAccounts } from './account-routes.ts';
import type { ApiRequest } from './api-request.ts';
import { HttpFailure, readJson, writeJson } from './http-answers.ts';
import { type KubernetesObject, type ObjectKind, RESOURCE_KINDS } from './kubernetes-objects.ts';
import { createPod, deletePod } from './pod-lifecycle.ts';
import { parseSelector } from './selector.ts';
import { createService } from './service-lifecycle.ts';
import { answerWatch } from './watch-route.ts';

/** `/version`, discovery, and list, watch, get, create, delete of the kinds there are. */
export async function answerKubernetes(call: ApiRequest): Promise<void> {
  const { path, request, response } = call;
  const line = `${request.method} /${path.join('/')}`;
  const discovered = DISCOVERY[line];
  if (discovered !== undefined) return writeJson(response, 200, discovered);
  if (await answerAccounts(call)) return;
  const place = readPlace(path);
  if (place === undefined) throw notFound(line);
  const { kind, namespace, name } = place;
  if (namespace !== undefined && kind === 'Pod') return await answerPods(call, namespace, name);
  if (namespace !== undefined && kind === 'Service') return await answerServices(call, namespace, name);
  if (request.method !== 'GET') throw notFound(line);
  if (name === undefined) return answerList(call, kind, namespace);
  const found = findObject(call, place);
  if (found === undefined) throw notFound(line);
  writeJson(response, 200, found);
}

type Place = { readonly kind: ObjectKind; readonly namespace: string | undefined; readonly name: string | undefined };

/** `api/v1/…` or `apis/<group>/<version>/…`, with or without a namespace, with or without a name. */
function readPlace(path: readonly string[]): Place | undefined {
  const groupLength = path[0] === 'apis' ? 3 : 2;
  const group = path.slice(0, groupLength);
  const rest = path.slice(groupLength);
  const hasNamespace = rest[0] === 'namespaces' && rest.length > 2;
  const [plural, name, ...more] = hasNamespace ? rest.slice(2) : rest;
  const kind = RESOURCE_KINDS[[...group, plural].join('/')];
  if (kind === undefined || more.length > 0) return undefined;
  return { kind, namespace: hasNamespace ? rest[1] : undefined, name };
}

function findObject({ parts }: ApiRequest, { kind, namespace, name = '' }: Place): KubernetesObject | undefined {
  if (kind === 'Node') return parts.store.getNode(name);
  return kind === 'EndpointSlice' && namespace !== undefined
    ? parts.store.getEndpointSlice(namespace, name)
    : undefined;
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

async function answerServices(call: ApiRequest, namespace: string, name: string | undefined): Promise<void> {
  const { parts, request, response } = call;
  const verb = `${request.method}${name === undefined ? '' : ' one'}`;
  if (verb === 'GET') return answerList(call, 'Service', namespace);
  if (verb === 'POST') return writeJson(response, 201, createService(parts, namespace, await readJson(request)));
  const service = name === undefined ? undefined : parts.store.getService(namespace, name);
  if (service === undefined) throw notFound(`services "${name ?? ''}" in namespace ${namespace}`);
  if (verb === 'GET one') return writeJson(response, 200, service);
  if (verb !== 'DELETE one') throw new HttpFailure(405, 'MethodNotAllowed', `${request.method} is not supported here`);
  parts.store.remove(service);
  writeJson(response, 200, service);
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
  const items = (parts.store.list(kind) as readonly KubernetesObject[]).filter(isSelected);
  writeJson(response, 200, {
    kind: `${kind}List`,
    apiVersion: kind === 'EndpointSlice' ? 'discovery.k8s.io/v1' : 'v1',
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
  'GET /apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [
      {
        name: 'discovery.k8s.io',
        versions: [{ groupVersion: 'discovery.k8s.io/v1', version: 'v1' }],
        preferredVersion: { groupVersion: 'discovery.k8s.io/v1', version: 'v1' },
      },
    ],
  },
  'GET /apis/discovery.k8s.io/v1': {
    kind: 'APIResourceList',
    groupVersion: 'discovery.k8s.io/v1',
    resources: [
      {
        name: 'endpointslices',
        singularName: 'endpointslice',
        namespaced: true,
        kind: 'EndpointSlice',
        verbs: ['get', 'list', 'watch'],
      },
    ],
  },
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
      {
        name: 'services',
        singularName: 'service',
        namespaced: true,
        kind: 'Service',
        shortNames: ['svc'],
        verbs: ['create', 'delete', 'get', 'list', 'watch'],
      },
    ],
  },
};
