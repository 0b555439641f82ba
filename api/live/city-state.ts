import type { Alert } from '../../contracts/alert.ts'
import type { Device, DevicePresence } from '../../contracts/device.ts'
import type { Position } from '../../contracts/geo.ts'
import { findKind } from '../../contracts/kinds/index.ts'
import type { LiveDeviceState } from '../../contracts/live.ts'
import type { LatestReading } from '../../contracts/ports/telemetry.ts'
import { type Severity, severities } from '../../contracts/severity.ts'
import { isOpenSos, type SosRecord } from '../../contracts/sos.ts'
import { deriveDeviceState } from './device-state.ts'

/** Newest reading of a device and kind, with the step of the log that brought it. */
export interface CityReading {
  readonly device: CityDevice
  readonly kind: string
  atMs: number
  values: Readonly<Record<string, number>>
  seq: number
}

/** A device as the feed keeps it. The `Seq` figures are steps of the log: what came after a step is what a viewer missed. */
export interface CityDevice {
  readonly number: number
  readonly id: string
  device: Device
  latitude: number | undefined
  longitude: number | undefined
  online: boolean
  wasOnline: boolean
  state: LiveDeviceState
  severity: Severity | undefined
  silentFromMs: number | undefined
  readonly latest: Map<string, CityReading>
  /** Last step that changed anything but readings. */
  shownSeq: number
  /** Last step in which it appeared or moved. */
  placedSeq: number
  /** Where it was when the last step was sealed, while it has a move that is not sealed yet. */
  movedFrom: { readonly latitude: number | undefined; readonly longitude: number | undefined } | undefined
}

/** Everything that changed between two seals, in the order of device numbers. */
export interface CityChanges {
  readonly shown: readonly CityDevice[]
  readonly readings: readonly CityReading[]
  readonly moved: readonly { readonly device: CityDevice; readonly from: NonNullable<CityDevice['movedFrom']> }[]
  readonly removed: readonly number[]
}

/** A kind that misses this many reports in a row is silent. */
const reportsMissedMax = 5
/** Readings of a kind that nobody knows any more are not waited for longer than others. */
const reportEveryUnknownS = 60

/**
 * The city as operators are to see it: devices with their newest readings, open alerts, open SOS. Where a device that
 * belongs to a person is, is not in it: an SOS brings its own place.
 * It changes in place and remembers what changed until `seal`. Events may come twice or before the lists they belong to.
 */
export interface CityState {
  readonly devices: ReadonlyMap<string, CityDevice>
  readonly openAlerts: ReadonlyMap<string, Alert>
  readonly activeSos: ReadonlyMap<string, SosRecord>
  /** Rises when devices come or go. */
  readonly membershipVersion: number
  readonly hasChanges: boolean
  putDevice(device: Device): void
  removeDevice(deviceId: string): void
  putPresence(presence: Pick<DevicePresence, 'deviceId' | 'online'>): void
  putLocation(location: { readonly deviceId: string; readonly latitude: number; readonly longitude: number }): void
  putReadings(readings: Iterable<LatestReading>): void
  /** @returns false when what is known is newer */
  putAlert(alert: Alert): boolean
  /** @returns false when what is known is newer */
  putSos(sos: SosRecord): boolean
  /** Finds devices that have fallen silent. */
  noticeSilence(): void
  /** Marks all that changed with the step and hands it over. */
  seal(seq: number): CityChanges
}

export interface CityStateDeps {
  readonly now: () => number
  /** Newest readings of a device that has just become known. */
  readonly latestOf: (deviceId: string) => readonly LatestReading[]
  readonly isOnline: (deviceId: string) => boolean
}

export function createCityState({ now, latestOf, isOnline }: CityStateDeps): CityState {
  const devices = new Map<string, CityDevice>()
  const openAlerts = new Map<string, Alert>()
  const alertsOfDevice = new Map<string, Map<string, Severity>>()
  const activeSos = new Map<string, SosRecord>()
  let touched = new Set<CityDevice>()
  let touchedReadings = new Set<CityReading>()
  let moved = new Set<CityDevice>()
  let removed: number[] = []
  let numberNext = 0
  let membershipVersion = 0

  function derive(device: CityDevice): void {
    const alerts = alertsOfDevice.get(device.id)
    const severity = alerts === undefined ? undefined : gravest(alerts.values())
    const state = deriveDeviceState({
      nowMs: now(),
      online: device.online,
      wasOnline: device.wasOnline,
      hasOpenAlert: severity !== undefined,
      expectsReadings: device.device.kinds.length > 0 || device.latest.size > 0,
      silentFromMs: device.silentFromMs,
    })
    if (state === device.state && severity === device.severity) return
    device.state = state
    device.severity = severity
    touched.add(device)
  }

  function move(device: CityDevice, position: Partial<Position>): void {
    const to = toShownPosition(position)
    if (device.latitude === to.latitude && device.longitude === to.longitude) return
    device.movedFrom ??= { latitude: device.latitude, longitude: device.longitude }
    device.latitude = to.latitude
    device.longitude = to.longitude
    markPlaced(device)
  }

  /** Whoever sees it for the first time needs all of it. */
  function markPlaced(device: CityDevice): void {
    moved.add(device)
    touched.add(device)
    for (const reading of device.latest.values()) touchedReadings.add(reading)
  }

  function putReading(device: CityDevice, reading: LatestReading): void {
    let known = device.latest.get(reading.kind)
    if (known === undefined) {
      known = { device, kind: reading.kind, atMs: 0, values: {}, seq: 0 }
      device.latest.set(reading.kind, known)
    }
    known.atMs = reading.observedAtMs
    known.values = reading.values
    touchedReadings.add(known)
    const reportEveryS = findKind(reading.kind)?.reportEveryS ?? reportEveryUnknownS
    const silentFromMs = reading.receivedAtMs + reportEveryS * reportsMissedMax * 1000
    if (device.silentFromMs === undefined || silentFromMs > device.silentFromMs) device.silentFromMs = silentFromMs
    derive(device)
  }

  function addDevice(device: Device): CityDevice {
    const online = isOnline(device.id)
    const added: CityDevice = {
      number: numberNext++,
      id: device.id,
      device,
      ...toShownPosition(publicPosition(device)),
      online,
      wasOnline: online,
      state: 'never-seen',
      severity: undefined,
      silentFromMs: undefined,
      latest: new Map(),
      shownSeq: 0,
      placedSeq: 0,
      movedFrom: { latitude: undefined, longitude: undefined },
    }
    devices.set(device.id, added)
    membershipVersion++
    for (const reading of latestOf(device.id)) putReading(added, reading)
    derive(added)
    markPlaced(added)
    return added
  }

  function removeDevice(deviceId: string): void {
    const device = devices.get(deviceId)
    if (device === undefined) return
    devices.delete(deviceId)
    membershipVersion++
    touched.delete(device)
    moved.delete(device)
    for (const reading of device.latest.values()) touchedReadings.delete(reading)
    removed.push(device.number)
  }

  function changePosition(known: CityDevice, before: Device, device: Device): void {
    const [was, is] = [publicPosition(before), publicPosition(device)]
    // A device that reports its own position is not put back each time something else is edited, but goes out of sight
    // when it becomes a personal one.
    if (!device.isPersonal && is.latitude === was.latitude && is.longitude === was.longitude) return
    move(known, is)
  }

  return {
    devices,
    openAlerts,
    activeSos,
    get membershipVersion() {
      return membershipVersion
    },
    get hasChanges() {
      return touched.size > 0 || touchedReadings.size > 0 || removed.length > 0
    },
    putDevice(device) {
      if (device.state === 'decommissioned') return removeDevice(device.id)
      const known = devices.get(device.id)
      if (known === undefined) {
        addDevice(device)
        return
      }
      const before = known.device
      if (device.updatedAtMs < before.updatedAtMs) return
      known.device = device
      touched.add(known)
      changePosition(known, before, device)
      derive(known)
    },
    removeDevice,
    putPresence({ deviceId, online }) {
      const device = devices.get(deviceId)
      if (device === undefined || device.online === online) return
      device.online = online
      if (online) device.wasOnline = true
      touched.add(device)
      derive(device)
    },
    putLocation({ deviceId, latitude, longitude }) {
      const device = devices.get(deviceId)
      if (device !== undefined && !device.device.isPersonal) move(device, { latitude, longitude })
    },
    putReadings(readings) {
      for (const reading of readings) {
        const device = devices.get(reading.deviceId)
        if (device !== undefined) putReading(device, reading)
      }
    },
    putAlert(alert) {
      const known = openAlerts.get(alert.id)
      if (known !== undefined && known.updatedAtMs > alert.updatedAtMs) return false
      let ofDevice = alertsOfDevice.get(alert.deviceId)
      if (alert.state === 'resolved') {
        openAlerts.delete(alert.id)
        ofDevice?.delete(alert.id)
        if (ofDevice?.size === 0) alertsOfDevice.delete(alert.deviceId)
      } else {
        openAlerts.set(alert.id, alert)
        if (ofDevice === undefined) {
          ofDevice = new Map()
          alertsOfDevice.set(alert.deviceId, ofDevice)
        }
        ofDevice.set(alert.id, alert.severity)
      }
      const device = devices.get(alert.deviceId)
      if (device !== undefined) derive(device)
      return true
    },
    putSos(sos) {
      const known = activeSos.get(sos.id)
      if (known !== undefined && known.updatedAtMs > sos.updatedAtMs) return false
      // A countdown is told to nobody until it is over.
      if (sos.state === 'countdown') return false
      // One that was taken back before that never was.
      if (!isOpenSos(sos)) return activeSos.delete(sos.id)
      activeSos.set(sos.id, sos)
      return true
    },
    noticeSilence() {
      const nowMs = now()
      for (const device of devices.values()) {
        if (device.state === 'ok' && device.silentFromMs !== undefined && nowMs >= device.silentFromMs) derive(device)
      }
    },
    seal(seq) {
      const changes: CityChanges = {
        shown: [...touched].sort((a, b) => a.number - b.number),
        readings: [...touchedReadings].sort((a, b) => a.device.number - b.device.number),
        moved: [...moved].map((device) => ({ device, from: device.movedFrom ?? device })),
        removed,
      }
      for (const device of changes.shown) device.shownSeq = seq
      for (const reading of changes.readings) reading.seq = seq
      for (const { device } of changes.moved) {
        device.placedSeq = seq
        device.movedFrom = undefined
      }
      touched = new Set()
      touchedReadings = new Set()
      moved = new Set()
      removed = []
      return changes
    },
  }
}

function publicPosition(device: Device): Partial<Position> {
  return device.isPersonal ? {} : (device.position ?? {})
}

/** To a tenth of a metre, which is more than a map shows and half of the text. */
function toShownPosition({ latitude, longitude }: Partial<Position>) {
  return { latitude: toMillionths(latitude), longitude: toMillionths(longitude) }
}

function toMillionths(degrees: number | undefined): number | undefined {
  return degrees === undefined ? undefined : Math.round(degrees * 1e6) / 1e6
}

function gravest(found: Iterable<Severity>): Severity | undefined {
  let rank = -1
  for (const severity of found) rank = Math.max(rank, severities.indexOf(severity))
  return severities[rank]
}
