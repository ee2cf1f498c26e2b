/** The steps from an empty file to the schema of this version; a step that was ever released is never changed. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE sites (
    key TEXT PRIMARY KEY,
    site TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE heads (
    site TEXT PRIMARY KEY,
    tag TEXT NOT NULL,
    generation INTEGER NOT NULL,
    entries TEXT NOT NULL
  ) STRICT;

  CREATE TABLE desired (
    site TEXT NOT NULL,
    connector TEXT NOT NULL,
    revision TEXT NOT NULL,
    instances INTEGER NOT NULL,
    PRIMARY KEY (site, connector)
  ) STRICT, WITHOUT ROWID;

  -- unnamed_since: milliseconds since 1970; null while the head of the site names the document.
  CREATE TABLE documents (
    site TEXT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL,
    unnamed_since INTEGER,
    PRIMARY KEY (site, hash)
  ) STRICT;

  CREATE TABLE reports (
    site TEXT NOT NULL,
    connector TEXT NOT NULL,
    instance TEXT NOT NULL,
    tag TEXT NOT NULL,
    received_at TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (site, connector, instance)
  ) STRICT;

  CREATE TABLE health (
    site TEXT PRIMARY KEY,
    tag TEXT NOT NULL,
    state TEXT NOT NULL
  ) STRICT;

  -- key: see eventKey; ascends from the newest event to the oldest.
  CREATE TABLE events (
    site TEXT NOT NULL,
    key TEXT NOT NULL,
    connector TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (site, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX events_of_connector ON events (site, connector, key);

  CREATE TABLE sessions (
    namespace TEXT NOT NULL,
    client_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (namespace, client_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE grants (
    site TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (site, id)
  ) STRICT, WITHOUT ROWID;
  `,
];
