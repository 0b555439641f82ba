import { type Area, covers } from '../../contracts/area.ts'
import type { Bus } from '../../contracts/bus.ts'
import type { Device } from '../../contracts/device.ts'
import type { Broadcast, BroadcastCounts, BroadcastInput } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'
import type { Page, PageQuery, Records } from '../../store/index.ts'

/** @throws AppError `broadcast-not-found` */
export interface BroadcastDesk {
  /** Whom a broadcast to this area would be for, now. */
  count(area: Area): BroadcastCounts
  send(input: BroadcastInput & { readonly by: string }): Promise<Broadcast>
  get(broadcastId: string): Promise<Broadcast>
  /** Newest first. */
  list(query: PageQuery): Promise<Page<Broadcast>>
}

interface BroadcastDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  readonly devices: { all(): Iterable<Device> }
  /** Absent when the broker runs in another process. */
  readonly isOnline?: ((deviceId: string) => boolean) | undefined
}

/** From then on it warns of nothing, and nobody shows it any more. */
const validForMs = 6 * 3_600_000

/** Tells whole areas something. What is sent is on disk before anybody hears it. */
export function createBroadcastDesk({ records, bus, now, devices, isOnline }: BroadcastDeskDeps): BroadcastDesk {
  function count(area: Area): BroadcastCounts {
    const people = new Set<string>()
    let within = 0
    let connected = 0
    for (const { id, position, ownerId, state } of devices.all()) {
      if (state !== 'registered' || !covers(area, position)) continue
      within++
      if (isOnline?.(id)) connected++
      if (ownerId !== undefined) people.add(ownerId)
    }
    return { devices: within, devicesConnected: isOnline && connected, people: people.size }
  }

  return {
    count,
    async send({ by, ...input }) {
      const counts = count(input.area)
      const broadcast = await records.transaction(async ({ broadcasts, audit }) => {
        const atMs = now()
        const sent = await broadcasts.create({ ...input, by, atMs, expiresAtMs: atMs + validForMs, counts })
        await audit.append({
          actor: by,
          action: 'broadcast-sent',
          subject: `broadcast:${sent.id}`,
          detail: { severity: input.severity, ...counts },
        })
        return sent
      })
      bus.publish('broadcast-sent', { broadcast })
      return broadcast
    },
    async get(broadcastId) {
      const broadcast = await records.broadcasts.get(broadcastId)
      if (!broadcast) throw new AppError('not-found', 'broadcast-not-found', `no broadcast ${broadcastId}`)
      return broadcast
    },
    list: records.broadcasts.list,
  }
}
