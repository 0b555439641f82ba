import { AppError } from '../contracts/errors.ts'
import type { SosPins as SosPinCheck } from '../contracts/ports/sos.ts'
import type { PeopleDeps } from './people-deps.ts'
import type { SelfService } from './self-service.ts'
import type { Identity } from './sessions.ts'

/** Absent leaves as it is; `null` takes away. */
export interface SosPinChange {
  readonly password?: string | undefined
  readonly cancelPin?: string | null | undefined
  readonly duressPin?: string | null | undefined
}

export interface SosPins {
  /**
   * What an SOS is taken back with, and what one says when made to take it back. Whoever has the phone must not be able
   * to change them: the password is asked for.
   * @throws AppError `wrong-password`, `invalid-pin`, `pins-alike`
   */
  setSosPins(identity: Identity, change: SosPinChange): Promise<void>
  hasSosPins(userId: string): Promise<{ readonly cancelPin: boolean; readonly duressPin: boolean }>
  readonly checkSosPin: SosPinCheck['check']
}

/** Short enough to be typed in fear. bcrypt and a count of tries stand between that and guessing. */
const pinForm = /^\d{4,8}$/

export function createSosPins({ records, passwords, throttle }: PeopleDeps, self: SelfService): SosPins {
  async function readPin(pin: string): Promise<string> {
    if (!pinForm.test(pin)) throw new AppError('invalid', 'invalid-pin', 'a PIN has 4 to 8 digits')
    return passwords.hashPin(pin)
  }

  /** The same for every answer, so that no watch tells which of the two it was. */
  async function compare(pin: string, { cancelHash, duressHash }: StoredPins) {
    const isRight = await passwords.verify(pin, cancelHash)
    const isDuress = await passwords.verify(pin, duressHash)
    return { isRight, isDuress }
  }

  return {
    async setSosPins(identity, { password, cancelPin, duressPin }) {
      const { userId } = identity
      await self.assertPassword(identity, password)
      const before = await records.sosPins.get(userId)
      const after = {
        cancelHash:
          cancelPin === undefined ? before.cancelHash : cancelPin === null ? undefined : await readPin(cancelPin),
        duressHash:
          duressPin === undefined ? before.duressHash : duressPin === null ? undefined : await readPin(duressPin),
      }
      await assertDiffer({ cancelPin, duressPin }, after)
      await records.transaction(async ({ sosPins, audit }) => {
        await sosPins.set(userId, after)
        await audit.append({ actor: userId, action: 'sos-pins-changed', subject: `user:${userId}` })
      })
    },
    async hasSosPins(userId) {
      const { cancelHash, duressHash } = await records.sosPins.get(userId)
      return { cancelPin: cancelHash !== undefined, duressPin: duressHash !== undefined }
    },
    async checkSosPin(userId, pin) {
      const stored = await records.sosPins.get(userId)
      if (stored.cancelHash === undefined && stored.duressHash === undefined) return 'unset'
      if (pin === undefined) return stored.cancelHash === undefined ? 'unset' : 'missing'
      const succeeded = throttle.attempt(`sos pin ${userId}`)
      const { isRight, isDuress } = await compare(pin, stored)
      if (!isRight && !isDuress) return 'wrong'
      succeeded()
      return isDuress ? 'duress' : 'right'
    },
  }

  async function assertDiffer({ cancelPin, duressPin }: SosPinChange, hashes: StoredPins): Promise<void> {
    const isAlike =
      (typeof cancelPin === 'string' && (await passwords.verify(cancelPin, hashes.duressHash))) ||
      (typeof duressPin === 'string' && (await passwords.verify(duressPin, hashes.cancelHash)))
    if (isAlike) throw new AppError('invalid', 'pins-alike', 'the two PINs must differ')
  }
}

interface StoredPins {
  readonly cancelHash: string | undefined
  readonly duressHash: string | undefined
}
