import type { DeviceDirectory } from '../../contracts/ports/devices.ts'
import { parseUpTopic } from '../../contracts/topics.ts'
import type { Connection } from '../connection.ts'
import { widen } from '../wire/token-bucket.ts'
import type { Route } from './route.ts'

/** A device uses one topic per kind, a gateway one per device and kind. */
const routesMax = 4096
/** A topic that is longer than any honest one is worked out each time rather than kept. */
const topicLengthKept = 200

export interface RouteFinderDeps {
  readonly devices: Pick<DeviceDirectory, 'find' | 'isBound'>
  /** Connections that speak for other devices; what they may do changes with those. */
  readonly gateways: Set<Connection>
  readonly share: { readonly ratePerS: number; readonly burst: number }
}

/**
 * The access table of publishing: a device speaks under its own id, a gateway also under the ids bound to it, an
 * enrolling client asks for an identity. Everything else has no route.
 */
export function createRouteFinder({ devices, gateways, share }: RouteFinderDeps) {
  function mayGatewaySpeakFor(gatewayId: string, deviceId: string): boolean {
    return devices.find(deviceId)?.state === 'registered' && devices.isBound({ gatewayId, deviceId })
  }

  function resolve(connection: Connection, topic: string): Route | undefined {
    const parsed = parseUpTopic(topic)
    const identity = connection.identity
    if (parsed === undefined || identity === undefined) return undefined
    const { route, gatewayId } = parsed
    if (route.type === 'enrol-request') {
      return identity.type === 'enrolling' ? { type: route.type, deviceId: '', detail: '', topic } : undefined
    }
    if (identity.type !== 'device') return undefined
    const { deviceId } = route
    if (gatewayId === undefined) {
      if (deviceId !== identity.deviceId) return undefined
    } else if (gatewayId !== identity.deviceId || !mayGatewaySpeakFor(gatewayId, deviceId)) return undefined
    return {
      type: route.type,
      deviceId,
      detail: route.type === 'telemetry' ? route.kindId : route.type === 'command-result' ? route.commandId : '',
      topic: gatewayId === undefined ? topic : topic.replace(`/gateways/${gatewayId}`, ''),
    }
  }

  /** Called for a topic that the connection has no route for yet. @returns undefined when it may not publish there */
  return function findRoute(connection: Connection, topic: string): Route | undefined {
    const route = resolve(connection, topic)
    if (route === undefined || topic.length > topicLengthKept) return route
    const isNewDevice = route.deviceId !== '' && !isKnown(connection, route.deviceId)
    if (isNewDevice) widen(connection.bucket, share)
    if (connection.routes.size >= routesMax) connection.routes.clear()
    connection.routes.set(topic, route)
    return route
  }

  function isKnown(connection: Connection, deviceId: string): boolean {
    if (connection.identity?.type === 'device' && connection.identity.deviceId === deviceId) return true
    if (connection.spokenFor.has(deviceId)) return true
    connection.spokenFor.add(deviceId)
    gateways.add(connection)
    return false
  }
}
