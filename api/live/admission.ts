import type { Logger } from 'pino'
import { may } from '../../contracts/access.ts'
import { AppError } from '../../contracts/errors.ts'
import { liveAuthenticateSchema } from '../../contracts/live.ts'
import type { Accounts, Identity } from '../../people/index.ts'
import type { LiveOptions } from './options.ts'

/** Somebody who was let in, as far as the door is concerned. */
export interface Guest {
  identity: Identity
  token: string
  /** When it will be shown out unless it brings a new token; undefined while its token is good. */
  standsUntilMs: number | undefined
  recheckAtMs: number
  /** How many changes of anybody's access there had been when it was last looked at. */
  asOfChange: number
}

export interface GuestCallbacks {
  /** The same person may see more or less than before. */
  onIdentity(guest: Guest): void
  /** The token ran out: send nothing until `onIdentity`. */
  onStand(guest: Guest, error: AppError, graceMs: number): void
  /** No longer welcome. */
  onEnd(guest: Guest, error: AppError): void
}

/** The door of the live feed: who comes in, who stays, who has to go. Knows no sockets. */
export interface Admission {
  /**
   * @param auth what the client sent in the handshake
   * @throws AppError for whoever may not come in
   */
  admit(auth: unknown): Promise<Guest>
  enter(guest: Guest): void
  leave(guest: Guest): void
  /** Takes a new token for the same person. @throws AppError */
  reauthenticate(guest: Guest, request: unknown): Promise<Guest>
  /** Looks at everybody again who is, or may be, this user. */
  recheckUser(userId: string): void
  /** Deals with tokens that have run out. Call it about every second. */
  watchClock(): void
}

export function createAdmission(deps: {
  readonly accounts: Pick<Accounts, 'verify'>
  readonly options: LiveOptions
  readonly callbacks: GuestCallbacks
  readonly now: () => number
  readonly log: Pick<Logger, 'warn'>
}): Admission {
  const { accounts, options, callbacks, now, log } = deps
  const guests = new Set<Guest>()
  const countByUser = new Map<string, number>()
  /** Those of people who had no part in the feed of the city when they came in. */
  const personal = new Set<Guest>()
  let accessChanges = 0

  async function identify(token: unknown): Promise<{ identity: Identity; token: string; asOfChange: number }> {
    const asOfChange = accessChanges
    const parsed = liveAuthenticateSchema.safeParse({ token })
    if (!parsed.success) throw new AppError('unauthenticated', 'token-missing', 'An access token is needed')
    const identity = await accounts.verify(parsed.data.token)
    if (!may(identity.role, 'live.enter')) throw notForRole()
    return { identity, token: parsed.data.token, asOfChange }
  }

  function assertRoomFor({ userId, role }: Identity): void {
    const watches = may(role, 'live.watch')
    const isFull =
      guests.size >= options.connectionsMax || (!watches && personal.size >= options.personalConnectionsMax)
    if (isFull) throw new AppError('too-many', 'too-many-connections', 'The live feed is full')
    const perUserMax = watches ? options.connectionsPerUserMax : options.personalConnectionsPerUserMax
    if ((countByUser.get(userId) ?? 0) >= perUserMax) {
      throw new AppError('too-many', 'too-many-connections', 'This account has too many connections to the live feed')
    }
  }

  /** Fails only when somebody says no: a store that cannot be asked must not blind operators who are in already. */
  async function recheck(guest: Guest): Promise<void> {
    guest.recheckAtMs = now() + options.recheckEveryMs
    const { token } = guest
    try {
      const { identity, asOfChange } = await identify(token)
      // It may have left, or brought another token, meanwhile.
      if (!guests.has(guest) || guest.token !== token) return
      assertKeepsPart(guest, identity)
      guest.identity = identity
      guest.asOfChange = asOfChange
      callbacks.onIdentity(guest)
      recheckIfChanged(guest)
    } catch (error) {
      if (!guests.has(guest) || guest.token !== token) return
      if (!(error instanceof AppError)) log.warn({ err: error }, 'live feed could not recheck a token')
      else if (error.code === 'token-expired') stand(guest)
      else callbacks.onEnd(guest, error)
    }
  }

  /** What it was let in for may have changed while that was looked up, when it was not yet among those who hear of it. */
  function recheckIfChanged(guest: Guest): void {
    if (guest.asOfChange !== accessChanges) void recheck(guest)
  }

  /** Whoever loses the feed of the city leaves, and may come back for what is their own. */
  function assertKeepsPart(guest: Guest, { role }: Identity): void {
    if (may(guest.identity.role, 'live.watch') && !may(role, 'live.watch')) throw notForRole()
  }

  function stand(guest: Guest): void {
    if (guest.standsUntilMs !== undefined) return
    guest.standsUntilMs = now() + options.reauthenticateGraceMs
    callbacks.onStand(guest, tokenExpired(), options.reauthenticateGraceMs)
  }

  return {
    async admit(auth) {
      const token = typeof auth === 'object' && auth !== null && 'token' in auth ? auth.token : undefined
      const known = await identify(token)
      assertRoomFor(known.identity)
      return { ...known, standsUntilMs: undefined, recheckAtMs: now() + options.recheckEveryMs }
    },
    enter(guest) {
      guests.add(guest)
      const { userId, role } = guest.identity
      if (!may(role, 'live.watch')) personal.add(guest)
      countByUser.set(userId, (countByUser.get(userId) ?? 0) + 1)
      recheckIfChanged(guest)
    },
    leave(guest) {
      if (!guests.delete(guest)) return
      personal.delete(guest)
      const { userId } = guest.identity
      const left = (countByUser.get(userId) ?? 1) - 1
      if (left === 0) countByUser.delete(userId)
      else countByUser.set(userId, left)
    },
    async reauthenticate(guest, request) {
      const token = typeof request === 'object' && request !== null && 'token' in request ? request.token : undefined
      const known = await identify(token)
      assertKeepsPart(guest, known.identity)
      if (known.identity.userId !== guest.identity.userId) {
        throw new AppError('forbidden', 'other-user', 'This connection belongs to somebody else')
      }
      guest.identity = known.identity
      guest.token = known.token
      guest.asOfChange = known.asOfChange
      guest.standsUntilMs = undefined
      guest.recheckAtMs = now() + options.recheckEveryMs
      callbacks.onIdentity(guest)
      recheckIfChanged(guest)
      return guest
    },
    recheckUser(userId) {
      accessChanges += 1
      for (const guest of guests) if (guest.identity.userId === userId) void recheck(guest)
    },
    watchClock() {
      const nowMs = now()
      for (const guest of [...guests]) {
        if (guest.standsUntilMs !== undefined) {
          if (nowMs >= guest.standsUntilMs) callbacks.onEnd(guest, tokenExpired())
        } else if (nowMs >= guest.identity.expiresAtMs) stand(guest)
        else if (nowMs >= guest.recheckAtMs) void recheck(guest)
      }
    },
  }
}

function tokenExpired(): AppError {
  return new AppError('unauthenticated', 'token-expired', 'The access token has expired')
}

function notForRole(): AppError {
  return new AppError('forbidden', 'forbidden', 'Your role has no part in the live feed')
}
