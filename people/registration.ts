import { z } from 'zod'
import { AppError } from '../contracts/errors.ts'
import type { Role } from '../contracts/roles.ts'
import type { Repositories, User } from '../store/index.ts'
import type { Client } from './networks.ts'
import type { OneTimeCodes } from './one-time-codes.ts'
import { drawPassword, passwordLengthMin } from './passwords.ts'
import type { PeopleDeps } from './people-deps.ts'
import { mayGrant } from './ranks.ts'
import type { Identity, NewSignIn, Sessions } from './sessions.ts'

interface NewPerson {
  readonly email: string
  readonly password: string
  readonly name: string
  readonly phone?: string | undefined
  readonly city?: string | undefined
}

/**
 * How people come to have an account. Nobody chooses their own role.
 * @throws AppError `email-taken`, `phone-taken`, `username-taken`, `invalid-email`, `invalid-phone`, `invalid-username`,
 *   `password-too-weak`, `phone-not-verified`, `above-your-role`
 */
export interface Registration {
  /**
   * Makes the first administrator when there is none.
   * @returns the password only when it was drawn here; print it once
   */
  ensureAdministrator(input: {
    readonly email: string
    readonly password?: string | undefined
  }): Promise<{ readonly created: boolean; readonly email: string; readonly password: string | undefined }>
  /** @param input.by a user's id, or `system` */
  createUser(input: NewPerson & { readonly role: Role; readonly by: string }): Promise<User>
  /** An administrator registers somebody; as a citizen when no role is named. */
  registerOther(input: NewPerson & { readonly role?: Role | undefined; readonly by: Identity }): Promise<User>
  /** A citizen registers with an e-mail address. */
  register(input: Client & NewPerson): Promise<NewSignIn>
  /** A citizen registers under a username. */
  registerByUsername(input: {
    readonly username: string
    readonly password: string
    readonly email?: string | undefined
  }): Promise<User>
  /** A resident registers with a phone number that the same client has just proved. */
  registerByPhone(
    input: Client & { readonly phone: string; readonly name: string; readonly flatNumber: string },
  ): Promise<NewSignIn>
}

const administratorRoles: readonly Role[] = ['admin', 'super_admin']

export function createRegistration(
  deps: PeopleDeps,
  { sessions, codes }: { readonly sessions: Sessions; readonly codes: OneTimeCodes },
): Registration {
  const { records, passwords, phones, now } = deps

  async function prepare({ email, password, name, phone, city, role }: NewPerson & { readonly role: Role }) {
    return {
      email: readEmail(email),
      name,
      city: city || null,
      phone: phone ? phones.read(phone) : null,
      role,
      password: await passwords.hash(password, passwordLengthMin(role)),
    }
  }

  async function insert(
    { users, audit }: Pick<Repositories, 'users' | 'audit'>,
    input: Parameters<Repositories['users']['create']>[0],
    by: string | undefined,
  ): Promise<User> {
    const user = await users.create(input)
    const detail = { role: input.role }
    await audit.append({ actor: by ?? user.id, action: 'user-created', subject: `user:${user.id}`, detail })
    return user
  }

  async function createUser({ by, ...person }: NewPerson & { readonly role: Role; readonly by: string }) {
    const input = await prepare(person)
    return records.transaction((repositories) => insert(repositories, input, by))
  }

  async function enter(client: Client, make: (repositories: Repositories) => Promise<User>): Promise<NewSignIn> {
    const complete = await records.transaction(async (repositories) =>
      sessions.open(repositories, { user: await make(repositories), method: 'registration', ...client }),
    )
    return complete()
  }

  return {
    async ensureAdministrator({ email, password }) {
      if ((await records.users.countByRole(administratorRoles)) > 0) {
        return { created: false, email, password: undefined }
      }
      const drawn = password === undefined ? drawPassword() : undefined
      const chosen = password ?? drawn!
      await createUser({ email, password: chosen, name: 'Administrator', role: 'super_admin', by: 'system' })
      return { created: true, email: readEmail(email), password: drawn }
    },
    createUser,
    async registerOther({ by, role = 'citizen', ...person }) {
      if (!mayGrant(by.role, role)) throw new AppError('forbidden', 'above-your-role', 'this role is not yours to give')
      return createUser({ ...person, role, by: by.userId })
    },
    async register({ clientAddress, userAgent, ...person }) {
      const input = await prepare({ ...person, role: 'citizen' })
      return enter({ clientAddress, userAgent }, (repositories) => insert(repositories, input, undefined))
    },
    async registerByUsername({ username, password, email }) {
      const input = {
        username: readUsername(username),
        name: username.trim(),
        email: email ? readEmail(email) : null,
        role: 'citizen',
        password: await passwords.hash(password, passwordLengthMin('citizen')),
      } as const
      return records.transaction((repositories) => insert(repositories, input, undefined))
    },
    async registerByPhone({ phone: written, name, flatNumber, clientAddress, userAgent }) {
      const phone = phones.read(written)
      const claim = { purpose: 'sign-in', address: phone, clientAddress, userAgent } as const
      if (!(await codes.hasProof(claim))) {
        throw notVerified()
      }
      const owner = await records.users.find({ type: 'phone', value: phone })
      if (owner?.phoneVerifiedAtMs !== undefined) {
        throw new AppError('conflict', 'phone-taken', 'somebody has an account with this phone number')
      }
      // Of two requests at once one goes on.
      if (!(await codes.spendProof(claim))) throw notVerified()
      return enter({ clientAddress, userAgent }, async (repositories) => {
        await endUnprovenClaim(repositories, phone)
        const input = { phone, name, flatNumber, role: 'resident', phoneVerifiedAtMs: now() } as const
        return insert(repositories, input, undefined)
      })
    },
  }
}

function notVerified(): AppError {
  return new AppError('forbidden', 'phone-not-verified', 'the phone number has to be verified first')
}

/** Who proved a phone number has it; an account that only said so loses it. */
export async function endUnprovenClaim(
  { users, audit }: Pick<Repositories, 'users' | 'audit'>,
  phone: string,
): Promise<void> {
  const claimant = await users.find({ type: 'phone', value: phone })
  if (claimant === undefined || claimant.phoneVerifiedAtMs !== undefined) return
  await users.update(claimant.id, { phone: null })
  await audit.append({ actor: 'system', action: 'phone-claim-ended', subject: `user:${claimant.id}` })
}

const emailSchema = z.string().trim().toLowerCase().max(254).pipe(z.email())

export function readEmail(email: string): string {
  const { data } = emailSchema.safeParse(email)
  if (data === undefined) throw new AppError('invalid', 'invalid-email', 'this is not an e-mail address')
  return data
}

/** No `@`: a username must not be taken for an e-mail address. Otherwise what Django allows. */
const usernamePattern = /^[\w.+-]{1,150}$/

function readUsername(username: string): string {
  const plain = username.trim().toLowerCase()
  if (usernamePattern.test(plain)) return plain
  throw new AppError('invalid', 'invalid-username', 'a username has 1 to 150 letters, digits and . + - _')
}
