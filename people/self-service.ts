import {
  type AccountSettings,
  type AccountSettingsChange,
  accountSettingsSchema,
} from '../contracts/account-settings.ts'
import { AppError } from '../contracts/errors.ts'
import type { User, UserChange, UserWithPassword } from '../store/index.ts'
import type { Client } from './networks.ts'
import type { Address, OneTimeCodes } from './one-time-codes.ts'
import { passwordLengthMin } from './passwords.ts'
import type { PeopleDeps } from './people-deps.ts'
import { readEmail } from './registration.ts'
import type { SecondFactors } from './second-factors.ts'
import type { Identity } from './sessions.ts'

/** What one changes about oneself. Absent leaves as it is; `null` takes away. */
export interface ProfileChange {
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly phone?: string | null | undefined
  readonly city?: string | null | undefined
  readonly flatNumber?: string | null | undefined
  readonly settings?: AccountSettingsChange | undefined
}

/** Somebody names themselves by one of these. */
export type NamedAddress = { readonly email: string } | { readonly phone: string }

/**
 * What people do with their own account.
 * @throws AppError `wrong-password`, `password-too-weak`, `email-taken`, `phone-taken`, `invalid-email`, `invalid-phone`,
 *   `address-missing`, `invalid-otp`, `too-many-codes`, `channel-missing`, `too-many-sign-ins`, `last-login`
 */
export interface SelfService {
  changeProfile(identity: Identity, change: ProfileChange): Promise<User>
  settingsOf(user: User): AccountSettings
  /** The other sessions of the user end. */
  changePassword(
    identity: Identity,
    input: { readonly currentPassword: string | undefined; readonly newPassword: string },
  ): Promise<void>
  /** @returns seconds until the code expires */
  sendVerification(identity: Identity, type: Address['type'], client: Client): Promise<number>
  confirmVerification(
    identity: Identity,
    type: Address['type'],
    input: Client & { readonly code: string },
  ): Promise<User>
  /** Answers the same whether or not somebody has that address. @returns seconds until the code expires */
  sendPasswordReset(input: Client & NamedAddress): Promise<number>
  /** Ends every session of the user. */
  resetPassword(input: Client & NamedAddress & { readonly code: string; readonly password: string }): Promise<void>
  /** @throws AppError `second-factor-there`, `wrong-password` */
  beginSecondFactor(
    identity: Identity,
    input: { readonly password: string | undefined },
  ): Promise<{ readonly secret: string; readonly uri: string }>
  /** @returns recovery codes, shown once */
  confirmSecondFactor(identity: Identity, input: { readonly code: string }): Promise<readonly string[]>
  removeSecondFactor(identity: Identity, input: Client & { readonly code: string }): Promise<void>
  /** @throws AppError `wrong-password` */
  assertPassword(identity: Pick<Identity, 'userId'>, password: string | undefined): Promise<void>
}

export function createSelfService(
  deps: PeopleDeps,
  { codes, secondFactors }: { readonly codes: OneTimeCodes; readonly secondFactors: SecondFactors },
): SelfService {
  const { records, passwords, phones, throttle, now } = deps

  async function findSelf(userId: string): Promise<UserWithPassword> {
    const user = await records.users.getWithPassword(userId)
    if (user === undefined) throw new AppError('not-found', 'user-not-found', 'there is no such user')
    return user
  }

  /** Whoever found an open session must not get further with it. Who never had a password has nothing to show. */
  async function assertPassword({ userId }: Pick<Identity, 'userId'>, password: string | undefined) {
    const { passwordHash } = await findSelf(userId)
    if (passwordHash === undefined) return
    const succeeded = throttle.attempt(`own password ${userId}`)
    if (!(await passwords.verify(password ?? '', passwordHash))) {
      throw new AppError('forbidden', 'wrong-password', 'this is not your password')
    }
    succeeded()
  }

  function settingsOf({ settings }: User): AccountSettings {
    return accountSettingsSchema.parse(settings)
  }

  function addressOf(user: User, type: Address['type']): Address {
    const address = type === 'email' ? user.email : user.phone
    if (address !== undefined) return { type, address }
    const what = type === 'email' ? 'e-mail address' : 'phone number'
    throw new AppError('conflict', 'address-missing', `there is no ${what} to confirm`)
  }

  function readNamed(named: NamedAddress): Address {
    return 'email' in named
      ? { type: 'email', address: readEmail(named.email) }
      : { type: 'phone', address: phones.read(named.phone) }
  }

  /** A number that nobody proved is nobody's way back into an account. */
  async function findOwner({ type, address }: Address): Promise<UserWithPassword | undefined> {
    const user = await records.users.find({ type, value: address })
    const isReachable = type === 'email' || user?.phoneVerifiedAtMs !== undefined
    return user?.state === 'active' && isReachable ? user : undefined
  }

  return {
    settingsOf,
    assertPassword,
    changeProfile: (identity, change) =>
      records.transaction(async ({ users, audit }) => {
        const user = (await users.get(identity.userId))!
        const columns = toColumns(user, change)
        const changed = await users.update(user.id, columns)
        const fields = Object.keys(columns)
        await audit.append({
          actor: user.id,
          action: 'profile-changed',
          subject: `user:${user.id}`,
          detail: { fields },
        })
        return changed
      }),
    async changePassword(identity, { currentPassword, newPassword }) {
      const { userId, sessionId, role } = identity
      await assertPassword(identity, currentPassword)
      const password = await passwords.hash(newPassword, passwordLengthMin(role))
      await records.transaction(async ({ users, sessions, audit }) => {
        await users.update(userId, { password })
        await sessions.revokeAllOf(userId, { exceptId: sessionId })
        await audit.append({ actor: userId, action: 'user-password-changed', subject: `user:${userId}` })
      })
    },
    async sendVerification({ userId }, type, { clientAddress }) {
      const to = addressOf(await findSelf(userId), type)
      return codes.send({ purpose: `verify-${type}`, to, clientAddress, ownerId: userId })
    },
    async confirmVerification({ userId }, type, { code, clientAddress }) {
      const { address } = addressOf(await findSelf(userId), type)
      await codes.redeem({ purpose: `verify-${type}`, address, clientAddress, code })
      return records.transaction(async ({ users, audit }) => {
        const user = (await users.get(userId))!
        if ((type === 'email' ? user.email : user.phone) !== address) {
          throw new AppError('conflict', 'address-missing', 'the address was changed meanwhile')
        }
        const column = type === 'email' ? 'emailVerifiedAtMs' : 'phoneVerifiedAtMs'
        await audit.append({ actor: userId, action: `${type}-verified`, subject: `user:${userId}` })
        return users.update(userId, { [column]: now() })
      })
    },
    async sendPasswordReset({ clientAddress, ...named }) {
      const to = readNamed(named)
      const owner = await findOwner(to)
      const sends = owner !== undefined
      return codes.send({ purpose: 'reset-password', to, clientAddress, ownerId: owner?.id, sends })
    },
    async resetPassword({ clientAddress, code, password, ...named }) {
      const { type, address } = readNamed(named)
      const owner = await findOwner({ type, address })
      // Before the code is used up, so that a password that is too weak can be chosen again.
      const hashed = await passwords.hash(password, passwordLengthMin(owner?.role ?? 'citizen'))
      await codes.redeem({ purpose: 'reset-password', address, clientAddress, code })
      if (owner === undefined) throw new AppError('invalid', 'invalid-otp', 'the code is wrong or has expired')
      await records.transaction(async ({ users, sessions, secondFactors: factors, audit }) => {
        const isFirstProof = type === 'email' && owner.emailVerifiedAtMs === undefined
        await users.update(owner.id, {
          password: hashed,
          ...(type === 'email' && { emailVerifiedAtMs: owner.emailVerifiedAtMs ?? now() }),
          // Somebody else may have made the account with this address; nothing they put there opens it any more.
          ...(isFirstProof && { phone: null, phoneVerifiedAtMs: null, username: null }),
        })
        if (isFirstProof) await factors.remove(owner.id)
        await sessions.revokeAllOf(owner.id)
        const detail = { by: `code to ${type}` }
        await audit.append({ actor: owner.id, action: 'user-password-reset', subject: `user:${owner.id}`, detail })
      })
    },
    async beginSecondFactor(identity, { password }) {
      await assertPassword(identity, password)
      return secondFactors.begin(await findSelf(identity.userId))
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

  function toColumns(user: User, { name, email, phone, city, flatNumber, settings }: ProfileChange): UserChange {
    const newEmail = email === undefined ? undefined : readEmail(email)
    const newPhone = phone === undefined ? undefined : phone === null || phone === '' ? null : phones.read(phone)
    const isNewPhone = newPhone !== undefined && newPhone !== (user.phone ?? null)
    if (isNewPhone && newPhone === null && !user.hasPassword) {
      throw new AppError('conflict', 'last-login', 'without this phone number you could not sign in any more')
    }
    return {
      ...(name !== undefined && { name }),
      ...(city !== undefined && { city: city || null }),
      // What is new is not proved yet.
      ...(newEmail !== undefined && newEmail !== user.email && { email: newEmail, emailVerifiedAtMs: null }),
      ...(isNewPhone && { phone: newPhone, phoneVerifiedAtMs: null }),
      ...(flatNumber !== undefined &&
        (flatNumber ?? undefined) !== user.flatNumber && { flatNumber, flatConfirmedAtMs: null }),
      ...(settings !== undefined && { settings: mergeSettings(settingsOf(user), settings) }),
    }
  }
}

function mergeSettings(current: AccountSettings, change: AccountSettingsChange): AccountSettings {
  return {
    accessibilitySettings: { ...current.accessibilitySettings, ...change.accessibilitySettings },
    locationSettings: { ...current.locationSettings, ...change.locationSettings },
    preferences: { ...current.preferences, ...change.preferences },
  }
}
