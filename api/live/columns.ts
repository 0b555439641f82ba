import { findKind } from '../../contracts/kinds/index.ts'
import { fieldNames } from '../../contracts/kinds/kind.ts'
import {
  type LiveDetail,
  type LiveDeviceColumns,
  type LiveReadingColumns,
  liveDeviceStates,
} from '../../contracts/live.ts'
import { severities } from '../../contracts/severity.ts'
import type { CityDevice, CityReading } from './city-state.ts'

/** An overview rounds times to this. */
const agoUnitOverviewMs = 100

/**
 * @param devices in the order of their numbers
 * @returns JSON of LiveDeviceColumns
 */
export function encodeDevices(devices: readonly CityDevice[]): string {
  const columns: LiveDeviceColumns = {
    number: toSteps(devices),
    id: devices.map(({ id }) => id),
    name: devices.map(({ id, device: { name } }) => (name === id ? null : name)),
    latitude: devices.map(({ latitude }) => latitude ?? null),
    longitude: devices.map(({ longitude }) => longitude ?? null),
    flags: devices.map(({ online, device: { simulated } }) => (online ? 1 : 0) | (simulated ? 2 : 0)),
    state: devices.map(({ state }) => liveDeviceStates.indexOf(state)),
    severity: devices.map(({ severity }) => (severity === undefined ? null : severities.indexOf(severity))),
  }
  return JSON.stringify(columns)
}

/**
 * @param readings in the order of their devices' numbers
 * @returns JSON of LiveReadingColumns, one per kind, separated by commas; empty when there is nothing to tell
 */
export function encodeReadings(readings: readonly CityReading[], detail: LiveDetail, atMs: number): string {
  const byKind = new Map<string, CityReading[]>()
  for (const reading of readings) {
    const ofKind = byKind.get(reading.kind)
    if (ofKind === undefined) byKind.set(reading.kind, [reading])
    else ofKind.push(reading)
  }
  return [...byKind].map(([kind, ofKind]) => JSON.stringify(toColumns(kind, ofKind, detail, atMs))).join(',')
}

function toColumns(
  kind: string,
  readings: readonly CityReading[],
  detail: LiveDetail,
  atMs: number,
): LiveReadingColumns {
  const agoUnitMs = detail === 'full' ? 1 : agoUnitOverviewMs
  const values: Record<string, (number | null)[]> = {}
  for (const field of fieldsToTell(kind, detail, readings)) {
    const column = readings.map((reading) => reading.values[field] ?? null)
    if (column.some((value) => value !== null)) values[field] = column
  }
  return {
    kind,
    number: toSteps(readings.map(({ device }) => device)),
    ago: readings.map((reading) => Math.round((atMs - reading.atMs) / agoUnitMs)),
    agoUnitMs,
    values,
  }
}

function toSteps(devices: readonly CityDevice[]): number[] {
  let before = 0
  return devices.map(({ number }) => {
    const step = number - before
    before = number
    return step
  })
}

function fieldsToTell(kindId: string, detail: LiveDetail, readings: readonly CityReading[]): readonly string[] {
  const kind = findKind(kindId)
  if (kind !== undefined) return detail === 'full' ? fieldNames(kind) : [kind.card.primary]
  // A kind that has been taken out of the registry while its readings are still the newest of a device.
  const names = new Set(readings.flatMap((reading) => Object.keys(reading.values)))
  return detail === 'full' ? [...names] : [...names].slice(0, 1)
}
