import { describe, expect, it } from 'vitest'
import { deviceInputSchema } from '../../contracts/device.ts'
import { isInside } from '../../contracts/geo.ts'
import { kinds } from '../../contracts/kinds/index.ts'
import { planCity } from '../../devices/demo-city/city.ts'
import { type CityFeature, cityClasses, createDemoCity } from '../../devices/demo-city/index.ts'
import { areaM2, type Point, toPosition } from '../../devices/demo-city/plane.ts'

const seeds = [1, 2, 77]
const city = createDemoCity(1)

describe.each(seeds)('the demo city of seed %i', (seed) => {
  const city = createDemoCity(seed)
  const plan = planCity(seed)

  it('is the same city every time', () => {
    expect(createDemoCity(seed)).toEqual(city)
  })

  it('has about 120 devices with ids of their own, of every kind', () => {
    expect(city.devices).toHaveLength(120)
    expect(new Set(city.devices.map(({ id }) => id)).size).toBe(120)
    expect(new Set(city.devices.map(({ kind }) => kind))).toEqual(new Set(kinds.map(({ id }) => id)))
  })

  it('describes devices as the API registers them', () => {
    for (const { kind, ...device } of city.devices) {
      expect(deviceInputSchema.parse(device)).toEqual(device)
      expect(device.kinds).toEqual([kind])
    }
  })

  it('places every device on built-up land inside the map, none in the water', () => {
    for (const device of city.devices) {
      expect(isInside(city.bounds, device.position), device.id).toBe(true)
      const point = toPoint(device.position)
      expect(plan.skeleton.isBuiltUp(point), device.id).toBe(true)
      expect(plan.barriers.isWater(point), device.id).toBe(false)
    }
  })

  it('places traffic counters and bins beside a street', () => {
    const onStreets = city.devices.filter(({ kind }) => kind === 'traffic-flow' || kind === 'bin-level')
    for (const device of onStreets) {
      const point = toPoint(device.position)
      const nearestM = Math.min(...plan.streets.map(({ path }) => distanceToPathM(path, point)))
      expect(nearestM, device.id).toBeLessThan(12)
    }
  })

  it('has a river that avenues cross by bridge and no house stands in', () => {
    expect(plan.bridges.length).toBeGreaterThanOrEqual(3)
    for (const bridge of plan.bridges) {
      expect(bridge.path.every((point) => plan.barriers.isWater(point))).toBe(true)
    }
    for (const { ring } of plan.parcels) expect(ring.some((point) => plan.barriers.isWater(point))).toBe(false)
  })

  it('has blocks that are simple areas of a city block’s size', () => {
    const sizes = plan.parcels.filter(({ use }) => use === 'block').map(({ ring }) => areaM2(ring))
    expect(Math.min(...sizes)).toBeGreaterThan(0)
    expect(Math.max(...sizes)).toBeLessThan(130_000)
  })
})

describe('the city map', () => {
  it('is GeoJSON with closed rings, in drawing order, with only known classes', () => {
    const order = city.map.features.map(({ properties }) => cityClasses.indexOf(properties.class))
    expect(order).not.toContain(-1)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    for (const feature of city.map.features) expect(faultOf(feature)).toBeUndefined()
  })

  it('has every class and names its avenues, districts and landmarks', () => {
    expect(new Set(city.map.features.map(({ properties }) => properties.class))).toEqual(new Set(cityClasses))
    const named = city.map.features.filter(({ properties }) => ['street-primary', 'place'].includes(properties.class))
    expect(named.every(({ properties }) => properties.name)).toBe(true)
  })

  it('differs from seed to seed', () => {
    expect(createDemoCity(2).map.features).not.toEqual(city.map.features)
  })
})

function faultOf({ geometry }: CityFeature): string | undefined {
  if (geometry.type === 'LineString' && geometry.coordinates.length < 2) return 'a line needs two points'
  if (geometry.type !== 'Polygon') return undefined
  const ring = geometry.coordinates[0]!
  if (ring.length < 4) return 'a ring needs four points'
  return JSON.stringify(ring[0]) === JSON.stringify(ring.at(-1)) ? undefined : 'a ring must be closed'
}

function toPoint({ latitude, longitude }: { latitude: number; longitude: number }): Point {
  const unit = toPosition(city.centre, { x: 100_000, y: 100_000 })
  return {
    x: ((longitude - city.centre.longitude) / (unit.longitude - city.centre.longitude)) * 100_000,
    y: ((latitude - city.centre.latitude) / (unit.latitude - city.centre.latitude)) * 100_000,
  }
}

function distanceToPathM(path: readonly Point[], point: Point): number {
  let nearest = Infinity
  for (let at = 1; at < path.length; at++) {
    const [a, b] = [path[at - 1]!, path[at]!]
    const length2 = (b.x - a.x) ** 2 + (b.y - a.y) ** 2 || 1
    const share = Math.min(1, Math.max(0, ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / length2))
    nearest = Math.min(nearest, Math.hypot(a.x + share * (b.x - a.x) - point.x, a.y + share * (b.y - a.y) - point.y))
  }
  return nearest
}
