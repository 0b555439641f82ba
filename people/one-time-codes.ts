import { randomInt } from 'node:crypto'
import { AppError } from '../contracts/errors.ts'
import type { CodeAllowance, CodeTarget } from '../store/index.ts'
import { type Client, holderOf, networkOf } from './networks.ts'
import type { PeopleDeps } from './people-deps.ts'

/** Where a code goes. */
export type Address =
  | { readonly type: 'email'; readonly address: string }
  | { readonly type: 'phone'; readonly address: string }

export interface OneTimeCodes {
  /**
   * Makes a code and sends it on its way, without waiting for it to arrive.
   * @param input.sends false keeps the code back: whether somebody has that address must not show
   * @returns seconds until it expires
   * @throws AppError `too-many-codes`, `channel-missing`, `phone-country-not-served`
   */
  send(input: CodeRequest & { readonly to: Address; readonly sends?: boolean }): Promise<number>
  /** @throws AppError `invalid-otp`: wrong, expired, used, or tried too often */
  redeem(input: CodeRequest & { readonly address: string; readonly code: string }): Promise<void>
  /**
   * True when a code for that address was redeemed from the same client in the last five minutes, and that is unspent.
   * @param input.code when given, that very code
   */
  hasProof(input: CodeRequest & { readonly address: string; readonly code?: string }): Promise<boolean>
  /** The same, once. */
  spendProof(input: CodeRequest & { readonly address: string }): Promise<boolean>
}

interface CodeRequest extends Client {
  readonly purpose: CodeTarget['purpose']
  /** The owner of the address, where there is one. */
  readonly ownerId?: string | undefined
}

const lifetimeMs = 5 * 60_000
const proofPeriodMs = 5 * 60_000
const triesMax = 5
const digits = 6
const allowances: readonly CodeAllowance[] = [
  { periodMs: 15 * 60_000, perNetworkMax: 3, perAddressMax: 10 },
  { periodMs: 24 * 3_600_000, perNetworkMax: 10, perAddressMax: 20 },
]

/** Whoever has codes sent to number after number pays nothing for it; the city does. */
const networkAllowance = { periodMs: 15 * 60_000, max: 20 } as const

const subjects: Readonly<Record<CodeTarget['purpose'], string>> = {
  'sign-in': 'Your sign-in code',
  'verify-email': 'Confirm your e-mail address',
  'verify-phone': 'Confirm your phone number',
  'reset-password': 'Reset your password',
}

export function createOneTimeCodes({ records, messenger, phones, now }: PeopleDeps): OneTimeCodes {
  return {
    async send({ purpose, to, clientAddress, ownerId, sends = true }) {
      if (!messenger.canReach(to.type)) {
        const what = to.type === 'email' ? 'e-mail' : 'text messages'
        throw new AppError('unavailable', 'channel-missing', `this server is not set up to send ${what}`)
      }
      if (to.type === 'phone') phones.assertServed(to.address)
      const network = networkOf(clientAddress)
      const code = String(randomInt(10 ** digits)).padStart(digits, '0')
      const issue = await records.oneTimeCodes.issue({
        target: { purpose, address: to.address },
        code,
        network,
        isKnownNetwork: ownerId !== undefined && (await records.sessions.isKnownNetwork(ownerId, network)),
        lifetimeMs,
        allowances,
        networkAllowance,
      })
      if (issue.type === 'too-many') throw tooManyCodes(issue.againAtMs - now())
      const text = `${code} is your Prahari code: ${subjects[purpose].toLowerCase()}. It is good for ${lifetimeMs / 60_000} minutes. Nobody from the city will ask you for it.`
      if (sends) {
        messenger.deliver({ id: issue.id, to, subject: subjects[purpose], text, expiresAtMs: now() + lifetimeMs })
      }
      return lifetimeMs / 1000
    },
    async redeem({ purpose, address, code, ...client }) {
      const network = networkOf(client.clientAddress)
      const target = { purpose, address }
      if (await records.oneTimeCodes.redeem({ target, code, network, holder: holderOf(client), triesMax })) return
      throw new AppError('invalid', 'invalid-otp', 'the code is wrong, has expired, or was tried too often')
    },
    hasProof({ purpose, address, code, ...client }) {
      const holder = holderOf(client)
      return records.oneTimeCodes.hasProof({ target: { purpose, address }, holder, periodMs: proofPeriodMs, code })
    },
    spendProof({ purpose, address, ...client }) {
      const holder = holderOf(client)
      return records.oneTimeCodes.spendProof({ target: { purpose, address }, holder, periodMs: proofPeriodMs })
    },
  }
}

function tooManyCodes(waitMs: number): AppError {
  const waitMin = Math.max(1, Math.ceil(waitMs / 60_000))
  return new AppError('too-many', 'too-many-codes', `too many codes were asked for; try again in ${waitMin} min`)
}
