import type { Alert } from '../../../contracts/alert.ts'
import type { Device } from '../../../contracts/device.ts'
import type { IngestStats, LatestReading } from '../../../contracts/ports/telemetry.ts'
import type { SosRecord } from '../../../contracts/sos.ts'

export const startMs = 1_763_700_000_000

export function aDevice(over: Partial<Device> = {}): Device {
  const id = over.id ?? 'air-1'
  return {
    id,
    name: id,
    kinds: ['air-quality'],
    position: { latitude: 19.07, longitude: 72.87 },
    gatewayId: undefined,
    ownerId: undefined,
    ownedSinceMs: undefined,
    isPersonal: false,
    labels: {},
    state: 'registered',
    simulated: false,
    credentialsSinceMs: undefined,
    createdAtMs: startMs,
    updatedAtMs: startMs,
    ...over,
  }
}

export function aReading(over: Partial<LatestReading> = {}): LatestReading {
  return {
    deviceId: 'air-1',
    kind: 'air-quality',
    observedAtMs: startMs,
    receivedAtMs: over.observedAtMs ?? startMs,
    seq: undefined,
    timeSource: 'device',
    values: { pm25: 12.5, co2: 430 },
    ...over,
  }
}

export function anAlert(over: Partial<Alert> = {}): Alert {
  return {
    id: 'alert-1',
    ruleId: 'rule-1',
    ruleName: 'PM2.5 high',
    deviceId: 'air-1',
    kind: 'air-quality',
    severity: 'high',
    state: 'firing',
    message: 'PM2.5 above 35',
    value: 40,
    raisedAtMs: startMs,
    acknowledgedAtMs: undefined,
    acknowledgedBy: undefined,
    resolvedAtMs: undefined,
    resolvedBy: undefined,
    assignedTo: undefined,
    updatedAtMs: startMs,
    ...over,
  }
}

export function anSos(over: Partial<SosRecord> = {}): SosRecord {
  return {
    id: 'sos-1',
    roomId: 'room-1',
    source: 'wearable',
    deviceId: 'button-1',
    severity: 'high',
    severityReasons: ['pressed by hand'],
    isDuress: false,
    pinFailures: 0,
    escalation: 0,
    lastSeenAtMs: startMs,
    receivedAtMs: startMs,
    observedAtMs: startMs,
    seq: undefined,
    trigger: 'manual',
    location: { latitude: 19.07, longitude: 72.87 },
    batteryPct: 80,
    state: 'active',
    pressCount: 1,
    updatedAtMs: startMs,
    ...over,
  }
}

export function ingestStats(received = 0): IngestStats {
  return {
    readings: { received, stored: received, duplicate: 0, quarantined: 0, rejected: 0, late: 0 },
    unknownFields: 0,
    batches: 0,
    batchRowsLast: 0,
    commitMsLast: 0,
    commitMsP99: 0,
    lagMs: 0,
    pendingCount: 0,
    openTransitions: 0,
  }
}
