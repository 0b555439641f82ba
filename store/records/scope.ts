import { AsyncLocalStorage } from 'node:async_hooks'
import { Kysely } from 'kysely'
import type { Bus } from '../../contracts/bus.ts'
import { createIdMaker } from './ids.ts'
import { createKeyring, type Keyring } from './keys.ts'
import { createSqliteDialect } from './sqlite/dialect.ts'
import type { Caller } from './sqlite/driver.ts'
import type { Tables } from './tables.ts'

/** What a repository works with: the database as a whole, or one transaction of it. */
export interface Scope {
  readonly db: Kysely<Tables>
  readonly now: () => number
  readonly makeId: () => string
  readonly keys: Keyring
  readonly publish: Bus['publish']
  /** Runs `work` as one durable step; inside a transaction, as part of it. */
  atomically<T>(work: (scope: Scope) => Promise<T>): Promise<T>
  /** The same, before all that waits. */
  urgently<T>(work: (scope: Scope) => Promise<T>): Promise<T>
  /** Runs `effect` once what was written is durable, and not at all when it is rolled back. */
  afterCommit(effect: () => void): void
}

export interface ScopeOptions {
  readonly path: string
  /** See keys.ts; at least 32 bytes. */
  readonly key: string
  readonly now: () => number
  readonly bus: Bus
}

export function createScope({ path, key, now, bus }: ScopeOptions): Scope {
  const callers = new AsyncLocalStorage<Caller>()
  const db = new Kysely<Tables>({
    dialect: createSqliteDialect({ path, caller: () => callers.getStore() ?? 'anybody' }),
  })

  async function atomically<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
    const effects: (() => void)[] = []
    const result = await db.transaction().execute((transaction) => {
      const inner: Scope = {
        ...whole,
        db: transaction,
        atomically: (part) => part(inner),
        urgently: (part) => part(inner),
        afterCommit: (effect) => effects.push(effect),
      }
      return callers.run('transaction', () => work(inner))
    })
    for (const effect of effects) effect()
    return result
  }

  const whole: Scope = {
    db,
    now,
    makeId: createIdMaker(now),
    keys: createKeyring(key),
    publish: bus.publish,
    atomically,
    urgently: (work) => callers.run('urgent', () => atomically(work)),
    afterCommit: (effect) => effect(),
  }
  return whole
}
