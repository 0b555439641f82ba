import type { DeviceInput } from '../../contracts/device.ts'
import type { Position } from '../../contracts/geo.ts'
import { findKind } from '../../contracts/kinds/index.ts'
import { between, createRandom, type Random, shuffle } from '../random.ts'
import { type CityPlan, districtAt, type NamedStreet } from './city.ts'
import { areaM2, centroidOf, distanceM, lengthM, type Path, type Point, toPosition, walkAlong } from './plane.ts'

/** A device of the demo city, in the shape the API registers, with the one kind it reports. */
export interface DemoDevice extends DeviceInput {
  readonly name: string
  readonly kind: string
  readonly position: Position
}

interface Site {
  readonly at: Point
  readonly name: string
}

/** How many of each; 120 in all. */
const fleet = {
  'traffic-flow': 36,
  'air-quality': 20,
  noise: 14,
  'bin-level': 28,
  'grid-load': 16,
  weather: 6,
} as const
type FleetKind = keyof typeof fleet

/** Sites of one kind keep at least this far apart, so that they spread over the city. */
const spacingM: Record<FleetKind, number> = {
  'traffic-flow': 420,
  'air-quality': 650,
  noise: 650,
  'bin-level': 240,
  'grid-load': 600,
  weather: 1800,
}

/** Side streets shorter than this carry nobody through, and no counter is spent on them. */
const throughTrafficM = 1200

const siteFinders: Record<FleetKind, (plan: CityPlan, random: Random) => Site[]> = {
  'traffic-flow': findCarriageways,
  'air-quality': findJunctions,
  noise: findJunctions,
  'bin-level': findPavements,
  'grid-load': findTransformerYards,
  weather: findRoofs,
}

/** The same seed puts the same devices in the same places. */
export function placeDevices(plan: CityPlan, seed: number): DemoDevice[] {
  return (Object.keys(fleet) as FleetKind[]).flatMap((kind) => {
    const random = createRandom(seed, `sites-${kind}`)
    const sites = spread(shuffle(random, siteFinders[kind](plan, random)), spacingM[kind], fleet[kind])
    return sites.map(
      (site, index): DemoDevice => ({
        id: `demo-${kind}-${String(index + 1).padStart(2, '0')}`,
        name: `${findKind(kind)!.label}, ${site.name}`,
        kind,
        kinds: [kind],
        position: toPosition(plan.centre, site.at),
        labels: { city: plan.name, district: districtAt(plan, site.at) },
      }),
    )
  })
}

/** Takes sites in order, leaving out those too near one already taken; halves the distance when there are too few. */
function spread(sites: readonly Site[], apartM: number, count: number): Site[] {
  const taken: Site[] = []
  for (let gapM = apartM; taken.length < count && gapM > 1; gapM /= 2) {
    for (const site of sites) {
      if (taken.length === count) break
      if (taken.every((other) => distanceM({ from: other.at, to: site.at }) >= gapM)) taken.push(site)
    }
  }
  return taken
}

/** Loops and radars sit in the left lane (traffic keeps left) of avenues, away from bridges. */
function findCarriageways(plan: CityPlan, random: Random): Site[] {
  return everyStretch(plan, ['primary', 'secondary'], 310, random).flatMap(({ street, alongM }) => {
    const at = beside(street.path, alongM, 4)
    if (street.rank === 'secondary' && lengthM(street.path) < throughTrafficM) return []
    return isUsable(plan, at) ? [{ at, name: `${street.name}, ${districtAt(plan, at)}` }] : []
  })
}

/** Where an avenue crosses a ring: the poles at the corner carry the air and noise monitors. */
function findJunctions(plan: CityPlan, random: Random): Site[] {
  const avenues = plan.streets.filter(({ rank }) => rank === 'primary')
  const ringCount = plan.skeleton.rings.length
  const crossings = avenues.slice(ringCount).flatMap((avenue) =>
    avenues.slice(0, ringCount).flatMap((ring) => {
      const nearest = avenue.path.reduce((best, point) =>
        gapM(ring.path, point) < gapM(ring.path, best) ? point : best,
      )
      return gapM(ring.path, nearest) < 160 ? [{ at: nearest, name: `${avenue.name} at ${ring.name}` }] : []
    }),
  )
  const along = everyStretch(plan, ['secondary'], 640, random).map(({ street, alongM }) => {
    const at = beside(street.path, alongM, 6)
    return { at, name: `${street.name}, ${districtAt(plan, at)}` }
  })
  const corner = ({ at, name }: Site): Site => ({ at: { x: at.x + between(random, 5, 9), y: at.y + 6 }, name })
  return [...crossings.map(corner), ...along].filter(({ at }) => isUsable(plan, at))
}

/** Bins stand on the pavement of streets in and around the old city, where people walk. */
function findPavements(plan: CityPlan, random: Random): Site[] {
  return everyStretch(plan, ['secondary', 'residential'], 90, random).flatMap(({ street, alongM }) => {
    const at = beside(street.path, alongM, 5)
    const isBusy = Math.hypot(at.x, at.y) < 3200
    return isBusy && isUsable(plan, at) ? [{ at, name: `${street.name}, ${districtAt(plan, at)}` }] : []
  })
}

function findTransformerYards(plan: CityPlan, random: Random): Site[] {
  return plan.parcels.flatMap(({ use, ring }) => {
    if (use !== 'block') return []
    const middle = centroidOf(ring)
    const corner = ring[Math.floor(random() * ring.length)]!
    const at = { x: (middle.x + corner.x) / 2, y: (middle.y + corner.y) / 2 }
    return [{ at, name: `${districtAt(plan, at)} substation` }]
  })
}

function findRoofs(plan: CityPlan): Site[] {
  return plan.parcels.flatMap(({ use, ring }) => {
    const at = centroidOf(ring)
    return use === 'block' && areaM2(ring) > 12_000 ? [{ at, name: `${districtAt(plan, at)} roof station` }] : []
  })
}

function everyStretch(
  plan: CityPlan,
  ranks: readonly NamedStreet['rank'][],
  stepM: number,
  random: Random,
): { readonly street: NamedStreet; readonly alongM: number }[] {
  return plan.streets.flatMap((street) => {
    if (!ranks.includes(street.rank)) return []
    const total = lengthM(street.path)
    const stretches = []
    for (let alongM = between(random, 0.2, 0.8) * stepM; alongM < total; alongM += stepM)
      stretches.push({ street, alongM })
    return stretches
  })
}

function beside(path: Path, alongM: number, leftM: number): Point {
  const { at, heading } = walkAlong(path, alongM)
  return { x: at.x - heading.y * leftM, y: at.y + heading.x * leftM }
}

function gapM(path: Path, point: Point): number {
  return path.reduce((nearest, other) => Math.min(nearest, distanceM({ from: other, to: point })), Infinity)
}

function isUsable(plan: CityPlan, point: Point): boolean {
  return plan.skeleton.isBuiltUp(point) && !plan.barriers.isWater(point)
}
