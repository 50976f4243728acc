import type { AgentStatus } from '#model/agent/agent-status.ts';
import type { BatchPart, Refusal } from './batch-part.ts';
import type { JournalReading, JournalTail } from './journal-tail.ts';
import { usualLimits } from './read-journal-file.ts';
import type { WriteLog } from './write-log-line.ts';

type JournalCounts = Pick<AgentStatus['journal'], 'shippedLines' | 'unreadableLines' | 'refusedLines'>;

/**
 * The lines of one journal. The cursor moves when the collector has them. Where it refuses some, they go in halves until
 * the refused line is alone; that one is given up, logged and counted.
 */
export class JournalPart implements BatchPart {
  readonly #tail: JournalTail;
  readonly #log: WriteLog;
  #lines = usualLimits.lines;
  #taken: JournalReading = { records: [], position: undefined };
  #counts: JournalCounts = { shippedLines: 0, unreadableLines: 0, refusedLines: 0 };

  constructor(tail: JournalTail, log: WriteLog) {
    this.#tail = tail;
    this.#log = log;
  }

  /** Since the agent started. */
  get counts(): JournalCounts {
    return this.#counts;
  }

  take(): JournalReading['records'] {
    for (;;) {
      this.#taken = this.#tail.read({ lines: this.#lines });
      if (this.#taken.records.length > 0 || this.#taken.position === undefined) return this.#taken.records;
      // Empty lines only.
      this.#tail.acknowledge(this.#taken);
    }
  }

  accept(): void {
    const { records } = this.#taken;
    if (records.length === 0) return;
    const shipped = records.filter(({ type }) => type === 'invocation').length;
    this.#counts = {
      ...this.#counts,
      shippedLines: this.#counts.shippedLines + shipped,
      unreadableLines: this.#counts.unreadableLines + records.length - shipped,
    };
    this.#tail.acknowledge(this.#taken);
    this.#lines = Math.min(usualLimits.lines, this.#lines * 2);
  }

  refuse({ isAlone, reason }: Refusal): void {
    const { records } = this.#taken;
    if (!isAlone) return;
    if (this.#lines > 1 && records.length > 1) {
      this.#lines = Math.max(1, Math.floor(Math.min(this.#lines, records.length) / 2));
      return;
    }
    const ids = records.map((record) => (record.type === 'invocation' ? record.event.id : record.type));
    this.#log('error', 'the collector refused a line of the journal', { ids, reason });
    this.#counts = { ...this.#counts, refusedLines: this.#counts.refusedLines + 1 };
    this.#tail.acknowledge(this.#taken);
  }
}
