import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/bcrypt'
import { AppError } from '../contracts/errors.ts'
import type { Role } from '../contracts/roles.ts'
import type { Password } from '../store/index.ts'

export interface Passwords {
  /**
   * @param lengthMin see `passwordLengthMin`
   * @throws AppError `password-too-weak`
   */
  hash(password: string, lengthMin: number): Promise<Password>
  /** Takes the same time for nobody (no hash) as for somebody. */
  verify(password: string, passwordHash: string | undefined): Promise<boolean>
  /** For what is too short to be a password, and is guarded otherwise. */
  hashPin(pin: string): Promise<string>
  /** What nobody's password is compared with. */
  readonly nobodysHash: string
}

/**
 * Characters a password needs at least. Earlier clients let people choose eight, which one-time limits on guessing
 * make enough for what is one's own; whoever sees and steers the city needs more.
 * @see NIST SP 800-63B, section 3.1.1.2
 */
export function passwordLengthMin(role: Role): number {
  return staffRoles.includes(role) ? 12 : 8
}

/** Who works with other people's data. */
export const staffRoles: readonly Role[] = ['officer', 'operator', 'analyst', 'admin', 'super_admin']

/** bcrypt ignores what comes after; better refused than ignored. */
const bytesMax = 72
/** Native work runs on libuv's four threads, which files and the broker's store need too. */
const atOnceMax = 2
const waitingMax = 200

export function createPasswords(bcryptCost: number): Passwords {
  const inTurn = createGate()
  // A well-formed hash of this cost that no password has: an all-zero salt and digest.
  const nobodysHash = `$2b$${String(bcryptCost).padStart(2, '0')}$${'.'.repeat(53)}`
  return {
    nobodysHash,
    async hash(password, lengthMin) {
      const normal = assertStrong(password.normalize('NFC'), lengthMin)
      return { hash: await inTurn(() => hash(normal, { cost: bcryptCost })), length: [...normal].length }
    },
    hashPin: (pin) => inTurn(() => hash(pin, { cost: bcryptCost })),
    async verify(password, passwordHash) {
      const matches = await inTurn(() => verify(password.normalize('NFC'), passwordHash ?? nobodysHash))
      return matches && passwordHash !== undefined && isWhole(password.normalize('NFC'))
    },
  }
}

/** @returns 120 random bits that a person can copy */
export function drawPassword(): string {
  return randomBytes(15).toString('base64url')
}

function assertStrong(password: string, lengthMin: number): string {
  if ([...password].length < lengthMin) {
    throw new AppError('invalid', 'password-too-weak', `a password has at least ${lengthMin} characters`)
  }
  if (!isWhole(password)) {
    throw new AppError('invalid', 'password-too-weak', `a password has at most ${bytesMax} bytes, and no NUL`)
  }
  if (new Set(password).size < 4) {
    throw new AppError('invalid', 'password-too-weak', 'a password has at least four different characters')
  }
  return password
}

/** True when bcrypt sees all of it. */
function isWhole(password: string): boolean {
  return Buffer.byteLength(password) <= bytesMax && !password.includes('\0')
}

function createGate() {
  let running = 0
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnceMax) {
      if (waiting.length >= waitingMax) {
        throw new AppError('unavailable', 'sign-in-busy', 'too many people are signing in at this moment')
      }
      // Whoever leaves hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
