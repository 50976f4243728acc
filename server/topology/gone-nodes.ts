import type { LogRecorder } from '../collector/log-recorder.ts';
import type { Store } from '../store/store.ts';
import { rebuildNode } from './rebuild-stream.ts';
import type { TopologyFold } from './topology-fold.ts';

/** The span that retention keeps: `upToSeq` is the place of its beginning. */
type Kept = {
  readonly upToSeq: number;
  /** An agent that was not heard since is not expected back. */
  readonly silentFromMs: number;
};

/**
 * Lets go of nodes that are gone: the cluster does not name them, and in all the time that is kept their stream has no word.
 * First the log says so, which is an entry like any other, and the node is not there from then on; when that entry has become
 * the oldest that is kept, nothing of the stream can be asked for any more, and all of it is removed. So every time that is
 * kept is told as it was.
 */
export class GoneNodes {
  readonly #store: Store;
  readonly #recorder: LogRecorder;
  readonly #fold: TopologyFold;
  #removed = 0;

  constructor(parts: { readonly store: Store; readonly recorder: LogRecorder; readonly fold: TopologyFold }) {
    this.#store = parts.store;
    this.#recorder = parts.recorder;
    this.#fold = parts.fold;
  }

  /** Streams that were removed whole. */
  get removed(): number {
    return this.#removed;
  }

  /** True where a stream has no entry in the span that is kept. */
  isSilent(name: string, upToSeq: number): boolean {
    return (this.#store.log.findLast(name, Number.MAX_SAFE_INTEGER)?.seq ?? 0) <= upToSeq;
  }

  /** Forgets or removes the node of a silent stream, where it is gone. Throws as the store does. */
  release(name: string, { upToSeq, silentFromMs }: Kept): void {
    // It may have spoken while others were looked at.
    if (!this.isSilent(name, upToSeq)) return;
    const { agent, isInCluster } = rebuildNode(this.#store, name, upToSeq).fold;
    if (isInCluster) return;
    if (agent.heard === undefined) {
      this.#store.transact(() => this.#store.removeStream(name));
      this.#fold.drop(name);
      this.#removed += 1;
    } else if (agent.heard.ms < silentFromMs) {
      this.#recorder.record((append) => append(name, { type: 'node.forgotten' }));
    }
  }
}
