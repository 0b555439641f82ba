import type { Scope } from './scope.ts'
import type { OneTimeCodeRow } from './tables.ts'

/** What a code opens, and for whom: a phone number, an e-mail address. A code for one thing is no code for another. */
export interface CodeTarget {
  readonly purpose: 'sign-in' | 'verify-email' | 'verify-phone' | 'reset-password'
  readonly address: string
}

/** How often a code may still be asked for; a refusal says when it may be again. */
export interface CodeAllowance {
  readonly periodMs: number
  readonly perNetworkMax: number
  readonly perAddressMax: number
}

type Issue =
  | { readonly type: 'issued'; readonly id: string }
  | { readonly type: 'too-many'; readonly againAtMs: number }

interface Proof {
  readonly target: CodeTarget
  readonly holder: string
  readonly periodMs: number
}

/**
 * Codes sent to a person to prove that an address is theirs, kept only as a keyed hash.
 *
 * Both limits are drawn so that a stranger cannot use them against the owner of an address. Wrong tries are counted
 * apart for the network that asked for the code and for everybody else: who guesses from elsewhere uses up only the
 * tries of strangers. Sends are counted per network, and together only for networks that are not known to the owner.
 */
export interface OneTimeCodeRecords {
  /** @param input.isKnownNetwork the owner has signed in from there before: only its own sends are counted */
  issue(input: {
    readonly target: CodeTarget
    readonly code: string
    readonly network: string
    readonly isKnownNetwork: boolean
    readonly lifetimeMs: number
    /** All of them hold at once. */
    readonly allowances: readonly CodeAllowance[]
    /** Codes that one network may have sent in one period, to whatever addresses. */
    readonly networkAllowance: { readonly periodMs: number; readonly max: number }
  }): Promise<Issue>
  /** Takes one try. A code opens once. */
  redeem(input: {
    readonly target: CodeTarget
    readonly code: string
    readonly network: string
    /** Whom the proof belongs to when it is right. */
    readonly holder: string
    readonly triesMax: number
  }): Promise<boolean>
  /** True when a redeemed code has proved that this holder, within the period, had the address, and that is unspent. */
  hasProof(input: Proof & { readonly code?: string | undefined }): Promise<boolean>
  /** Spends that. @returns false when there was nothing to spend */
  spendProof(input: Proof): Promise<boolean>
  deleteAllOf(address: string): Promise<void>
}

export function createOneTimeCodeRecords(scope: Scope): OneTimeCodeRecords {
  const { now, makeId, keys, atomically } = scope
  const hashOf = ({ purpose, address }: CodeTarget, code: string) =>
    keys.stamp('one-time-code', `${purpose}\n${address}\n${code}`)

  return {
    issue: ({ target, code, network, isKnownNetwork, lifetimeMs, allowances, networkAllowance }) =>
      atomically(async (inner) => {
        const atMs = now()
        for (const { periodMs, perNetworkMax, perAddressMax } of allowances) {
          const sent = await sendsSince(inner, target, atMs - periodMs)
          const here = sent.filter((row) => row.network === network)
          const isOverHere = here.length >= perNetworkMax
          if (isOverHere || (!isKnownNetwork && sent.length >= perAddressMax)) {
            // There is room again when enough of the oldest have passed out of the period.
            const [counted, max] = isOverHere ? [here, perNetworkMax] : [sent, perAddressMax]
            return { type: 'too-many', againAtMs: counted[counted.length - max]!.created_at_ms + periodMs }
          }
        }
        const byNetwork = await inner.db
          .selectFrom('one_time_codes')
          .select('created_at_ms')
          .where('network', '=', network)
          .where('created_at_ms', '>', atMs - networkAllowance.periodMs)
          .orderBy('created_at_ms', 'desc')
          .limit(networkAllowance.max)
          .execute()
        if (byNetwork.length >= networkAllowance.max) {
          return { type: 'too-many', againAtMs: byNetwork.at(-1)!.created_at_ms + networkAllowance.periodMs }
        }
        const row: OneTimeCodeRow = {
          id: makeId(),
          purpose: target.purpose,
          address: target.address,
          network,
          code_hash: hashOf(target, code),
          created_at_ms: atMs,
          expires_at_ms: atMs + lifetimeMs,
          tries: 0,
          foreign_tries: 0,
          redeemed_at_ms: null,
          redeemed_by: null,
          spent_at_ms: null,
        }
        await inner.db.insertInto('one_time_codes').values(row).execute()
        return { type: 'issued', id: row.id }
      }),

    redeem: ({ target, code, network, holder, triesMax }) =>
      atomically(async (inner) => {
        const open = await openCodes(inner, target, now())
        const own = open.filter((row) => row.network === network)
        // Whoever asked from here means the newest of their own; else it may be any that was asked for elsewhere.
        const candidates = own.length > 0 ? own.slice(0, 1) : newestOfEachNetwork(open)
        const isOwn = own.length > 0
        const column = isOwn ? 'tries' : 'foreign_tries'
        const withTries = candidates.filter((row) => row[column] < triesMax)
        const codeHash = hashOf(target, code)
        const match = withTries.find((row) => row.code_hash === codeHash)
        if (match === undefined) {
          for (const { id } of withTries) {
            await inner.db
              .updateTable('one_time_codes')
              .set((eb) => ({ [column]: eb(column, '+', 1) }))
              .where('id', '=', id)
              .execute()
          }
          return false
        }
        await inner.db
          .updateTable('one_time_codes')
          .set({ redeemed_at_ms: now(), redeemed_by: holder })
          .where('id', '=', match.id)
          .execute()
        return true
      }),

    async hasProof({ target, holder, periodMs, code }) {
      let rows = ofTarget(scope, target)
        .where('redeemed_by', '=', holder)
        .where('redeemed_at_ms', '>', now() - periodMs)
        .where('spent_at_ms', 'is', null)
      if (code !== undefined) rows = rows.where('code_hash', '=', hashOf(target, code))
      const row = await rows.executeTakeFirst()
      return row !== undefined
    },
    async spendProof({ target, holder, periodMs }) {
      const { numUpdatedRows } = await scope.db
        .updateTable('one_time_codes')
        .set({ spent_at_ms: now() })
        .where('purpose', '=', target.purpose)
        .where('address', '=', target.address)
        .where('redeemed_by', '=', holder)
        .where('redeemed_at_ms', '>', now() - periodMs)
        .where('spent_at_ms', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async deleteAllOf(address) {
      await scope.db.deleteFrom('one_time_codes').where('address', '=', address).execute()
    },
  }
}

/** More are never issued in one period, whatever the allowance. */
const rowsMax = 100

function ofTarget({ db }: Scope, { purpose, address }: CodeTarget) {
  return db.selectFrom('one_time_codes').selectAll().where('purpose', '=', purpose).where('address', '=', address)
}

/** Oldest first. */
function sendsSince(scope: Scope, target: CodeTarget, sinceMs: number) {
  return ofTarget(scope, target).where('created_at_ms', '>', sinceMs).orderBy('id').limit(rowsMax).execute()
}

/** Newest first. */
function openCodes(scope: Scope, target: CodeTarget, nowMs: number) {
  return ofTarget(scope, target)
    .where('expires_at_ms', '>', nowMs)
    .where('redeemed_at_ms', 'is', null)
    .orderBy('id', 'desc')
    .limit(rowsMax)
    .execute()
}

/** A newer code replaces the older ones of whoever asked. */
function newestOfEachNetwork(rows: readonly OneTimeCodeRow[]): OneTimeCodeRow[] {
  const newest = new Map<string, OneTimeCodeRow>()
  for (const row of rows) if (!newest.has(row.network)) newest.set(row.network, row)
  return [...newest.values()]
}
