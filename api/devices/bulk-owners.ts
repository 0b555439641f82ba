import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '../../contracts/errors.ts'
import type { Accounts } from '../../people/index.ts'
import type { Records } from '../../store/index.ts'

/** Longest text that is looked up: an e-mail address has at most 254 characters. */
const ownerLengthMax = 254
/** Between this many look-ups whoever else has come gets a turn. */
const lookupsPerTurn = 100

export interface BulkOwnerDeps {
  readonly records: Pick<Records, 'users'>
  readonly accounts: Pick<Accounts, 'phones'>
}

/** A line whose owner is known by id, or why it cannot be registered. */
export type OwnedLine =
  | { readonly type: 'input'; readonly input: unknown }
  | { readonly type: 'fault'; readonly code: OwnerFault; readonly message: string }

type OwnerFault = 'owner-not-found' | 'owner-not-verified' | 'invalid-device'

/**
 * @returns a function that puts the id of the owner in the place of `owner`, which is an e-mail address or a phone number.
 * It has to be proved: whoever merely says that an address is theirs is given nobody's device. The function remembers what
 * it looked up, so it is to be made anew for every request.
 */
export function createOwnerResolver({ records, accounts }: BulkOwnerDeps) {
  const known = new Map<string, FoundOwner>()

  async function find(text: string): Promise<FoundOwner> {
    if (known.has(text)) return known.get(text)
    if (known.size > 0 && known.size % lookupsPerTurn === 0) await nextTurn()
    const found = text.includes('@') ? await findByEmail(text) : await findByPhone(text)
    known.set(text, found)
    return found
  }

  async function findByEmail(text: string): Promise<FoundOwner> {
    const user = await records.users.find({ type: 'email', value: text })
    return user && { id: user.id, isProved: user.emailVerifiedAtMs !== undefined }
  }

  async function findByPhone(text: string): Promise<FoundOwner> {
    try {
      const user = await records.users.find({ type: 'phone', value: accounts.phones.read(text) })
      return user && { id: user.id, isProved: user.phoneVerifiedAtMs !== undefined }
    } catch (error) {
      if (error instanceof AppError && error.code === 'invalid-phone') return undefined
      throw error
    }
  }

  return async function resolveOwner(line: unknown): Promise<OwnedLine> {
    if (!hasOwner(line)) return { type: 'input', input: line }
    const { owner, ...input } = line
    if (owner === undefined || owner === null || owner === '') return { type: 'input', input }
    if (input.ownerId) return fault('invalid-device', 'owner: named twice, by owner and by ownerId')
    if (typeof owner !== 'string' || owner.length > ownerLengthMax) {
      return fault('invalid-device', 'owner: an e-mail address or a phone number')
    }
    const found = await find(owner.trim())
    if (found === undefined) {
      return fault('owner-not-found', 'Nobody has an account with this e-mail address or phone number')
    }
    if (!found.isProved) {
      return fault('owner-not-verified', 'Whoever has the account has not proved that this address or number is theirs')
    }
    return { type: 'input', input: { ...input, ownerId: found.id } }
  }
}

type FoundOwner = { readonly id: string; readonly isProved: boolean } | undefined

function hasOwner(line: unknown): line is { readonly owner: unknown; readonly ownerId?: unknown } {
  return typeof line === 'object' && line !== null && Object.hasOwn(line, 'owner')
}

function fault(code: OwnerFault, message: string): OwnedLine {
  return { type: 'fault', code, message }
}
