export type FoldLimits = {
  /** Bytes of a stream from one checkpoint to the next, entries counting 4 KiB each besides. */
  readonly checkpointWeight: number;
  /** Kernel records of the nodes whose whole fold is held. */
  readonly heldRecords: number;
};

export const USUAL_LIMITS: FoldLimits = {
  // A jump in time folds at most so much after a checkpoint: some 400 invocations, or 600 changes of the kernel.
  checkpointWeight: 3 * 2 ** 20,
  // About 2 KB each, folded and joined.
  heldRecords: 100_000,
};
