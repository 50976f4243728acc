import { KubeConfig } from '@kubernetes/client-node';
import pino from 'pino';
import type { ClusterSink } from '../cluster/cluster-sink.ts';
import { ClusterWatch } from '../cluster/watch-cluster.ts';
import { WatchCounts } from '../cluster/watch-counts.ts';

/**
 * A process of its own for `npm run bench -- watch`: follows the API server in its first argument until the pods are listed,
 * and prints what they took, as one line of JSON. Needs --expose-gc.
 */
const [, , server = ''] = process.argv;
const config = new KubeConfig();
config.loadFromClusterAndUser({ name: 'bench', server, skipTLSVerify: true }, { name: 'bench', token: 'bench' });
const collectGarbage = globalThis.gc ?? (() => undefined);
collectGarbage();
const heapBefore = process.memoryUsage().heapUsed;
const startedMs = performance.now();
let longestStallMs = 0;
let lastMs = startedMs;
setInterval(() => {
  longestStallMs = Math.max(longestStallMs, performance.now() - lastMs - 5);
  lastMs = performance.now();
}, 5);

let kept: readonly unknown[] = [];
const sink: ClusterSink = {
  put: () => undefined,
  remove: () => undefined,
  replace: (kind, objects) => {
    if (kind !== 'pod') return;
    kept = objects;
    report();
  },
  setProblem: () => undefined,
  setBlindSpots: () => undefined,
  setSynced: () => undefined,
  setSource: () => undefined,
};

function report(): void {
  const listMs = performance.now() - startedMs;
  collectGarbage();
  const heapBytes = process.memoryUsage().heapUsed - heapBefore;
  // maxRSS is in KiB on Linux: getrusage(2).
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(`${JSON.stringify({ pods: kept.length, heapBytes, peakBytes, listMs, longestStallMs })}\n`);
  process.exit();
}

new ClusterWatch(config, { sink, counts: new WatchCounts(), namespaces: [], log: pino({ level: 'silent' }) });
