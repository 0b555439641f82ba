import type { SocketEvent } from '../../../contracts/access.ts'
import type { LegacyDeps } from './legacy-events.ts'
import { createNaariKavachEvents } from './naari-kavach.ts'
import { createPinkShieldEvents } from './pink-shield.ts'
import { createRooms, type Member } from './rooms.ts'
import { createSmartCityEvents } from './smart-city.ts'

type LegacyEvent = Exclude<SocketEvent, `live:${string}`>

/** What clients of Pink Shield, NaariKavach and Smart City send and are told. Knows no sockets and no tokens. */
export interface LegacyClients {
  readonly handlers: Readonly<Record<LegacyEvent, (member: Member, request: unknown) => object | Promise<object>>>
  enter(member: Member): void
  /** When what somebody may do has changed. */
  recheck(member: Member): void
  leave(member: Member): void
  /** @returns what ends it */
  follow(): (() => void)[]
}

export function createLegacyClients(
  deps: Omit<LegacyDeps, 'rooms' | 'later'> & {
    readonly roomsMax: number
    readonly onError: (error: unknown) => void
  },
): LegacyClients {
  const rooms = createRooms(deps)
  const later = (work: () => void) => {
    setImmediate(() => {
      try {
        work()
      } catch (error) {
        deps.onError(error)
      }
    })
  }
  const shared: LegacyDeps = { ...deps, rooms, later }
  const pinkShield = createPinkShieldEvents(shared)
  const naariKavach = createNaariKavachEvents(shared)
  const smartCity = createSmartCityEvents(shared)
  return {
    handlers: { ...pinkShield.handlers, ...naariKavach.handlers, ...smartCity.handlers },
    enter(member) {
      rooms.enter(member)
      pinkShield.greet?.(member)
      naariKavach.greet?.(member)
    },
    recheck: rooms.recheck,
    leave: rooms.leave,
    follow: () => [...pinkShield.follow(), ...naariKavach.follow(), ...smartCity.follow()],
  }
}
