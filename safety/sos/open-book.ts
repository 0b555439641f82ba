import { isOpenSos } from '../../contracts/sos.ts'
import type { OpenBook } from './sos-deps.ts'

interface Entry {
  readonly devices: Set<string>
  ownerId: string | undefined
  positionAtMs: number
}

/** A trail has at most one position a second, however often a device tells where it is. */
export const positionEveryMsMin = 1000

export function createOpenBook(ownerOf: (deviceId: string) => string | undefined): OpenBook {
  const entries = new Map<string, Entry>()
  const byDevice = new Map<string, string>()
  const byOwner = new Map<string, string>()

  function forget(sosId: string) {
    const entry = entries.get(sosId)
    if (!entry) return
    entries.delete(sosId)
    for (const deviceId of entry.devices) if (byDevice.get(deviceId) === sosId) byDevice.delete(deviceId)
    if (entry.ownerId !== undefined && byOwner.get(entry.ownerId) === sosId) byOwner.delete(entry.ownerId)
  }

  return {
    put(sos, deviceId) {
      if (!isOpenSos(sos)) return forget(sos.id)
      const entry = entries.get(sos.id) ?? { devices: new Set(), ownerId: undefined, positionAtMs: 0 }
      entries.set(sos.id, entry)
      for (const id of [sos.deviceId, deviceId]) {
        if (id === undefined) continue
        entry.devices.add(id)
        byDevice.set(id, sos.id)
      }
      if (sos.ownerId === undefined) return
      entry.ownerId = sos.ownerId
      byOwner.set(sos.ownerId, sos.id)
    },
    findOf(deviceId) {
      if (entries.size === 0) return undefined
      const ownerId = byOwner.size === 0 ? undefined : ownerOf(deviceId)
      return (ownerId === undefined ? undefined : byOwner.get(ownerId)) ?? byDevice.get(deviceId)
    },
    takePosition(sosId, atMs) {
      const entry = entries.get(sosId)
      if (!entry || Math.abs(atMs - entry.positionAtMs) < positionEveryMsMin) return false
      entry.positionAtMs = atMs
      return true
    },
  }
}
