import { AppError } from '../../contracts/errors.ts'
import type { Role } from '../../contracts/roles.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import type { UserRow } from './tables.ts'

export interface User {
  readonly id: string
  /** Lower case. */
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly state: 'active' | 'banned'
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

interface UserWithPassword extends User {
  readonly passwordHash: string
}

export interface UserQuery extends PageQuery {
  readonly role?: Role
  readonly state?: User['state']
}

/**
 * People who sign in. A new role or a ban is published as `access-changed`.
 * @throws AppError `email-taken`, `user-not-found`
 */
export interface UserRecords {
  create(input: {
    readonly email: string
    readonly name: string
    readonly role: Role
    readonly passwordHash: string
  }): Promise<User>
  get(userId: string): Promise<User | undefined>
  findByEmail(email: string): Promise<UserWithPassword | undefined>
  /** Oldest first. */
  list(query: UserQuery): Promise<Page<User>>
  update(
    userId: string,
    change: {
      readonly name?: string
      readonly role?: Role
      readonly state?: User['state']
      readonly passwordHash?: string
    },
  ): Promise<User>
  /** How many active users have one of these roles. */
  countByRole(roles: readonly Role[]): Promise<number>
}

export function createUserRecords({ db, now, makeId, afterCommit, publish }: Scope): UserRecords {
  return {
    async create({ email, name, role, passwordHash }) {
      const atMs = now()
      const row = await db
        .insertInto('users')
        .values({
          id: makeId(),
          email: email.toLowerCase(),
          name,
          role,
          state: 'active',
          password_hash: passwordHash,
          created_at_ms: atMs,
          updated_at_ms: atMs,
        })
        .onConflict((conflict) => conflict.column('email').doNothing())
        .returningAll()
        .executeTakeFirst()
      if (!row) throw new AppError('conflict', 'email-taken', 'somebody has an account with this e-mail address')
      return toUser(row)
    },
    async get(userId) {
      const row = await db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst()
      return row && toUser(row)
    },
    async findByEmail(email) {
      const row = await db.selectFrom('users').selectAll().where('email', '=', email.toLowerCase()).executeTakeFirst()
      return row && { ...toUser(row), passwordHash: row.password_hash }
    },
    async list(query) {
      let rows = db.selectFrom('users').selectAll().orderBy('id').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '>', query.cursor)
      if (query.role !== undefined) rows = rows.where('role', '=', query.role)
      if (query.state !== undefined) rows = rows.where('state', '=', query.state)
      return toPage(await rows.execute(), query, toUser)
    },
    async update(userId, { name, role, state, passwordHash }) {
      const row = await db
        .updateTable('users')
        .set({ name, role, state, password_hash: passwordHash, updated_at_ms: now() })
        .where('id', '=', userId)
        .returningAll()
        .executeTakeFirst()
      if (!row) throw new AppError('not-found', 'user-not-found', `no user ${userId}`)
      if (role !== undefined || state !== undefined) {
        afterCommit(() => publish('access-changed', { userId, sessionId: undefined }))
      }
      return toUser(row)
    },
    async countByRole(roles) {
      const { count } = await db
        .selectFrom('users')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('role', 'in', roles)
        .where('state', '=', 'active')
        .executeTakeFirstOrThrow()
      return Number(count)
    },
  }
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    state: row.state,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  }
}
