import { AppError } from '../contracts/errors.ts'
import type { Repositories, User, UserChange } from '../store/index.ts'
import type { Client } from './networks.ts'
import type { Address, OneTimeCodes } from './one-time-codes.ts'
import type { PeopleDeps } from './people-deps.ts'
import { endUnprovenClaim, readEmail } from './registration.ts'
import type { Identity } from './sessions.ts'

/**
 * The addresses of a person. A new one waits until it is proved and takes the place of the old one then, so that nobody
 * is without a way in meanwhile, and nobody takes an account over with an address that merely stands there.
 * @throws AppError `address-missing`, `email-taken`, `phone-taken`, `invalid-otp`, `too-many-codes`, `channel-missing`
 */
export interface OwnAddresses {
  /** @returns seconds until the code expires */
  sendVerification(identity: Identity, type: Address['type'], client: Client): Promise<number>
  confirmVerification(
    identity: Identity,
    type: Address['type'],
    input: Client & { readonly code: string },
  ): Promise<User>
}

export function createOwnAddresses(deps: PeopleDeps, codes: OneTimeCodes): OwnAddresses {
  const { records, now } = deps

  async function findSelf(userId: string): Promise<User> {
    return (await records.users.get(userId))!
  }

  return {
    async sendVerification({ userId }, type, client) {
      const to = toProve(await findSelf(userId), type)
      return codes.send({ purpose: `verify-${type}`, to, ...client, ownerId: userId })
    },
    async confirmVerification({ userId }, type, { code, clientAddress, userAgent }) {
      const { address } = toProve(await findSelf(userId), type)
      await codes.redeem({ purpose: `verify-${type}`, address, clientAddress, userAgent, code })
      return records.transaction(async (repositories) => {
        const user = (await repositories.users.get(userId))!
        if (toProve(user, type).address !== address) {
          throw new AppError('conflict', 'address-missing', 'the address was changed meanwhile')
        }
        return prove(repositories, user, { type, address }, now())
      })
    },
  }
}

async function prove(
  repositories: Pick<Repositories, 'users' | 'audit'>,
  user: User,
  { type, address }: Address,
  atMs: number,
): Promise<User> {
  const isNew = (type === 'email' ? user.email : user.phone) !== address
  if (isNew && type === 'phone') await endUnprovenClaim(repositories, address)
  const detail = { isNew }
  await repositories.audit.append({ actor: user.id, action: `${type}-verified`, subject: `user:${user.id}`, detail })
  return repositories.users.update(
    user.id,
    type === 'email'
      ? { email: address, emailVerifiedAtMs: atMs, pendingEmail: null }
      : { phone: address, phoneVerifiedAtMs: atMs, pendingPhone: null },
  )
}

/** The one that waits, else the one that is there. */
function toProve(user: User, type: Address['type']): Address {
  const address = type === 'email' ? (user.pendingEmail ?? user.email) : (user.pendingPhone ?? user.phone)
  if (address !== undefined) return { type, address }
  const what = type === 'email' ? 'e-mail address' : 'phone number'
  throw new AppError('conflict', 'address-missing', `there is no ${what} to confirm`)
}

/** What the profile's `email` and `phone` mean for the columns. @throws AppError `invalid-email`, `invalid-phone`, `last-login` */
export function toAddressColumns(
  user: User,
  { email, phone }: { readonly email?: string | undefined; readonly phone?: string | null | undefined },
  { phones }: Pick<PeopleDeps, 'phones'>,
): UserChange {
  const newEmail = email === undefined ? undefined : readEmail(email)
  const newPhone = phone === undefined ? undefined : phone === null || phone === '' ? null : phones.read(phone)
  if (newPhone === null && user.phone !== undefined && !(user.hasPassword && (user.email ?? user.username))) {
    throw new AppError('conflict', 'last-login', 'without this phone number you could not sign in any more')
  }
  return {
    // The one that is there already takes a wish for another back.
    ...(newEmail !== undefined && { pendingEmail: newEmail === user.email ? null : newEmail }),
    ...(newPhone === null && { phone: null, phoneVerifiedAtMs: null, pendingPhone: null }),
    ...(typeof newPhone === 'string' && { pendingPhone: newPhone === user.phone ? null : newPhone }),
  }
}
