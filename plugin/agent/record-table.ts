import { equalJson } from '#model/topology/equal-json.ts';

/**
 * One collection of a namespace while notifications are put into it, by identity. `isStale` says that a message did not fit
 * what was known, so that the collection has to be read.
 */
export class RecordTable<T> {
  readonly #idOf: (record: T) => string;
  readonly #before: readonly T[];
  readonly #groups = new Map<string, T[]>();
  #isChanged = false;
  isStale = false;

  constructor(records: readonly T[], idOf: (record: T) => string) {
    this.#idOf = idOf;
    this.#before = records;
    for (const record of records) this.#add(record);
  }

  find(id: string): T | undefined {
    return this.#groups.get(id)?.[0];
  }

  /** Puts a record in the place of the one with its identity. Of several it cannot tell which is meant. */
  put(record: T): void {
    const group = this.#groups.get(this.#idOf(record));
    if (group === undefined) {
      this.#add(record);
      this.#isChanged = true;
    } else if (group.length > 1) {
      this.isStale ||= !group.some((each) => equalJson(each, record));
    } else if (!equalJson(group[0], record)) {
      group[0] = record;
      this.#isChanged = true;
    }
  }

  /** @returns false where nothing of this identity was known, or several were */
  remove(id: string): boolean {
    if (this.#groups.get(id)?.length !== 1) return false;
    this.#isChanged = true;
    return this.#groups.delete(id);
  }

  removeWhere(isGone: (record: T) => boolean): void {
    for (const [id, group] of this.#groups) {
      const left = group.filter((record) => !isGone(record));
      if (left.length === group.length) continue;
      this.#isChanged = true;
      if (left.length === 0) this.#groups.delete(id);
      else this.#groups.set(id, left);
    }
  }

  *records(): Generator<T> {
    for (const group of this.#groups.values()) yield* group;
  }

  /** The very array it was made from, where nothing changed. */
  finish(): T[] {
    return this.#isChanged ? [...this.records()] : (this.#before as T[]);
  }

  #add(record: T): void {
    const id = this.#idOf(record);
    const group = this.#groups.get(id);
    if (group === undefined) this.#groups.set(id, [record]);
    else group.push(record);
  }
}
