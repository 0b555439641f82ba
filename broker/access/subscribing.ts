import type { DeviceDirectory } from '../../contracts/ports/devices.ts'
import { deviceIdPattern } from '../../contracts/topics.ts'

const cityTopics = 'v1/city/'
const commandFilterPattern = /^v1\/devices\/([^/+#]+)\/commands\/./

/** @returns the device whose commands the topic or filter is about */
export function commandsDeviceId(filter: string): string | undefined {
  const deviceId = commandFilterPattern.exec(filter)?.[1]
  return deviceId !== undefined && deviceIdPattern.test(deviceId) ? deviceId : undefined
}

/** @returns the id of the command that goes down on this topic */
export function commandIdOf(topic: string): string | undefined {
  const levels = topic.split('/')
  return levels.length === 5 && commandsDeviceId(topic) !== undefined ? levels[4] : undefined
}

/**
 * The access table of reading: the device's own commands, as a gateway also those of the devices bound to it, and what
 * is said to the whole city. The same for a filter that is subscribed to and for a topic that is about to be sent.
 */
export function createMayRead(devices: Pick<DeviceDirectory, 'isBound'>) {
  return function mayRead(deviceId: string, filter: string): boolean {
    if (filter.startsWith(cityTopics)) return true
    const target = commandsDeviceId(filter)
    if (target === undefined) return false
    return target === deviceId || devices.isBound({ gatewayId: deviceId, deviceId: target })
  }
}
