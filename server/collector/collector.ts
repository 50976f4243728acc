import type { Logger } from 'pino';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import { needsSnapshot } from '#model/log/fold-agent.ts';
import type { BatchReceipt, BatchRecord } from '#model/protocol/agent-batch.ts';
import type { CommandResult } from '#model/protocol/agent-command.ts';
import { fail, type Result, succeed } from '#model/result.ts';
import { mayPass } from '../store/storage-error.ts';
import type { SpanExport } from '../telemetry/span-export.ts';
import type { TopologyFold } from '../topology/topology-fold.ts';
import type { Append, LogRecorder } from './log-recorder.ts';
import type { Batch } from './read-batch.ts';

/** The store does not take anything now: nothing of the batch was kept, and it is to be sent again later. */
export type StorageTrouble = { readonly reason: 'storage-full'; readonly detail: string };

type Accepted = Result<BatchReceipt, StorageTrouble>;
type Waiting = { readonly batch: Batch; readonly done: PromiseWithResolvers<Accepted> };
/** An invocation that the log did not have. */
type Arrived = { readonly node: string; readonly event: InvocationEvent };
type Spoken = { readonly bootId: string | undefined; readonly version: string | undefined };
/** What becomes known while batches are written together. */
type Group = { readonly spoken: Map<string, Spoken>; readonly arrived: Arrived[] };

/**
 * More are not written together: a commit is cheap beside them, and what waits for one is memory that the collection of garbage
 * moves about.
 */
const GROUP_RECORDS = 250;

/** Takes valid batches: into the log, in one transaction with others that came at the same time, and so into the fold. */
export class Collector {
  readonly #recorder: LogRecorder;
  readonly #fold: TopologyFold;
  readonly #log: Logger;
  readonly #onBatch: (batch: Batch, outcome: { readonly isDuplicate: boolean }) => void;
  readonly #tellResult: (node: string, result: CommandResult) => void;
  #waiting: Waiting[] = [];
  #waitingRecords = 0;
  #next: NodeJS.Immediate | undefined;
  readonly #spans: SpanExport | undefined;

  constructor(parts: {
    readonly recorder: LogRecorder;
    readonly fold: TopologyFold;
    readonly log: Logger;
    /** A batch was acknowledged. */
    readonly onBatch: (batch: Batch, outcome: { readonly isDuplicate: boolean }) => void;
    /** Hears the answers to commands, after they are in the log. */
    readonly commandResults: (node: string, result: CommandResult) => void;
    readonly spans?: SpanExport | undefined;
  }) {
    this.#recorder = parts.recorder;
    this.#fold = parts.fold;
    this.#log = parts.log;
    this.#onBatch = parts.onBatch;
    this.#tellResult = parts.commandResults;
    this.#spans = parts.spans;
  }

  /** Idempotent: a batch that was taken before is acknowledged again and changes nothing. */
  accept(batch: Batch): Promise<Accepted> {
    const done = Promise.withResolvers<Accepted>();
    this.#waiting.push({ batch, done });
    this.#waitingRecords += batch.records.length;
    if (this.#waitingRecords >= GROUP_RECORDS) this.#commit();
    else this.#next ??= setImmediate(() => this.#commit());
    return done.promise;
  }

  /** Several agents' batches for the price of one commit. */
  #commit(): void {
    clearImmediate(this.#next);
    this.#next = undefined;
    const group = this.#waiting;
    this.#waiting = [];
    this.#waitingRecords = 0;
    const arrived: Arrived[] = [];
    try {
      const fresh = this.#recorder.record((append) => {
        const spoken = new Map<string, Spoken>();
        return group.filter(({ batch }) => this.#append(batch, append, { spoken, arrived }));
      });
      for (const { node, event } of arrived) this.#spans?.add(node, [event]);
      for (const { batch } of fresh) this.#tell(batch);
      for (const each of group) this.#onBatch(each.batch, { isDuplicate: !fresh.includes(each) });
      for (const { batch, done } of group) done.resolve(succeed(this.#acknowledge(batch)));
    } catch (error) {
      for (const { done } of group) {
        if (mayPass(error)) done.resolve(fail(describeTrouble(error as Error)));
        else done.reject(error);
      }
    }
  }

  /** False where the batch was there before. */
  #append(batch: Batch, append: Append, { spoken, arrived }: Group): boolean {
    const { header, records, texts } = batch;
    const { store } = this.#recorder;
    if (!store.rememberBatch(header)) return false;
    const { node, bootId, agentVersion: version } = header;
    const known = spoken.get(node) ?? this.#fold.agent(node);
    spoken.set(node, { bootId, version });
    const hello = { type: 'agent.hello', bootId, version } as const;
    const isNew = known.bootId !== bootId || known.version !== version;
    if (isNew) append(node, hello);
    if (known.bootId !== bootId) store.forgetBoots(node, { bootId, previous: known.bootId });
    let appended = 0;
    for (const [place, record] of records.entries()) {
      if (append(node, record, texts[place]) === undefined) continue;
      appended += 1;
      if (record.type === 'invocation') arrived.push({ node, event: record.event });
    }
    if (appended === 0 && !isNew) append(node, hello);
    return true;
  }

  #acknowledge({ header }: Batch): BatchReceipt {
    const isNeeded = needsSnapshot(this.#fold.agent(header.node), header.bootId);
    return { acknowledged: header.sequence, needsSnapshot: isNeeded };
  }

  #tell({ header, records }: Batch): void {
    for (const record of records) {
      if (record.type === 'journal.problem') this.#warn(header.node, record);
      if (record.type === 'command.result') this.#tellResult(header.node, record.result);
    }
  }

  #warn(node: string, record: BatchRecord): void {
    this.#log.warn({ node, ...record }, 'journal line not readable');
  }
}

const describeTrouble = (error: Error): StorageTrouble => ({
  reason: 'storage-full',
  detail: `The event store cannot be written: ${error.message}. Send the batch again later.`,
});
