import type { Role } from '../../../../contracts/roles.ts'
import type { SosRecord } from '../../../../contracts/sos.ts'
import type { LiveHouse, Screen } from '../live-house.ts'

export const place = { latitude: 19.0717, longitude: 72.8711 }

/** A client of an earlier backend, with all it was told. */
export interface LegacyClient {
  readonly userId: string
  readonly screen: Screen
  /** What it was told by this event, oldest first. */
  told(event: string): readonly unknown[]
  /** Waits for that many. */
  hears(event: string, count?: number): Promise<readonly unknown[]>
  ask(event: string, body?: unknown): Promise<unknown>
}

export async function aClient(house: LiveHouse, role: Role, { unitNumber }: { unitNumber?: string } = {}) {
  const { userId, token } = await house.aToken(role)
  if (unitNumber !== undefined) await house.records.users.update(userId, { unitNumber })
  const screen = house.screen({ token })
  const heard: { event: string; body: unknown }[] = []
  screen.socket.onAny((event: string, body: unknown) => heard.push({ event, body }))
  await screen.arrival
  const told = (event: string) => heard.filter((one) => one.event === event).map(({ body }) => body)
  const client: LegacyClient = {
    userId,
    screen,
    told,
    async hears(event, count = 1) {
      await screen.until(() => told(event).length >= count)
      return told(event)
    },
    ask: (event, body = {}) => screen.request(event, body),
  }
  return client
}

/** Resolves when the client has been told of everything that happened up to now. */
export async function settled(client: LegacyClient): Promise<void> {
  await new Promise(setImmediate)
  await client.ask('join')
}

export async function called(house: LiveHouse, { userId }: { userId: string }): Promise<SosRecord> {
  const receivedAtMs = house.clock.nowMs
  const { sos } = await house.sosDesk.call({
    source: 'app',
    ownerId: userId,
    actor: userId,
    trigger: 'manual',
    receivedAtMs,
    location: place,
  })
  return sos
}
