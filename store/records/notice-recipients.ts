import type { Role } from '../../contracts/roles.ts'
import { createContactRecords } from './contacts.ts'
import type { Scope } from './scope.ts'

/** What decides whether and where somebody is told, as of now. */
export interface NoticeRecipient {
  /** As `Notice.recipient`. */
  readonly recipient: string
  readonly state: 'active' | 'banned' | 'erased'
  /** A contact needs no account. */
  readonly isSignedIn: boolean
  readonly isOffDuty: boolean
  /** False for a contact who has not agreed, or not at any address. */
  readonly hasConsented: boolean
  /** Only addresses that somebody has proved, or agreed to be told at. */
  readonly phone: string | undefined
  readonly email: string | undefined
}

/** Reads, in one step each, those who might be told. */
export interface NoticeRecipientRecords {
  /** At most a thousand. */
  staff(roles: readonly Role[]): Promise<readonly NoticeRecipient[]>
  /** @returns undefined when there is no such user */
  user(userId: string): Promise<NoticeRecipient | undefined>
  /** In the order they are told. */
  contactsOf(ownerId: string): Promise<readonly NoticeRecipient[]>
  /** What they are called, of those that are there and have a name. */
  namesOf(recipients: readonly string[]): Promise<ReadonlyMap<string, string>>
}

const staffMax = 1000

export function createNoticeRecipientRecords(scope: Scope): NoticeRecipientRecords {
  const contacts = createContactRecords(scope)
  return {
    async staff(roles) {
      if (roles.length === 0) return []
      const rows = await users(scope)
        .where('users.role', 'in', roles)
        .where('users.state', '<>', 'erased')
        .orderBy('users.id')
        .limit(staffMax)
        .execute()
      return rows.map(toRecipient)
    },
    async user(userId) {
      const row = await users(scope).where('users.id', '=', userId).executeTakeFirst()
      return row && toRecipient(row)
    },
    async namesOf(recipients) {
      const names = new Map<string, string>()
      for (const [table, kind] of [
        ['users', 'user:'],
        ['contacts', 'contact:'],
      ] as const) {
        const ids = [...new Set(recipients)].filter((one) => one.startsWith(kind)).map((one) => one.slice(kind.length))
        if (ids.length === 0) continue
        const rows = await scope.db.selectFrom(table).select(['id', 'name']).where('id', 'in', ids).execute()
        for (const { id, name } of rows) names.set(`${kind}${id}`, name)
      }
      return names
    },
    async contactsOf(ownerId) {
      return (await contacts.listOf(ownerId)).map((contact) => {
        const phone = contact.phoneConsentedAtMs === undefined ? undefined : contact.phone
        const email = contact.emailConsentedAtMs === undefined ? undefined : contact.email
        return {
          recipient: `contact:${contact.id}`,
          state: 'active',
          isSignedIn: true,
          isOffDuty: false,
          hasConsented: phone !== undefined || email !== undefined,
          phone,
          email,
        }
      })
    },
  }
}

function users({ db, now }: Scope) {
  return db
    .selectFrom('users')
    .leftJoin('units', 'units.unit_number', 'users.unit_number')
    .select((eb) => [
      'users.id',
      'users.state',
      'users.phone',
      'users.phone_verified_at_ms',
      'users.email',
      'users.email_verified_at_ms',
      'units.state as unit_state',
      eb
        .exists(
          eb
            .selectFrom('sessions')
            .select('sessions.id')
            .whereRef('sessions.user_id', '=', 'users.id')
            .where('sessions.revoked_at_ms', 'is', null)
            .where('sessions.expires_at_ms', '>', now()),
        )
        .as('is_signed_in'),
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof users>['executeTakeFirstOrThrow']>>

function toRecipient(row: Row): NoticeRecipient {
  return {
    recipient: `user:${row.id}`,
    state: row.state,
    isSignedIn: Boolean(row.is_signed_in),
    isOffDuty: row.unit_state === 'off-duty' || row.unit_state === 'out-of-service',
    hasConsented: true,
    phone: row.phone_verified_at_ms === null ? undefined : (row.phone ?? undefined),
    email: row.email_verified_at_ms === null ? undefined : (row.email ?? undefined),
  }
}
