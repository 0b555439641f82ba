import { describe, expect, it } from 'vitest'
import type { LiveDevice } from '../../contracts/live.ts'
import { type DrawnDevices, diffDevices } from '../../dashboard/src/city-map/device-diff.ts'

function aDevice(changes: Partial<LiveDevice> = {}): LiveDevice {
  return {
    id: 'a',
    name: 'A',
    latitude: 15,
    longitude: 88,
    online: true,
    simulated: false,
    state: 'ok',
    severity: undefined,
    latest: {},
    ...changes,
  }
}

function aMap(...devices: LiveDevice[]) {
  const drawn: DrawnDevices = new Map()
  const table = new Map(devices.map((device) => [device.id, device]))
  const draw = (changedIds?: readonly string[], isShown: (device: LiveDevice) => boolean = () => true) =>
    diffDevices({ drawn, devices: table, changedIds: changedIds && new Set(changedIds), isShown })
  return { table, draw }
}

describe('the difference the map is told of', () => {
  it('is every placed device at first, longitude before latitude', () => {
    const { draw } = aMap(aDevice(), aDevice({ id: 'b', latitude: undefined, longitude: undefined }))
    expect(draw()).toEqual({
      remove: [],
      add: [
        {
          type: 'Feature',
          properties: { id: 'a', name: 'A', mark: 'ok', rank: 0 },
          geometry: { type: 'Point', coordinates: [88, 15] },
        },
      ],
    })
  })

  it('is nothing when only a reading is new', () => {
    const { table, draw } = aMap(aDevice())
    draw()
    table.set('a', aDevice({ latest: { noise: { atMs: 1, values: { laeqDb: 50 } } } }))
    expect(draw(['a'])).toBeUndefined()
  })

  it.each([
    ['its state', { state: 'offline' } as const, 'offline'],
    ['its worst alert', { state: 'alert', severity: 'critical' } as const, 'critical'],
    ['its place', { latitude: 15.1 }, 'ok'],
    ['its name', { name: 'Other' }, 'ok'],
  ])('replaces a device when %s changes', (_what, change, mark) => {
    const { table, draw } = aMap(aDevice(), aDevice({ id: 'b' }))
    draw()
    table.set('a', aDevice(change))
    const diff = draw(['a'])
    expect(diff?.add).toHaveLength(1)
    expect(diff?.add?.[0]?.properties).toMatchObject({ id: 'a', mark })
  })

  it('takes away a device that is gone, lost its place or is filtered out, once', () => {
    const { table, draw } = aMap(aDevice(), aDevice({ id: 'b' }), aDevice({ id: 'c' }))
    draw()
    table.delete('a')
    table.set('b', aDevice({ id: 'b', latitude: undefined }))
    expect(draw(undefined, ({ id }) => id !== 'c')).toEqual({
      add: [],
      remove: expect.arrayContaining(['a', 'b', 'c']),
    })
    expect(draw(undefined, ({ id }) => id !== 'c')).toBeUndefined()
  })

  it('looks at nothing but the ids it is given', () => {
    const { table, draw } = aMap(aDevice(), aDevice({ id: 'b' }))
    draw()
    table.set('a', aDevice({ state: 'offline' }))
    expect(draw(['b'])).toBeUndefined()
  })
})
