import type { DeviceInput } from '../../contracts/device.ts'
import { kinds } from '../../contracts/kinds/index.ts'
import { cityCentre, cityName } from '../demo-city/city.ts'
import { toPosition } from '../demo-city/plane.ts'
import { between, createRandom } from '../random.ts'
import type { SimulatedDevice } from './plan.ts'

/** A device of a simulation, as the simulator drives it and as the API registers it. */
export interface FleetDevice extends SimulatedDevice {
  readonly input: DeviceInput
}

const radiusM = 4000

/** So many devices, every kind in turn, strewn over the made-up city. Ids carry the seed: two runs do not mix. */
export function createSimulatedFleet({
  count,
  seed,
}: {
  readonly count: number
  readonly seed: number
}): FleetDevice[] {
  const random = createRandom(seed, 'simulated-fleet')
  return Array.from({ length: count }, (_none, index): FleetDevice => {
    const kind = kinds[index % kinds.length]!.id
    const id = `sim-${seed}-${String(index + 1).padStart(4, '0')}`
    const angle = between(random, 0, 2 * Math.PI)
    const awayM = radiusM * Math.sqrt(random())
    const position = toPosition(cityCentre, { x: Math.cos(angle) * awayM, y: Math.sin(angle) * awayM })
    return {
      id,
      kind,
      input: { id, name: `Simulated ${kind} ${index + 1}`, kinds: [kind], position, labels: { city: cityName } },
    }
  })
}
