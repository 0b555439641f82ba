import { type Client, networkOf } from './networks.ts'
import type { PeopleDeps } from './people-deps.ts'
import type { SignInMethod } from './sessions.ts'

export interface SignInFailures {
  /** @param user whose account it was, where there is one */
  note(user: { readonly id: string } | undefined, method: SignInMethod, client: Client): Promise<void>
}

/** A client that guesses in a loop must not fill the trail with it. */
const restMs = 60_000
const rememberedMax = 10_000

/** Writes failed sign-ins to the audit trail: the first of a network at an account, and one a minute with the count since. */
export function createSignInFailures({ records, now }: Pick<PeopleDeps, 'records' | 'now'>): SignInFailures {
  const seen = new Map<string, { readonly writtenAtMs: number; unwritten: number }>()
  return {
    async note(user, method, { clientAddress }) {
      const network = networkOf(clientAddress)
      const key = `${network} ${user?.id ?? ''}`
      const last = seen.get(key)
      if (last !== undefined && now() - last.writtenAtMs < restMs) {
        last.unwritten += 1
        return
      }
      seen.delete(key)
      if (seen.size >= rememberedMax) seen.delete(seen.keys().next().value!)
      seen.set(key, { writtenAtMs: now(), unwritten: 0 })
      await records.audit.append({
        // Nobody is known yet; who does not exist is not written down under what they called themselves.
        actor: `address:${clientAddress}`,
        action: 'sign-in-failed',
        ...(user && { subject: `user:${user.id}` }),
        detail: { method, network, repeats: last?.unwritten ?? 0 },
      })
    },
  }
}
