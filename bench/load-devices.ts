import type { DeviceCredentials } from '../devices/device-connection.ts'

/** So many devices for the load generator; the server under test lets any in. */
export function loadDevices(prefix: string, count: number): DeviceCredentials[] {
  return Array.from({ length: count }, (_none, index) => ({ deviceId: `${prefix}-${index}`, secret: 'any' }))
}
