import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely'
import type Database from 'libsql'
import { AppError } from '../../../contracts/errors.ts'
import { createTurns } from './turns.ts'

type Statement = Database.Statement<[readonly unknown[]]>

export interface SqliteDriverOptions {
  readonly open: () => Database.Database
  readonly caller: () => Caller
}

/** Who asks for the connection: code inside a transaction of its own, something that may not wait, or anybody else. */
export type Caller = 'transaction' | 'urgent' | 'anybody'

/** Statements kept prepared; the longer ones are bulk inserts of changing length and would only push others out. */
const statementCountMax = 256
const statementLengthMax = 4096

/**
 * One connection, handed out in turns.
 *
 * Kysely ships a driver for better-sqlite3 that would run, but it wakes every waiter at each release, which is
 * quadratic when ten thousand devices enrol at once; it prepares each statement anew; and it passes on parameters
 * that libsql answers by aborting the process (booleans, undefined).
 */
export function createSqliteDriver({ open, caller }: SqliteDriverOptions): Driver {
  let database: Database.Database | undefined
  let connection: DatabaseConnection | undefined
  const turns = createTurns()
  return {
    async init() {
      database = open()
      connection = createConnection(database)
    },
    async acquireConnection() {
      // Waiting here for a transaction that waits for us would be for ever.
      const asks = caller()
      if (asks === 'transaction') {
        throw new AppError('internal', 'outside-transaction', 'inside a transaction, use the repositories it was given')
      }
      await turns.take({ isUrgent: asks === 'urgent' })
      return connection!
    },
    async releaseConnection() {
      turns.pass()
    },
    async beginTransaction(held) {
      // A deferred transaction that reads first can fail to become a writer; this one never does.
      await held.executeQuery(CompiledQuery.raw('begin immediate'))
    },
    async commitTransaction(held) {
      await held.executeQuery(CompiledQuery.raw('commit'))
    },
    async rollbackTransaction(held) {
      // After some faults (a full disk, for one) SQLite has rolled back already, and would call this an error.
      if (database?.inTransaction) await held.executeQuery(CompiledQuery.raw('rollback'))
    },
    async destroy() {
      await turns.take({ isUrgent: false })
      database?.close()
      database = undefined
      turns.pass()
    },
  }
}

function createConnection(database: Database.Database): DatabaseConnection {
  const prepare = createStatementCache(database)
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      parameters.forEach(assertBindable)
      const statement = prepare(sql)
      if (statement.reader) return { rows: statement.all(parameters) as R[] }
      const { changes } = statement.run(parameters)
      return { rows: [], numAffectedRows: BigInt(changes) }
    },
    async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
      parameters.forEach(assertBindable)
      // Its own statement: a cached one could be started again while this one is half read.
      const statement: Statement = database.prepare(sql)
      for (const row of statement.iterate(parameters)) yield { rows: [row as R] }
    },
  }
}

function createStatementCache(database: Database.Database): (sql: string) => Statement {
  const cache = new Map<string, Statement>()
  return (sql) => {
    const known = cache.get(sql)
    if (known) {
      cache.delete(sql)
      cache.set(sql, known)
      return known
    }
    const statement: Statement = database.prepare(sql)
    if (sql.length <= statementLengthMax) {
      cache.set(sql, statement)
      if (cache.size > statementCountMax) cache.delete(cache.keys().next().value!)
    }
    return statement
  }
}

function assertBindable(value: unknown, index: number): void {
  const fits =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'bigint' ||
    // SQLite would store NaN as NULL without a word.
    Number.isFinite(value) ||
    value instanceof Uint8Array
  if (!fits) throw new AppError('internal', 'unbindable-parameter', `parameter ${index + 1} is ${typeof value}`)
}
