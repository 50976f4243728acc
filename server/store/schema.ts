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
  // Everything enters one log, in streams. The newest kernel of each node, until now a table of its own, becomes an entry.
  // Times never go back, whatever the clock did.
  `
  CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    received_ms INTEGER NOT NULL,
    stream TEXT NOT NULL,
    -- JSON of an EntryBody: text, or a blob of it compressed with zstd
    body ANY NOT NULL
  ) STRICT;
  INSERT INTO entry (seq, received_ms, stream, body)
    SELECT seq,
           max(CAST(round(unixepoch(received_at, 'subsec') * 1000) AS INTEGER)) OVER (ORDER BY seq),
           node,
           CASE kind WHEN 'invocation' THEN '{"type":"invocation","event":' || body || '}' ELSE body END
    FROM log ORDER BY seq;
  INSERT INTO entry (received_ms, stream, body)
    SELECT max(CAST(round(unixepoch(last_seen, 'subsec') * 1000) AS INTEGER),
               (SELECT coalesce(max(received_ms), 0) FROM entry)),
           node,
           '{"type":"agent.hello","bootId":' || json_quote(json_extract(snapshot, '$.bootId'))
             || ',"version":' || json_quote(agent_version) || '}'
    FROM kernel ORDER BY last_seen;
  INSERT INTO entry (received_ms, stream, body)
    SELECT (SELECT max(received_ms) FROM entry), node, '{"type":"kernel.snapshot","snapshot":' || snapshot || '}'
    FROM kernel ORDER BY last_seen;
  CREATE INDEX entry_stream ON entry (stream, seq);

  CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    node TEXT NOT NULL,
    pod TEXT,
    verb TEXT NOT NULL,
    outcome TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    summary TEXT NOT NULL
  ) STRICT;
  INSERT INTO event SELECT seq, id, node, pod, verb, outcome, started_ms, summary FROM invocation;
  CREATE INDEX event_node ON event (node, seq);
  CREATE INDEX event_pod ON event (pod, seq);
  CREATE INDEX event_started ON event (started_ms, seq);
  DROP TABLE invocation;
  DROP TABLE log;
  DROP TABLE kernel;

  -- A stream as the fold had it at an entry: where a rebuild begins.
  CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    state BLOB NOT NULL,
    UNIQUE (stream, seq)
  ) STRICT;

  -- Every stream that the log has, and what its node's tile is made of as of an entry; derived, never the only place.
  CREATE TABLE stream (
    name TEXT PRIMARY KEY,
    first_ms INTEGER NOT NULL,
    summary_seq INTEGER NOT NULL DEFAULT 0,
    summary TEXT
  ) STRICT;
  INSERT INTO stream (name, first_ms) SELECT stream, min(received_ms) FROM entry GROUP BY stream;

  -- The objects of the cluster as the log last told them: what does not differ is not logged again.
  CREATE TABLE fact (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    stream TEXT NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // A file grows by what is new in it: bodies that follow each other in a stream, joined by newlines and compressed with zstd.
  // Each entry in a chunk has the place of the chunk's last entry as its body, an integer.
  `
  CREATE TABLE chunk (last_seq INTEGER PRIMARY KEY, bodies BLOB NOT NULL) STRICT;
  `,
];
