import type { EntryBody, LogEntry } from '#model/log/log-entry.ts';
import { summarizeInvocation } from '#model/topology/summarize-invocation.ts';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { isStorageError } from '../store/storage-error.ts';
import type { Store } from '../store/store.ts';

/** An entry that was written, with the length of its JSON, and the head of its invocation where it is one. */
export type Recorded = {
  readonly entry: LogEntry;
  readonly bytes: number;
  readonly summary: InvocationSummary | undefined;
};

/** Appends to a stream; answers what was written, nothing for an invocation that the log has. `text` is the JSON of the body, where it is at hand. */
export type Append = (stream: string, body: EntryBody, text?: string) => LogEntry | undefined;

/**
 * The one way into the log. What was written is handed on after it is durable, in the order of the log, so that whoever
 * folds it knows what a restart will know and nothing else.
 */
export class LogRecorder {
  readonly store: Store;
  readonly #apply: (recorded: readonly Recorded[]) => void;
  readonly #clock: () => Date;
  #trouble: Error | undefined;

  constructor(parts: {
    readonly store: Store;
    readonly apply: (recorded: readonly Recorded[]) => void;
    readonly clock: () => Date;
  }) {
    this.store = parts.store;
    this.#apply = parts.apply;
    this.#clock = parts.clock;
  }

  /** Why the last attempt to write failed; `undefined` once one has succeeded again. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** Everything that `work` appends, in one transaction: all of it or, where this throws, nothing. */
  record<T>(work: (append: Append) => T): T {
    const recorded: Recorded[] = [];
    const nowMs = this.#clock().getTime();
    const append: Append = (stream, body, text) => {
      const next = this.store.log.lastSeq + 1;
      const summary = body.type === 'invocation' ? summarizeInvocation(body.event, stream) : undefined;
      if (summary !== undefined && !this.store.events.insert(next, summary)) return undefined;
      const written = this.store.log.append({ stream, body, text }, nowMs);
      this.store.streams.ensure(stream, written.entry.receivedMs);
      recorded.push({ ...written, summary });
      return written.entry;
    };
    const value = this.#write(() => this.store.transact(() => work(append)));
    if (recorded.length > 0) this.#apply(recorded);
    return value;
  }

  /** Finds out whether the file takes writes again. */
  probe(): void {
    if (this.#trouble === undefined) return;
    try {
      this.#write(() => this.store.transact(() => this.store.setMark('probed_ms', this.#clock().getTime())));
    } catch {
      // Still the same trouble, which is kept.
    }
  }

  #write<T>(write: () => T): T {
    try {
      const value = write();
      this.#trouble = undefined;
      return value;
    } catch (error) {
      if (isStorageError(error)) this.#trouble = error as Error;
      throw error;
    }
  }
}
