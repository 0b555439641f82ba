import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import type { DeviceStatus } from '../../contracts/device.ts'
import type { BusEvents } from '../../contracts/events.ts'
import type { Service } from '../../contracts/service.ts'
import type { Records } from './records.ts'

export interface StatusKeeperDeps {
  readonly records: Pick<Records, 'deviceStatuses'>
  readonly bus: Bus
  readonly log: Pick<Logger, 'error'>
  /** How long statuses gather before they share a commit. */
  readonly gatherMs?: number
}

/** Rows written by one commit: enough to spread its fsync, few enough that an SOS waits a few milliseconds at most. */
const chunkRowsMax = 250

/**
 * Keeps what devices say of themselves. Nobody waits for it: statuses gather, at most one per device, and are written
 * together, so that ten thousand devices that come back at once are forty commits and not ten thousand. What a crash
 * takes is a second's worth of them; each device says it again.
 */
export function createStatusKeeper({ records, bus, log, gatherMs = 1000 }: StatusKeeperDeps): Service {
  const gathered = new Map<string, DeviceStatus>()
  const stopping = new AbortController()
  let unsubscribe: (() => void) | undefined
  let writing: Promise<void> | undefined

  function gather({ deviceId, batteryPct, firmware, receivedAtMs }: BusEvents['device-status']): void {
    // A last will and a gateway's word on who is there say nothing but presence.
    if (batteryPct === undefined && firmware === undefined) return
    const before = gathered.get(deviceId)
    gathered.set(deviceId, {
      deviceId,
      batteryPct: batteryPct ?? before?.batteryPct,
      firmware: firmware ?? before?.firmware,
      receivedAtMs,
    })
    writing ??= writeSoon()
  }

  async function writeSoon(): Promise<void> {
    do {
      // Also between two tries at a store that does not take them.
      await delay(gatherMs, undefined, { signal: stopping.signal }).catch(() => {})
      await write()
    } while (gathered.size > 0 && !stopping.signal.aborted)
    writing = undefined
  }

  async function write(): Promise<void> {
    const statuses = [...gathered.values()]
    for (let from = 0; from < statuses.length; from += chunkRowsMax) {
      const chunk = statuses.slice(from, from + chunkRowsMax)
      try {
        await records.deviceStatuses.keep(chunk)
      } catch (error) {
        log.error({ err: error, count: statuses.length - from }, 'device statuses not kept yet')
        return
      }
      // What came meanwhile is newer and stays for the next time.
      for (const status of chunk) if (gathered.get(status.deviceId) === status) gathered.delete(status.deviceId)
    }
  }

  return {
    name: 'status-keeper',
    async start() {
      unsubscribe ??= bus.subscribe('device-status', gather)
    },
    async stop() {
      unsubscribe?.()
      stopping.abort()
      await writing
      await write()
    },
  }
}
