import type { LiveDetail, LiveView } from '../../contracts/live.ts'
import { isInArea, type LiveArea, tileColumn, tileKey, tileKeysOf, tileRow } from '../../contracts/live-area.ts'
import type { CityChanges, CityDevice, CityReading } from './city-state.ts'
import { encodeDevices, encodeReadings } from './columns.ts'

/** The parts of a message that speak of devices, as JSON without their brackets. */
export interface DeviceParts {
  readonly atMs: number
  readonly devices: string
  readonly readings: string
  /** Numbers of devices that left the view. Devices that are gone altogether are events of the log. */
  readonly left: string
}

export function hasDeviceParts(parts: DeviceParts): boolean {
  return parts.devices !== '' || parts.readings !== '' || parts.left !== ''
}

/** One step of the log: what changed in the city, in pieces that many views are put together from. */
export interface Step {
  readonly seq: number
  readonly atMs: number
  partsFor(view: LiveView): DeviceParts
}

interface TileChanges {
  readonly shown: CityDevice[]
  readonly readings: CityReading[]
}

/** Encodes each tile once per level of detail, when the first view asks for it; views are joined from tiles. */
export function createStep(options: {
  readonly seq: number
  readonly atMs: number
  readonly changes: CityChanges
  readonly find: (deviceId: string) => CityDevice | undefined
}): Step {
  const { seq, atMs, changes, find } = options
  const tilesOfLevel = new Map<number, Map<number, TileChanges>>()
  const readingTexts = new Map<string, string>()
  const deviceTexts = new Map<string, string>()

  function tilesAt(level: number): Map<number, TileChanges> {
    let tiles = tilesOfLevel.get(level)
    if (tiles === undefined) {
      tiles = sortIntoTiles(changes, level)
      tilesOfLevel.set(level, tiles)
    }
    return tiles
  }

  function readingsOf(key: string, readings: readonly CityReading[], detail: LiveDetail): string {
    return cached(readingTexts, `${detail} ${key}`, () => encodeReadings(readings, detail, atMs))
  }

  function devicesOf(key: string, shown: readonly CityDevice[]): string {
    return cached(deviceTexts, key, () => (shown.length === 0 ? '' : encodeDevices(shown)))
  }

  function addArea(area: LiveArea | null, detail: LiveDetail, devices: string[], readings: string[]): void {
    if (area === null) {
      devices.push(devicesOf('city', changes.shown))
      readings.push(readingsOf('city', changes.readings, detail))
      return
    }
    const tiles = tilesAt(area.level)
    for (const tileNumber of tileKeysOf(area)) {
      const tile = tiles.get(tileNumber)
      if (tile === undefined) continue
      const key = `${area.level} ${tileNumber}`
      devices.push(devicesOf(key, tile.shown))
      readings.push(readingsOf(key, tile.readings, detail))
    }
  }

  function addFocus(focus: readonly string[], devices: string[], readings: string[]): void {
    for (const id of focus) {
      const device = find(id)
      if (device === undefined) continue
      const newest = [...device.latest.values()].filter((reading) => reading.seq === seq)
      devices.push(devicesOf(`device ${id}`, device.shownSeq === seq ? [device] : []))
      readings.push(readingsOf(`device ${id}`, newest, 'full'))
    }
  }

  function leftFrom(view: LiveView): string {
    if (view.area === null) return ''
    return changes.moved
      .filter(({ device, from }) => !isInView(view, device) && isInArea(view.area, from))
      .map(({ device }) => device.number)
      .join(',')
  }

  return {
    seq,
    atMs,
    partsFor(view) {
      const devices: string[] = []
      const readings: string[] = []
      addArea(view.area, view.detail, devices, readings)
      // After the area: in an overview the full reading of a device in focus must have the last word.
      addFocus(view.focus, devices, readings)
      return { atMs, devices: joinParts(devices), readings: joinParts(readings), left: leftFrom(view) }
    },
  }
}

function sortIntoTiles(changes: CityChanges, level: number): Map<number, TileChanges> {
  const tiles = new Map<number, TileChanges>()
  const tileOf = ({ latitude, longitude }: CityDevice): TileChanges | undefined => {
    if (latitude === undefined || longitude === undefined) return undefined
    const key = tileKey(tileColumn(longitude, level), tileRow(latitude, level))
    let tile = tiles.get(key)
    if (tile === undefined) {
      tile = { shown: [], readings: [] }
      tiles.set(key, tile)
    }
    return tile
  }
  for (const device of changes.shown) tileOf(device)?.shown.push(device)
  for (const reading of changes.readings) tileOf(reading.device)?.readings.push(reading)
  return tiles
}

function cached(texts: Map<string, string>, key: string, encode: () => string): string {
  let text = texts.get(key)
  if (text === undefined) {
    text = encode()
    texts.set(key, text)
  }
  return text
}

export function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(',')
}

export function isInView(view: LiveView, device: CityDevice): boolean {
  return isInArea(view.area, device) || view.focus.includes(device.id)
}
