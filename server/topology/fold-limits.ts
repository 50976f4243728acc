export type FoldLimits = {
  /** Bytes of a stream from one checkpoint to the next, entries counting 4 KiB each besides. */
  readonly checkpointWeight: number;
  /** Kernel records of the nodes whose whole fold is held. */
  readonly heldRecords: number;
};

/** Kernel records in memory: about 2 KB each, folded and joined. */
export const HELD_RECORDS = 100_000;
/** A jump in time folds at most so much after a checkpoint: some 400 invocations, or 600 changes of the kernel. */
export const CHECKPOINT_WEIGHT = 3 * 2 ** 20;
