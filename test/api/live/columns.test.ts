import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeCatchUp } from '../../../api/live/catch-up.ts'
import { createCityState } from '../../../api/live/city-state.ts'
import { encodeSnapshot } from '../../../api/live/message.ts'
import type { LiveDetail } from '../../../contracts/live.ts'
import { applySnapshot, createLiveState } from '../../../contracts/live-state.ts'
import { aDevice, aReading, startMs } from './builders.ts'

const device = fc.record({
  name: fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
  simulated: fc.boolean(),
  position: fc.option(
    fc.record({
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    }),
    { nil: undefined },
  ),
  readings: fc.array(
    fc.record({
      kind: fc.constantFrom<string[]>('air-quality', 'noise', 'a-kind-of-the-past', '__proto__'),
      observedAtMs: fc.integer({ min: startMs - 1e9, max: startMs + 300_000 }),
      values: fc.record(
        {
          pm25: fc.double({ noNaN: true, noDefaultInfinity: true }),
          co2: fc.integer(),
          laeq: fc.float({ noNaN: true, noDefaultInfinity: true }),
        },
        { requiredKeys: [] },
      ),
    }),
    { maxLength: 3 },
  ),
})

function roundTrip(devices: readonly (typeof device extends fc.Arbitrary<infer T> ? T : never)[], detail: LiveDetail) {
  const city = createCityState({ now: () => startMs, latestOf: () => [], isOnline: () => false })
  for (const [at, { name, simulated, position, readings }] of devices.entries()) {
    city.putDevice(aDevice({ id: `d-${at}`, name, simulated, position }))
    city.putReadings(readings.map((reading) => aReading({ deviceId: `d-${at}`, ...reading })))
  }
  const view = { area: null, detail, focus: [] }
  const parts = encodeCatchUp({ devices: city.devices.values(), view, held: undefined, sinceSeq: 0, atMs: startMs })
  const packet = encodeSnapshot({
    epoch: 'e',
    seq: 1,
    view,
    devices: parts,
    alerts: '',
    alertsOmitted: 0,
    sos: '',
    system: 'null',
  })
  const state = createLiveState()
  applySnapshot(state, JSON.parse(packet.slice(1))[1])
  return { city, state }
}

describe('devices as columns', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(fc.array(device, { maxLength: 12 }), (devices) => {
        const { city, state } = roundTrip(devices, 'full')
        expect([...state.devices.keys()]).toEqual([...city.devices.keys()])
        for (const [id, known] of city.devices) {
          const told = state.devices.get(id)!
          const { name, simulated } = known.device
          const { latitude, longitude, online, state: deviceState, severity } = known
          // JSON has one zero.
          const plain = (value: number | undefined) => (value === undefined ? undefined : value + 0)
          expect(told).toMatchObject({ id, name, simulated, online, state: deviceState, severity })
          expect([told.latitude, told.longitude]).toEqual([plain(latitude), plain(longitude)])
          expect(Object.keys(told.latest).sort()).toEqual([...known.latest.keys()].sort())
          for (const reading of known.latest.values()) {
            const { atMs, values } = told.latest[reading.kind]!
            expect(atMs).toBe(reading.atMs)
            for (const [field, value] of Object.entries(values)) expect(value).toBe(plain(reading.values[field]))
          }
        }
      }),
    )
  })

  it('carries every known field in full and only the primary one in an overview', () => {
    const readings = [{ kind: 'air-quality', observedAtMs: startMs - 1234, values: { pm25: 12.5, co2: 430 } }]
    const devices = [{ name: 'A', simulated: true, position: undefined, readings }]
    expect(roundTrip(devices, 'full').state.devices.get('d-0')!.latest).toEqual({
      'air-quality': { atMs: startMs - 1234, values: { pm25: 12.5, co2: 430 } },
    })
    expect(roundTrip(devices, 'overview').state.devices.get('d-0')!.latest).toEqual({
      'air-quality': { atMs: startMs - 1200, values: { pm25: 12.5 } },
    })
  })

  it('tells ten thousand devices in less than two megabytes', () => {
    const devices = Array.from({ length: 10_000 }, (_, at) => ({
      name: `Air quality ${at}, Marine Lines`,
      simulated: true,
      position: { latitude: 19 + at / 1e5, longitude: 72.8 + at / 1e5 },
      readings: [
        {
          kind: 'air-quality',
          observedAtMs: startMs - at,
          values: { pm25: 12.5 + at / 10, pm10: 20.5, no2: 12, o3: 30.1, co: 0.41, co2: 430 },
        },
      ],
    }))
    const city = roundTrip(devices, 'overview').city
    for (const [detail, bytesMax] of [
      ['overview', 1_100_000],
      ['full', 2_000_000],
    ] as const) {
      const view = { area: null, detail, focus: [] }
      const parts = encodeCatchUp({ devices: city.devices.values(), view, held: undefined, sinceSeq: 0, atMs: startMs })
      expect(parts.devices.length + parts.readings.length).toBeLessThan(bytesMax)
    }
  })
})
