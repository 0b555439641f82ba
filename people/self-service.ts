import {
  type AccountSettings,
  type AccountSettingsChange,
  accountSettingsSchema,
} from '../contracts/account-settings.ts'
import { AppError } from '../contracts/errors.ts'
import type { User, UserChange } from '../store/index.ts'
import type { Client } from './networks.ts'
import type { OneTimeCodes } from './one-time-codes.ts'
import { createOwnAddresses, type OwnAddresses, toAddressColumns } from './own-addresses.ts'
import { assertLiving, createOwnPassword, type OwnPassword } from './own-password.ts'
import type { PeopleDeps } from './people-deps.ts'
import type { SecondFactors } from './second-factors.ts'
import type { Identity } from './sessions.ts'

/** What one changes about oneself. Absent leaves as it is; `null` takes away. */
export interface ProfileChange {
  readonly name?: string | undefined
  /** Waits until it is proved. */
  readonly email?: string | undefined
  /** Waits until it is proved; to take it away needs no proof. */
  readonly phone?: string | null | undefined
  readonly city?: string | null | undefined
  readonly flatNumber?: string | null | undefined
  readonly settings?: AccountSettingsChange | undefined
  /** Needed for who has one, to change an address. */
  readonly currentPassword?: string | undefined
}

/**
 * What people do with their own account.
 * @throws AppError `wrong-password`, `invalid-email`, `invalid-phone`, `last-login`, `too-many-settings`
 */
export interface SelfService extends OwnPassword, OwnAddresses {
  changeProfile(identity: Identity, change: ProfileChange): Promise<User>
  settingsOf(user: User): AccountSettings
  /** @throws AppError `second-factor-there`, `wrong-password` */
  beginSecondFactor(
    identity: Identity,
    input: { readonly password: string | undefined },
  ): Promise<{ readonly secret: string; readonly uri: string }>
  /** @returns recovery codes, shown once */
  confirmSecondFactor(identity: Identity, input: { readonly code: string }): Promise<readonly string[]>
  removeSecondFactor(identity: Identity, input: Client & { readonly code: string }): Promise<void>
}

export function createSelfService(
  deps: PeopleDeps,
  { codes, secondFactors }: { readonly codes: OneTimeCodes; readonly secondFactors: SecondFactors },
): SelfService {
  const { records } = deps
  const ownPassword = createOwnPassword(deps, codes)

  return {
    ...ownPassword,
    ...createOwnAddresses(deps, codes),
    settingsOf,
    async changeProfile(identity, { currentPassword, ...change }) {
      const { userId } = identity
      const before = (await records.users.get(userId))!
      const addresses = toAddressColumns(before, change, deps)
      if (changesAddress(before, addresses)) await ownPassword.assertPassword(identity, currentPassword)
      return records.transaction(async (repositories) => {
        await assertLiving(repositories, userId)
        const { users, audit } = repositories
        const user = (await users.get(userId))!
        const columns = { ...toPlainColumns(user, change), ...addresses }
        const detail = { fields: Object.keys(columns) }
        await audit.append({ actor: userId, action: 'profile-changed', subject: `user:${userId}`, detail })
        return users.update(userId, columns)
      })
    },
    async beginSecondFactor(identity, { password }) {
      await ownPassword.assertPassword(identity, password)
      return secondFactors.begin((await records.users.get(identity.userId))!)
    },
    confirmSecondFactor: ({ userId }, { code }) => secondFactors.confirm({ userId, code }),
    async removeSecondFactor({ userId }, { code, clientAddress }) {
      await secondFactors.check({ userId, code, clientAddress, isSignedIn: true })
      await records.transaction(async ({ secondFactors: factors, audit }) => {
        await factors.remove(userId)
        await audit.append({ actor: userId, action: 'second-factor-removed', subject: `user:${userId}` })
      })
    },
  }
}

/** Clients send back the whole of what they were given; what is as it was needs no password. */
function changesAddress(user: User, { pendingEmail, pendingPhone, phone }: UserChange): boolean {
  const isWanted = typeof pendingEmail === 'string' || typeof pendingPhone === 'string'
  return isWanted || (phone === null && user.phone !== undefined)
}

function toPlainColumns(user: User, { name, city, flatNumber, settings }: ProfileChange): UserChange {
  return {
    ...(name !== undefined && { name }),
    ...(city !== undefined && { city: city || null }),
    ...(flatNumber !== undefined &&
      (flatNumber ?? undefined) !== user.flatNumber && { flatNumber, flatConfirmedAtMs: null }),
    ...(settings !== undefined && { settings: mergeSettings(settingsOf(user), settings) }),
  }
}

/** Group by group: what cannot be read any more must not keep anybody out. */
function settingsOf({ settings }: User): AccountSettings {
  const read = (group: keyof AccountSettings) => accountSettingsSchema.shape[group].safeParse(settings[group]).data
  const usual = accountSettingsSchema.parse({})
  return {
    accessibilitySettings: (read('accessibilitySettings') ??
      usual.accessibilitySettings) as AccountSettings['accessibilitySettings'],
    locationSettings: (read('locationSettings') ?? {}) as AccountSettings['locationSettings'],
    preferences: (read('preferences') ?? {}) as AccountSettings['preferences'],
  }
}

/** @throws AppError `too-many-settings` */
function mergeSettings(current: AccountSettings, change: AccountSettingsChange): AccountSettings {
  const merged = accountSettingsSchema.safeParse({
    accessibilitySettings: { ...current.accessibilitySettings, ...change.accessibilitySettings },
    locationSettings: merge(current.locationSettings, change.locationSettings),
    preferences: merge(current.preferences, change.preferences),
  })
  if (merged.success) return merged.data
  throw new AppError('invalid', 'too-many-settings', 'these are more settings than are kept; null takes one away')
}

type Settings = AccountSettings['preferences']

/** `null` takes a setting away. */
function merge(current: Settings, change: Settings = {}): Settings {
  return Object.fromEntries(Object.entries({ ...current, ...change }).filter(([, value]) => value !== null))
}
