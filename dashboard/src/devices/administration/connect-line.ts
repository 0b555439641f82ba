import { findKind } from '../../../../contracts/kinds/index.ts'
import { topics } from '../../../../contracts/topics.ts'

interface ConnectLine {
  readonly host: string
  readonly deviceId: string
  readonly secret: string
  /** What it is expected to measure. */
  readonly kinds: readonly string[]
}

/** A line for a shell that connects as the device and sends a reading of its first kind, or a status where it has none. */
export function composeConnectLine({ host, deviceId, secret, kinds }: ConnectLine): string {
  const kind = kinds.map(findKind).find((known) => known !== undefined)
  const topic = kind === undefined ? topics.status(deviceId) : topics.telemetry(deviceId, kind.id)
  const payload = kind === undefined ? { batteryPct: 80 } : kind.examples.valid[0]
  return [
    `mosquitto_pub -h ${host} -i ${deviceId} -u ${deviceId}`,
    `-P '${secret}'`,
    `-q 1 -t ${topic}`,
    `-m '${JSON.stringify(payload)}'`,
  ].join(' \\\n  ')
}
