import type { BatchRecord } from '#model/protocol/agent-batch.ts';
import type { BatchPart, Refusal } from './batch-part.ts';
import type { WriteLog } from './write-log-line.ts';

/** Something of the agent that has records for the collector beside journal and kernel. Whoever adds some wakes the shipper. */
export interface ReportSource {
  /** What is to be told now; the same again, and what came since, until it is acknowledged. */
  take(): readonly BatchRecord[];
  /** The collector has what was taken last, or will never take it. */
  acknowledge(): void;
}

/** The records of a source. What the collector refuses alone is given up, logged and counted. */
export class ReportPart implements BatchPart {
  readonly #source: ReportSource;
  readonly #log: WriteLog;
  #taken: readonly BatchRecord[] = [];
  #refusedRecords = 0;

  constructor(source: ReportSource, log: WriteLog) {
    this.#source = source;
    this.#log = log;
  }

  /** Given up since the agent started. */
  get refusedRecords(): number {
    return this.#refusedRecords;
  }

  take(): readonly BatchRecord[] {
    this.#taken = this.#source.take();
    return this.#taken;
  }

  accept(): void {
    this.#source.acknowledge();
  }

  refuse({ isAlone, reason }: Refusal): void {
    if (!isAlone) return;
    // To take again here would give up what nobody was ever told.
    this.#log('error', 'the collector refused a report', { types: this.#taken.map(({ type }) => type), reason });
    this.#refusedRecords += this.#taken.length;
    this.#source.acknowledge();
  }
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
