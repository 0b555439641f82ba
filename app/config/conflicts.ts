import type { ErrorDetail } from '../../contracts/errors.ts'
import { findMessageConflicts } from './messages.ts'
import { roleNames, type VariableName, type VariableValues } from './variables.ts'

/** Faults that only show when variables are seen together. Each rule looks at what could be read. */
export function findConflicts(values: Partial<VariableValues>): ErrorDetail[] {
  const faults: ErrorDetail[] = []
  const fault = (path: VariableName, message: string) => faults.push({ path, message })
  const roles = values.PRAHARI_ROLES ?? roleNames

  if (!roles.includes('ingest')) {
    const stranded = roles.join(', ')
    fault(
      'PRAHARI_ROLES',
      `must contain ingest: ${stranded} in a process apart needs a bus between processes, part of a later release`,
    )
  }
  if (values.PRAHARI_OTP_BYPASS === 'on' && values.NODE_ENV !== 'development') {
    fault('PRAHARI_OTP_BYPASS', 'needs NODE_ENV=development: any phone number would sign in without a code')
  }
  if (values.PRAHARI_DEMO === 'on' && !roles.includes('broker')) {
    fault('PRAHARI_DEMO', 'needs the broker role: the simulated devices speak MQTT')
  }
  const tlsAsked = values.PRAHARI_MQTTS_PORT !== undefined
  for (const name of ['PRAHARI_TLS_CERT', 'PRAHARI_TLS_KEY'] as const) {
    if (tlsAsked && values[name] === undefined) fault(name, 'must be set, PRAHARI_MQTTS_PORT needs it')
  }
  for (const name of ['PRAHARI_TLS_CERT', 'PRAHARI_TLS_KEY', 'PRAHARI_TLS_CLIENT_CA'] as const) {
    if (!tlsAsked && values[name] !== undefined) fault(name, 'has no effect without PRAHARI_MQTTS_PORT')
  }
  const ports = ['PRAHARI_HTTP_PORT', 'PRAHARI_MQTT_PORT', 'PRAHARI_MQTTS_PORT'] as const
  for (const [at, name] of ports.entries()) {
    const other = ports.slice(0, at).find((earlier) => values[earlier] !== 0 && values[earlier] === values[name])
    if (other && values[name] !== undefined) fault(name, `is the same port as ${other}`)
  }
  if (/^\/(api|socket\.io|health|metrics)(\/|$)/.test(values.PRAHARI_MQTT_WS_PATH ?? '')) {
    fault('PRAHARI_MQTT_WS_PATH', 'is a path that the HTTP server uses itself')
  }
  if (values.PRAHARI_TLS_TERMINATION === 'proxy' && values.PRAHARI_TRUST_PROXY === 0) {
    fault('PRAHARI_TRUST_PROXY', 'must be 1 or more with a proxy in front: every client would look like the proxy')
  }
  return [...faults, ...findMessageConflicts(values)]
}
