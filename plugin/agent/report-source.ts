import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import type { BatchPart } from './batch-part.ts';
import type { WriteLog } from './write-log-line.ts';

/** Something of the agent that has records for the collector beside journal and kernel. Whoever adds some wakes the shipper. */
export interface ReportSource {
  /** What is to be told now; the same again, and what came since, until it is acknowledged. */
  take(): readonly BatchRecord[];
  /** The collector has what was taken last, or will never take it. */
  acknowledge(): void;
}

export function makeReportPart(source: ReportSource, log: WriteLog): BatchPart {
  let taken: readonly BatchRecord[] = [];
  return {
    take: () => {
      taken = source.take();
      return taken;
    },
    accept: () => source.acknowledge(),
    refuse: ({ isAlone, reason }) => {
      if (!isAlone) return;
      // To take again here would give up what nobody was ever told.
      log('error', 'the collector refused a report', { types: taken.map(({ type }) => type), reason });
      source.acknowledge();
    },
  };
}

/** Answers that wait: a collector that asks on and takes no batches must not fill the memory. */
const largestQueue = 1_000;

/** Records in their order, kept until the collector has them; the oldest that are not on their way go when there are too many. */
export class RecordQueue implements ReportSource {
  readonly #records: BatchRecord[] = [];
  #takenCount = 0;

  add(record: BatchRecord): void {
    this.#records.push(record);
    if (this.#records.length > largestQueue) this.#records.splice(Math.min(this.#takenCount, largestQueue), 1);
  }

  take(): readonly BatchRecord[] {
    this.#takenCount = this.#records.length;
    return [...this.#records];
  }

  acknowledge(): void {
    this.#records.splice(0, this.#takenCount);
    this.#takenCount = 0;
  }
}
