import type { Alert } from '../../contracts/alert.ts'
import type { LiveView } from '../../contracts/live.ts'
import { severities } from '../../contracts/severity.ts'
import { encodeCatchUp } from './catch-up.ts'
import type { CityLog } from './city-log.ts'
import type { CityState } from './city-state.ts'
import type { LogEvent } from './event-log.ts'
import { encodeDelta, encodeSnapshot, hasEventParts, toEventParts } from './message.ts'
import type { LiveOptions } from './options.ts'
import { createPacket, type Packet } from './packet.ts'
import { hasDeviceParts } from './step.ts'
import type { ViewGroup, ViewGroups } from './view-groups.ts'
import type { Viewer } from './viewer.ts'

/** A system line, numbered apart: it is no step of the log and is not told again. */
export interface SystemLine {
  readonly number: number
  /** JSON of LiveSystem. */
  readonly text: string
}

export interface TellerCounts {
  snapshots: number
  deltas: number
  /** Deltas that made up for what could not be sent in its turn. */
  coalesced: number
  /** Times a viewer had no room for what was due to it. */
  withheld: number
  bytes: number
}

/**
 * Decides what each viewer is sent, and sends it. Nothing is ever queued here: a viewer without room is passed over,
 * and as the log knows how far it has come, it is told of all it missed in one message when its line is free.
 */
export interface Teller {
  /** @returns false when there is something for the viewer that it has no room for */
  tell(viewer: Viewer, group: ViewGroup, system: SystemLine | undefined): boolean
  /** Brings a viewer from wherever it is to the head of the log. @returns false when its line is not free */
  fill(viewer: Viewer, group: ViewGroup): boolean
  /** Sends the newest event of the log to everybody it concerns, now. */
  announce(viewers: Iterable<Viewer>, event: LogEvent): void
  readonly counts: Readonly<TellerCounts>
}

/** Stands for a message that need not be sent. */
const nothing = createPacket('')

export function createTeller(deps: {
  readonly city: CityState
  readonly log: CityLog
  readonly groups: ViewGroups
  readonly options: LiveOptions
  readonly now: () => number
  readonly systemLine: () => SystemLine
}): Teller {
  const { city, log, groups, options, now, systemLine } = deps
  const counts: TellerCounts = { snapshots: 0, deltas: 0, coalesced: 0, withheld: 0, bytes: 0 }

  function tell(viewer: Viewer, group: ViewGroup, system: SystemLine | undefined): boolean {
    groups.refresh(group, log.headSeq)
    if (!isInStep(viewer, group)) return fill(viewer, group)
    const { toldSeq, coveredSeq, seesSos } = viewer
    const key = `step ${toldSeq} ${coveredSeq} ${seesSos} ${system?.number}`
    const packet = group.packets.get(key) ?? composeStep(viewer, group, system)
    group.packets.set(key, packet)
    if (packet === nothing) viewer.coveredSeq = log.headSeq
    else if (viewer.connection.hasRoom(options.queue)) sendDelta(viewer, packet, log.headSeq)
    else {
      counts.withheld++
      return false
    }
    return true
  }

  function isInStep(viewer: Viewer, group: ViewGroup): boolean {
    const { held, coveredSeq } = viewer
    return held === group.view && coveredSeq >= log.stepBeforeSeq && log.reaches(coveredSeq)
  }

  /** @returns `nothing` when there is nothing to tell */
  function composeStep(viewer: Viewer, group: ViewGroup, system: SystemLine | undefined): Packet {
    const { toldSeq, coveredSeq, seesSos } = viewer
    const devices = coveredSeq < log.step.seq ? groups.stepParts(group, log.step) : undefined
    const events = toEventParts(log.eventsAfter(coveredSeq), seesSos)
    const hasDevices = devices !== undefined && hasDeviceParts(devices)
    if (!hasDevices && !hasEventParts(events) && system === undefined) return nothing
    const text = encodeDelta({
      epoch: log.epoch,
      fromSeq: toldSeq + 1,
      seq: log.headSeq,
      atMs: devices?.atMs ?? now(),
      devices,
      events,
      system: system?.text,
    })
    return createPacket(text)
  }

  function fill(viewer: Viewer, group: ViewGroup): boolean {
    if (!viewer.connection.isIdle()) return false
    groups.refresh(group, log.headSeq)
    const { held, coveredSeq } = viewer
    const { view } = group
    if (held === undefined || held.detail !== view.detail || !log.reaches(coveredSeq)) sendSnapshot(viewer, group)
    else sendCatchUp(viewer, group, held)
    viewer.held = view
    viewer.filledAtMs = now()
    return true
  }

  function sendSnapshot(viewer: Viewer, group: ViewGroup): void {
    const key = `snapshot ${viewer.seesSos}`
    const packet = group.packets.get(key) ?? composeSnapshot(viewer, group)
    group.packets.set(key, packet)
    counts.snapshots++
    send(viewer, packet)
    if (viewer.seesSos) for (const { id, location } of city.activeSos.values()) if (location) viewer.sawPlaceOf(id)
    viewer.toldSeq = log.headSeq
    viewer.coveredSeq = log.headSeq
  }

  function composeSnapshot(viewer: Viewer, group: ViewGroup): Packet {
    const alerts = gravestFirst(city.openAlerts.values()).slice(0, options.alertsInSnapshotMax)
    const text = encodeSnapshot({
      epoch: log.epoch,
      seq: log.headSeq,
      view: group.view,
      devices: groups.catchUpParts(group, undefined),
      alerts: alerts.map((alert) => JSON.stringify(alert)).join(','),
      alertsOmitted: city.openAlerts.size - alerts.length,
      sos: viewer.seesSos ? [...city.activeSos.values()].map((sos) => JSON.stringify(sos)).join(',') : '',
      system: systemLine().text,
    })
    return createPacket(text)
  }

  function sendCatchUp(viewer: Viewer, group: ViewGroup, held: LiveView): void {
    const { toldSeq, coveredSeq, seesSos } = viewer
    const isSame = held === group.view
    const key = `catch-up ${toldSeq} ${coveredSeq} ${seesSos}`
    const shared = isSame ? group.packets.get(key) : undefined
    const packet = shared ?? composeCatchUp(viewer, group, held)
    if (isSame) group.packets.set(key, packet)
    if (coveredSeq < log.headSeq) counts.coalesced++
    sendDelta(viewer, packet, log.headSeq)
  }

  function composeCatchUp({ toldSeq, coveredSeq, seesSos }: Viewer, group: ViewGroup, held: LiveView): Packet {
    const { view } = group
    const isSame = held === view
    const devices = isSame
      ? groups.catchUpParts(group, coveredSeq)
      : encodeCatchUp({ devices: city.devices.values(), view, held, sinceSeq: coveredSeq, atMs: now() })
    const events = toEventParts(log.eventsAfter(coveredSeq), seesSos)
    const parts = { epoch: log.epoch, fromSeq: toldSeq + 1, seq: log.headSeq, atMs: devices.atMs, devices, events }
    return createPacket(encodeDelta(isSame ? parts : { ...parts, view }))
  }

  function announceTo(viewer: Viewer, event: LogEvent, packets: Map<number, Packet>): void {
    const isUrgent = event.type === 'sos'
    const isNext = viewer.coveredSeq === event.seq - 1
    if (isUrgent && !viewer.seesSos) {
      if (isNext) viewer.coveredSeq = event.seq
      return
    }
    if (!isNext && !isUrgent) return
    if (!viewer.connection.hasRoom(isUrgent ? options.urgentQueue : options.queue)) {
      counts.withheld++
      return
    }
    // A viewer that has earlier steps to come hears of an SOS now, outside the log, and in its turn as well.
    const fromSeq = isNext ? viewer.toldSeq + 1 : 0
    const packet = packets.get(fromSeq) ?? composeEvent(event, fromSeq, isNext ? event.seq : 0)
    packets.set(fromSeq, packet)
    if (isNext) sendDelta(viewer, packet, event.seq)
    else {
      send(viewer, packet)
      if (event.placedSosId !== undefined) viewer.sawPlaceOf(event.placedSosId)
    }
  }

  function composeEvent(event: LogEvent, fromSeq: number, seq: number): Packet {
    const events = toEventParts([event], true)
    return createPacket(encodeDelta({ epoch: log.epoch, fromSeq, seq, atMs: now(), events }))
  }

  function sendDelta(viewer: Viewer, packet: Packet, seq: number): void {
    counts.deltas++
    send(viewer, packet)
    if (viewer.seesSos && viewer.coveredSeq < log.placedSosSeq) notePlaces(viewer)
    viewer.toldSeq = seq
    viewer.coveredSeq = seq
  }

  /** Of what it had not been told until now. */
  function notePlaces({ coveredSeq, sawPlaceOf }: Viewer): void {
    for (const { placedSosId } of log.eventsAfter(coveredSeq)) if (placedSosId !== undefined) sawPlaceOf(placedSosId)
  }

  function send(viewer: Viewer, packet: Packet): void {
    counts.bytes += packet.text.length
    viewer.connection.send(packet)
  }

  return {
    tell,
    fill,
    announce(viewers, event) {
      const packets = new Map<number, Packet>()
      for (const viewer of viewers) {
        if (viewer.group === undefined || viewer.isStanding || viewer.held === undefined) continue
        announceTo(viewer, event, packets)
      }
    },
    counts,
  }
}

function gravestFirst(alerts: Iterable<Alert>): Alert[] {
  return [...alerts].sort(
    (a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity) || b.raisedAtMs - a.raisedAtMs,
  )
}
