import type { Worker } from 'node:worker_threads'
import type { WatchedRule } from '../contracts/alert.ts'
import { AppError } from '../contracts/errors.ts'
import { findKind } from '../contracts/kinds/index.ts'
import type {
  IngestControl,
  IngestStats,
  LatestReadings,
  TelemetryIntake,
  TransitionSink,
} from '../contracts/ports/telemetry.ts'
import type { ExportRow, TimeSeriesReader, TimeSeriesUpkeep } from '../contracts/ports/time-series.ts'
import type { Service } from '../contracts/service.ts'
import { createFrameSender } from './frame-sender.ts'
import { createLatestTable } from './latest-table.ts'
import { defaultTimeLimits, type TimeLimits } from './observed-time.ts'
import { fromPlainError } from './plain-error.ts'
import type { FromWorker, OpenAlert, ToWorker } from './protocol.ts'

export interface IngestClientDeps {
  /** Starts the thread whose entry calls `serveIngest`. Called again should that thread die. */
  readonly spawn: () => Worker
  readonly rules: () => Promise<readonly WatchedRule[]>
  readonly openAlerts: () => Promise<readonly OpenAlert[]>
  readonly sink: TransitionSink
  readonly timeLimits?: TimeLimits
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
    error(fields: object, message: string): void
  }
}

/** Everything the thread with the sockets can ask of the thread with the store. */
export interface IngestClient extends Service {
  readonly intake: TelemetryIntake
  readonly latest: LatestReadings
  readonly control: IngestControl
  readonly readings: TimeSeriesReader
  readonly upkeep: TimeSeriesUpkeep
}

const callsMax = 256
const respawnDelayMs = 500
const sinkRetryDelayMsMax = 5_000

const noStats: IngestStats = {
  readings: { received: 0, stored: 0, duplicate: 0, quarantined: 0, rejected: 0, late: 0 },
  unknownFields: 0,
  batches: 0,
  batchRowsLast: 0,
  commitMsLast: 0,
  commitMsP99: 0,
  lagMs: 0,
  pendingCount: 0,
  openTransitions: 0,
}

interface PendingCall {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export function createIngestClient(deps: IngestClientDeps): IngestClient {
  const { log, sink } = deps
  const latest = createLatestTable()
  const calls = new Map<number, PendingCall>()
  let callNo = 0
  let worker: Worker | undefined
  let stats = noStats
  let isStopping = false
  let onReady: (() => void) | undefined
  let onNeverReady: ((error: Error) => void) | undefined
  let onStopped: (() => void) | undefined
  let applying: Promise<void> = Promise.resolve()
  let respawn: NodeJS.Timeout | undefined

  const post = (message: ToWorker, transfer: ArrayBuffer[] = []) => worker?.postMessage(message, transfer)
  const sender = createFrameSender({
    isKnownKind: (kindId) => findKind(kindId) !== undefined,
    send: (frame, transfer) => post({ type: 'frame', frame }, transfer),
  })

  async function startWorker(): Promise<void> {
    const [rules, openAlerts] = await Promise.all([deps.rules(), deps.openAlerts()])
    if (isStopping) throw new AppError('unavailable', 'ingest-unavailable', 'ingest is stopping')
    const started = deps.spawn()
    worker = started
    // A message that was under way when the thread died belongs to nobody.
    const onlyIfCurrent = (handle: (message: FromWorker) => void) => (message: FromWorker) => {
      if (worker === started) handle(message)
    }
    started.on('message', onlyIfCurrent(receive))
    let fault: unknown
    started.on('error', (error) => {
      fault = error
      log.error({ err: error }, 'ingest thread failed')
    })
    started.on('exit', () => {
      if (worker === started) workerGone(fault)
    })
    const ready = new Promise<void>((resolve, reject) => {
      onReady = resolve
      onNeverReady = reject
    })
    post({ type: 'start', rules, openAlerts, timeLimits: deps.timeLimits ?? defaultTimeLimits })
    await ready
  }

  function workerGone(cause: unknown): void {
    worker = undefined
    const error = new AppError('unavailable', 'ingest-unavailable', 'the ingest thread stopped', { cause })
    sender.failAll(error)
    for (const call of calls.values()) call.reject(error)
    calls.clear()
    onStopped?.()
    if (isStopping) return
    if (onNeverReady) {
      onNeverReady(error)
      return
    }
    log.error({}, 'ingest thread stopped; starting it again')
    respawnAfter(respawnDelayMs)
  }

  function respawnAfter(delayMs: number): void {
    respawn = setTimeout(() => void startWorker().catch(respawnFailed), delayMs)
  }

  function respawnFailed(error: unknown): void {
    log.error({ err: error }, 'ingest thread could not be started')
    if (!isStopping) respawnAfter(respawnDelayMs * 4)
  }

  function receive(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        onNeverReady = undefined
        sender.open()
        onReady?.()
        break
      case 'settled':
        sender.settled(message.frameId, message.arrays, message.error)
        break
      case 'transitions':
        applyInOrder(message)
        break
      case 'latest':
        stats = message.stats
        latest.update(message.blocks)
        break
      case 'answer':
        answered(message)
        break
      case 'log':
        log[message.level](message.fields, message.message)
        break
      case 'stopped':
        onStopped?.()
    }
  }

  /** One batch of transitions after the other, each until the desk has it: a lost raise is a missed alarm. */
  function applyInOrder({ batchNo, transitions }: Extract<FromWorker, { type: 'transitions' }>): void {
    const sentTo = worker
    applying = applying.then(async () => {
      for (let delayMs = 100; worker === sentTo; delayMs = Math.min(delayMs * 2, sinkRetryDelayMsMax)) {
        try {
          await sink.apply(transitions)
          post({ type: 'transitions-applied', batchNo })
          return
        } catch (error) {
          log.error({ err: error, count: transitions.length }, 'rule transitions not applied; trying again')
          await new Promise((resolve) => setTimeout(resolve, delayMs))
          if (isStopping) return
        }
      }
    })
  }

  function call<T>(method: string, ...args: unknown[]): Promise<T> {
    if (!worker) return Promise.reject(new AppError('unavailable', 'ingest-unavailable', 'the store is starting'))
    if (calls.size >= callsMax) {
      return Promise.reject(new AppError('unavailable', 'store-busy', 'too many questions to the store at once'))
    }
    const id = ++callNo
    return new Promise<T>((resolve, reject) => {
      calls.set(id, { resolve: resolve as (value: unknown) => void, reject })
      post({ type: 'call', id, method, args })
    })
  }

  function answered({ id, value, error }: Extract<FromWorker, { type: 'answer' }>): void {
    const pending = calls.get(id)
    calls.delete(id)
    if (error) pending?.reject(fromPlainError(error))
    else pending?.resolve(value)
  }

  return {
    name: 'ingest',
    async start() {
      isStopping = false
      await startWorker()
    },
    async stop() {
      if (isStopping) return
      isStopping = true
      clearTimeout(respawn)
      if (!worker) return
      const stopped = new Promise<void>((resolve) => (onStopped = resolve))
      sender.flush()
      post({ type: 'stop' })
      await stopped
      await applying
    },
    intake: sender.intake,
    latest,
    control: {
      setRules: (rules) => post({ type: 'rules', rules }),
      ledger: (query) => call('ledger', query),
      ledgerTotals: () => call('ledgerTotals'),
      replayQuarantine: (query) => call('replayQuarantine', query),
      replayRule: (query) => call('replayRule', query),
      stats: () => ({ ...stats, pendingCount: sender.intake.pendingCount }),
    },
    readings: {
      series: (query) => call('series', query),
      areaSeries: (query) => call('areaSeries', query),
      areaMean: (query) => call('areaMean', query),
      exportRows: (query) => exportRows(call, query),
      exportParquet: (query, path) => call('exportParquet', query, path),
      stats: () => call('stats'),
      quarantine: {
        list: (query) => call('quarantineList', query),
        get: (id) => call('quarantineGet', id),
        purge: (query) => call('quarantinePurge', query),
        counts: () => call('quarantineCounts'),
      },
    },
    upkeep: {
      rollUp: (nowMs) => call('rollUp', nowMs),
      retain: (options) => call('retain', options),
      trimQuarantine: (options) => call('trimQuarantine', options),
      backup: (directory) => call('backup', directory),
    },
  }
}

type Call = <T>(method: string, ...args: unknown[]) => Promise<T>

/** Pulls page by page, so the store reads no faster than the consumer writes. */
async function* exportRows(call: Call, query: unknown): AsyncGenerator<readonly ExportRow[]> {
  const cursor = await call<number>('exportOpen', query)
  try {
    for (;;) {
      const step = await call<IteratorResult<readonly ExportRow[]> | undefined>('exportNext', cursor)
      if (!step || step.done) return
      yield step.value
    }
  } finally {
    await call('exportClose', cursor).catch(() => undefined)
  }
}
