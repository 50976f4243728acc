import type { Logger } from 'pino';
import type { BatchReceipt } from '#model/protocol/agent-batch.ts';
import type { Store } from '../store/store.ts';
import type { SpanExport } from '../telemetry/span-export.ts';
import type { TopologyFold } from '../topology/topology-fold.ts';
import type { Batch } from './read-batch.ts';

/** Takes valid batches: first into the log, then into the fold. */
export class Collector {
  readonly #store: Store;
  readonly #fold: TopologyFold;
  readonly #log: Logger;
  readonly #clock: () => Date;
  readonly #spans: SpanExport | undefined;

  constructor(parts: {
    readonly store: Store;
    readonly fold: TopologyFold;
    readonly log: Logger;
    readonly clock: () => Date;
    readonly spans?: SpanExport | undefined;
  }) {
    this.#store = parts.store;
    this.#fold = parts.fold;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#spans = parts.spans;
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
    for (const problem of problems) this.#log.warn({ node: header.node, ...problem }, 'journal line not readable');
    if (stored.isDuplicate) return { acknowledged: header.sequence, needsSnapshot: this.#fold.needsSnapshot(header) };
    this.#fold.hearAgent(header, receivedAt);
    for (const record of records) {
      if (record.type === 'kernel.snapshot') this.#fold.putSnapshot(record.snapshot);
      if (record.type === 'kernel.delta') this.#fold.applyDelta(record.delta);
    }
    if (stored.fresh.length > 0) this.#fold.addInvocations(header.node, stored.fresh);
    this.#spans?.add(header.node, stored.fresh);
    return { acknowledged: header.sequence, needsSnapshot: this.#fold.needsSnapshot(header) };
  }
}
