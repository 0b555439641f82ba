import type { LiveView } from '../../contracts/live.ts'
import type { CityDevice, CityReading } from './city-state.ts'
import { encodeDevices, encodeReadings } from './columns.ts'
import { type DeviceParts, isInView } from './step.ts'

/**
 * What a viewer must be told of devices to see `view` as it is now.
 * @param held what it sees as of `sinceSeq`; undefined when it sees nothing yet
 */
export function encodeCatchUp(options: {
  readonly devices: Iterable<CityDevice>
  readonly view: LiveView
  readonly held: LiveView | undefined
  readonly sinceSeq: number
  readonly atMs: number
}): DeviceParts {
  const { view, held, sinceSeq, atMs } = options
  const shown: CityDevice[] = []
  const readings: CityReading[] = []
  const readingsInFocus: CityReading[] = []
  const left: number[] = []
  for (const device of options.devices) {
    if (!isInView(view, device)) {
      if (held !== undefined && device.placedSeq > sinceSeq) left.push(device.number)
      continue
    }
    const isNew = held === undefined || !isInView(held, device)
    if (isNew || device.shownSeq > sinceSeq) shown.push(device)
    const inFocus = view.focus.includes(device.id)
    const isNewInFocus = isNew || (inFocus && !held.focus.includes(device.id))
    for (const reading of device.latest.values()) {
      if (!isNewInFocus && reading.seq <= sinceSeq) continue
      if (inFocus) readingsInFocus.push(reading)
      else readings.push(reading)
    }
  }
  return {
    atMs,
    devices: shown.length === 0 ? '' : encodeDevices(shown),
    readings: [encodeReadings(readings, view.detail, atMs), encodeReadings(readingsInFocus, 'full', atMs)]
      .filter((text) => text !== '')
      .join(','),
    left: left.join(','),
  }
}
