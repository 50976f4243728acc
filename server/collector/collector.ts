import type { Logger } from 'pino';
import type { BatchReceipt } from '#model/protocol/agent-batch.ts';
import type { CommandResult } from '#model/protocol/agent-command.ts';
import type { Store } from '../store/store.ts';
import type { TopologyFold } from '../topology/topology-fold.ts';
import type { Batch } from './read-batch.ts';

/** What an agent says of itself and of its node beside kernel and journal. */
const TOLD = new Set(['agent.status', 'agent.findings', 'drift']);

/** Takes valid batches: first into the log, then into the fold. */
export class Collector {
  readonly #store: Store;
  readonly #fold: TopologyFold;
  readonly #log: Logger;
  readonly #clock: () => Date;
  readonly #onBatch: (batch: Batch, outcome: { readonly isDuplicate: boolean }) => void;
  readonly #tellResult: (node: string, result: CommandResult) => void;

  constructor(parts: {
    readonly store: Store;
    readonly fold: TopologyFold;
    readonly log: Logger;
    readonly clock: () => Date;
    /** A batch was acknowledged. */
    readonly onBatch: (batch: Batch, outcome: { readonly isDuplicate: boolean }) => void;
    readonly commandResults: (node: string, result: CommandResult) => void;
  }) {
    this.#store = parts.store;
    this.#fold = parts.fold;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#onBatch = parts.onBatch;
    this.#tellResult = parts.commandResults;
  }

  /** Idempotent: a batch that was taken before is acknowledged again and changes nothing. */
  accept(batch: Batch): BatchReceipt {
    const { header, records } = batch;
    const receivedAt = this.#clock().toISOString();
    const problems = records.filter((record) => record.type === 'journal.problem');
    const stored = this.#store.appendBatch({
      ...header,
      receivedAt,
      invocations: records.flatMap((record) => (record.type === 'invocation' ? [record.event] : [])),
      problems,
    });
    this.#onBatch(batch, stored);
    for (const problem of problems) this.#log.warn({ node: header.node, ...problem }, 'journal line not readable');
    if (stored.isDuplicate) return { acknowledged: header.sequence, needsSnapshot: this.#fold.needsSnapshot(header) };
    this.#fold.hearAgent(header, receivedAt);
    for (const record of records) {
      if (record.type === 'kernel.snapshot') this.#fold.putSnapshot(record.snapshot);
      if (record.type === 'kernel.delta') this.#fold.applyDelta(record.delta);
      if (TOLD.has(record.type)) this.#fold.hearRecord(header.node, record);
    }
    // Whoever waits for a result finds its effect already folded.
    for (const record of records) {
      if (record.type === 'command.result') this.#tellResult(header.node, record.result);
    }
    if (stored.fresh.length > 0) this.#fold.addInvocations(header.node, stored.fresh);
    return { acknowledged: header.sequence, needsSnapshot: this.#fold.needsSnapshot(header) };
  }
}
