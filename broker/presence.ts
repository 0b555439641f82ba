import type { Bus } from '../contracts/bus.ts'
import type { DevicePresence } from '../contracts/device.ts'
import { type Connection, deviceIdOf } from './connection.ts'

export interface Presence {
  /** Known from here to `closed`, so that it can be ended although it is not the device's connection yet. */
  recognised(connection: Connection): void
  closed(connection: Connection): void
  /** The connection is the device's now; an older one of the same device gives way. */
  arrived(connection: Connection): void
  left(connection: Connection): void
  /** A gateway says that a device behind it is there or not. */
  announced(gateway: Connection, deviceId: string, isOnline: boolean): void
  /** What another gateway than this one said of the device no longer counts. */
  bound(deviceId: string, gatewayId: string | undefined): void
  connectionOf(deviceId: string): Connection | undefined
  /** Also those on their way in or out. */
  connectionsOf(deviceId: string): Iterable<Connection>
  isOnline(deviceId: string): boolean
}

/** Who is connected, told on the bus whenever it changes. */
export function createPresence({ bus, now }: { readonly bus: Bus; readonly now: () => number }): Presence {
  const current = new Map<string, Connection>()
  const all = new Map<string, Set<Connection>>()
  /** Devices without a connection of their own, and the gateway they are behind. */
  const behind = new Map<string, Connection>()

  function tell(deviceId: string, online: boolean, cause: DevicePresence['cause']): void {
    bus.publish('device-presence', { deviceId, online, cause, changedAtMs: now() })
  }

  function leave(connection: Connection, deviceId: string): void {
    // A newer connection registered meanwhile: the device never went away.
    if (current.get(deviceId) !== connection) return
    current.delete(deviceId)
    const cause = connection.closeCause ?? 'disconnect'
    tell(deviceId, false, cause)
    for (const other of connection.devicesBehind) announced(connection, other, false, cause)
  }

  function announced(
    gateway: Connection,
    deviceId: string,
    isOnline: boolean,
    cause: DevicePresence['cause'] = isOnline ? 'connect' : 'disconnect',
  ): void {
    if (isOnline) {
      gateway.devicesBehind.add(deviceId)
      behind.set(deviceId, gateway)
    } else {
      gateway.devicesBehind.delete(deviceId)
      if (behind.get(deviceId) !== gateway) return
      behind.delete(deviceId)
    }
    if (!current.has(deviceId)) tell(deviceId, isOnline, cause)
  }

  return {
    recognised(connection) {
      const deviceId = deviceIdOf(connection)
      if (deviceId !== undefined) all.set(deviceId, (all.get(deviceId) ?? new Set()).add(connection))
    },
    closed(connection) {
      const deviceId = deviceIdOf(connection)
      const connections = deviceId === undefined ? undefined : all.get(deviceId)
      connections?.delete(connection)
      if (connections?.size === 0) all.delete(deviceId!)
    },
    arrived(connection) {
      const deviceId = deviceIdOf(connection)
      if (deviceId === undefined) return
      const older = current.get(deviceId)
      current.set(deviceId, connection)
      tell(deviceId, true, older === undefined ? 'connect' : 'takeover')
    },
    left(connection) {
      const deviceId = deviceIdOf(connection)
      // Aedes closes the older connection and registers the newer one in one breath, in this order.
      if (deviceId !== undefined) queueMicrotask(() => leave(connection, deviceId))
    },
    announced: (gateway, deviceId, isOnline) => announced(gateway, deviceId, isOnline),
    bound(deviceId, gatewayId) {
      const gateway = behind.get(deviceId)
      if (gateway !== undefined && deviceIdOf(gateway) !== gatewayId) announced(gateway, deviceId, false)
    },
    connectionOf: (deviceId) => current.get(deviceId),
    connectionsOf: (deviceId) => [...(all.get(deviceId) ?? [])],
    isOnline: (deviceId) => current.has(deviceId) || behind.has(deviceId),
  }
}
