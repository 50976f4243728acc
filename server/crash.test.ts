import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import { buildInvocation, buildPodNamespace, buildSnapshot, seedRandom } from '#model/testing/build-node.ts';
import { openStore } from './store/open-store.ts';
import { ServerProcess } from './testing/server-process.ts';
import { writeBatch } from './testing/start-test-server.ts';
import { rebuildNode } from './topology/rebuild-stream.ts';

const AGENTS = ['alpha', 'beta', 'gamma'];
const KILLS = 4;

/** The status of the answer; `undefined` where none came. */
function post(socketPath: string, body: Uint8Array): Promise<number | undefined> {
  const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' };
  return new Promise((done) => {
    const sent = request({ socketPath, path: '/agent/v1/batches', method: 'POST', headers }, (answer) => {
      answer.resume();
      answer.on('end', () => done(answer.statusCode));
      answer.on('error', () => done(undefined));
    });
    sent.on('error', () => done(undefined));
    sent.end(body);
  });
}

/** An agent that sends a batch until it is acknowledged, as the real one does, and notes what was. */
class Agent {
  readonly acknowledged: string[] = [];
  readonly #node: string;
  #sequence = 0;
  #kernelSequence = 0;
  #isEnded = false;

  constructor(node: string) {
    this.#node = node;
  }

  async run(socketPath: string): Promise<void> {
    while (!this.#isEnded) {
      this.#sequence += 1;
      const ids = Array.from({ length: 20 }, (_, place) => `${this.#node}-${this.#sequence}-${place}`);
      const body = writeBatch(this.#sequence, this.#listRecords(ids), { node: this.#node });
      while ((await post(socketPath, body)) !== 200) await sleep(20);
      this.acknowledged.push(...ids);
    }
  }

  end(): void {
    this.#isEnded = true;
  }

  #listRecords(ids: readonly string[]): BatchRecord[] {
    this.#kernelSequence += 1;
    const sequence = this.#kernelSequence;
    const namespace = buildPodNamespace(1 + (sequence % 4));
    const change =
      sequence % 2 === 0
        ? ({ type: 'namespace.put', namespace } as const)
        : ({ type: 'namespace.remove', namespaceId: namespace.id } as const);
    const delta = { node: this.#node, bootId: 'boot-1', time: new Date(0).toISOString(), sequence, changes: [change] };
    return [
      sequence === 1
        ? { type: 'kernel.snapshot', snapshot: buildSnapshot([1, 2], 1, this.#node) }
        : { type: 'kernel.delta', delta },
      ...ids.map((id, place) => ({
        type: 'invocation' as const,
        event: buildInvocation(place % 2 === 0 ? 'ADD' : 'DEL', 1 + (place % 4), {
          id,
          startedAt: new Date().toISOString(),
        }),
      })),
    ];
  }
}

async function readNodes(url: string): Promise<Record<string, unknown>> {
  const nodes: Record<string, unknown> = {};
  for (const name of AGENTS) {
    const topology = (await (await fetch(`${url}/api/v1/nodes/${name}`)).json()) as {
      node: { node: { agent: object } };
    };
    // Whether an agent lives depends on the moment; what it said does not.
    nodes[name] = {
      ...topology,
      node: { node: { ...topology.node.node, agent: { ...topology.node.node.agent, state: '' } } },
    };
  }
  return nodes;
}

test('every acknowledged event is there exactly once after kills at any moment, and the topology is that of the log', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'podwire-crash-'));
  const random = seedRandom(Date.now());
  try {
    const agents = AGENTS.map((name) => new Agent(name));
    let victim = await ServerProcess.start(folder);
    const running = agents.map((agent) => agent.run(join(folder, 'run', 'collector.sock')));
    for (let kills = 0; kills < KILLS; kills += 1) {
      const wanted = agents.reduce((sum, agent) => sum + agent.acknowledged.length, 0) + 400 + random() * 800;
      while (agents.reduce((sum, agent) => sum + agent.acknowledged.length, 0) < wanted) await sleep(random() * 20);
      await victim.kill();
      victim = await ServerProcess.start(folder);
    }
    for (const agent of agents) agent.end();
    await Promise.all(running);
    const shown = await readNodes(victim.url);
    await victim.kill();
    const again = await ServerProcess.start(folder);
    expect(await readNodes(again.url)).toEqual(shown);
    await again[Symbol.asyncDispose]();

    const store = openStore(join(folder, 'podwire.db'));
    if (!store.ok) throw new Error(store.error.problem);
    const { database, log } = store.value;
    const ids = database
      .prepare('SELECT id FROM event ORDER BY id')
      .all()
      .map((row) => String(row.id));
    expect(ids).toEqual(agents.flatMap((agent) => agent.acknowledged).sort());
    for (const name of AGENTS) {
      const fromCheckpoint = rebuildNode(store.value, name, log.lastSeq).fold.save();
      database.prepare('DELETE FROM checkpoint WHERE stream = ?').run(name);
      const fromBeginning = rebuildNode(store.value, name, log.lastSeq).fold.save();
      expect({ ...fromCheckpoint, recent: 0 }).toEqual({ ...fromBeginning, recent: 0 });
      expect((shown[name] as { namespaces: object }).namespaces).toHaveProperty(
        buildSnapshot([], 1).namespaces[0]?.id ?? '',
      );
    }
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    store.value.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
