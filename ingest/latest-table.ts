import type { LatestReading, LatestReadings } from '../contracts/ports/telemetry.ts'
import { unpackLatest } from './latest-block.ts'
import type { LatestBlock } from './protocol.ts'

export interface LatestTable extends LatestReadings {
  update(blocks: readonly LatestBlock[]): void
}

/** The newest reading of every device and kind, as the ingest thread last told it. */
export function createLatestTable(): LatestTable {
  const byDevice = new Map<string, Map<string, LatestReading>>()
  const listeners = new Set<(changed: readonly LatestReading[]) => void>()
  return {
    of: (deviceId) => [...(byDevice.get(deviceId)?.values() ?? [])],
    *all() {
      for (const ofDevice of byDevice.values()) yield* ofDevice.values()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    update(blocks) {
      const changed = blocks.flatMap(unpackLatest)
      if (changed.length === 0) return
      for (const reading of changed) {
        let ofDevice = byDevice.get(reading.deviceId)
        if (!ofDevice) {
          ofDevice = new Map()
          byDevice.set(reading.deviceId, ofDevice)
        }
        ofDevice.set(reading.kind, reading)
      }
      for (const listener of listeners) listener(changed)
    },
  }
}
