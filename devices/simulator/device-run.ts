import { setTimeout as sleep } from 'node:timers/promises'
import { findKind } from '../../contracts/kinds/index.ts'
import { createDeviceConnection, type DeviceCredentials } from '../device-connection.ts'
import { createRandom } from '../random.ts'
import { planSteps, type SimulatedDevice } from './plan.ts'
import type { Scenario } from './scenario.ts'
import { addOutcomes, nothing, type Outcome, type Step } from './step.ts'

/** What one device did, and what the server should have made of it. */
export interface DeviceReport {
  readonly deviceId: string
  readonly kind: string
  /** Publishes handed to the connection, and acknowledged ones (a QoS 0 trespass counts as neither). */
  readonly sent: number
  readonly acknowledged: number
  readonly reconnects: number
  /** Readings of everything sent. */
  readonly expected: Outcome
  /**
   * Readings of publishes that left more than once because the line went down before their PUBACK: the server may
   * have seen any of the earlier copies. Those of them that are stored count as duplicates the second time.
   */
  readonly resent: Outcome
}

export interface DeviceRunOptions {
  readonly url: string
  readonly credentials: DeviceCredentials
  readonly device: SimulatedDevice
  readonly index: number
  readonly scenario: Scenario
  readonly seed: number
  readonly startedAtMs: number
  readonly until: AbortSignal
}

export interface DeviceRun {
  /** @throws AppError `mqtt-refused` */
  open(): Promise<void>
  /** Carries the plan out until the signal, then waits for what is on its way. */
  run(): Promise<DeviceReport>
  report(): DeviceReport
  close(): Promise<void>
}

/** On the way at most, where the pace is the clock's: a server that falls behind slows its devices. */
const clockWindow = 20
const firstReportMsMax = 5000
const drainMs = 30_000
const closeWaitMs = 10_000

export function createDeviceRun(options: DeviceRunOptions): DeviceRun {
  const { device, scenario, until } = options
  const random = createRandom(options.seed, `${device.id}-line`)
  const copies = new WeakMap<Uint8Array, { readonly expected: Outcome; count: number }>()
  const onTheWay = new Set<Promise<void>>()
  let [sent, acknowledged] = [0, 0]
  let expected = nothing
  let resent = nothing

  const connection = createDeviceConnection({
    url: options.url,
    credentials: options.credentials,
    cleanSession: true,
    reconnectAfterMs: 50 + Math.floor(random() * 150),
    onSend(payload) {
      const copy = copies.get(payload)
      if (!copy) return
      copy.count += 1
      if (copy.count > 1) resent = addOutcomes(resent, copy.expected)
    },
  })

  const publish = (step: Step & { type: 'publish' }) => {
    copies.set(step.payload, { expected: step.expected, count: 0 })
    expected = addOutcomes(expected, step.expected)
    sent += 1
    const settled: Promise<void> = connection
      .publish({ topic: step.topic, payload: step.payload, qos: 1 })
      .then(
        () => {
          acknowledged += 1
        },
        // Switched off before the PUBACK: it stays unacknowledged, and the report says so.
        () => undefined,
      )
      .finally(() => onTheWay.delete(settled))
    onTheWay.add(settled)
  }

  /** Waits for room; gives up when the run is over, since a server that is gone for good would hold it for ever. */
  const settleTo = async (most: number) => {
    const deadlineMs = performance.now() + drainMs
    while (onTheWay.size > most && !(until.aborted && performance.now() > deadlineMs)) {
      await within(drainMs, Promise.race(onTheWay))
    }
  }

  const trespass = async (step: Step & { type: 'trespass' }) => {
    await settleTo(0)
    const closed = connection.whenClosed()
    expected = addOutcomes(expected, step.expected)
    // QoS 0: the client would send an unacknowledged one again after every reconnect, and be thrown out every time.
    await connection.publish({ topic: step.topic, payload: step.payload, qos: 0 })
    await within(closeWaitMs, closed)
    await connection.whenConnected()
  }

  const drop = async (times: number) => {
    for (let cut = 0; cut < times; cut++) {
      const closed = connection.whenClosed()
      connection.drop()
      await within(closeWaitMs, closed)
      await connection.whenConnected()
    }
  }

  const carryOut = async () => {
    const { pace } = scenario
    const everyMs = pace.type === 'clock' ? (findKind(device.kind)!.reportEveryS * 1000) / pace.speedup : 0
    const window = pace.type === 'clock' ? clockWindow : pace.window
    // A device reports soon after it is switched on, and devices of one kind do not report in step.
    let dueMs = performance.now() + random() * Math.min(everyMs, firstReportMsMax)
    for (const step of planSteps(options)) {
      if (everyMs > 0) {
        await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal: until }).catch(() => undefined)
        dueMs += everyMs
      }
      if (until.aborted) return
      if (step.type === 'publish') {
        publish(step)
        await settleTo(step.once ? 0 : window - 1)
      } else if (step.type === 'trespass') await trespass(step)
      else await drop(step.times)
    }
  }

  const report = (): DeviceReport => ({
    deviceId: device.id,
    kind: device.kind,
    sent,
    acknowledged,
    reconnects: Math.max(0, connection.connectCount - 1),
    expected,
    resent,
  })

  return {
    open: () => connection.open(),
    async run() {
      await carryOut()
      await within(drainMs, Promise.all(onTheWay))
      return report()
    },
    report,
    close: () => connection.close(),
  }
}

/** Resolves with the promise or after a while, whichever comes first; leaves no timer behind. */
async function within(waitMs: number, promise: Promise<unknown>): Promise<void> {
  const waiting = new AbortController()
  const timer = sleep(waitMs, undefined, { signal: waiting.signal }).catch(() => undefined)
  await Promise.race([promise, timer])
  waiting.abort()
}
