import GRDB

/// The tables of the ledger and how older files are brought up to date.
enum LedgerSchema {
  /// Marks the file as a ledger: "Stoa" in ASCII (SQLite file format, offset 68).
  static let applicationID = 0x5374_6F61

  /// Adds what an older file lacks; refuses a file of a later version.
  static func bringUpToDate(_ pool: DatabasePool, _ path: String) throws {
    let migrator = Self.migrator
    if try pool.read(migrator.hasBeenSuperseded) { throw LedgerError.newer(path: path) }
    // Another process may do the same at this moment. Of two, one fails at a migration that the other has just made,
    // and can go on after it: so often at most.
    for _ in migrator.migrations {
      do {
        return try migrator.migrate(pool)
      } catch let error as DatabaseError {
        guard [.SQLITE_ERROR, .SQLITE_CONSTRAINT].contains(error.resultCode) else { throw error }
      }
    }
    try migrator.migrate(pool)
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("usage") { db in
      try db.execute(
        sql: """
          CREATE TABLE usage (
            id INTEGER PRIMARY KEY,
            request_id TEXT NOT NULL,
            started_at INTEGER NOT NULL, -- microseconds since 1970
            day INTEGER NOT NULL, -- UTC days since 1970
            key_id TEXT,
            api TEXT NOT NULL,
            model TEXT NOT NULL,
            model_digest TEXT,
            prompt_tokens INTEGER NOT NULL CHECK (prompt_tokens >= 0),
            cached_tokens INTEGER NOT NULL CHECK (cached_tokens >= 0),
            completion_tokens INTEGER NOT NULL CHECK (completion_tokens >= 0),
            queue_seconds REAL NOT NULL,
            prompt_seconds REAL NOT NULL,
            generate_seconds REAL NOT NULL,
            status INTEGER NOT NULL,
            finish TEXT,
            currency TEXT,
            cost INTEGER NOT NULL -- millionths of the currency
          ) STRICT;
          CREATE INDEX usage_by_key ON usage (key_id, day);
          CREATE INDEX usage_by_time ON usage (started_at);
          CREATE TABLE comparison (
            usage_id INTEGER NOT NULL REFERENCES usage (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            amount INTEGER NOT NULL, -- millionths of the row's currency
            PRIMARY KEY (usage_id, name)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("keys") { db in
      try db.execute(
        sql: """
          CREATE TABLE api_key (
            id TEXT PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            prefix TEXT NOT NULL,
            sha256 BLOB NOT NULL UNIQUE,
            scopes TEXT NOT NULL, -- separated by spaces
            requests_per_minute INTEGER,
            tokens_per_minute INTEGER,
            concurrency INTEGER,
            tokens_per_day INTEGER,
            money_per_day INTEGER,
            allowed_models TEXT, -- a line each
            created_at INTEGER NOT NULL,
            revoked_at INTEGER,
            expires_at INTEGER
          ) STRICT;
          CREATE UNIQUE INDEX api_key_by_name ON api_key (name) WHERE revoked_at IS NULL;
          """)
    }
    migrator.registerMigration("journal") { db in
      // The triggers keep programs from mistakes; who means harm drops them, and is found out by the hashes.
      try db.execute(
        sql: """
          CREATE TABLE journal (
            sequence INTEGER PRIMARY KEY,
            hash BLOB NOT NULL, -- SHA-256 of the entry
            entry TEXT NOT NULL -- canonical JSON
          ) STRICT;
          CREATE TABLE journal_identity (id TEXT NOT NULL) STRICT;
          CREATE TABLE journal_head (
            sequence INTEGER NOT NULL,
            envelope TEXT NOT NULL -- DSSE
          ) STRICT;
          CREATE TRIGGER journal_keeps_entries BEFORE DELETE ON journal
            BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
          CREATE TRIGGER journal_keeps_contents BEFORE UPDATE ON journal
            BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
          CREATE TABLE receipt (
            id TEXT PRIMARY KEY NOT NULL,
            key_id TEXT, -- whose answer it is of
            created_at INTEGER NOT NULL, -- microseconds since 1970
            envelope TEXT NOT NULL -- DSSE
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("estimated") { db in
      // Whether the tokens of a row were estimated, since who generated them did not count them.
      try db.execute(sql: "ALTER TABLE usage ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0")
    }
    return migrator
  }
}
