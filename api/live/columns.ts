import { findKind } from '../../contracts/kinds/index.ts'
import { fieldNames } from '../../contracts/kinds/kind.ts'
import { type LiveDetail, liveDeviceStates } from '../../contracts/live.ts'
import { severities } from '../../contracts/severity.ts'
import type { CityDevice, CityReading } from './city-state.ts'

/**
 * JSON of LiveDeviceColumns and LiveReadingColumns, written by hand: ten thousand rows a second as objects for
 * JSON.stringify would be most of the feed's work.
 */

/** An overview rounds times to this. */
const agoUnitOverviewMs = 100

/** @param devices in the order of their numbers */
export function encodeDevices(devices: readonly CityDevice[]): string {
  let number = ''
  let id = ''
  let name = ''
  let latitude = ''
  let longitude = ''
  let flags = ''
  let state = ''
  let severity = ''
  let before = 0
  for (const device of devices) {
    const comma = number === '' ? '' : ','
    number += comma + (device.number - before)
    before = device.number
    id += comma + JSON.stringify(device.id)
    name += comma + (device.device.name === device.id ? 'null' : JSON.stringify(device.device.name))
    latitude += comma + (device.latitude ?? 'null')
    longitude += comma + (device.longitude ?? 'null')
    flags += comma + ((device.online ? 1 : 0) | (device.device.simulated ? 2 : 0))
    state += comma + liveDeviceStates.indexOf(device.state)
    severity += comma + (device.severity === undefined ? 'null' : severities.indexOf(device.severity))
  }
  return (
    `{"number":[${number}],"id":[${id}],"name":[${name}],"latitude":[${latitude}],"longitude":[${longitude}],` +
    `"flags":[${flags}],"state":[${state}],"severity":[${severity}]}`
  )
}

/**
 * @param readings in the order of their devices' numbers
 * @returns one object per kind, separated by commas; empty when there is nothing to tell
 */
export function encodeReadings(readings: readonly CityReading[], detail: LiveDetail, atMs: number): string {
  const byKind = new Map<string, CityReading[]>()
  for (const reading of readings) {
    const ofKind = byKind.get(reading.kind)
    if (ofKind === undefined) byKind.set(reading.kind, [reading])
    else ofKind.push(reading)
  }
  const objects: string[] = []
  for (const [kind, ofKind] of byKind) objects.push(encodeKind(kind, ofKind, detail, atMs))
  return objects.join(',')
}

function encodeKind(kindId: string, readings: readonly CityReading[], detail: LiveDetail, atMs: number): string {
  const agoUnitMs = detail === 'full' ? 1 : agoUnitOverviewMs
  let number = ''
  let ago = ''
  let before = 0
  for (const { device, atMs: measuredAtMs } of readings) {
    const comma = number === '' ? '' : ','
    number += comma + (device.number - before)
    before = device.number
    ago += comma + Math.round((atMs - measuredAtMs) / agoUnitMs)
  }
  const values: string[] = []
  for (const field of fieldsToTell(kindId, detail, readings)) {
    const column = encodeField(field, readings)
    if (column !== undefined) values.push(`${JSON.stringify(field)}:[${column}]`)
  }
  return `{"kind":${JSON.stringify(kindId)},"number":[${number}],"ago":[${ago}],"agoUnitMs":${agoUnitMs},"values":{${values.join(',')}}}`
}

function fieldsToTell(kindId: string, detail: LiveDetail, readings: readonly CityReading[]): readonly string[] {
  const kind = findKind(kindId)
  if (kind !== undefined) return detail === 'full' ? fieldNames(kind) : [kind.card.primary]
  // A kind that has been taken out of the registry while its readings are still the newest of a device.
  const names = new Set(readings.flatMap((reading) => Object.keys(reading.values)))
  return detail === 'full' ? [...names] : [...names].slice(0, 1)
}

/** @returns undefined when no reading has the field */
function encodeField(field: string, readings: readonly CityReading[]): string | undefined {
  let column = ''
  let found = false
  for (const { values } of readings) {
    const value = values[field]
    if (column !== '') column += ','
    if (value === undefined) column += 'null'
    else {
      column += value
      found = true
    }
  }
  return found ? column : undefined
}
