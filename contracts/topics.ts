/**
 * The MQTT topic tree. Device ids are one topic level: no `/`, `+`, `#` or control characters [MQTT-4.7.1].
 */
export const deviceIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/
export const kindIdPattern = /^[a-z0-9][a-z0-9-]{0,31}$/

export type UpRoute =
  | { readonly type: 'telemetry'; readonly deviceId: string; readonly kindId: string }
  | { readonly type: 'sos'; readonly deviceId: string }
  | { readonly type: 'location'; readonly deviceId: string }
  | { readonly type: 'status'; readonly deviceId: string }
  | { readonly type: 'command-result'; readonly deviceId: string; readonly commandId: string }
  | { readonly type: 'enrol-request' }

/** A route together with the gateway that spoke for the device, if one did. */
export interface ParsedTopic {
  readonly route: UpRoute
  readonly gatewayId: string | undefined
}

/** @returns undefined for a topic that no device may publish to */
export function parseUpTopic(topic: string): ParsedTopic | undefined {
  if (topic === 'v1/enrol/request') return { route: { type: 'enrol-request' }, gatewayId: undefined }
  const levels = topic.split('/')
  if (levels[0] !== 'v1') return undefined
  if (levels[1] === 'devices') return withGateway(parseDeviceLevels(levels, 2), undefined)
  if (levels[1] === 'gateways' && levels[3] === 'devices') {
    const gatewayId = levels[2]
    if (gatewayId === undefined || !deviceIdPattern.test(gatewayId)) return undefined
    return withGateway(parseDeviceLevels(levels, 4), gatewayId)
  }
  return undefined
}

function withGateway(route: UpRoute | undefined, gatewayId: string | undefined): ParsedTopic | undefined {
  return route && { route, gatewayId }
}

function parseDeviceLevels(levels: readonly string[], at: number): UpRoute | undefined {
  const deviceId = levels[at]
  const purpose = levels[at + 1]
  const rest = levels.length - at - 2
  if (deviceId === undefined || !deviceIdPattern.test(deviceId)) return undefined
  if (purpose === 'telemetry' && rest === 1) return { type: 'telemetry', deviceId, kindId: levels[at + 2]! }
  if (purpose === 'commands' && rest === 2 && levels[at + 3] === 'result') {
    return { type: 'command-result', deviceId, commandId: levels[at + 2]! }
  }
  if (rest !== 0) return undefined
  if (purpose === 'sos' || purpose === 'location' || purpose === 'status') return { type: purpose, deviceId }
  return undefined
}

export const topics = {
  telemetry: (deviceId: string, kindId: string) => `v1/devices/${deviceId}/telemetry/${kindId}`,
  sos: (deviceId: string) => `v1/devices/${deviceId}/sos`,
  location: (deviceId: string) => `v1/devices/${deviceId}/location`,
  status: (deviceId: string) => `v1/devices/${deviceId}/status`,
  command: (deviceId: string, commandId: string) => `v1/devices/${deviceId}/commands/${commandId}`,
  commandResult: (deviceId: string, commandId: string) => `v1/devices/${deviceId}/commands/${commandId}/result`,
  commandsOf: (deviceId: string) => `v1/devices/${deviceId}/commands/#`,
  throughGateway: (gatewayId: string, topicOfDevice: string) =>
    topicOfDevice.replace(/^v1\//, `v1/gateways/${gatewayId}/`),
  enrolRequest: 'v1/enrol/request',
  enrolResponse: 'v1/enrol/response',
  city: 'v1/city/#',
  broadcasts: 'v1/city/broadcasts',
} as const
