import type { DeviceCredentials } from '../device-connection.ts'
import { createLoadConnection, type LoadConnection } from './load-connection.ts'

export interface LoadTarget {
  readonly host: string
  readonly port: number
}

export interface LoadFleetOptions extends LoadTarget {
  readonly devices: readonly DeviceCredentials[]
  readonly window: number
}

export type LoadPace = { readonly type: 'flood' } | { readonly type: 'paced'; readonly perS: number }

export interface LoadCounts {
  readonly sent: number
  readonly acknowledged: number
  readonly resent: number
  readonly faults: number
  readonly open: number
  readonly devices: number
}

export interface LoadMeasurement {
  readonly durationS: number
  readonly sent: number
  readonly acknowledged: number
  readonly acknowledgedPerS: number
  /** CPU of the generating process, user and system, per acknowledged publish. */
  readonly cpuMicrosPerMessage: number
  /** Cores that the generating process used. */
  readonly cpuCores: number
  /** Publishes that were due and could not leave because the window was full. */
  readonly behind: number
}

/** How far each device got; enough to know which readings were acknowledged, since acknowledgements come in order. */
export interface LoadProgress {
  readonly deviceId: string
  readonly sent: number
  readonly acknowledged: number
}

/** Many load connections driven by one loop. */
export interface LoadFleet {
  /** Connects what is not connected, a few at a time. @throws the first refusal */
  open(target?: LoadTarget): Promise<void>
  start(pace: LoadPace): void
  /** Stops sending new readings; acknowledgements still count. */
  pause(): void
  /** Resolves when everything sent is acknowledged, or when `withinMs` is over. @returns what is still open */
  drain(withinMs: number): Promise<number>
  measure(durationMs: number): Promise<LoadMeasurement>
  counts(): LoadCounts
  progress(): LoadProgress[]
  /** Resolves when every connection is down. */
  whenDown(): Promise<void>
  close(): void
}

const connectingMax = 50
const paceTickMs = 5

export function createLoadFleet(options: LoadFleetOptions): LoadFleet {
  const now = Date.now
  let target: LoadTarget = options
  const connections = options.devices.map((credentials) =>
    createLoadConnection({
      get host() {
        return target.host
      },
      get port() {
        return target.port
      },
      credentials,
      window: options.window,
      now,
    }),
  )
  let pacing: NodeJS.Timeout | undefined
  let behind = 0

  const pause = () => {
    clearInterval(pacing)
    for (const connection of connections) connection.keepWindowFull(false)
  }

  return {
    async open(at = target) {
      target = at
      const waiting = connections.filter((connection) => !connection.isOpen)
      const openNext = async (): Promise<void> => {
        for (let next = waiting.pop(); next; next = waiting.pop()) await next.open()
      }
      await Promise.all(Array.from({ length: connectingMax }, openNext))
    },
    start(pace) {
      pause()
      behind = 0
      if (pace.type === 'flood') for (const connection of connections) connection.keepWindowFull(true)
      else pacing = startPacing(connections, pace.perS, (count) => (behind += count))
    },
    pause,
    drain: (withinMs) => waitFor(() => openPublishes(connections), withinMs),
    async measure(durationMs) {
      const before = countAll(connections)
      const behindBefore = behind
      const cpuBefore = process.cpuUsage()
      const startedAtMs = performance.now()
      await new Promise((resolve) => setTimeout(resolve, durationMs))
      const durationS = (performance.now() - startedAtMs) / 1000
      const cpu = process.cpuUsage(cpuBefore)
      const after = countAll(connections)
      const acknowledged = after.acknowledged - before.acknowledged
      return {
        durationS,
        sent: after.sent - before.sent,
        acknowledged,
        acknowledgedPerS: acknowledged / durationS,
        cpuMicrosPerMessage: (cpu.user + cpu.system) / Math.max(1, acknowledged),
        cpuCores: (cpu.user + cpu.system) / 1e6 / durationS,
        behind: behind - behindBefore,
      }
    },
    counts: () => countAll(connections),
    progress: () =>
      connections.map(({ deviceId, sentCount, acknowledgedCount }) => ({
        deviceId,
        sent: sentCount,
        acknowledged: acknowledgedCount,
      })),
    async whenDown() {
      await waitFor(() => connections.filter(({ isOpen }) => isOpen).length, 60_000)
    },
    close() {
      pause()
      for (const connection of connections) connection.close()
    },
  }
}

/** Deals the readings that are due round the connections, a tick's worth at a time. */
function startPacing(
  connections: readonly LoadConnection[],
  perS: number,
  onBehind: (count: number) => void,
): NodeJS.Timeout {
  const startedAtMs = performance.now()
  let dealt = 0
  let turn = 0
  return setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) / 1000) * perS)
    for (; dealt < due; dealt++) {
      if (connections[turn]!.send(1) === 0) onBehind(1)
      turn = turn + 1 === connections.length ? 0 : turn + 1
    }
  }, paceTickMs)
}

function openPublishes(connections: readonly LoadConnection[]): number {
  return connections.reduce((sum, { sentCount, acknowledgedCount }) => sum + sentCount - acknowledgedCount, 0)
}

function countAll(connections: readonly LoadConnection[]): LoadCounts {
  let [sent, acknowledged, resent, faults, open] = [0, 0, 0, 0, 0]
  for (const connection of connections) {
    sent += connection.sentCount
    acknowledged += connection.acknowledgedCount
    resent += connection.resentCount
    faults += connection.faultCount
    open += connection.isOpen ? 1 : 0
  }
  return { sent, acknowledged, resent, faults, open, devices: connections.length }
}

async function waitFor(remaining: () => number, withinMs: number): Promise<number> {
  const untilMs = performance.now() + withinMs
  while (remaining() > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 20))
  return remaining()
}
