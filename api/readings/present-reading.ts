import type { ReadingResource } from '../../contracts/http/reading.ts'
import type { Reading } from '../../contracts/reading.ts'
import { toTime } from '../http/inputs.ts'

export function presentReading(reading: Reading): ReadingResource {
  return {
    deviceId: reading.deviceId,
    kind: reading.kind,
    observedAt: toTime(reading.observedAtMs),
    receivedAt: toTime(reading.receivedAtMs),
    seq: reading.seq ?? null,
    timeSource: reading.timeSource,
    values: { ...reading.values },
  }
}
