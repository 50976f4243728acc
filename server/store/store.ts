import type { DatabaseSync } from 'node:sqlite';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import type { KernelSnapshot } from '#model/kernel/kernel-snapshot.ts';
import type { EventBody } from '#model/protocol/rest.ts';
import { summarizeInvocation } from '#model/topology/summarize-invocation.ts';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { buildEventFilter, type EventFilter } from './build-event-filter.ts';

export type BatchToStore = {
  readonly node: string;
  readonly bootId: string;
  readonly sequence: number;
  readonly receivedAt: string;
  readonly invocations: readonly InvocationEvent[];
  /** Lines of the journal that could not be read, and what else only the log keeps. */
  readonly problems: readonly unknown[];
};

export type StoredBatch = { readonly isDuplicate: boolean; readonly fresh: readonly InvocationEvent[] };
export type StoredKernel = {
  readonly lastSeen: string;
  readonly agentVersion: string;
  readonly snapshot: KernelSnapshot;
};
export type EventPage = { readonly events: readonly InvocationSummary[]; readonly cursor?: string };

/** Sequence numbers remembered for each boot of an agent; an agent resends the last few at most. */
const REMEMBERED_BATCHES = 10_000;
/** Newest invocations that a restart folds again, beside every ADD that no DEL took back. */
const REFOLDED_INVOCATIONS = 20_000;

/** The ordered log of what agents reported, and the newest kernel state of each node. Synchronous: SQLite in WAL mode. */
export class Store {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Appends a batch in one transaction. A batch or an event that is already there is not stored again. */
  appendBatch(batch: BatchToStore): StoredBatch {
    return this.#inTransaction(() => {
      if (!this.#rememberBatch(batch)) return { isDuplicate: true, fresh: [] };
      const fresh = batch.invocations.filter((event) => this.#appendInvocation(batch, event));
      for (const problem of batch.problems) this.#appendLog(batch, 'journal.problem', JSON.stringify(problem));
      return { isDuplicate: false, fresh };
    });
  }

  #rememberBatch({ node, bootId, sequence }: BatchToStore): boolean {
    const { changes } = this.#database
      .prepare('INSERT OR IGNORE INTO batch (node, boot_id, sequence) VALUES (?, ?, ?)')
      .run(node, bootId, sequence);
    if (changes === 0) return false;
    this.#database
      .prepare('DELETE FROM batch WHERE node = ? AND boot_id = ? AND sequence <= ?')
      .run(node, bootId, sequence - REMEMBERED_BATCHES);
    return true;
  }

  #appendLog(batch: BatchToStore, kind: string, body: string): number | bigint {
    return this.#database
      .prepare('INSERT INTO log (received_at, node, kind, body) VALUES (?, ?, ?, ?)')
      .run(batch.receivedAt, batch.node, kind, body).lastInsertRowid;
  }

  #appendInvocation(batch: BatchToStore, event: InvocationEvent): boolean {
    if (this.#database.prepare('SELECT 1 FROM invocation WHERE id = ?').get(event.id) !== undefined) return false;
    const seq = this.#appendLog(batch, 'invocation', JSON.stringify(event));
    const summary = summarizeInvocation(event, batch.node);
    this.#database
      .prepare(
        `INSERT INTO invocation (seq, id, node, pod, container_id, if_name, verb, outcome, started_ms, summary)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        seq,
        event.id,
        batch.node,
        summary.pod ?? null,
        summary.containerId ?? null,
        summary.ifName ?? null,
        summary.verb,
        summary.outcome,
        Date.parse(summary.startedAt) || 0,
        JSON.stringify(summary),
      );
    return true;
  }

  /** Newest first, a page at a time. */
  listEvents(filter: EventFilter, limit: number): EventPage {
    const { where, values } = buildEventFilter(filter);
    const rows = this.#database
      .prepare(`SELECT seq, summary FROM invocation ${where} ORDER BY seq DESC LIMIT ?`)
      .all(...values, limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      events: page.map((row) => JSON.parse(String(row.summary)) as InvocationSummary),
      ...(rows.length > limit && last !== undefined && { cursor: String(last.seq) }),
    };
  }

  countEvents(filter: EventFilter): number {
    const { where, values } = buildEventFilter(filter);
    return Number(
      this.#database.prepare(`SELECT count(*) AS count FROM invocation ${where}`).get(...values)?.count ?? 0,
    );
  }

  findEvent(id: string): EventBody | undefined {
    const row = this.#database
      .prepare(
        'SELECT log.node, log.received_at, log.body FROM invocation JOIN log USING (seq) WHERE invocation.id = ?',
      )
      .get(id);
    if (row === undefined) return undefined;
    const event = JSON.parse(String(row.body)) as InvocationEvent;
    return { node: String(row.node), receivedAt: String(row.received_at), event };
  }

  /** What a restart folds again, oldest first: the newest invocations, and every ADD that no DEL took back. */
  *readForFold(): Generator<{ readonly node: string; readonly event: InvocationEvent }> {
    const rows = this.#database
      .prepare(
        `SELECT log.node AS node, log.body AS body FROM invocation AS i JOIN log USING (seq)
         WHERE i.seq > (SELECT coalesce(max(seq), 0) FROM invocation) - ?
            OR (i.verb = 'ADD' AND i.outcome = 'ok' AND NOT EXISTS (
                  SELECT 1 FROM invocation AS d
                  WHERE d.node = i.node AND d.container_id = i.container_id AND d.if_name IS i.if_name
                    AND d.seq > i.seq AND d.verb = 'DEL' AND d.outcome = 'ok'))
         ORDER BY i.seq`,
      )
      .iterate(REFOLDED_INVOCATIONS);
    for (const row of rows) yield { node: String(row.node), event: JSON.parse(String(row.body)) as InvocationEvent };
  }

  saveKernel(snapshot: KernelSnapshot, agent: { readonly lastSeen: string; readonly version: string }): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO kernel (node, last_seen, agent_version, snapshot) VALUES (?, ?, ?, ?)')
      .run(snapshot.node, agent.lastSeen, agent.version, JSON.stringify(snapshot));
  }

  listKernels(): readonly StoredKernel[] {
    return this.#database
      .prepare('SELECT last_seen, agent_version, snapshot FROM kernel')
      .all()
      .map((row) => ({
        lastSeen: String(row.last_seen),
        agentVersion: String(row.agent_version),
        snapshot: JSON.parse(String(row.snapshot)) as KernelSnapshot,
      }));
  }

  /** Throws where the file can no longer be read: for the readiness probe. */
  probe(): void {
    this.#database.prepare('SELECT 1').get();
  }

  close(): void {
    this.#database.close();
  }

  #inTransaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.#database.exec('COMMIT');
      return value;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
