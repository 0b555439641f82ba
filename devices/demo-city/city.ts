import { type BoundingBox, type Position, toLonLat } from '../../contracts/geo.ts'
import { createRandom } from '../random.ts'
import { type Barriers, createBarriers } from './barriers.ts'
import { divideQuarter, type Parcel, type SideStreet } from './blocks.ts'
import { createNameBook, type NameBook } from './names.ts'
import { areaM2, centroidOf, isInsideRing, lengthM, type Path, type Point, toPosition } from './plane.ts'
import { createSkeleton, type Skeleton } from './skeleton.ts'

/** What a feature of the city map is; dashboards choose colour and width by it. Drawn in this order. */
export const cityClasses = [
  'land',
  'park',
  'block',
  'water',
  'railway',
  'street-residential',
  'street-secondary',
  'street-primary',
  'bridge',
  'place',
] as const
type CityClass = (typeof cityClasses)[number]

export interface CityFeature {
  readonly type: 'Feature'
  readonly properties: {
    readonly class: CityClass
    readonly name?: string
    /** Of a place: what is being named. */
    readonly place?: 'city' | 'district' | 'landmark'
  }
  readonly geometry:
    | { readonly type: 'Point'; readonly coordinates: [number, number] }
    | { readonly type: 'LineString'; readonly coordinates: [number, number][] }
    | { readonly type: 'Polygon'; readonly coordinates: [number, number][][] }
}

/** RFC 7946. `bbox` is west, south, east, north. */
export interface CityMap {
  readonly type: 'FeatureCollection'
  readonly name: string
  readonly bbox: [number, number, number, number]
  readonly features: readonly CityFeature[]
}

export interface NamedStreet {
  readonly rank: 'primary' | SideStreet['rank']
  readonly name: string
  readonly path: Path
}

/** The city on its flat sheet, before it becomes a map: what devices are placed by. */
export interface CityPlan {
  readonly name: string
  readonly centre: Position
  readonly skeleton: Skeleton
  readonly barriers: Barriers
  readonly streets: readonly NamedStreet[]
  readonly bridges: readonly NamedStreet[]
  readonly parcels: readonly (Parcel & { readonly name: string | undefined })[]
  readonly districts: readonly {
    readonly name: string
    readonly band: number
    readonly ring: Path
    readonly middle: Point
  }[]
  readonly landmarks: readonly { readonly name: string; readonly at: Point }[]
}

/** Shorter lanes have a name too, but no room on the map for it. */
const labelledStreetMinM = 160

/** Open water in the Bay of Bengal: nobody's city lies under it, so nobody takes the map for theirs. */
export const cityCentre: Position = { latitude: 15, longitude: 88 }
export const cityName = 'Prahari demo city'

/** The same seed draws the same city, street for street. */
export function planCity(seed: number): CityPlan {
  const skeleton = createSkeleton(createRandom(seed, 'skeleton'))
  const barriers = createBarriers(createRandom(seed, 'barriers'), lakeSite(skeleton))
  const names = createNameBook(createRandom(seed, 'names'))
  const divided = skeleton.quarters.map((quarter, index) =>
    divideQuarter({ quarter, barriers, isBuiltUp: skeleton.isBuiltUp, random: createRandom(seed, `quarter-${index}`) }),
  )
  const { streets, bridges } = nameStreets({ skeleton, barriers, names, side: divided.flatMap((part) => part.streets) })
  return {
    name: cityName,
    centre: cityCentre,
    skeleton,
    barriers,
    streets,
    bridges,
    parcels: nameParks(
      divided.flatMap((part) => part.parcels),
      names,
    ),
    districts: nameDistricts(skeleton, barriers, names),
    landmarks: placeLandmarks(skeleton, barriers),
  }
}

/** The quarter inside the outer ring that lies furthest to the north-east: away from the river. */
function lakeSite(skeleton: Skeleton): Point {
  const middles = skeleton.quarters.filter(({ band }) => band === 2).map(({ ring }) => centroidOf(ring))
  return middles.reduce((best, middle) => (middle.x + 2 * middle.y > best.x + 2 * best.y ? middle : best))
}

function nameStreets(options: {
  readonly skeleton: Skeleton
  readonly barriers: Barriers
  readonly names: NameBook
  readonly side: readonly SideStreet[]
}): { readonly streets: NamedStreet[]; readonly bridges: NamedStreet[] } {
  const { skeleton, barriers, names, side } = options
  const ringNames = { inner: 'Parikrama Road', middle: 'Madhya Ring Road', outer: 'Bahari Ring Road' }
  const avenues: NamedStreet[] = [
    ...skeleton.rings.map(({ id, path }) => ({ rank: 'primary' as const, name: ringNames[id], path })),
    ...skeleton.radials.map(({ path }) => ({ rank: 'primary' as const, name: names.avenue(), path })),
  ]
  const bankNames = ['Uttar Ghat Road', 'Dakshin Ghat Road']
  const banks = barriers.river.banks.map(
    (path, index): NamedStreet => ({
      rank: 'secondary',
      name: bankNames[index]!,
      path: path.filter(skeleton.isBuiltUp),
    }),
  )
  return {
    streets: [...avenues, ...banks, ...side.map((street) => ({ ...street, name: names.street() }))],
    bridges: avenues.flatMap((avenue) =>
      stretchesOver(avenue.path, barriers.isWater).map((path) => ({ ...avenue, name: `${avenue.name} bridge`, path })),
    ),
  }
}

/** The stretches of a path for which a test holds, from the first bank to the other. */
function stretchesOver(path: Path, holds: (point: Point) => boolean): Path[] {
  const fine = path.flatMap((point, at) => {
    const next = path[at + 1]
    if (!next) return [point]
    const count = Math.max(1, Math.ceil(lengthM([point, next]) / 8))
    return Array.from(
      { length: count },
      (_none, step): Point => ({
        x: point.x + ((next.x - point.x) * step) / count,
        y: point.y + ((next.y - point.y) * step) / count,
      }),
    )
  })
  const stretches: Point[][] = []
  fine.forEach((point, at) => {
    if (!holds(point)) return
    const isFirst = at === 0 || !holds(fine[at - 1]!)
    if (isFirst) stretches.push([])
    stretches.at(-1)!.push(point)
  })
  return stretches.filter((stretch) => stretch.length >= 2)
}

function nameParks(parcels: readonly Parcel[], names: NameBook): CityPlan['parcels'] {
  return parcels.map((parcel) => ({
    ...parcel,
    name: parcel.use === 'park' && areaM2(parcel.ring) > 25_000 ? names.park() : undefined,
  }))
}

function nameDistricts(skeleton: Skeleton, barriers: Barriers, names: NameBook): CityPlan['districts'] {
  return skeleton.quarters.flatMap(({ band, ring }) => {
    const middle = centroidOf(ring)
    const isNamed = skeleton.isBuiltUp(middle) && !barriers.isWater(middle)
    const name = band === 0 ? `Purana ${names.district()}` : names.district()
    return isNamed ? [{ name, band, ring, middle }] : []
  })
}

function placeLandmarks(skeleton: Skeleton, barriers: Barriers): CityPlan['landmarks'] {
  const station = barriers.railway.reduce((best, point) =>
    Math.hypot(point.x, point.y) < Math.hypot(best.x, best.y) ? point : best,
  )
  const onRing = (index: number, share: number) => {
    const path = skeleton.rings[index]!.path
    return path[Math.floor(path.length * share)]!
  }
  return [
    { name: 'Prahari Chowk', at: { x: 0, y: 0 } },
    { name: 'Nagar Junction', at: station },
    { name: 'Neel Sarovar', at: barriers.lake.middle },
    { name: 'Purvi Bus Adda', at: onRing(1, 0.02) },
    { name: 'Vishwavidyalaya', at: onRing(1, 0.42) },
    { name: 'Jan Chikitsalaya', at: onRing(0, 0.66) },
    { name: 'Udyog Kshetra', at: onRing(2, 0.88) },
  ]
}

/** The district a point lies in, or the city itself. */
export function districtAt(plan: CityPlan, point: Point): string {
  return plan.districts.find(({ ring }) => isInsideRing(ring, point))?.name ?? plan.name
}

/** The plan as GeoJSON, in drawing order. */
export function drawCityMap(plan: CityPlan): CityMap {
  const lonLat = (point: Point) => toLonLat(toPosition(plan.centre, point))
  const line = (name: CityClass, path: Path, label?: string): CityFeature => ({
    type: 'Feature',
    properties: { class: name, ...(label && { name: label }) },
    geometry: { type: 'LineString', coordinates: path.map(lonLat) },
  })
  const area = (name: CityClass, ring: Path, label?: string): CityFeature => ({
    type: 'Feature',
    properties: { class: name, ...(label && { name: label }) },
    geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]!].map(lonLat)] },
  })
  const place = (kind: 'city' | 'district' | 'landmark', name: string, at: Point): CityFeature => ({
    type: 'Feature',
    properties: { class: 'place', place: kind, name },
    geometry: { type: 'Point', coordinates: lonLat(at) },
  })
  const { river, lake, railway } = plan.barriers
  const embankment = [...river.banks[1], ...[...river.banks[0]].reverse()]
  const features: CityFeature[] = [
    area('land', plan.skeleton.edge, plan.name),
    area('park', embankment, 'Neelavati Ghat'),
    area('park', lake.shore, 'Sarovar Udyan'),
    ...plan.parcels.map((parcel) => area(parcel.use, parcel.ring, parcel.name)),
    area('water', river.water, 'Neelavati'),
    area('water', lake.water, 'Neel Sarovar'),
    line('railway', railway),
    ...plan.streets.map(({ rank, path, name }) =>
      line(`street-${rank}`, path, rank !== 'residential' || lengthM(path) > labelledStreetMinM ? name : undefined),
    ),
    ...plan.bridges.map(({ path, name }) => line('bridge', path, name)),
    place('city', plan.name, { x: 0, y: 260 }),
    ...plan.districts.map(({ name, middle }) => place('district', name, middle)),
    ...plan.landmarks.map(({ name, at }) => place('landmark', name, at)),
  ]
  const order = new Map(cityClasses.map((name, at) => [name, at]))
  features.sort((a, b) => order.get(a.properties.class)! - order.get(b.properties.class)!)
  return { type: 'FeatureCollection', name: plan.name, bbox: boxOf(features), features }
}

function boxOf(features: readonly CityFeature[]): [number, number, number, number] {
  const box: [number, number, number, number] = [180, 90, -180, -90]
  for (const { geometry } of features) {
    const coordinates =
      geometry.type === 'Point'
        ? [geometry.coordinates]
        : geometry.coordinates.flat(geometry.type === 'Polygon' ? 1 : 0)
    for (const [longitude, latitude] of coordinates as [number, number][]) {
      box[0] = Math.min(box[0], longitude)
      box[1] = Math.min(box[1], latitude)
      box[2] = Math.max(box[2], longitude)
      box[3] = Math.max(box[3], latitude)
    }
  }
  return box
}

export function boundsOf(map: CityMap): BoundingBox {
  const [west, south, east, north] = map.bbox
  return { west, south, east, north }
}
