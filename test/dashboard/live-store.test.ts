import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Alert } from '../../contracts/alert.ts'
import type { LiveDelta, LiveSnapshot, LiveSystem } from '../../contracts/live.ts'
import { createLiveStore } from '../../dashboard/src/live/live-store.ts'

const system: LiveSystem = {
  atMs: 1000,
  ingest: {
    readings: { received: 0, stored: 0, duplicate: 0, quarantined: 0, rejected: 0, late: 0 },
    unknownFields: 0,
    batches: 0,
    batchRowsLast: 0,
    commitMsLast: 0,
    commitMsP99: 0,
    lagMs: 0,
    pendingCount: 0,
    openTransitions: 0,
  },
  connections: 0,
  readingsPerS: 0,
  viewers: 1,
}

function devicesNamed(...ids: string[]): LiveSnapshot['devices'] {
  return [
    {
      // The first is whole, the others are distances.
      number: ids.map(() => 1),
      id: ids,
      name: ids.map(() => null),
      latitude: ids.map(() => 15),
      longitude: ids.map(() => 88),
      flags: ids.map(() => 1),
      state: ids.map(() => 0),
      severity: ids.map(() => null),
    },
  ]
}

function aSnapshot(changes: Partial<LiveSnapshot> = {}): LiveSnapshot {
  return {
    epoch: 'e1',
    seq: 10,
    atMs: 1000,
    view: { area: null, detail: 'full', focus: [] },
    devices: devicesNamed('a', 'b'),
    readings: [],
    alerts: [],
    alertsOmitted: 0,
    sos: [],
    system,
    ...changes,
  }
}

function aDelta(changes: Partial<LiveDelta> = {}): LiveDelta {
  return { epoch: 'e1', fromSeq: 11, seq: 11, atMs: 2000, ...changes }
}

function anAlert(changes: Partial<Alert> = {}): Alert {
  return {
    id: 'alert-1',
    ruleId: 'rule-1',
    ruleName: 'Too hot',
    deviceId: 'a',
    kind: 'bin-level',
    severity: 'critical',
    state: 'firing',
    message: 'Temperature is 90 °C',
    value: 90,
    raisedAtMs: 1000,
    acknowledgedAtMs: undefined,
    acknowledgedBy: undefined,
    resolvedAtMs: undefined,
    resolvedBy: undefined,
    assignedTo: undefined,
    updatedAtMs: 1000,
    ...changes,
  }
}

describe('the live store', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('has no position before the first snapshot, and asks to go on from where it stands after it', () => {
    const store = createLiveStore()
    expect(store.position).toBeUndefined()
    store.takeSnapshot(aSnapshot())
    store.takeDelta(aDelta({ seq: 14 }))
    expect(store.position).toMatchObject({ epoch: 'e1', seq: 14 })
  })

  it.each([
    ['a step is missing', aDelta({ fromSeq: 12, seq: 12 })],
    ['the server is another run', aDelta({ epoch: 'e2' })],
  ])('changes nothing when %s', (_what, delta) => {
    const store = createLiveStore()
    store.takeSnapshot(aSnapshot())
    expect(store.takeDelta({ ...delta, alerts: [anAlert()] })).toBe(false)
    expect(store.openAlerts.size).toBe(0)
    expect(store.position?.seq).toBe(10)
  })

  it('tells of a thousand changed devices once', () => {
    const store = createLiveStore()
    store.takeSnapshot(aSnapshot())
    const heard: ReadonlySet<string>[] = []
    store.onDevices((changed) => heard.push(changed))
    store.takeDelta(aDelta({ devices: devicesNamed('a') }))
    store.takeDelta(aDelta({ fromSeq: 12, seq: 12, devicesRemoved: [2] }))
    expect(heard).toEqual([])
    vi.runAllTimers()
    expect(heard).toEqual([new Set(['a', 'b'])])
    expect([...store.devices.keys()]).toEqual(['a'])
  })

  it('tells at once, and by id, of devices that a snapshot no longer has', () => {
    const store = createLiveStore()
    store.takeSnapshot(aSnapshot())
    const heard: ReadonlySet<string>[] = []
    store.onDevices((changed) => heard.push(changed))
    store.takeSnapshot(aSnapshot({ epoch: 'e2', devices: devicesNamed('b') }))
    expect(heard).toEqual([new Set(['a', 'b'])])
  })

  it('moves a resolved alert from the open ones to the closed ones, and back when it fires anew', () => {
    const store = createLiveStore()
    store.takeSnapshot(aSnapshot({ alerts: [anAlert()] }))
    store.takeDelta(aDelta({ alerts: [anAlert({ state: 'resolved', updatedAtMs: 2000 })] }))
    expect([store.openAlerts.size, store.closedAlerts.size]).toEqual([0, 1])
    store.takeDelta(aDelta({ fromSeq: 12, seq: 12, alerts: [anAlert({ updatedAtMs: 3000 })] }))
    expect([store.openAlerts.size, store.closedAlerts.size]).toEqual([1, 0])
  })

  it('does not let a late HTTP answer put back what the feed has moved on from', () => {
    const store = createLiveStore()
    store.takeSnapshot(aSnapshot({ alerts: [anAlert()] }))
    store.takeDelta(aDelta({ alerts: [anAlert({ state: 'resolved', updatedAtMs: 3000 })] }))
    store.takeAlert(anAlert({ state: 'acknowledged', updatedAtMs: 2000 }))
    expect(store.openAlerts.size).toBe(0)
  })

  it('keeps no more closed alerts than it says', () => {
    const store = createLiveStore()
    store.takeSnapshot(aSnapshot())
    const many = Array.from({ length: 700 }, (_none, index) => anAlert({ id: `alert-${index}`, state: 'resolved' }))
    store.takeDelta(aDelta({ alerts: many }))
    expect(store.closedAlerts.size).toBe(500)
    expect(store.closedAlerts.has('alert-699')).toBe(true)
  })

  it('forgets everything when the session ends', () => {
    const store = createLiveStore()
    store.takeSnapshot(aSnapshot({ alerts: [anAlert()] }))
    store.clear()
    expect([store.devices.size, store.openAlerts.size, store.systemHistory.length]).toEqual([0, 0, 0])
    expect(store.position).toBeUndefined()
  })
})
