import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import type { Finding } from '#model/findings/finding.ts';
import type { KernelChange } from '#model/kernel/kernel-delta.ts';
import type { EntryBody } from '#model/log/log-entry.ts';
import {
  buildClusterNode,
  buildClusterPod,
  buildInvocation,
  buildPodNamespace,
  buildSnapshot,
  seedRandom,
} from '#model/testing/build-node.ts';
import { EVERYTHING } from '../auth/scope.ts';
import type { ClusterRecorder } from '../cluster/cluster-recorder.ts';
import type { LogRecorder } from '../collector/log-recorder.ts';
import { openLog } from '../open-log.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { GoneNodes } from './gone-nodes.ts';
import { LogRetention } from './log-retention.ts';
import { makeOpenView, type OpenView } from './open-view.ts';
import type { TopologyFold } from './topology-fold.ts';

const NODES = ['alpha', 'beta', 'gamma'];
/** Small enough that checkpoints come often, and that never more than a node or two are held whole. */
const limits = { checkpointWeight: 60_000, heldRecords: 40 };
const START_MS = Date.parse('2026-01-01T00:00:00Z');

type World = AsyncDisposable & {
  readonly store: Store;
  readonly fold: TopologyFold;
  readonly recorder: LogRecorder;
  readonly cluster: ClusterRecorder;
  readonly openView: OpenView;
};

/** Everything between the doors, on a real file and with a clock of the test's own. */
function openWorld(path: string, clock: () => Date): World {
  const store = openStore(path);
  if (!store.ok) throw new Error(store.error.problem);
  const log = pino({ level: 'silent' });
  const given = { store: store.value, path, source: 'kubernetes', log, clock, limits } as const;
  const opened = openLog(given);
  if (!opened.ok) throw new Error(opened.error.problem);
  const { fold, cluster } = opened.value;
  return {
    ...opened.value,
    store: store.value,
    openView: makeOpenView({ store: store.value, fold, clock }),
    [Symbol.asyncDispose]: async () => {
      cluster.close();
      fold.close();
      store.value.close();
    },
  };
}

/** All that a reader can see at once, as JSON. */
async function look(openView: OpenView, at?: string): Promise<unknown> {
  const view = openView(at, EVERYTHING);
  if (!view.ok) return view.error;
  const nodes: Record<string, unknown> = {};
  for (const name of NODES) nodes[name] = [await view.value.node(name), await view.value.kernel(name)];
  const cluster = await view.value.cluster();
  const pods = await view.value.pods();
  return JSON.parse(JSON.stringify({ cluster, nodes, pods, findings: await view.value.findings() })) as unknown;
}

/** One step of a history that could have been: agents speak, pods come and go, times pass, some things go wrong. */
class History {
  readonly #random: () => number;
  readonly #sequences = new Map<string, number>();
  #count = 0;

  constructor(seed: number) {
    this.#random = seedRandom(seed);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }

  step(world: World): void {
    this.#count += 1;
    const node = this.pick(NODES);
    const pod = 1 + Math.floor(this.#random() * 5);
    const put = buildClusterPod(pod, {
      nodeName: node,
      phase: this.pick(['Pending', 'Running']),
      uid: this.pick(['a', 'b']),
    });
    const { cluster } = world;
    this.pick<() => void>([
      () => this.#speak(world, node, pod),
      () => this.#speak(world, node, pod),
      () => this.#speak(world, node, pod),
      () => cluster.put('pod', put),
      () => cluster.put('pod', { ...put, nodeName: undefined }),
      () => cluster.remove('pod', `default/pod${pod}`),
      () => cluster.put('node', buildClusterNode(node, this.pick(['10.240.1.0/24', '10.240.2.0/24']))),
      () => (this.#random() < 0.3 ? cluster.remove('node', node) : undefined),
      () => cluster.replace('pod', [put, buildClusterPod(9, { nodeName: 'beta' })]),
      () => cluster.setProblem(this.pick([undefined, 'no route to host'])),
      () => cluster.setSynced(),
    ])();
  }

  #speak({ recorder }: World, node: string, pod: number): void {
    const bodies = Array.from({ length: 1 + Math.floor(this.#random() * 3) }, () => this.#word(node, pod));
    recorder.record((append) => {
      for (const body of bodies) append(node, body);
    });
  }

  #word(node: string, pod: number): EntryBody {
    const id = `${this.#count}-${Math.floor(this.#random() * 1e9)}`;
    const time = new Date(START_MS).toISOString();
    // Now and then a delta is lost.
    const sequence = (this.#sequences.get(node) ?? 0) + this.pick([1, 1, 1, 1, 1, 1, 1, 2]);
    const change = this.pick<KernelChange>([
      { type: 'namespace.put', namespace: buildPodNamespace(pod) },
      { type: 'namespace.remove', namespaceId: buildPodNamespace(pod).id },
      { type: 'namespace.change', namespaceId: buildPodNamespace(pod).id, put: {}, remove: { routes: ['x'] } },
    ]);
    const delta = { node, bootId: 'boot-1', time, sequence, changes: [change] };
    const finding: Finding = { id, rule: 'r', severity: 'error', title: id, evidence: [], since: time };
    const drift = { id, time, kind: 'route', object: id, found: 'missing', outcome: 'repaired' } as const;
    const fails = this.#random() < 0.3;
    const startedAt = new Date(START_MS + this.#random() * 3_600_000).toISOString();
    return this.pick<() => EntryBody>([
      () => ({ type: 'invocation', event: buildInvocation('ADD', pod, { id, fails, startedAt }) }),
      () => ({ type: 'invocation', event: buildInvocation('DEL', pod, { id, startedAt }) }),
      () => {
        this.#sequences.set(node, sequence);
        return { type: 'kernel.snapshot', snapshot: buildSnapshot([pod, pod + 1], sequence, node) };
      },
      () => {
        this.#sequences.set(node, sequence);
        return { type: 'kernel.delta', delta };
      },
      () => {
        this.#sequences.set(node, sequence);
        return { type: 'kernel.delta', delta };
      },
      () => ({ type: 'agent.hello', bootId: 'boot-1', version: id }),
      () => ({ type: 'agent.findings', findings: this.pick([[], [finding]]) }),
      () => ({ type: 'drift', drift }),
    ])();
  }
}

test.each([1, 2, 3])(
  'every time of a random history is told as it was, also after restarts, a kill, and when its oldest part is gone (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), 'podwire-past-'));
    const history = new History(seed);
    let nowMs = START_MS;
    const clock = () => new Date(nowMs);
    const told = new Map<string, unknown>();
    const checkAll = async (world: World, fromMs = 0) => {
      for (const [at, seen] of told) {
        if (Date.parse(at) >= fromMs) expect(await look(world.openView, at), at).toEqual(seen);
      }
    };
    try {
      let path = join(folder, '0.db');
      for (const run of [1, 2, 3]) {
        {
          await using world = openWorld(path, clock);
          for (let step = 0; step < 35; step += 1) {
            nowMs += history.pick([1, 1, 40, 3_000, 9_000, 200_000]);
            history.step(world);
            world.fold.tick();
            world.fold.saveCheckpoints();
            told.set(clock().toISOString(), await look(world.openView));
          }
          nowMs += 1;
          await checkAll(world);
          // What a process that is killed leaves: the files as they are, and nobody to close them.
          const killed = join(folder, `${run}.db`);
          for (const end of ['', '-wal', '-shm']) cpSync(`${path}${end}`, `${killed}${end}`);
          path = killed;
        }
        nowMs += 1;
      }
      await using world = openWorld(path, clock);
      await checkAll(world);
      expect(Number(world.store.database.prepare('SELECT count(*) AS n FROM checkpoint').get()?.n)).toBeGreaterThan(3);
      const times = [...told.keys()].map((at) => Date.parse(at));
      for (const oldestMs of [times[30] ?? 0, times[70] ?? 0]) {
        const retention = new LogRetention({
          store: world.store,
          limits: { ageMs: nowMs - oldestMs },
          gone: new GoneNodes(world),
        });
        const before = world.store.log.findFrom(0)?.receivedMs;
        while (retention.step(nowMs)) await checkOne(world, told, times.at(-3) ?? 0);
        expect(retention.removed.entries).toBeGreaterThan(20);
        expect(world.store.log.findFrom(0)?.receivedMs).toBeGreaterThan(before ?? 0);
        await checkAll(world, oldestMs);
        const early = await look(world.openView, new Date(oldestMs - 1).toISOString());
        expect(early).toMatchObject({
          reason: 'before-retention',
          detail: expect.stringContaining(new Date(oldestMs).toISOString()),
        });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

async function checkOne(world: World, told: ReadonlyMap<string, unknown>, ms: number): Promise<void> {
  const at = new Date(ms).toISOString();
  expect(await look(world.openView, at)).toEqual(told.get(at));
}
