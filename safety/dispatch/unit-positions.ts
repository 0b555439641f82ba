import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import type { BusEvents } from '../../contracts/events.ts'
import type { Service } from '../../contracts/service.ts'
import type { Records, UnitPosition } from '../../store/index.ts'

interface UnitPositionsDeps {
  readonly records: Pick<Records, 'units'>
  readonly bus: Bus
  readonly now: () => number
  readonly log: Pick<Logger, 'error'>
}

/**
 * Where a unit's device is, the unit is. Nobody waits for it: while one commit is under way the next gathers, at most one
 * position per unit, so that a fleet that reports every second costs a commit at a time and no more.
 */
export function createUnitPositions({ records, bus, now, log }: UnitPositionsDeps): Service {
  const unitOfDevice = new Map<string, string>()
  const gathered = new Map<string, UnitPosition>()
  let subscriptions: (() => void)[] = []
  let writing: Promise<void> | undefined

  function onUnit({ unit, change }: BusEvents['unit-changed']): void {
    if (change === 'position' || change === 'state') return
    for (const [deviceId, unitId] of unitOfDevice) if (unitId === unit.id) unitOfDevice.delete(deviceId)
    if (change !== 'deleted' && unit.deviceId !== undefined) unitOfDevice.set(unit.deviceId, unit.id)
  }

  function onLocation({ deviceId, latitude, longitude, observedAtMs }: BusEvents['device-location']): void {
    const unitId = unitOfDevice.get(deviceId)
    if (unitId === undefined) return
    // A clock that runs ahead would keep every later position out.
    const atMs = Math.min(observedAtMs, now())
    const before = gathered.get(unitId)
    if (before !== undefined && before.atMs >= atMs) return
    gathered.set(unitId, { unitId, position: { latitude, longitude }, atMs })
    writing ??= write().finally(() => {
      writing = undefined
    })
  }

  async function write(): Promise<void> {
    while (gathered.size > 0) {
      const positions = [...gathered.values()]
      gathered.clear()
      try {
        const moved = await records.units.move(positions)
        for (const unit of moved) bus.publish('unit-changed', { unit, change: 'position' })
      } catch (error) {
        // The next report of each says it again.
        log.error({ err: error, count: positions.length }, 'unit positions not kept')
        return
      }
    }
  }

  return {
    name: 'unit-positions',
    async start() {
      subscriptions = [bus.subscribe('unit-changed', onUnit), bus.subscribe('device-location', onLocation)]
      for (const { id, deviceId } of await records.units.all()) {
        if (deviceId !== undefined && !unitOfDevice.has(deviceId)) unitOfDevice.set(deviceId, id)
      }
    },
    async stop() {
      for (const unsubscribe of subscriptions) unsubscribe()
      subscriptions = []
      await writing
    },
  }
}
