import { expect, it } from 'vitest'
import { createCityState } from '../../../api/live/city-state.ts'
import type { Device } from '../../../contracts/device.ts'
import { aDevice, anSos, aReading, startMs } from './builders.ts'
import { aLiveHouse } from './live-house.ts'

const home = { latitude: 19.07, longitude: 72.87 }
const elsewhere = { latitude: 19.1, longitude: 72.9 }

function aCity(...devices: Device[]) {
  const city = createCityState({ now: () => startMs, latestOf: () => [], isOnline: () => true })
  for (const device of devices) city.putDevice(device)
  const placeOf = (id: string) => {
    const { latitude, longitude } = city.devices.get(id)!
    return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude }
  }
  return { city, placeOf }
}

const band = aDevice({ id: 'band-1', ownerId: 'asha', isPersonal: true, position: home })

it('does not know where a person’s device is, neither from the register nor from the device', () => {
  const { city, placeOf } = aCity(band)
  expect(placeOf('band-1')).toBeUndefined()
  city.putLocation({ deviceId: 'band-1', ...elsewhere })
  city.putReadings([aReading({ deviceId: 'band-1' })])
  city.putDevice({ ...band, position: elsewhere, updatedAtMs: startMs + 1 })
  expect(placeOf('band-1')).toBeUndefined()
})

it.each([
  ['that stands somewhere', home, undefined],
  ['that told where it is', undefined, elsewhere],
  ['that stands somewhere and told where else it is', home, elsewhere],
] as const)('forgets where a device was %s when it becomes a person’s', (_name, position, told) => {
  const lamp = aDevice({ id: 'lamp-1', position })
  const { city, placeOf } = aCity(lamp)
  if (told) city.putLocation({ deviceId: 'lamp-1', ...told })
  expect(placeOf('lamp-1')).toEqual(told ?? position)
  city.seal(1)
  city.putDevice({ ...lamp, ownerId: 'asha', isPersonal: true, updatedAtMs: startMs + 1 })
  expect(placeOf('lamp-1')).toBeUndefined()
  expect(city.seal(2).moved).toMatchObject([{ device: { id: 'lamp-1' }, from: told ?? position }])
})

it('knows it again when it is the city’s, not when it merely is nobody’s any more', () => {
  const { city, placeOf } = aCity(band)
  city.putDevice({ ...band, ownerId: undefined, updatedAtMs: startMs + 1 })
  city.putLocation({ deviceId: 'band-1', ...elsewhere })
  expect(placeOf('band-1')).toBeUndefined()
  city.putDevice({ ...band, ownerId: undefined, isPersonal: false, updatedAtMs: startMs + 2 })
  expect(placeOf('band-1')).toEqual(home)
  city.putLocation({ deviceId: 'band-1', ...elsewhere })
  expect(placeOf('band-1')).toEqual(elsewhere)
})

it('tells nobody where a person’s device is, while an SOS brings its own place', async () => {
  const house = await aLiveHouse()
  const { userId } = await house.aToken('citizen')
  await house.records.devices.registerMany([
    { id: 'band-1', ownerId: userId, position: home },
    { id: 'lamp-1', position: home },
  ])
  const screen = await house.aScreenOf('super_admin')
  await screen.until(() => screen.state.devices.size === 2)
  for (const deviceId of ['band-1', 'lamp-1']) {
    house.bus.publish('device-location', { deviceId, ...elsewhere, observedAtMs: startMs })
  }
  await screen.until(() => screen.state.devices.get('lamp-1')?.latitude === elsewhere.latitude)
  house.bus.publish('sos-pressed', { sos: anSos({ deviceId: 'band-1', location: elsewhere }), isNew: true })
  await screen.until(() => screen.state.sos.size === 1)
  expect(screen.state.sos.get('sos-1')?.location).toEqual(elsewhere)
  expect(screen.state.devices.get('band-1')).toMatchObject({ latitude: undefined, longitude: undefined })
  const told = JSON.stringify([...screen.snapshots, ...screen.deltas].flatMap(({ devices }) => devices ?? []))
  expect(told).toContain('band-1')
  // Two places were told of the lamp; had the band's been told too, each would be there twice.
  expect(told.match(/19\.07|19\.1\b/g)).toHaveLength(2)
})

it('takes a device off the map of one street when it becomes a person’s', async () => {
  const house = await aLiveHouse()
  const { userId } = await house.aToken('citizen')
  await house.records.devices.registerMany([{ id: 'lamp-1', position: home }])
  const screen = await house.aScreenOf('analyst', { viewport: { west: 72.8, south: 19, east: 72.95, north: 19.15 } })
  await screen.until(() => screen.state.devices.has('lamp-1'))
  await house.records.devices.patch('lamp-1', { ownerId: userId })
  await screen.until(() => !screen.state.devices.has('lamp-1'))
})
