import { afterAll, beforeAll, expect, test } from 'vitest';
import { findInvocationOwner } from '#model/topology/invocation-owner.ts';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { SCOPES, startTenantServer, type TenantServer, type ViewerName } from '../testing/start-tenant-server.ts';
import { buildEvent, buildGarbageCollection, keyOf, NODE } from '../testing/two-tenants.ts';
import { seesOwner } from './sees-owner.ts';

let server: TenantServer;
type Page = { readonly events: readonly InvocationSummary[]; readonly cursor?: string };

beforeAll(async () => {
  server = await startTenantServer();
  for (let round = 2; round < 60; round += 1) {
    const pod = [1, 2, 77, 78][round % 4] ?? 1;
    const event = buildEvent(round % 8 < 4 ? 'ADD' : 'DEL', pod, { id: `e${round}`, fails: round % 5 === 0 });
    // Names that begin as the namespace does, and a container that is no pod's.
    const namespace = `${event.data.pod?.namespace}${round % 7 === 0 ? '0' : round % 11 === 0 ? '-x' : ''}`;
    const { pod: _pod, ...stray } = event.data;
    const data = round % 13 === 0 ? stray : { ...event.data, pod: { namespace, name: keyOf(pod).split('/')[1] ?? '' } };
    await server.app.post(round, [
      { type: 'invocation', event: { ...event, data } },
      ...(round % 10 === 0 ? [{ type: 'invocation', event: buildGarbageCollection(`gc${round}`, [77]) } as const] : []),
    ]);
  }
});

afterAll(() => server[Symbol.asyncDispose]());

async function readAll(query: string, viewer: ViewerName, limit: number): Promise<InvocationSummary[]> {
  const events: InvocationSummary[] = [];
  for (let cursor = ''; ; ) {
    const { text } = await server.ask(`/api/v1/events?limit=${limit}${query}${cursor}`, viewer);
    const page = JSON.parse(text) as Page;
    events.push(...page.events);
    if (page.cursor === undefined) return events;
    expect(page.events).toHaveLength(limit);
    cursor = `&cursor=${page.cursor}`;
  }
}

const QUERIES = [
  '',
  `&node=${NODE}`,
  '&verb=ADD',
  '&verb=GC',
  '&outcome=error',
  `&pod=${keyOf(1)}`,
  `&pod=${keyOf(77)}`,
];

test.each(Object.keys(SCOPES) as ViewerName[])(
  '%s reads page by page exactly what may be seen of every list',
  async (viewer) => {
    for (const query of QUERIES) {
      const all = await readAll(query, 'everything', 1_000);
      const expected = all.filter((summary) => seesOwner(SCOPES[viewer], findInvocationOwner(summary)));
      const pages = await readAll(query, viewer, 7);
      expect(
        pages.map(({ id }) => id),
        query,
      ).toEqual(expected.map(({ id }) => id));
    }
  },
);

test('an error of a pod that may be seen does not name the container that is in its way', async () => {
  const read = async (viewer: ViewerName) => (await server.ask('/api/v1/events/seen-event-2', viewer)).text;
  expect(await read('everything')).toContain('is held by feedbeef');
  expect(await read('tenant')).toContain('is held by (another container)');
});

test('a garbage collection is seen with nodes, without the containers that it names', async () => {
  const { status, text } = await server.ask('/api/v1/events/gc-event', 'tenant with nodes');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({
    event: { data: { verb: 'GC', steps: [{ name: 'bridge.ensure-gc' }, {}, {}] } },
  });
  expect(text).not.toContain('feedbeef');
});
