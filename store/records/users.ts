import { sql } from 'kysely'
import { AppError } from '../../contracts/errors.ts'
import type { Role } from '../../contracts/roles.ts'
import { containsText } from './contains-text.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import type { UserRow } from './tables.ts'

export interface User {
  readonly id: string
  /** Lower case. */
  readonly email: string | undefined
  /** Digits, with a leading `+` and country code where one was given. */
  readonly phone: string | undefined
  /** What clients that know no e-mail address sign in with. Lower case. */
  readonly username: string | undefined
  readonly name: string
  readonly city: string | undefined
  /** As the resident says; counts only once it is confirmed. */
  readonly flatNumber: string | undefined
  readonly flatConfirmedAtMs: number | undefined
  readonly unitNumber: string | undefined
  /** What the person set for themselves, by group: `accessibilitySettings`, `locationSettings`, `preferences`. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly role: Role
  /** `erased` has no name, no address and no way to sign in; the id stays for what refers to it. */
  readonly state: 'active' | 'banned' | 'erased'
  readonly emailVerifiedAtMs: number | undefined
  /** Takes the place of `email` when it is proved; until then it is nobody's. The same for the phone. */
  readonly pendingEmail: string | undefined
  readonly pendingPhone: string | undefined
  readonly phoneVerifiedAtMs: number | undefined
  readonly hasPassword: boolean
  readonly signedInAtMs: number | undefined
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface UserWithPassword extends User {
  readonly passwordHash: string | undefined
  /** Characters; undefined without a password. */
  readonly passwordLength: number | undefined
}

export interface UserQuery extends PageQuery {
  readonly role?: Role | undefined
  readonly state?: User['state'] | undefined
  /** Part of the name, e-mail address, phone number or username, whatever the case. */
  readonly search?: string | undefined
}

/** A name by which somebody signs in. */
export type Login =
  | { readonly type: 'email'; readonly value: string }
  | { readonly type: 'phone'; readonly value: string }
  | { readonly type: 'username'; readonly value: string }

export interface Password {
  readonly hash: string
  readonly length: number
}

/** Absent leaves as it is; `null` takes away. */
export interface UserChange {
  readonly email?: string | null
  readonly phone?: string | null
  readonly username?: string | null
  readonly name?: string
  readonly city?: string | null
  readonly flatNumber?: string | null
  readonly flatConfirmedAtMs?: number | null
  readonly unitNumber?: string | null
  readonly settings?: Readonly<Record<string, unknown>>
  readonly role?: Role
  readonly state?: User['state']
  readonly password?: Password | null
  readonly pendingEmail?: string | null
  readonly pendingPhone?: string | null
  readonly emailVerifiedAtMs?: number | null
  readonly phoneVerifiedAtMs?: number | null
  readonly signedInAtMs?: number
}

type NewUser = Pick<UserChange, 'email' | 'phone' | 'username' | 'city' | 'flatNumber' | 'unitNumber' | 'settings'> & {
  readonly name: string
  readonly role: Role
  readonly password?: Password
  readonly emailVerifiedAtMs?: number
  readonly phoneVerifiedAtMs?: number
}

/**
 * People who sign in. What changes their access is published as `access-changed`.
 * @throws AppError `email-taken`, `phone-taken`, `username-taken`, `user-not-found`
 */
export interface UserRecords {
  create(input: NewUser): Promise<User>
  get(userId: string): Promise<User | undefined>
  getWithPassword(userId: string): Promise<UserWithPassword | undefined>
  find(login: Login): Promise<UserWithPassword | undefined>
  /** Oldest first. */
  list(query: UserQuery): Promise<Page<User>>
  /** Active users with one of these roles, oldest first, a thousand at most. */
  listByRole(roles: readonly Role[]): Promise<readonly User[]>
  update(userId: string, change: UserChange): Promise<User>
  /** How many active users have one of these roles. */
  countByRole(roles: readonly Role[]): Promise<number>
}

const staffMax = 1000

export function createUserRecords(scope: Scope): UserRecords {
  const { db, now, makeId, atomically, publish } = scope

  async function getRow(userId: string): Promise<UserRow | undefined> {
    return db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst()
  }

  return {
    create: (input) =>
      atomically(async (inner) => {
        const atMs = now()
        const columns = toColumns({ settings: {}, ...input })
        await assertFree(inner, columns, undefined)
        const row = await inner.db
          .insertInto('users')
          .values({
            ...columns,
            id: makeId(),
            name: input.name,
            role: input.role,
            settings: columns.settings ?? '{}',
            state: 'active',
            created_at_ms: atMs,
            updated_at_ms: atMs,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        return toUser(row)
      }),
    async get(userId) {
      const row = await getRow(userId)
      return row && toUser(row)
    },
    async getWithPassword(userId) {
      const row = await getRow(userId)
      return row && toUserWithPassword(row)
    },
    async find({ type, value }) {
      const text = type === 'phone' ? value : value.toLowerCase()
      const row = await db.selectFrom('users').selectAll().where(type, '=', text).executeTakeFirst()
      return row && toUserWithPassword(row)
    },
    async list(query) {
      let rows = db.selectFrom('users').selectAll().orderBy('id').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '>', query.cursor)
      if (query.role !== undefined) rows = rows.where('role', '=', query.role)
      if (query.state !== undefined) rows = rows.where('state', '=', query.state)
      const { search } = query
      if (search !== undefined) {
        rows = rows.where((eb) => eb.or(searched.map((column) => containsText(sql.ref(column), search))))
      }
      return toPage(await rows.execute(), query, toUser)
    },
    async listByRole(roles) {
      const rows = await db
        .selectFrom('users')
        .selectAll()
        .where('role', 'in', roles)
        .where('state', '=', 'active')
        .orderBy('id')
        .limit(staffMax)
        .execute()
      return rows.map(toUser)
    },
    update: (userId, change) =>
      atomically(async (inner) => {
        const columns = toColumns(change)
        await assertFree(inner, columns, userId)
        const row = await inner.db
          .updateTable('users')
          .set({ ...columns, updated_at_ms: now() })
          .where('id', '=', userId)
          .returningAll()
          .executeTakeFirst()
        if (!row) throw new AppError('not-found', 'user-not-found', `no user ${userId}`)
        if (accessFields.some((field) => change[field] !== undefined)) {
          inner.afterCommit(() => publish('access-changed', { userId, sessionId: undefined }))
        }
        return toUser(row)
      }),
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

const searched = ['name', 'email', 'phone', 'username'] as const
/** What decides which rows somebody may reach. */
const accessFields = ['role', 'state', 'flatNumber', 'flatConfirmedAtMs', 'unitNumber'] as const
const loginColumns = ['username', 'email', 'phone'] as const
const takenBy: Readonly<Record<(typeof loginColumns)[number], string>> = {
  email: 'e-mail address',
  phone: 'phone number',
  username: 'username',
}

/** Says which of several is taken. The unique columns are what keeps two apart; inside the transaction this is exact. */
async function assertFree({ db }: Scope, columns: Partial<UserRow>, exceptId: string | undefined): Promise<void> {
  for (const column of loginColumns) {
    const value = columns[column]
    if (value === undefined || value === null) continue
    const other = await db.selectFrom('users').select('id').where(column, '=', value).executeTakeFirst()
    if (other === undefined || other.id === exceptId) continue
    throw new AppError('conflict', `${column}-taken`, `somebody has an account with this ${takenBy[column]}`)
  }
}

function toColumns(change: UserChange): Partial<UserRow> {
  const { password } = change
  return {
    email: change.email?.toLowerCase() ?? change.email,
    phone: change.phone,
    username: change.username?.toLowerCase() ?? change.username,
    name: change.name,
    city: change.city,
    flat_number: change.flatNumber,
    flat_confirmed_at_ms: change.flatConfirmedAtMs,
    unit_number: change.unitNumber,
    settings: change.settings && JSON.stringify(change.settings),
    role: change.role,
    state: change.state,
    ...(password !== undefined && { password_hash: password?.hash ?? null, password_length: password?.length ?? null }),
    pending_email: change.pendingEmail,
    pending_phone: change.pendingPhone,
    email_verified_at_ms: change.emailVerifiedAtMs,
    phone_verified_at_ms: change.phoneVerifiedAtMs,
    signed_in_at_ms: change.signedInAtMs,
  }
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email ?? undefined,
    phone: row.phone ?? undefined,
    username: row.username ?? undefined,
    name: row.name,
    city: row.city ?? undefined,
    flatNumber: row.flat_number ?? undefined,
    flatConfirmedAtMs: row.flat_confirmed_at_ms ?? undefined,
    unitNumber: row.unit_number ?? undefined,
    settings: JSON.parse(row.settings) as Record<string, unknown>,
    role: row.role,
    state: row.state,
    pendingEmail: row.pending_email ?? undefined,
    pendingPhone: row.pending_phone ?? undefined,
    emailVerifiedAtMs: row.email_verified_at_ms ?? undefined,
    phoneVerifiedAtMs: row.phone_verified_at_ms ?? undefined,
    hasPassword: row.password_hash !== null,
    signedInAtMs: row.signed_in_at_ms ?? undefined,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  }
}

function toUserWithPassword(row: UserRow): UserWithPassword {
  return {
    ...toUser(row),
    passwordHash: row.password_hash ?? undefined,
    passwordLength: row.password_length ?? undefined,
  }
}
