import type { BatchRecord } from '#model/protocol/agent-batch.ts';

/** The collector will never take this. */
export interface Refusal {
  /** Nothing else was in the batch: it is this part's records that are refused. Otherwise they are offered again, alone. */
  readonly isAlone: boolean;
  /** Less at once may be taken. */
  readonly isTooLarge: boolean;
  readonly reason: string;
}

/** One of those who have something to tell in a batch. What was taken is followed by `accept` or `refuse`, never by both. */
export interface BatchPart {
  /** What is to be told now; the same again, and what came since, where it was not accepted. */
  take(): readonly BatchRecord[];
  /** The collector has what was taken last. */
  accept(): void;
  refuse(refusal: Refusal): void;
}
