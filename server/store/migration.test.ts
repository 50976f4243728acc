import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { NodeBody } from '#model/protocol/rest.ts';
import { buildInvocation, buildSnapshot } from '#model/testing/build-node.ts';
import { summarizeInvocation } from '#model/topology/summarize-invocation.ts';
import { startTestServer } from '../testing/start-test-server.ts';

/** The schema of the first version, as it was written down then. */
const FIRST_SCHEMA = `
  CREATE TABLE log (seq INTEGER PRIMARY KEY AUTOINCREMENT, received_at TEXT NOT NULL, node TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE invocation (
    seq INTEGER PRIMARY KEY REFERENCES log (seq), id TEXT NOT NULL UNIQUE, node TEXT NOT NULL, pod TEXT, container_id TEXT, if_name TEXT,
    verb TEXT NOT NULL, outcome TEXT NOT NULL, started_ms INTEGER NOT NULL, summary TEXT NOT NULL) STRICT;
  CREATE INDEX invocation_node ON invocation (node, seq);
  CREATE INDEX invocation_pod ON invocation (pod, seq);
  CREATE INDEX invocation_container ON invocation (node, container_id, if_name, seq);
  CREATE INDEX invocation_started ON invocation (started_ms, seq);
  CREATE TABLE batch (node TEXT NOT NULL, boot_id TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (node, boot_id, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE kernel (node TEXT PRIMARY KEY, last_seen TEXT NOT NULL, agent_version TEXT NOT NULL, snapshot TEXT NOT NULL) STRICT;
  PRAGMA user_version = 1;`;

/** A file as the first version left it: its statements, its order, a clock that was once set back. */
function writeFirstStore(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; ${FIRST_SCHEMA}`);
  const log = database.prepare('INSERT INTO log (received_at, node, kind, body) VALUES (?, ?, ?, ?)');
  const invocation = database.prepare(
    `INSERT INTO invocation (seq, id, node, pod, container_id, if_name, verb, outcome, started_ms, summary)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const received = ['2026-01-01T00:00:01.250Z', '2026-01-01T00:00:00.500Z', '2026-01-01T00:00:02.000Z'];
  for (const [index, receivedAt] of received.entries()) {
    const event = buildInvocation('ADD', index + 1, { id: `e${index}` });
    const summary = summarizeInvocation(event, 'k8s-node01');
    const seq = log.run(receivedAt, 'k8s-node01', 'invocation', JSON.stringify(event)).lastInsertRowid;
    invocation.run(
      seq,
      event.id,
      'k8s-node01',
      summary.pod ?? null,
      summary.containerId ?? null,
      summary.ifName ?? null,
      'ADD',
      'ok',
      Date.parse(summary.startedAt),
      JSON.stringify(summary),
    );
  }
  const problem = { type: 'journal.problem', file: 'journal', offset: 7, message: 'torn' };
  log.run('2026-01-01T00:00:03.000Z', 'k8s-node01', 'journal.problem', JSON.stringify(problem));
  database.prepare('INSERT INTO batch VALUES (?, ?, ?)').run('k8s-node01', 'boot-1', 4);
  database
    .prepare('INSERT INTO kernel VALUES (?, ?, ?, ?)')
    .run('k8s-node01', '2026-01-01T00:00:02.900Z', '0.0.9', JSON.stringify(buildSnapshot([1, 2, 3], 9)));
  database.close();
}

test('a store of the first version keeps its events, its kernels and what it knows of batches', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-migration-'));
  try {
    writeFirstStore(join(folder, 'podwire.db'));
    await using app = await startTestServer(folder);
    const { events } = (await app.get('/api/v1/events')).body as { events: { id: string }[] };
    expect(events.map((event) => event.id)).toEqual(['e2', 'e1', 'e0']);
    expect((await app.get('/api/v1/events/e1')).body).toEqual({
      node: 'k8s-node01',
      receivedAt: '2026-01-01T00:00:01.250Z',
      event: buildInvocation('ADD', 2, { id: 'e1' }),
    });
    const node = NodeBody.parse((await app.get('/api/v1/nodes/k8s-node01')).body);
    expect(node.node.node?.agent).toMatchObject({ state: 'stale', version: '0.0.9' });
    expect(node.attachments['container-2/eth0']?.hostLinkIndex).toBe(12);
    expect((await app.get('/api/v1/nodes/k8s-node01/kernel')).body).toEqual(buildSnapshot([1, 2, 3], 9));
    const at = (time: string) => app.get(`/api/v1/events?at=${time}`);
    expect((await at('2026-01-01T00:00:01.900Z')).body).toMatchObject({ events: [{ id: 'e1' }, { id: 'e0' }] });
    expect((await app.post(4, [])).body).toEqual({ acknowledged: 4, needsSnapshot: false });
    expect((await app.post(5, [{ type: 'invocation', event: buildInvocation('ADD', 1, { id: 'e0' }) }])).status).toBe(
      200,
    );
    expect(((await app.get('/api/v1/events')).body as { events: unknown[] }).events).toHaveLength(3);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a migration that cannot be finished leaves the old file as it was', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-migration-'));
  try {
    const path = join(folder, 'podwire.db');
    writeFirstStore(path);
    const database = new DatabaseSync(path);
    // In the way of the new schema.
    database.exec('CREATE TABLE mark (x)');
    database.close();
    await expect(startTestServer(folder)).rejects.toThrow(/podwire\.db cannot be used: .*mark/);
    const after = new DatabaseSync(path);
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    expect(after.prepare('SELECT count(*) AS n FROM log').get()).toEqual({ n: 4 });
    after.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
