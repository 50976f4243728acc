import type { Logger } from 'pino';
import type { LogRecorder } from './collector/log-recorder.ts';
import { isStorageError, mayPass } from './store/storage-error.ts';
import type { LogRetention } from './topology/log-retention.ts';
import type { TopologyFold } from './topology/topology-fold.ts';

const TICK_MS = 1_000;
const CHECKPOINT_MS = 100;
/** Between two steps of retention: batches are taken in between. */
const RETENTION_STEP_MS = 10;
const RETENTION_LOOK_MS = 1_000;

/** What is done besides: time moves on in the fold, summaries and checkpoints are written. Loses nothing where the disk is full. */
export class Upkeep {
  readonly #fold: TopologyFold;
  readonly #recorder: LogRecorder;
  readonly #log: Logger;
  readonly #retention: LogRetention;
  readonly #clock: () => Date;
  readonly #timers: readonly NodeJS.Timeout[];
  #retentionTimer: NodeJS.Timeout;
  #isInTrouble = false;

  constructor(parts: {
    readonly fold: TopologyFold;
    readonly recorder: LogRecorder;
    readonly retention: LogRetention;
    readonly log: Logger;
    readonly clock: () => Date;
  }) {
    this.#fold = parts.fold;
    this.#recorder = parts.recorder;
    this.#log = parts.log;
    this.#retention = parts.retention;
    this.#clock = parts.clock;
    this.#retentionTimer = setTimeout(() => this.#retain(), RETENTION_LOOK_MS);
    this.#timers = [
      setInterval(() => this.#try(() => this.#tick()), TICK_MS),
      setInterval(() => this.#try(() => this.#fold.saveCheckpoints()), CHECKPOINT_MS),
    ];
  }

  /** No more of it. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#retentionTimer);
  }

  /** The last writing, once nothing comes in any more. */
  finish(): void {
    try {
      this.#fold.close();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#tellWaiting(error);
    }
  }

  #retain(): void {
    let hasMore = false;
    this.#try(() => {
      hasMore = this.#retention.step(this.#clock().getTime());
    });
    this.#retentionTimer = setTimeout(() => this.#retain(), hasMore ? RETENTION_STEP_MS : RETENTION_LOOK_MS);
  }

  #tick(): void {
    this.#recorder.probe();
    this.#tellTrouble(this.#recorder.trouble);
    this.#fold.tick();
  }

  /** Once when it begins, once when it is over. */
  #tellTrouble(trouble: Error | undefined): void {
    if ((trouble === undefined) === !this.#isInTrouble) return;
    this.#isInTrouble = trouble !== undefined;
    if (trouble === undefined) this.#log.info('the event store takes batches again');
    else this.#log.error({ err: trouble }, 'the event store cannot be written: agents are told to wait');
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!mayPass(error)) throw error;
      this.#tellWaiting(error);
    }
  }

  #tellWaiting(error: unknown): void {
    this.#log.warn({ err: error }, 'the event store cannot be written');
  }
}
