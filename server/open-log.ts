import type { Logger } from 'pino';
import { CLUSTER_STREAM, ClusterKind } from '#model/log/log-entry.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { ClusterRecorder } from './cluster/cluster-recorder.ts';
import { LogRecorder } from './collector/log-recorder.ts';
import type { Config, Obstacle } from './config.ts';
import { describeStorageTrouble, isStorageError } from './store/storage-error.ts';
import type { Store } from './store/store.ts';
import type { FoldLimits } from './topology/fold-limits.ts';
import { TopologyFold } from './topology/topology-fold.ts';

export type OpenLog = {
  readonly fold: TopologyFold;
  readonly recorder: LogRecorder;
  readonly cluster: ClusterRecorder;
};

/** The fold of what the log holds, and the way into it; writes down that a collector listens again. Closes the store if it cannot. */
export function openLog(given: {
  readonly store: Store;
  readonly path: string;
  readonly source: Config['cluster'];
  readonly log: Logger;
  readonly clock: () => Date;
  readonly limits?: FoldLimits | undefined;
}): Result<OpenLog, Obstacle> {
  const { store, path, source, log, clock } = given;
  try {
    const fold = new TopologyFold(given);
    const recorder = new LogRecorder({ store, clock, apply: (recorded) => fold.apply(recorded) });
    recorder.record((append) => append(CLUSTER_STREAM, { type: 'collector.started', source }));
    const cluster = new ClusterRecorder(recorder, log);
    // A lab is new each time, and what nobody watches is not known to be there.
    if (source !== 'kubernetes') for (const kind of ClusterKind.options) cluster.replace(kind, []);
    return succeed({ fold, recorder, cluster });
  } catch (error) {
    store.close();
    if (!isStorageError(error)) throw error;
    return fail(describeStorageTrouble(path, error));
  }
}
