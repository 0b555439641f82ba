import { type LiveView, liveEvents } from '../../contracts/live.ts'
import type { LogEvent } from './event-log.ts'
import type { DeviceParts } from './step.ts'

/** Events of the log as the parts of a message. */
export interface EventParts {
  readonly alerts: string
  readonly sos: string
  readonly removed: string
}

/** @param seesSos whether they are for somebody who may see what an SOS says */
export function toEventParts(events: readonly LogEvent[], seesSos: boolean): EventParts {
  const textsOf = (type: LogEvent['type']) =>
    events
      .filter((event) => event.type === type)
      .map((event) => event.text)
      .join(',')
  return { alerts: textsOf('alert'), sos: seesSos ? textsOf('sos') : '', removed: textsOf('removed') }
}

export function hasEventParts(parts: EventParts): boolean {
  return parts.alerts !== '' || parts.sos !== '' || parts.removed !== ''
}

export interface DeltaParts {
  readonly epoch: string
  readonly fromSeq: number
  readonly seq: number
  readonly atMs: number
  readonly view?: LiveView
  readonly devices?: DeviceParts | undefined
  readonly events?: EventParts
  /** JSON of LiveSystem. */
  readonly system?: string | undefined
}

/** @returns the Socket.IO packet of a LiveDelta */
export function encodeDelta(parts: DeltaParts): string {
  const { epoch, fromSeq, seq, atMs, view, devices, events, system } = parts
  let json = `{"epoch":"${epoch}","fromSeq":${fromSeq},"seq":${seq},"atMs":${atMs}`
  if (view !== undefined) json += `,"view":${JSON.stringify(view)}`
  const gone = [devices?.left ?? '', events?.removed ?? ''].filter((part) => part !== '').join(',')
  if (gone !== '') json += `,"devicesRemoved":[${gone}]`
  if (devices !== undefined && devices.devices !== '') json += `,"devices":[${devices.devices}]`
  if (devices !== undefined && devices.readings !== '') json += `,"readings":[${devices.readings}]`
  if (events !== undefined && events.alerts !== '') json += `,"alerts":[${events.alerts}]`
  if (events !== undefined && events.sos !== '') json += `,"sos":[${events.sos}]`
  if (system !== undefined) json += `,"system":${system}`
  return toPacket(liveEvents.delta, `${json}}`)
}

export interface SnapshotParts {
  readonly epoch: string
  readonly seq: number
  readonly view: LiveView
  readonly devices: DeviceParts
  readonly alerts: string
  readonly alertsOmitted: number
  readonly sos: string
  readonly system: string
}

/** @returns the Socket.IO packet of a LiveSnapshot */
export function encodeSnapshot(parts: SnapshotParts): string {
  const { epoch, seq, view, devices, alerts, alertsOmitted, sos, system } = parts
  return toPacket(
    liveEvents.snapshot,
    `{"epoch":"${epoch}","seq":${seq},"atMs":${devices.atMs},"view":${JSON.stringify(view)},` +
      `"devices":[${devices.devices}],"readings":[${devices.readings}],"alerts":[${alerts}],` +
      `"alertsOmitted":${alertsOmitted},"sos":[${sos}],"system":${system}}`,
  )
}

/**
 * An EVENT packet of the namespace `/`. Written here, and not by Socket.IO, because it would walk through every
 * value of a message to look for binary, once more for each socket.
 * @see Socket.IO protocol, revision 5, "Packet encoding"
 */
function toPacket(event: string, json: string): string {
  return `2["${event}",${json}]`
}
