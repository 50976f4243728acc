import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ClusterKind } from '#model/log/log-entry.ts';

/** A page is read in a few milliseconds. */
const PAGE_FACTS = 2_000;

export type KeptFact = { readonly key: string; readonly stream: string; readonly object: string };

/** The cluster's objects as the log last told them. Derived from the log in the same transactions. */
export class FactTable {
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #keys: StatementSync;
  readonly #next: StatementSync;
  readonly #list: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT key, stream, object FROM fact WHERE kind = ? AND key = ?');
    this.#put = database.prepare('INSERT OR REPLACE INTO fact (kind, key, stream, object) VALUES (?, ?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM fact WHERE kind = ? AND key = ?');
    this.#keys = database.prepare('SELECT key FROM fact WHERE kind = ?');
    this.#next = database.prepare('SELECT key FROM fact WHERE kind = ? AND key > ? ORDER BY key LIMIT 1');
    this.#list = database.prepare(
      'SELECT key, stream, object FROM fact WHERE kind = ? AND key > ? ORDER BY key LIMIT ?',
    );
  }

  find(kind: ClusterKind, key: string): KeptFact | undefined {
    const row = this.#find.get(kind, key);
    return row && { key: String(row.key), stream: String(row.stream), object: String(row.object) };
  }

  put(kind: ClusterKind, fact: KeptFact): void {
    this.#put.run(kind, fact.key, fact.stream, fact.object);
  }

  remove(kind: ClusterKind, key: string): void {
    this.#remove.run(kind, key);
  }

  listKeys(kind: ClusterKind): readonly string[] {
    return this.#keys.all(kind).map((row) => String(row.key));
  }

  /** Namespaces of the objects of a kind, without a look at each object: a key is `<namespace>/<name>`. */
  listNamespaces(kind: ClusterKind): readonly string[] {
    const namespaces: string[] = [];
    for (let after = ''; ; ) {
      const row = this.#next.get(kind, after);
      if (row === undefined) return namespaces;
      const [namespace = ''] = String(row.key).split('/');
      namespaces.push(namespace);
      // The next character after `/`: behind everything in this namespace.
      after = `${namespace}0`;
    }
  }

  /** The next so many behind a key, in the order of their keys; '' is before all. */
  listPage(kind: ClusterKind, afterKey: string): readonly KeptFact[] {
    const rows = this.#list.all(kind, afterKey, PAGE_FACTS);
    return rows.map((row) => ({ key: String(row.key), stream: String(row.stream), object: String(row.object) }));
  }
}
