import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EventBody } from '#model/protocol/rest.ts';
import type { EventFilter } from './build-event-filter.ts';
import { CheckpointTable } from './checkpoint-table.ts';
import { type EventPage, EventTable } from './event-table.ts';
import { FactTable } from './fact-table.ts';
import { LogTable } from './log-table.ts';
import { StreamTable } from './stream-table.ts';

/** Sequence numbers remembered for each boot of an agent, which has one batch under way and resends no other. */
export const REMEMBERED_BATCHES = 100;

const OLDEST_MS = 'oldest_ms';
const OLDEST_SEQ = 'oldest_seq';

/**
 * The one file of the collector: the log, and what is derived from it. Synchronous, one writer. What changes is changed in
 * `transact`, whole or not at all.
 */
export class Store {
  readonly database: DatabaseSync;
  readonly log: LogTable;
  readonly events: EventTable;
  readonly checkpoints: CheckpointTable;
  readonly streams: StreamTable;
  readonly facts: FactTable;
  readonly #remember: StatementSync;
  readonly #forget: StatementSync;
  readonly #forgetBoots: StatementSync;
  readonly #forgetNode: StatementSync;
  readonly #mark: StatementSync;
  readonly #readMark: StatementSync;

  constructor(database: DatabaseSync) {
    this.database = database;
    this.log = new LogTable(database);
    this.events = new EventTable(database);
    this.checkpoints = new CheckpointTable(database);
    this.streams = new StreamTable(database);
    this.facts = new FactTable(database);
    this.#remember = database.prepare('INSERT OR IGNORE INTO batch (node, boot_id, sequence) VALUES (?, ?, ?)');
    this.#forget = database.prepare('DELETE FROM batch WHERE node = ? AND boot_id = ? AND sequence <= ?');
    this.#forgetBoots = database.prepare('DELETE FROM batch WHERE node = ? AND boot_id NOT IN (?, ?)');
    this.#forgetNode = database.prepare('DELETE FROM batch WHERE node = ?');
    this.#mark = database.prepare('INSERT OR REPLACE INTO mark (name, value) VALUES (?, ?)');
    this.#readMark = database.prepare('SELECT value FROM mark WHERE name = ?');
  }

  /** All of the work, durable when this returns, or nothing: then it throws. */
  transact<T>(work: () => T): T {
    const before = this.log.lastSeq;
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.log.flush();
      this.database.exec('COMMIT');
      return value;
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      this.log.rewind(before);
      this.events.recount();
      this.streams.forget();
      throw error;
    }
  }

  /** False where the batch was there before. */
  rememberBatch(batch: { readonly node: string; readonly bootId: string; readonly sequence: number }): boolean {
    const { node, bootId, sequence } = batch;
    if (this.#remember.run(node, bootId, sequence).changes === 0) return false;
    this.#forget.run(node, bootId, sequence - REMEMBERED_BATCHES);
    return true;
  }

  /** A node's agent was started again: what it sent before the start before is not sent again. */
  forgetBoots(node: string, kept: { readonly bootId: string; readonly previous: string | undefined }): void {
    this.#forgetBoots.run(node, kept.bootId, kept.previous ?? kept.bootId);
  }

  /** All of a stream but its entries, which go with their time. Inside the caller's transaction. */
  removeStream(name: string): void {
    this.checkpoints.removeBefore(name, Number.MAX_SAFE_INTEGER);
    this.streams.remove(name);
    this.#forgetNode.run(name);
  }

  listEvents(filter: EventFilter, limit: number): EventPage {
    return this.events.list(filter, limit);
  }

  countEvents(filter: EventFilter): number {
    return this.events.count(filter);
  }

  findEvent(id: string, upToSeq?: number): EventBody | undefined {
    const found = this.events.find(id, upToSeq);
    const entry = found && this.log.find(found.seq);
    if (entry?.body.type !== 'invocation') return undefined;
    return { node: found?.node ?? '', receivedAt: new Date(entry.receivedMs).toISOString(), event: entry.body.event };
  }

  /** The oldest time that can be told, milliseconds since the epoch; `undefined` in an empty log. */
  get oldestMs(): number | undefined {
    return this.readMark(OLDEST_MS) ?? this.log.findFrom(0)?.receivedMs;
  }

  /** Nothing before this time and place is kept from now on, but for checkpoints as of it. */
  setOldest(atMs: number, seq: number): void {
    this.setMark(OLDEST_MS, atMs);
    this.setMark(OLDEST_SEQ, seq);
  }

  /** Place of the newest entry that was there at a time, kept or not. */
  findSeq(atMs: number): number {
    return Math.max(this.log.findSeq(atMs), this.readMark(OLDEST_SEQ) ?? 0);
  }

  /** A number that outlives the process. */
  readMark(name: string): number | undefined {
    const value = this.#readMark.get(name)?.value;
    return value === undefined ? undefined : Number(value);
  }

  setMark(name: string, value: number): void {
    this.#mark.run(name, value);
  }

  /** What the file holds: bytes in use, bytes in all, pages that are free. */
  measure(): { readonly usedBytes: number; readonly fileBytes: number; readonly freePages: number } {
    const read = (name: string) => Number(Object.values(this.database.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
    const [pages, freePages, pageBytes] = [read('page_count'), read('freelist_count'), read('page_size')];
    return { usedBytes: (pages - freePages) * pageBytes, fileBytes: pages * pageBytes, freePages };
  }

  /** Gives so many free pages back to the file system. */
  shrink(pages: number): void {
    this.database.exec(`PRAGMA incremental_vacuum(${pages})`);
  }

  /** Throws where the file can no longer be read: for the readiness probe. */
  probe(): void {
    this.database.prepare('SELECT 1 FROM stream').get();
  }

  close(): void {
    this.database.close();
  }
}
