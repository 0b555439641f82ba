import { AsyncLocalStorage } from 'node:async_hooks'
import { Kysely } from 'kysely'
import type { Bus } from '../../contracts/bus.ts'
import { createIdMaker } from './ids.ts'
import { createSqliteDialect } from './sqlite/dialect.ts'
import type { Tables } from './tables.ts'

/** What a repository works with: the database as a whole, or one transaction of it. */
export interface Scope {
  readonly db: Kysely<Tables>
  readonly now: () => number
  readonly makeId: () => string
  readonly publish: Bus['publish']
  /** Runs `work` as one durable step; inside a transaction, as part of it. */
  atomically<T>(work: (scope: Scope) => Promise<T>): Promise<T>
  /** Runs `effect` once what was written is durable, and not at all when it is rolled back. */
  afterCommit(effect: () => void): void
}

export interface ScopeOptions {
  readonly path: string
  readonly now: () => number
  readonly bus: Bus
}

export function createScope({ path, now, bus }: ScopeOptions): Scope {
  const transactions = new AsyncLocalStorage<true>()
  const isInsideTransaction = () => transactions.getStore() === true
  const db = new Kysely<Tables>({ dialect: createSqliteDialect({ path, isInsideTransaction }) })
  const whole: Scope = {
    db,
    now,
    makeId: createIdMaker(now),
    publish: bus.publish,
    afterCommit: (effect) => effect(),
    async atomically(work) {
      const effects: (() => void)[] = []
      const result = await db.transaction().execute((transaction) => {
        const inner: Scope = {
          ...whole,
          db: transaction,
          atomically: (part) => part(inner),
          afterCommit: (effect) => effects.push(effect),
        }
        return transactions.run(true, () => work(inner))
      })
      for (const effect of effects) effect()
      return result
    },
  }
  return whole
}
