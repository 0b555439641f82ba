import type { LiveDetail, LiveView } from '../../contracts/live.ts'
import { isInArea, tileColumn, tileKey, tileRow } from '../../contracts/live-area.ts'
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
  /** @param tiles of the view's area; none when it is the whole city */
  partsFor(view: LiveView, tiles: readonly number[]): DeviceParts
}

/** What changed in one place, and the same as JSON, made when it is first asked for. */
interface Piece {
  readonly shown: CityDevice[]
  readonly readings: CityReading[]
  devicesText: string | undefined
  readonly readingsText: Record<LiveDetail, string | undefined>
}

/** Encodes each tile once per level of detail; views are joined from tiles. */
export function createStep(options: {
  readonly seq: number
  readonly atMs: number
  readonly changes: CityChanges
  readonly find: (deviceId: string) => CityDevice | undefined
}): Step {
  const { seq, atMs, changes, find } = options
  const wholeCity = createPiece(changes.shown, changes.readings)
  const tilesOfLevel = new Map<number, Map<number, Piece>>()
  const devicesInFocus = new Map<string, Piece>()

  function tilesAt(level: number): Map<number, Piece> {
    let tiles = tilesOfLevel.get(level)
    if (tiles === undefined) {
      tiles = sortIntoTiles(changes, level)
      tilesOfLevel.set(level, tiles)
    }
    return tiles
  }

  function inFocus(deviceId: string): Piece {
    let piece = devicesInFocus.get(deviceId)
    if (piece === undefined) {
      const device = find(deviceId)
      const readings = device === undefined ? [] : [...device.latest.values()].filter((reading) => reading.seq === seq)
      piece = createPiece(device?.shownSeq === seq ? [device] : [], readings)
      devicesInFocus.set(deviceId, piece)
    }
    return piece
  }

  function leftFrom(view: LiveView): string {
    if (view.area === null || changes.moved.length === 0) return ''
    return changes.moved
      .filter(({ device, from }) => !isInView(view, device) && isInArea(view.area, from))
      .map(({ device }) => device.number)
      .join(',')
  }

  return {
    seq,
    atMs,
    partsFor(view, tiles) {
      const { area, detail, focus } = view
      let devices = ''
      let readings = ''
      const add = (piece: Piece, inDetail: LiveDetail) => {
        devices = joinTwo(devices, devicesTextOf(piece))
        readings = joinTwo(readings, readingsTextOf(piece, inDetail, atMs))
      }
      if (area === null) add(wholeCity, detail)
      else {
        const pieces = tilesAt(area.level)
        for (const tile of tiles) {
          const piece = pieces.get(tile)
          if (piece !== undefined) add(piece, detail)
        }
      }
      // After the area: in an overview the full reading of a device in focus must have the last word.
      for (const deviceId of focus) add(inFocus(deviceId), 'full')
      return { atMs, devices, readings, left: leftFrom(view) }
    },
  }
}

function createPiece(shown: readonly CityDevice[] = [], readings: readonly CityReading[] = []): Piece {
  return {
    shown: [...shown],
    readings: [...readings],
    devicesText: undefined,
    readingsText: { full: undefined, overview: undefined },
  }
}

function devicesTextOf(piece: Piece): string {
  piece.devicesText ??= piece.shown.length === 0 ? '' : encodeDevices(piece.shown)
  return piece.devicesText
}

function readingsTextOf(piece: Piece, detail: LiveDetail, atMs: number): string {
  piece.readingsText[detail] ??= encodeReadings(piece.readings, detail, atMs)
  return piece.readingsText[detail]
}

function sortIntoTiles(changes: CityChanges, level: number): Map<number, Piece> {
  const tiles = new Map<number, Piece>()
  const tileOf = ({ latitude, longitude }: CityDevice): Piece | undefined => {
    if (latitude === undefined || longitude === undefined) return undefined
    const key = tileKey(tileColumn(longitude, level), tileRow(latitude, level))
    let tile = tiles.get(key)
    if (tile === undefined) {
      tile = createPiece()
      tiles.set(key, tile)
    }
    return tile
  }
  for (const device of changes.shown) tileOf(device)?.shown.push(device)
  for (const reading of changes.readings) tileOf(reading.device)?.readings.push(reading)
  return tiles
}

function joinTwo(before: string, next: string): string {
  if (before === '') return next
  return next === '' ? before : `${before},${next}`
}

export function isInView(view: LiveView, device: CityDevice): boolean {
  return isInArea(view.area, device) || view.focus.includes(device.id)
}
