import { afterAll, beforeAll, expect, test } from 'vitest';
import { ONLY_PERSON, type Viewer } from '../auth/viewer.ts';
import { SCOPES, startTenantServer, type TenantServer, withoutEcho } from '../testing/start-tenant-server.ts';
import { HIDDEN, HIDDEN_NODE, keyOf, NODE, SEEN } from '../testing/two-tenants.ts';

const asked: string[] = [];
const tracer: Viewer = {
  ...ONLY_PERSON,
  user: 'tracer',
  scope: SCOPES['tenant with nodes'],
  mayTrace: (namespace) => {
    asked.push(namespace);
    return Promise.resolve(namespace === SEEN);
  },
};
let server: TenantServer;
const at = encodeURIComponent(new Date(Date.now() + 3_600_000).toISOString());

beforeAll(async () => {
  server = await startTenantServer({ 'tenant with nodes': tracer });
});

afterAll(() => server[Symbol.asyncDispose]());

test.each([
  ['a pod', `/api/v1/pods/${keyOf(77)}`, `/api/v1/pods/${HIDDEN}/nothing`],
  ['a pod with a time', `/api/v1/pods/${keyOf(77)}?at=${at}`, `/api/v1/pods/${HIDDEN}/nothing?at=${at}`],
  ['a node', `/api/v1/nodes/${HIDDEN_NODE}`, '/api/v1/nodes/nowhere'],
  ['the kernel of a node', `/api/v1/nodes/${HIDDEN_NODE}/kernel`, '/api/v1/nodes/nowhere/kernel'],
  ['findings of a node', `/api/v1/findings?node=${HIDDEN_NODE}`, '/api/v1/findings?node=nowhere'],
  ['an invocation', '/api/v1/events/hidden-event-77', '/api/v1/events/nothing'],
  ['a garbage collection', '/api/v1/events/gc-event', '/api/v1/events/nothing'],
])('%s that may not be seen is answered as one that is not there', async (_what, hidden, missing) => {
  const answer = await server.ask(hidden, 'tenant');
  expect(answer.status).toBe(404);
  expect(withoutEcho(answer.text)).toBe(withoutEcho((await server.ask(missing, 'tenant')).text));
});

test('a command to a node that may not be seen is answered as one to a node that is not there', async () => {
  const send = (node: string) => server.ask(`/api/v1/nodes/${node}/commands`, 'tenant', { type: 'snapshot' });
  expect((await send(HIDDEN_NODE)).status).toBe(404);
  expect(withoutEcho((await send(HIDDEN_NODE)).text)).toBe(withoutEcho((await send('nowhere')).text));
});

test('the raw kernel of a node needs every right, and the answer names the one that is missing', async () => {
  const answer = await server.ask(`/api/v1/nodes/${NODE}/kernel`, 'tenant with nodes');
  expect(answer.status).toBe(403);
  const detail = expect.stringContaining('list pods in all namespaces') as unknown;
  expect(JSON.parse(answer.text)).toMatchObject({ type: 'https://podwire.io/problems/forbidden', detail });
  expect((await server.ask(`/api/v1/nodes/${NODE}/kernel`, 'pods of all')).text).toContain('list nodes');
  expect((await server.ask(`/api/v1/nodes/${NODE}/kernel`, 'everything')).status).toBe(200);
});

const probe = { type: 'probe', to: '10.240.1.2', protocol: 'icmp', timeoutMs: 100 } as const;

test.each([
  ['a snapshot', { type: 'snapshot' }, ''],
  ['a probe from the node', probe, ''],
  ['a probe from a pod that may not be seen', { ...probe, namespaceId: '1077' }, ''],
  ['a probe from no pod', { ...probe, namespaceId: '4242' }, ''],
])('%s needs the right to trace in all namespaces', async (_what, command, namespace) => {
  asked.length = 0;
  const { status, text } = await server.ask(`/api/v1/nodes/${NODE}/commands`, 'tenant with nodes', command);
  expect(asked).toEqual([namespace]);
  expect(status).toBe(403);
  const detail = expect.stringMatching(/verb trace on pods in all namespaces.*kubectl create clusterrole/) as unknown;
  expect(JSON.parse(text)).toMatchObject({ type: 'https://podwire.io/problems/forbidden', detail });
});

test('a probe from a pod needs the right to trace in its namespace only', async () => {
  asked.length = 0;
  const command = { ...probe, namespaceId: '1001' };
  const { text } = await server.ask(`/api/v1/nodes/${NODE}/commands`, 'tenant with nodes', command);
  expect(asked).toEqual([SEEN]);
  // It was let through: there is no agent in this test to take it.
  expect(JSON.parse(text)).toMatchObject({ status: 503, type: 'https://podwire.io/problems/agent-away' });
});

test('every route says in the API document that a login or a right may be missing', async () => {
  const { paths } = JSON.parse((await server.ask('/api/v1/openapi.json', 'stranger')).text) as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      expect(Object.keys(responses), `${method} ${path}`).toEqual(expect.arrayContaining(['401', '403']));
    }
  }
});
