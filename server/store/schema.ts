/**
 * Steps of the schema, in order; `PRAGMA user_version` says how many a file has had. A step that was released never
 * changes: a change is a new step.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE invocation (
    seq INTEGER PRIMARY KEY REFERENCES log (seq),
    id TEXT NOT NULL UNIQUE,
    node TEXT NOT NULL,
    pod TEXT,
    container_id TEXT,
    if_name TEXT,
    verb TEXT NOT NULL,
    outcome TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    summary TEXT NOT NULL
  ) STRICT;
  CREATE INDEX invocation_node ON invocation (node, seq);
  CREATE INDEX invocation_pod ON invocation (pod, seq);
  CREATE INDEX invocation_container ON invocation (node, container_id, if_name, seq);
  CREATE INDEX invocation_started ON invocation (started_ms, seq);

  CREATE TABLE batch (
    node TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (node, boot_id, sequence)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE kernel (
    node TEXT PRIMARY KEY,
    last_seen TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    snapshot TEXT NOT NULL
  ) STRICT;
  `,
];
