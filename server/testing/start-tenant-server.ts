import type { IncomingHttpHeaders } from 'node:http';
import { buildClusterNode } from '#model/testing/build-node.ts';
import { EVERYTHING, type Scope } from '../auth/scope.ts';
import { ONLY_PERSON, type Viewer } from '../auth/viewer.ts';
import { startTestServer, type TestServer } from './start-test-server.ts';
import { buildEvent, buildGarbageCollection, buildKernel, buildPod, HIDDEN_NODE, NODE, SEEN } from './two-tenants.ts';

const seen = new Set([SEEN]);
export const SCOPES = {
  everything: EVERYTHING,
  tenant: { key: 'tenant', namespaces: seen, seesNodes: false },
  'tenant with nodes': { key: 'tenant+nodes', namespaces: seen, seesNodes: true },
  stranger: { key: 'stranger', namespaces: new Set(), seesNodes: false },
  operator: { key: 'operator', namespaces: new Set(), seesNodes: true },
  'pods of all': { key: 'pods', namespaces: 'all', seesNodes: false },
} as const satisfies Readonly<Record<string, Scope>>;
export type ViewerName = keyof typeof SCOPES;

export type TenantServer = AsyncDisposable & {
  readonly app: TestServer;
  readonly ask: (
    path: string,
    viewer: ViewerName,
    body?: unknown,
  ) => Promise<{ readonly status: number; readonly text: string }>;
};

/** The real server with two tenants' pods on it. Who asks is the viewer that the header `x-viewer` names. */
export async function startTenantServer(viewers: Partial<Record<ViewerName, Viewer>> = {}): Promise<TenantServer> {
  const viewerFor = (headers: IncomingHttpHeaders): Viewer => {
    const name = String(headers['x-viewer'] ?? 'everything') as ViewerName;
    return viewers[name] ?? { ...ONLY_PERSON, user: name, scope: SCOPES[name] };
  };
  const app = await startTestServer(undefined, undefined, { viewerFor });
  await fill(app);
  return {
    app,
    ask: async (path, viewer, body) => {
      const answer = await fetch(`${app.url}${path}`, {
        headers: { 'x-viewer': viewer, 'content-type': 'application/json' },
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      });
      return { status: answer.status, text: await answer.text() };
    },
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

async function fill(app: TestServer): Promise<void> {
  const { cluster } = app.server;
  for (const name of [NODE, HIDDEN_NODE]) {
    const cidr = name === NODE ? '10.240.2.0/24' : '10.240.9.0/24';
    cluster.put('node', { ...buildClusterNode(name, cidr), kernel: 'walrus', osImage: 'walrus' });
  }
  for (const pod of [1, 2, 77, 78]) cluster.put('pod', buildPod(pod));
  cluster.put('pod', buildPod(79, { nodeName: HIDDEN_NODE, podIps: ['10.240.9.88'] }));
  const drift = { time: new Date().toISOString(), kind: 'route', found: 'missing', outcome: 'repaired' } as const;
  await app.post(1, [
    { type: 'kernel.snapshot', snapshot: buildKernel([1, 2, 77, 78], 1) },
    { type: 'invocation', event: buildEvent('ADD', 1, { id: 'seen-event-1' }) },
    { type: 'invocation', event: buildEvent('ADD', 77, { id: 'hidden-event-77' }) },
    { type: 'invocation', event: buildEvent('ADD', 2, { id: 'seen-event-2', fails: true }) },
    { type: 'invocation', event: buildGarbageCollection('gc-event', [1, 77, 78]) },
    { type: 'drift', drift: { ...drift, id: 'd1', object: 'walrus' } },
    { type: 'drift', drift: { ...drift, id: 'd2', object: '10.240.2.78/32' } },
  ]);
}

/** A problem repeats what was asked for: of that nothing is learnt. */
export const withoutEcho = (text: string): string =>
  text.startsWith('{"type":"https://podwire.io/problems/') ? text.replaceAll(/"(instance|detail)":"[^"]*"/g, '') : text;
