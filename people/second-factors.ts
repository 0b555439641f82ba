import { randomInt } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { AppError } from '../contracts/errors.ts'
import { hashSecret, type User } from '../store/index.ts'
import { networkOf } from './networks.ts'
import type { PeopleDeps } from './people-deps.ts'

/**
 * Time-based one-time passwords.
 * @see RFC 6238
 */
export interface SecondFactors {
  /**
   * Lets through who has no second factor, or shows it: a code of the app, or a recovery code.
   * @throws AppError `second-factor-required`, `wrong-second-factor`, `too-many-sign-ins`
   */
  check(input: {
    readonly userId: string
    readonly code: string | undefined
    readonly clientAddress: string
    /** Of somebody whose session is open: a wrong code is then no reason to sign in again. */
    readonly isSignedIn?: boolean
  }): Promise<void>
  /** @throws AppError `second-factor-there` */
  begin(user: User): Promise<{ readonly secret: string; readonly uri: string }>
  /**
   * Switches it on, once it is shown to work.
   * @returns recovery codes, shown once
   * @throws AppError `wrong-second-factor`, `second-factor-missing`
   */
  confirm(input: { readonly userId: string; readonly code: string }): Promise<readonly string[]>
}

const stepS = 30
/** A clock may be a step off, either way. */
const stepsOff = 1
const recoveryCount = 10
/** No letter that is read as another. */
const recoveryLetters = 'abcdefghjkmnpqrstuvwxyz23456789'

export function createSecondFactors({ records, throttle, now }: PeopleDeps): SecondFactors {
  const { secondFactors } = records

  const totpOf = (secret: string, label?: string) =>
    new TOTP({ issuer: 'Prahari', label: label ?? 'Prahari', secret: Secret.fromBase32(secret), period: stepS })

  /** @returns the time step of the code; undefined when it is of none that is near */
  function stepOf(secret: string, code: string): number | undefined {
    const delta = totpOf(secret).validate({ token: code, timestamp: now(), window: stepsOff })
    return delta === null ? undefined : Math.floor(now() / 1000 / stepS) + delta
  }

  async function opens(userId: string, secret: string, given: string): Promise<boolean> {
    const code = given.replace(/[\s-]/g, '').toLowerCase()
    if (/^\d{6}$/.test(code)) {
      const step = stepOf(secret, code)
      return step !== undefined && (await secondFactors.spendStep(userId, step))
    }
    return secondFactors.spendRecoveryCode(userId, hashRecoveryCode(code))
  }

  return {
    async check({ userId, code, clientAddress, isSignedIn = false }) {
      const factor = await secondFactors.get(userId)
      if (factor?.confirmedAtMs === undefined) return
      if (code === undefined || code === '') {
        throw new AppError(
          'unauthenticated',
          'second-factor-required',
          'a code of your authenticator app is needed too',
        )
      }
      // Who comes here knows the password. Guesses from networks that the owner never used share one count.
      const network = networkOf(clientAddress)
      const isKnown = await records.sessions.isKnownNetwork(userId, network)
      const succeeded = throttle.attempt(`second factor ${userId} ${isKnown ? network : 'elsewhere'}`)
      if (!(await opens(userId, factor.secret, code))) {
        throw wrongSecondFactor(isSignedIn ? 'forbidden' : 'unauthenticated')
      }
      succeeded()
    },
    async begin({ id, email, phone, name }) {
      const secret = new Secret({ size: 20 }).base32
      if (!(await secondFactors.begin(id, secret))) {
        throw new AppError('conflict', 'second-factor-there', 'a second factor is switched on; switch it off first')
      }
      return { secret, uri: totpOf(secret, email ?? phone ?? name).toString() }
    },
    async confirm({ userId, code }) {
      const factor = await secondFactors.get(userId)
      if (factor === undefined || factor.confirmedAtMs !== undefined) {
        throw new AppError('conflict', 'second-factor-missing', 'there is no second factor that waits to be confirmed')
      }
      const succeeded = throttle.attempt(`confirming second factor ${userId}`)
      const step = stepOf(factor.secret, code.replace(/\s/g, ''))
      if (step === undefined || !(await secondFactors.spendStep(userId, step))) throw wrongSecondFactor('forbidden')
      succeeded()
      const recoveryCodes = Array.from({ length: recoveryCount }, drawRecoveryCode)
      await records.transaction(async ({ secondFactors: factors, audit }) => {
        await factors.confirm(
          userId,
          recoveryCodes.map((recovery) => hashRecoveryCode(recovery.replace('-', ''))),
        )
        await audit.append({ actor: userId, action: 'second-factor-added', subject: `user:${userId}` })
      })
      return recoveryCodes
    },
  }
}

function wrongSecondFactor(family: 'forbidden' | 'unauthenticated'): AppError {
  return new AppError(family, 'wrong-second-factor', 'the code is not right, or was used before')
}

/** About 50 random bits. */
function drawRecoveryCode(): string {
  const letters = Array.from({ length: 10 }, () => recoveryLetters[randomInt(recoveryLetters.length)])
  return `${letters.slice(0, 5).join('')}-${letters.slice(5).join('')}`
}

function hashRecoveryCode(code: string): string {
  return hashSecret(code).toString('hex')
}
