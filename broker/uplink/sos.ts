import { type SosPress, sosPayloadSchema } from '../../contracts/sos.ts'
import { observedAtMs, parseObject } from './device-message.ts'

/** A press is a press whatever its body says: what cannot be read is left out. */
export function readSosPress(options: {
  readonly deviceId: string
  readonly payload: Uint8Array
  readonly receivedAtMs: number
}): SosPress {
  const { deviceId, payload, receivedAtMs } = options
  const body = sosPayloadSchema.parse(parseObject(payload) ?? {})
  return {
    deviceId,
    receivedAtMs,
    observedAtMs: observedAtMs(body.ts, receivedAtMs),
    seq: body.seq,
    trigger: body.trigger,
    location: body.location,
    batteryPct: body.batteryPct,
  }
}
