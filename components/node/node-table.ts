/** One row of a table that says in words what the drawing shows. */
export type NodeTableRow = {
  /** As in `findRelated`. */
  readonly id: string;
  /** What a click on the row selects; absent where a row is not an object of the drawing. */
  readonly selection: string | undefined;
  readonly cells: readonly string[];
};

export type NodeTable = {
  readonly id: string;
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly NodeTableRow[];
  /** Said where there is no row. */
  readonly empty: string;
  /** Readings that failed. */
  readonly problems: readonly string[];
};
