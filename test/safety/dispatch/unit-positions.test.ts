import { describe, expect, it, onTestFinished } from 'vitest'
import { createUnitPositions } from '../../../safety/dispatch/unit-positions.ts'
import { aDevice, silentLog } from '../../store/records/fixture.ts'
import { aDispatch, townHall } from './builders.ts'

async function aUnitWithDevice() {
  const house = await aDispatch()
  const { records, bus, clock, onDuty } = house
  for (const id of ['car-1', 'car-2']) await records.devices.register(aDevice({ id }))
  const unit = await onDuty('P-7', { deviceId: 'car-1' })
  const positions = createUnitPositions({ records, bus, now: clock.now, log: silentLog })
  await positions.start()
  onTestFinished(() => positions.stop())
  const at = (deviceId: string, latitude: number, afterMs: number) =>
    bus.publish('device-location', { deviceId, latitude, longitude: 72.8, observedAtMs: clock.atMs + afterMs })
  const latitude = async () => (await house.units.get(unit.id)).position?.latitude
  return { ...house, unit, positions, at, latitude }
}

describe('where a unit is, by its device', () => {
  it('follows the device, the newest at the end of a burst', async () => {
    const { positions, at, latitude, clock } = await aUnitWithDevice()
    clock.advance(60_000)
    for (let step = 1; step <= 50; step++) at('car-1', 19 + step / 1000, step - 100)
    at('car-1', 10, -99)
    await positions.stop()
    expect(await latitude()).toBeCloseTo(19.05)
  })

  it('is not put back by what comes late, nor kept from moving by a clock that ran ahead', async () => {
    const { positions, at, unit, units, clock } = await aUnitWithDevice()
    clock.advance(1000)
    at('car-1', 19.1, 3_600_000)
    await positions.stop()
    expect(await units.get(unit.id)).toMatchObject({ positionAtMs: clock.atMs, position: { latitude: 19.1 } })
    await positions.start()
    clock.advance(1000)
    at('car-1', 19.2, 0)
    at('car-1', 10, -60_000)
    await positions.stop()
    expect((await units.get(unit.id)).position?.latitude).toBe(19.2)
  })

  it('other devices say nothing of it, and one that was taken away no more', async () => {
    const { positions, at, latitude, unit, units, clock } = await aUnitWithDevice()
    clock.advance(1000)
    at('car-2', 10, 0)
    await units.update(unit.id, { deviceId: 'car-2', by: 'admin' })
    at('car-1', 11, 0)
    await positions.stop()
    expect(await latitude()).toBe(townHall.latitude)
    await positions.start()
    at('car-2', 12, 0)
    await positions.stop()
    expect(await latitude()).toBe(12)
  })
})
