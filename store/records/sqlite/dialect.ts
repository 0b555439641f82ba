import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Dialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import Database from 'libsql'
import { type Caller, createSqliteDriver } from './driver.ts'

export interface SqliteDialectOptions {
  readonly path: string
  /** Asked each time somebody wants the connection. */
  readonly caller: () => Caller
}

/** Kysely's own SQLite compiler over our driver of libsql. */
export function createSqliteDialect(options: SqliteDialectOptions): Dialect {
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => createSqliteDriver({ ...options, open: () => openDatabase(options.path) }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** Kysely leaves SQLite's migrations outside transactions, though SQLite can take tables back like any row. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

function openDatabase(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true })
  // SQLite would make it readable for everybody; it holds hashes of secrets and people's addresses.
  closeSync(openSync(path, 'a', 0o600))
  const database = new Database(path)
  // WAL lets a backup read while we write; FULL syncs the log at every commit, so that committed means on disk.
  for (const pragma of ['journal_mode = wal', 'synchronous = full', 'foreign_keys = on', 'busy_timeout = 5000']) {
    database.pragma(pragma)
  }
  return database
}
