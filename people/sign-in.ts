import { AppError } from '../contracts/errors.ts'
import type { Login, UserWithPassword } from '../store/index.ts'
import { type Client, networkOf } from './networks.ts'
import type { Address, OneTimeCodes } from './one-time-codes.ts'
import type { PeopleDeps } from './people-deps.ts'
import type { SecondFactors } from './second-factors.ts'
import { assertMayEnter, type NewSignIn, type Sessions, type SignInMethod } from './sessions.ts'
import { createSignInFailures } from './sign-in-failures.ts'

/** What came of a code that was sent to a phone. */
export type PhoneSignIn =
  | { readonly type: 'signed-in'; readonly signedIn: NewSignIn }
  /** Nobody has that number; whoever proved it may register within ten minutes. */
  | { readonly type: 'needs-registration'; readonly phone: string }

/**
 * Ways in.
 * @throws AppError `wrong-credentials`, `too-many-sign-ins`, `sign-in-busy`, `account-banned`, `invalid-phone`,
 *   `invalid-otp`, `too-many-codes`, `channel-missing`, `second-factor-required`, `wrong-second-factor`
 */
export interface SignIn {
  /** @param input.login an e-mail address, or a username */
  signIn(input: Client & PasswordClaim): Promise<NewSignIn>
  /** Sends a code, whether or not somebody has that number. @returns seconds until it expires, and the number in full */
  sendSignInCode(
    input: Client & { readonly phone: string },
  ): Promise<{ readonly phone: string; readonly expiresInS: number }>
  signInByCode(input: Client & CodeClaim): Promise<PhoneSignIn>
  /** Without a code. For development alone; who calls it has made sure. */
  signInUnproven(input: Client & { readonly phone: string }): Promise<PhoneSignIn>
}

type PasswordClaim = {
  readonly password: string
  /** Code of the second factor, or a recovery code. */
  readonly totp?: string | undefined
} & ({ readonly email: string } | { readonly username: string })

interface CodeClaim {
  readonly phone: string
  readonly code: string
  readonly totp?: string | undefined
}

interface SignInParts {
  readonly sessions: Sessions
  readonly codes: OneTimeCodes
  readonly secondFactors: SecondFactors
}

export function createSignIn(deps: PeopleDeps, { sessions, codes, secondFactors }: SignInParts): SignIn {
  const { records, passwords, phones, throttle } = deps

  /** Of somebody whose proof was accepted; what changed while it was looked at counts. */
  async function enter(
    user: UserWithPassword,
    client: Client,
    { method, isStillProven }: { method: SignInMethod; isStillProven: (current: UserWithPassword) => boolean },
  ): Promise<NewSignIn> {
    const complete = await records.transaction(async (repositories) => {
      const current = await repositories.users.getWithPassword(user.id)
      if (current === undefined || !isStillProven(current)) throw wrongCredentials()
      assertMayEnter(current)
      const { passwordHash: _hash, passwordLength: _length, ...known } = current
      return sessions.open(repositories, { user: known, method, ...client })
    })
    return complete()
  }

  const failures = createSignInFailures(deps)
  const noteFailure = failures.note

  async function checkSecondFactor(
    user: UserWithPassword,
    totp: string | undefined,
    method: SignInMethod,
    client: Client,
  ) {
    try {
      await secondFactors.check({ userId: user.id, code: totp, clientAddress: client.clientAddress })
    } catch (error) {
      if (error instanceof AppError && error.code === 'wrong-second-factor') await noteFailure(user, method, client)
      throw error
    }
  }

  async function signIn({ password, totp, clientAddress, userAgent, ...claim }: Client & PasswordClaim) {
    const client = { clientAddress, userAgent }
    const login: Login =
      'email' in claim
        ? { type: 'email', value: claim.email.trim().toLowerCase() }
        : { type: 'username', value: claim.username.trim().toLowerCase() }
    const succeeded = throttle.attempt(`${networkOf(clientAddress)} ${login.value}`)
    const user = await findByLogin(login)
    // Also for nobody: how long it takes must not tell who has an account.
    if (!(await passwords.verify(password, user?.passwordHash)) || !user) {
      await noteFailure(user, 'password', client)
      throw wrongCredentials()
    }
    await checkSecondFactor(user, totp, 'password', client)
    succeeded()
    return enter(user, client, {
      method: 'password',
      isStillProven: ({ passwordHash }) => passwordHash === user.passwordHash,
    })
  }

  /** Clients that know usernames only may send an e-mail address as one. */
  async function findByLogin(login: Login): Promise<UserWithPassword | undefined> {
    const isAddress = login.type === 'username' && login.value.includes('@')
    return records.users.find(isAddress ? { type: 'email', value: login.value } : login)
  }

  /** A number that nobody has proved is nobody's: not a way into the account of who merely said it was theirs. */
  async function findByPhone(phone: string): Promise<UserWithPassword | undefined> {
    const user = await records.users.find({ type: 'phone', value: phone })
    return user?.phoneVerifiedAtMs === undefined ? undefined : user
  }

  async function enterByPhone(user: UserWithPassword | undefined, phone: string, client: Client, method: SignInMethod) {
    if (user === undefined) return { type: 'needs-registration', phone } as const
    const isStillProven = (current: UserWithPassword) => current.phone === phone
    return { type: 'signed-in', signedIn: await enter(user, client, { method, isStillProven }) } as const
  }

  async function signInByCode({ phone: written, code, totp, clientAddress, userAgent }: Client & CodeClaim) {
    const client = { clientAddress, userAgent }
    const phone = phones.read(written)
    const user = await findByPhone(phone)
    const claim = { purpose: 'sign-in', address: phone, ...client } as const
    try {
      await codes.redeem({ ...claim, code })
    } catch (error) {
      // The code was right the time before, when the second factor was not there yet.
      const isSecondStep =
        user !== undefined && totp !== undefined && (await records.secondFactors.isConfirmed(user.id))
      if (!isSecondStep || !(await codes.hasProof({ ...claim, code }))) {
        await noteFailure(user, 'one-time-code', client)
        throw error
      }
    }
    if (user !== undefined && (await records.secondFactors.isConfirmed(user.id))) {
      await checkSecondFactor(user, totp, 'one-time-code', client)
      await codes.spendProof(claim)
    }
    return enterByPhone(user, phone, client, 'one-time-code')
  }

  return {
    signIn,
    async sendSignInCode({ phone: written, clientAddress }) {
      const phone = phones.read(written)
      const owner = await findByPhone(phone)
      const to: Address = { type: 'phone', address: phone }
      const expiresInS = await codes.send({ purpose: 'sign-in', to, clientAddress, ownerId: owner?.id })
      return { phone, expiresInS }
    },
    signInByCode,
    async signInUnproven({ phone: written, clientAddress, userAgent }) {
      const phone = phones.read(written)
      return enterByPhone(await findByPhone(phone), phone, { clientAddress, userAgent }, 'debug')
    },
  }
}

function wrongCredentials(): AppError {
  return new AppError('unauthenticated', 'wrong-credentials', 'wrong e-mail address or password')
}
