import type { Device, DeviceCommand, DeviceStatus } from '../../contracts/device.ts'
import type { CommandResource, DeviceResource, DeviceStatusResource } from '../../contracts/http/device.ts'
import type { BrokerControl } from '../../contracts/ports/broker.ts'
import type { LatestReadings } from '../../contracts/ports/telemetry.ts'
import { toTime, toTimeOrNull } from '../http/inputs.ts'

export interface DeviceSurroundings {
  readonly latest: LatestReadings
  readonly broker?: BrokerControl | undefined
}

/**
 * @param options.showsPosition whether the position may be told, where the device is a personal one
 * @param options.sinceMs before which nothing it measured may be told
 */
export function presentDevice(
  device: Device,
  { latest, broker }: DeviceSurroundings,
  { showsPosition, sinceMs = 0 }: { readonly showsPosition: boolean; readonly sinceMs?: number | undefined },
): DeviceResource {
  let newestMs: number | undefined
  for (const { observedAtMs } of latest.of(device.id)) {
    if (observedAtMs >= sinceMs) newestMs = Math.max(newestMs ?? observedAtMs, observedAtMs)
  }
  return {
    id: device.id,
    name: device.name,
    kinds: [...device.kinds],
    position: (showsPosition || !device.isPersonal ? device.position : undefined) ?? null,
    gatewayId: device.gatewayId ?? null,
    ownerId: device.ownerId ?? null,
    isPersonal: device.isPersonal,
    labels: { ...device.labels },
    state: device.state,
    simulated: device.simulated,
    online: broker?.isOnline(device.id) ?? null,
    lastReadingAt: toTimeOrNull(newestMs),
    createdAt: toTime(device.createdAtMs),
    updatedAt: toTime(device.updatedAtMs),
  }
}

export function presentStatus({ batteryPct, firmware, receivedAtMs }: DeviceStatus): DeviceStatusResource {
  return { batteryPct: batteryPct ?? null, firmware: firmware ?? null, receivedAt: toTime(receivedAtMs) }
}

export function presentCommand(command: DeviceCommand): CommandResource {
  return {
    id: command.id,
    deviceId: command.deviceId,
    name: command.name,
    body: { ...command.body },
    state: command.state,
    queuedAt: toTime(command.queuedAtMs),
    deliveredAt: toTimeOrNull(command.deliveredAtMs),
    finishedAt: toTimeOrNull(command.finishedAtMs),
    result: command.result === undefined ? null : { ...command.result },
  }
}
