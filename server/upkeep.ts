import type { Logger } from 'pino';
import type { LogRecorder } from './collector/log-recorder.ts';
import { isStorageError } from './store/storage-error.ts';
import type { TopologyFold } from './topology/topology-fold.ts';

const TICK_MS = 1_000;
const CHECKPOINT_MS = 100;

/** What is done besides: time moves on in the fold, summaries and checkpoints are written. Loses nothing where the disk is full. */
export class Upkeep {
  readonly #fold: TopologyFold;
  readonly #recorder: LogRecorder;
  readonly #log: Logger;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(parts: { readonly fold: TopologyFold; readonly recorder: LogRecorder; readonly log: Logger }) {
    this.#fold = parts.fold;
    this.#recorder = parts.recorder;
    this.#log = parts.log;
    this.#timers = [
      setInterval(() => this.#try(() => this.#tick()), TICK_MS),
      setInterval(() => this.#try(() => this.#fold.saveCheckpoints()), CHECKPOINT_MS),
    ];
  }

  /** No more of it. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** The last writing, once nothing comes in any more. */
  finish(): void {
    this.#try(() => this.#fold.close());
  }

  #tick(): void {
    this.#recorder.probe();
    this.#fold.tick();
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#log.warn({ err: error }, 'the event store cannot be written');
    }
  }
}
