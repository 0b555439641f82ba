import type { LiveDeviceState } from '../../contracts/live.ts'

/** What is known of a device when its state is asked for. */
export interface DeviceFacts {
  readonly nowMs: number
  /** Connected over MQTT; devices behind a gateway or on HTTP never are. */
  readonly online: boolean
  /** Was connected at some time since this server started. */
  readonly wasOnline: boolean
  readonly hasOpenAlert: boolean
  /** False for a device that only ever speaks when pressed. */
  readonly expectsReadings: boolean
  /** When the newest of its readings will have been followed by too long a silence; undefined without a reading. */
  readonly silentFromMs: number | undefined
}

/**
 * One word for the map. An open alert comes first: it wants a person, whatever the line is doing. Fresh readings then
 * count for more than a connection, as gateways and HTTP clients have none of their own.
 */
export function deriveDeviceState(facts: DeviceFacts): LiveDeviceState {
  const { nowMs, online, wasOnline, hasOpenAlert, expectsReadings, silentFromMs } = facts
  if (hasOpenAlert) return 'alert'
  if (silentFromMs !== undefined && nowMs < silentFromMs) return 'ok'
  if (online) return expectsReadings ? 'no-data' : 'ok'
  return wasOnline || silentFromMs !== undefined ? 'offline' : 'never-seen'
}
