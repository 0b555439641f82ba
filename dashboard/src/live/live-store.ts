import type { Alert } from '../../../contracts/alert.ts'
import type { LiveDelta, LiveDevice, LiveSnapshot, LiveSystem } from '../../../contracts/live.ts'
import {
  applyDelta,
  applySnapshot,
  createLiveState,
  type LiveApplied,
  type LiveState,
} from '../../../contracts/live-state.ts'
import type { SosRecord } from '../../../contracts/sos.ts'

export type LiveTopic = 'devices' | 'alerts' | 'sos' | 'system'

/** Listeners of whole tables hear at most this often; a thousand changed devices are one rendering. */
const flushEveryMs = 250
/** Newest figures kept for the curves of the system page. */
const systemHistoryMax = 300
/** Alerts the feed told of that are no longer open; enough for the lists on the screen. */
const closedAlertsMax = 500

export interface LiveStore {
  readonly devices: ReadonlyMap<string, LiveDevice>
  readonly openAlerts: ReadonlyMap<string, Alert>
  /** Alerts that were resolved while we looked on. */
  readonly closedAlerts: ReadonlyMap<string, Alert>
  readonly alertsOmitted: number
  readonly sos: ReadonlyMap<string, SosRecord>
  readonly systemHistory: readonly LiveSystem[]
  /** Where the picture stands, to go on from there after a break. */
  readonly position: Pick<LiveState, 'epoch' | 'seq' | 'view'> | undefined
  takeSnapshot(snapshot: LiveSnapshot): void
  /** @returns false when something in between is missing; nothing was changed then */
  takeDelta(delta: LiveDelta): boolean
  /** Puts an alert that an HTTP answer brought; an older one than that held is ignored. */
  takeAlert(alert: Alert): void
  clear(): void
  /** Rises whenever something of the topic changed. */
  version(topic: LiveTopic): number
  subscribe(topic: LiveTopic, listener: () => void): () => void
  /** Ids of devices that changed or went, at most a few times a second. */
  onDevices(listener: (changedIds: ReadonlySet<string>) => void): () => void
}

/**
 * The city as the feed last told it. The tables change in place: copying ten thousand devices a few times a second would
 * be most of the work of the page. React sees a version number per topic instead.
 */
export function createLiveStore(): LiveStore {
  const state = createLiveState()
  const closedAlerts = new Map<string, Alert>()
  let systemHistory: readonly LiveSystem[] = []
  const versions: Record<LiveTopic, number> = { devices: 0, alerts: 0, sos: 0, system: 0 }
  const listeners: Record<LiveTopic, Set<() => void>> = {
    devices: new Set(),
    alerts: new Set(),
    sos: new Set(),
    system: new Set(),
  }
  const deviceListeners = new Set<(changedIds: ReadonlySet<string>) => void>()
  let changedIds = new Set<string>()
  let devicesTimer: ReturnType<typeof setTimeout> | undefined

  function announce(topic: LiveTopic): void {
    versions[topic] += 1
    for (const listener of listeners[topic]) listener()
  }

  function announceDevices(): void {
    clearTimeout(devicesTimer)
    devicesTimer = undefined
    const changed = changedIds
    changedIds = new Set()
    for (const listener of deviceListeners) listener(changed)
    announce('devices')
  }

  function noteDevices(changed: Iterable<string>): void {
    for (const id of changed) changedIds.add(id)
    if (changedIds.size > 0) devicesTimer ??= setTimeout(announceDevices, flushEveryMs)
  }

  function noteApplied({ devices, alerts, sos }: LiveApplied): void {
    noteDevices(devices)
    for (const alert of alerts) noteAlert(alert)
    if (alerts.length > 0) announce('alerts')
    if (sos.length > 0) announce('sos')
    noteSystem()
  }

  function noteAlert(alert: Alert): void {
    closedAlerts.delete(alert.id)
    if (alert.state !== 'resolved') return
    closedAlerts.set(alert.id, alert)
    for (const id of closedAlerts.keys()) {
      if (closedAlerts.size <= closedAlertsMax) break
      closedAlerts.delete(id)
    }
  }

  function noteSystem(): void {
    const { system } = state
    if (system === undefined || systemHistory.at(-1) === system) return
    systemHistory = [...systemHistory.slice(1 - systemHistoryMax), system]
    announce('system')
  }

  return {
    devices: state.devices,
    openAlerts: state.alerts,
    closedAlerts,
    get alertsOmitted() {
      return state.alertsOmitted
    },
    sos: state.sos,
    get systemHistory() {
      return systemHistory
    },
    get position() {
      return state.epoch === '' ? undefined : { epoch: state.epoch, seq: state.seq, view: state.view }
    },
    takeSnapshot(snapshot) {
      noteApplied(applySnapshot(state, snapshot))
      // What is gone from the picture is not in the snapshot's lists, so everybody looks again.
      announceDevices()
      announce('alerts')
      announce('sos')
    },
    takeDelta(delta) {
      const applied = applyDelta(state, delta)
      if (applied.type === 'gap') return false
      noteApplied(applied)
      return true
    },
    takeAlert(alert) {
      const known = state.alerts.get(alert.id) ?? closedAlerts.get(alert.id)
      if (known !== undefined && known.updatedAtMs > alert.updatedAtMs) return
      if (alert.state === 'resolved') state.alerts.delete(alert.id)
      else state.alerts.set(alert.id, alert)
      noteAlert(alert)
      announce('alerts')
    },
    clear() {
      const known = [...state.devices.keys()]
      Object.assign(state, { epoch: '', seq: 0, system: undefined, alertsOmitted: 0 })
      for (const map of [state.devices, state.alerts, state.sos, state.deviceIds, closedAlerts]) map.clear()
      systemHistory = []
      noteDevices(known)
      for (const topic of ['alerts', 'sos', 'system'] as const) announce(topic)
    },
    version: (topic) => versions[topic],
    subscribe(topic, listener) {
      listeners[topic].add(listener)
      return () => listeners[topic].delete(listener)
    },
    onDevices(listener) {
      deviceListeners.add(listener)
      return () => deviceListeners.delete(listener)
    },
  }
}
