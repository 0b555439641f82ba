import type { Alert } from './alert.ts'
import {
  type LiveDelta,
  type LiveDevice,
  type LiveDeviceColumns,
  type LiveReadingColumns,
  type LiveSnapshot,
  type LiveSystem,
  type LiveView,
  liveDeviceStates,
} from './live.ts'
import { isInArea } from './live-area.ts'
import { severities } from './severity.ts'
import { isOpenSos, type SosRecord } from './sos.ts'

/** A client's picture of the city. Devices and alerts in it are replaced, never changed in place. */
export interface LiveState {
  /** Empty until the first snapshot. */
  epoch: string
  /** Everything up to this step of the log is in the picture. */
  seq: number
  view: LiveView
  readonly devices: Map<string, LiveDevice>
  /** Open alerts. */
  readonly alerts: Map<string, Alert>
  alertsOmitted: number
  /** Open ones. */
  readonly sos: Map<string, SosRecord>
  system: LiveSystem | undefined
  /** The wire's number of a device -> its id. */
  readonly deviceIds: Map<number, string>
}

export interface LiveApplied {
  readonly type: 'applied'
  /** Ids of devices that appeared, changed or went. */
  readonly devices: ReadonlySet<string>
  readonly alerts: readonly Alert[]
  readonly sos: readonly SosRecord[]
}

export function createLiveState(): LiveState {
  return {
    epoch: '',
    seq: 0,
    view: { area: null, detail: 'full', focus: [] },
    devices: new Map(),
    alerts: new Map(),
    alertsOmitted: 0,
    sos: new Map(),
    system: undefined,
    deviceIds: new Map(),
  }
}

/** Starts the picture anew. */
export function applySnapshot(state: LiveState, snapshot: LiveSnapshot): LiveApplied {
  const changed = new Set(state.devices.keys())
  state.epoch = snapshot.epoch
  state.seq = snapshot.seq
  state.view = snapshot.view
  for (const map of [state.devices, state.alerts, state.sos, state.deviceIds]) map.clear()
  for (const columns of snapshot.devices) addDevices(state, columns, changed)
  for (const columns of snapshot.readings) addReadings(state, columns, snapshot.atMs, changed)
  for (const alert of snapshot.alerts) state.alerts.set(alert.id, alert)
  for (const sos of snapshot.sos) state.sos.set(sos.id, sos)
  state.alertsOmitted = snapshot.alertsOmitted
  state.system = snapshot.system
  return { type: 'applied', devices: changed, alerts: snapshot.alerts, sos: snapshot.sos }
}

/**
 * Brings the picture forward. On `gap` nothing is changed and the client must subscribe again, with `resume` when the
 * epoch is the same.
 */
export function applyDelta(state: LiveState, delta: LiveDelta): LiveApplied | { readonly type: 'gap' } {
  if (delta.epoch !== state.epoch || delta.fromSeq > state.seq + 1) return { type: 'gap' }
  const changed = new Set<string>()
  if (delta.view !== undefined) changeView(state, delta.view, changed)
  for (const number of delta.devicesRemoved ?? []) removeDevice(state, number, changed)
  for (const columns of delta.devices ?? []) addDevices(state, columns, changed)
  for (const columns of delta.readings ?? []) addReadings(state, columns, delta.atMs, changed)
  for (const alert of delta.alerts ?? []) putAlert(state, alert)
  for (const sos of delta.sos ?? []) putSos(state, sos)
  if (delta.system !== undefined) state.system = delta.system
  state.seq = Math.max(state.seq, delta.seq)
  return { type: 'applied', devices: changed, alerts: delta.alerts ?? [], sos: delta.sos ?? [] }
}

function changeView(state: LiveState, view: LiveView, changed: Set<string>): void {
  state.view = view
  const focus = new Set(view.focus)
  for (const [number, id] of state.deviceIds) {
    const device = state.devices.get(id)
    if (device !== undefined && !focus.has(id) && !isInArea(view.area, device)) removeDevice(state, number, changed)
  }
}

function removeDevice(state: LiveState, number: number, changed: Set<string>): void {
  const id = state.deviceIds.get(number)
  if (id === undefined) return
  state.deviceIds.delete(number)
  state.devices.delete(id)
  changed.add(id)
}

function addDevices(state: LiveState, columns: LiveDeviceColumns, changed: Set<string>): void {
  let number = 0
  for (const [at, step] of columns.number.entries()) {
    number += step
    const id = columns.id[at]!
    const severity = columns.severity[at]
    state.deviceIds.set(number, id)
    state.devices.set(id, {
      id,
      name: columns.name[at] ?? id,
      latitude: columns.latitude[at] ?? undefined,
      longitude: columns.longitude[at] ?? undefined,
      online: (columns.flags[at]! & 1) !== 0,
      simulated: (columns.flags[at]! & 2) !== 0,
      state: liveDeviceStates[columns.state[at]!]!,
      severity: severity === null || severity === undefined ? undefined : severities[severity],
      latest: state.devices.get(id)?.latest ?? {},
    })
    changed.add(id)
  }
}

function addReadings(state: LiveState, columns: LiveReadingColumns, atMs: number, changed: Set<string>): void {
  const fields = Object.entries(columns.values)
  let number = 0
  for (const [at, step] of columns.number.entries()) {
    number += step
    const device = state.devices.get(state.deviceIds.get(number) ?? '')
    if (device === undefined) continue
    const values: Record<string, number> = {}
    for (const [field, column] of fields) {
      const value = column[at]
      if (value !== null && value !== undefined) values[field] = value
    }
    const reading = { atMs: atMs - columns.ago[at]! * columns.agoUnitMs, values }
    state.devices.set(device.id, { ...device, latest: { ...device.latest, [columns.kind]: reading } })
    changed.add(device.id)
  }
}

function putAlert(state: LiveState, alert: Alert): void {
  if (alert.state === 'resolved') state.alerts.delete(alert.id)
  else state.alerts.set(alert.id, alert)
}

function putSos(state: LiveState, sos: SosRecord): void {
  if (!isOpenSos(sos)) state.sos.delete(sos.id)
  else state.sos.set(sos.id, sos)
}
