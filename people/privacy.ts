import { AppError } from '../contracts/errors.ts'
import type { SosRecord } from '../contracts/sos.ts'
import { type SosCase, toOwnersCase } from '../contracts/sos-owner-view.ts'
import type { Records, User } from '../store/index.ts'
import { assertAdministered } from './administration.ts'
import type { Client } from './networks.ts'
import type { OneTimeCodes } from './one-time-codes.ts'
import type { PeopleDeps } from './people-deps.ts'
import type { SelfService } from './self-service.ts'
import type { Identity } from './sessions.ts'

/** Everything that is kept about one person, by table. Rows as the repositories give them; hashes are not among them. */
export interface PersonalData {
  readonly profile: User
  readonly sessions: Awaited<ReturnType<Records['sessions']['listOpen']>>
  readonly devices: Awaited<ReturnType<Records['devices']['list']>>['items']
  readonly contacts: Awaited<ReturnType<Records['contacts']['listOf']>>
  /** As their owner is shown them. */
  readonly sos: readonly SosCase[]
  readonly auditTrail: Awaited<ReturnType<Records['audit']['list']>>['items']
}

/** @throws AppError `wrong-password`, `invalid-otp`, `last-administrator`, `confirmation-missing` */
export interface Privacy {
  exportData(identity: Identity): Promise<PersonalData>
  /**
   * Takes away all that says who somebody was. The id stays, without a name, for what must be kept: SOS, audit trail.
   * @param confirmation the password, or for who has none a sign-in code sent to the phone
   */
  erase(
    identity: Identity,
    confirmation: Client & { readonly password?: string | undefined; readonly code?: string | undefined },
  ): Promise<void>
}

const rowsMax = 10_000
const pageRows = 1000

export function createPrivacy(
  { records }: PeopleDeps,
  { self, codes }: { readonly self: SelfService; readonly codes: OneTimeCodes },
): Privacy {
  async function confirm(
    user: User,
    {
      password,
      code,
      ...client
    }: Client & { readonly password?: string | undefined; readonly code?: string | undefined },
  ): Promise<void> {
    if (user.hasPassword) return self.assertPassword({ userId: user.id }, password)
    if (user.phone === undefined || code === undefined) {
      throw new AppError('invalid', 'confirmation-missing', 'a code sent to your phone is needed to confirm this')
    }
    await codes.redeem({ purpose: 'sign-in', address: user.phone, ...client, code })
    await codes.spendProof({ purpose: 'sign-in', address: user.phone, ...client })
  }

  async function readCases(all: readonly SosRecord[]): Promise<SosCase[]> {
    const cases: SosCase[] = []
    for (const sos of all) {
      const timeline = await records.sos.timeline(sos.id)
      const trail = await records.sos.trail(sos.id, { countMax: rowsMax })
      cases.push(toOwnersCase({ sos, timeline, trail }))
    }
    return cases
  }

  return {
    async exportData({ userId }) {
      const profile = (await records.users.get(userId))!
      const devices = await readAll((page) => records.devices.list({ ownerId: userId, ...page }))
      const sos = await readAll((page) => records.sos.list({ ownerId: userId, ...page }))
      const byUser = await readAll((page) => records.audit.list({ actor: userId, ...page }))
      const aboutUser = await readAll((page) => records.audit.list({ subject: `user:${userId}`, ...page }))
      const entries = new Map([...byUser, ...aboutUser].map((entry) => [entry.id, entry]))
      await records.audit.append({ actor: userId, action: 'personal-data-exported', subject: `user:${userId}` })
      return {
        profile,
        sessions: await records.sessions.listOpen(userId),
        devices,
        contacts: await records.contacts.listOf(userId),
        sos: await readCases(sos),
        auditTrail: [...entries.values()].sort((a, b) => b.atMs - a.atMs),
      }
    },
    async erase({ userId }, confirmation) {
      const user = (await records.users.get(userId))!
      await confirm(user, confirmation)
      await records.transaction(async (repositories) => {
        const { users, sessions, secondFactors, oneTimeCodes, devices, contacts, notices, sosPins, sos, audit } =
          repositories
        await users.update(userId, {
          name: 'Erased account',
          email: null,
          phone: null,
          username: null,
          city: null,
          flatNumber: null,
          flatConfirmedAtMs: null,
          unitNumber: null,
          emailVerifiedAtMs: null,
          phoneVerifiedAtMs: null,
          pendingEmail: null,
          pendingPhone: null,
          settings: {},
          password: null,
          role: 'citizen',
          state: 'erased',
        })
        await assertAdministered(users)
        await sessions.deleteAllOf(userId)
        await secondFactors.remove(userId)
        for (const address of [user.email, user.phone])
          if (address !== undefined) await oneTimeCodes.deleteAllOf(address)
        const named = await contacts.listOf(userId)
        await notices.eraseAllOf({ userId, recipients: [`user:${userId}`, ...named.map(({ id }) => `contact:${id}`)] })
        await contacts.deleteAllOf(userId)
        await devices.releaseAllOf(userId)
        await sosPins.remove(userId)
        await sos.releaseAllOf(userId)
        await audit.append({ actor: userId, action: 'user-erased', subject: `user:${userId}` })
      })
    },
  }
}

async function readAll<T>(
  read: (page: { readonly limit: number; readonly cursor: string | undefined }) => Promise<{
    readonly items: readonly T[]
    readonly nextCursor: string | undefined
  }>,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page = await read({ limit: pageRows, cursor })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined && items.length < rowsMax)
  return items
}
