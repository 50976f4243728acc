import { KubeConfig, type User } from '@kubernetes/client-node';
import pino from 'pino';
import { type ClusterKind, type ClusterObjects, type ClusterSink, clusterKey } from '../cluster/cluster-sink.ts';
import { WATCH_PACE, type WatchPace } from '../cluster/follow-resource.ts';
import { ClusterWatch } from '../cluster/watch-cluster.ts';
import { WatchCounts } from '../cluster/watch-counts.ts';
import type { ApiServerDouble } from './api-server-double.ts';

/** What came out of the watch, as a test reads it. */
class KeptSink implements ClusterSink {
  readonly objects = new Map<string, ClusterObjects[ClusterKind]>();
  problem: string | undefined;
  blindSpots: readonly string[] = [];
  isSynced = false;

  put<K extends ClusterKind>(kind: K, object: ClusterObjects[K]): void {
    this.objects.set(`${kind} ${clusterKey(object)}`, object);
  }
  remove(kind: ClusterKind, key: string): void {
    this.objects.delete(`${kind} ${key}`);
  }
  replace<K extends ClusterKind>(kind: K, objects: readonly ClusterObjects[K][]): void {
    for (const key of this.keys(kind)) this.objects.delete(`${kind} ${key}`);
    for (const object of objects) this.put(kind, object);
  }
  setProblem(problem: string | undefined): void {
    this.problem = problem;
  }
  setBlindSpots(blindSpots: readonly string[]): void {
    this.blindSpots = blindSpots;
  }
  setSynced(): void {
    this.isSynced = true;
  }
  setSource(): void {
    throw new Error('the watch does not know its source');
  }
  keys(kind: ClusterKind): readonly string[] {
    const own = [...this.objects.keys()].filter((key) => key.startsWith(`${kind} `));
    return own.map((key) => key.slice(kind.length + 1)).sort();
  }
}

const QUICK: WatchPace = { ...WATCH_PACE, firstRetryMs: 10, lastRetryMs: 50, blindMs: 200 };

type Given = { readonly namespaces?: readonly string[]; readonly pace?: Partial<WatchPace>; readonly user?: User };

/** The real watch on a double of the API server, at a test's pace. */
export function watchIntoSink(api: ApiServerDouble, given: Given = {}) {
  const config = new KubeConfig();
  const user = given.user ?? { name: 'u', token: 't' };
  config.loadFromClusterAndUser({ name: 'c', server: api.url, skipTLSVerify: true }, user);
  const sink = new KeptSink();
  const counts = new WatchCounts();
  const watch = new ClusterWatch(config, {
    sink,
    counts,
    log: pino({ level: 'silent' }),
    namespaces: given.namespaces ?? ['default'],
    pace: { ...QUICK, ...given.pace },
  });
  return { sink, counts, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}
