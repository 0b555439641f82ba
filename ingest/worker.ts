import type { MessagePort } from 'node:worker_threads'
import type { RuleTransition } from '../contracts/alert.ts'
import { AppError } from '../contracts/errors.ts'
import type { QuarantineQuery } from '../contracts/ports/telemetry.ts'
import type { TimeSeriesStore } from '../contracts/ports/time-series.ts'
import type { RuleReplay, RuleReplayQuery } from '../contracts/rule-replay.ts'
import type { Prepared } from './batch-draft.ts'
import { createCommitClock } from './commit-clock.ts'
import { createFiringAlerts } from './firing-alerts.ts'
import type { FrameArrays, TelemetryFrame } from './frame.ts'
import { packLatest } from './latest-block.ts'
import { createPipeline, type Pipeline } from './pipeline.ts'
import { toPlainError } from './plain-error.ts'
import type { FromWorker, ToWorker } from './protocol.ts'
import { createAreaWatch } from './rules/area-watch.ts'
import { replayRule } from './rules/replay.ts'

export interface IngestWorkerOptions {
  readonly port: MessagePort
  readonly store: TimeSeriesStore
  readonly now: () => number
  readonly tellIntervalMs?: number
  readonly tickIntervalMs?: number
  readonly snapshotIntervalMs?: number
}

/** Transitions the alert desk has not confirmed; beyond this, ingest waits for it. */
const unconfirmedTransitionsMax = 10_000
const replayMessagesMax = 10_000
const exportCursorsMax = 8
const ruleReplaysMax = 2

/**
 * The thread that holds the pipeline and the store. One batch is being made durable while the next is prepared;
 * a frame is answered when its batch is on disk, and not a moment before.
 */
export function serveIngest(options: IngestWorkerOptions): void {
  const { port, store, now } = options
  const clock = createCommitClock()
  const frames: TelemetryFrame[] = []
  const jobs: (() => Promise<void>)[] = []
  const unconfirmed: { batchNo: number; count: number }[] = []
  const firing = createFiringAlerts()
  const areas = createAreaWatch({ areaMean: store.areaMean })
  const cursors = new Map<number, AsyncIterator<unknown>>()
  let cursorNo = 0
  let ruleReplays = 0
  let confirmedTo = 0
  let pipeline: Pipeline | undefined
  let wake: (() => void) | undefined
  let isStopping = false
  let startMessage: Extract<ToWorker, { type: 'start' }> | undefined
  let snapshotAtMs = 0
  let rowsSinceSnapshot = 0
  let committing: Promise<void> = Promise.resolve()
  let commitFailure: unknown

  const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  const log = (level: 'info' | 'warn' | 'error', fields: Record<string, unknown>, message: string) =>
    send({ type: 'log', level, fields, message })

  port.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'start':
        startMessage = message
        firing.open(message.openAlerts)
        run(message).catch((error: unknown) => {
          throw error
        })
        return
      case 'frame':
        frames.push(message.frame)
        pipeline?.announce(message.frame.newSources)
        break
      case 'rules':
        firing.rulesChanged(startMessage!.rules, message.rules)
        startMessage = { ...startMessage!, rules: message.rules }
        pipeline?.setRules(message.rules)
        areas.setRules(message.rules)
        return
      case 'transitions-applied':
        confirmedTo = Math.max(confirmedTo, message.batchNo)
        while (unconfirmed[0] && unconfirmed[0].batchNo <= confirmedTo) unconfirmed.shift()
        break
      case 'call':
        answer(message.id, message.method, message.args)
        return
      case 'stop':
        isStopping = true
    }
    wake?.()
  })

  async function run(start: Extract<ToWorker, { type: 'start' }>): Promise<void> {
    pipeline = createPipeline({ findStored, timeLimits: start.timeLimits, now })
    pipeline.setRules(start.rules)
    areas.setRules(start.rules)
    await recover()
    send({ type: 'ready' })
    const teller = setInterval(tell, options.tellIntervalMs ?? 200)
    const ticker = setInterval(tick, options.tickIntervalMs ?? 5000)
    snapshotAtMs = now()
    while (!isStopping || frames.length > 0) {
      if (commitFailure !== undefined) await startOver()
      else if (jobs.length > 0) await jobs.shift()!()
      else if (frames.length > 0 && !isDeskBehind()) await take(frames.shift()!)
      else if (pipeline.hasPendingWork) await commit(await pipeline.prepare(undefined), undefined)
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    clearInterval(teller)
    clearInterval(ticker)
    pipeline.requestSnapshot(confirmedTo)
    await commit(await pipeline.prepare(undefined), undefined)
    await committing
    await store.close()
    send({ type: 'stopped' })
    port.close()
  }

  function isDeskBehind(): boolean {
    return unconfirmed.reduce((sum, { count }) => sum + count, 0) > unconfirmedTransitionsMax
  }

  async function findStored(keys: Parameters<TimeSeriesStore['findStored']>[0]): Promise<Uint8Array> {
    // The batch before this one may hold what is asked for.
    await committing
    return store.findStored(keys)
  }

  async function take(frame: TelemetryFrame): Promise<void> {
    try {
      await commit(await pipeline!.prepare(frame), frame)
    } catch (error) {
      settle(frame, error)
      commitFailure = error
    }
  }

  /** Waits for the batch before, then leaves this one to the disk and returns so that the next can be prepared. */
  async function commit(prepared: Prepared, frame: TelemetryFrame | undefined): Promise<void> {
    await committing
    if (commitFailure !== undefined) {
      if (frame) settle(frame, commitFailure)
      return
    }
    committing = write(prepared, frame)
  }

  async function write(prepared: Prepared, frame: TelemetryFrame | undefined): Promise<void> {
    const { batch } = prepared
    const startedAt = performance.now()
    try {
      await store.commit(batch)
    } catch (error) {
      commitFailure = error
      if (frame) settle(frame, error)
      wake?.()
      return
    }
    const rows = batch.readings.reduce((sum, columns) => sum + columns.count, 0)
    rowsSinceSnapshot += rows
    clock.note({ rows, commitMs: performance.now() - startedAt, lagMs: frame ? now() - oldestOf(frame) : 0 })
    if (frame) settle(frame, undefined)
    tellTransitions(batch.batchNo, batch.transitions)
    prepared.release()
    if (rowsSinceSnapshot > 0 && now() - snapshotAtMs >= (options.snapshotIntervalMs ?? 30_000)) {
      pipeline!.requestSnapshot(confirmedTo)
      snapshotAtMs = now()
      rowsSinceSnapshot = 0
      wake?.()
    }
  }

  function tellTransitions(batchNo: number, transitions: readonly RuleTransition[]): void {
    if (transitions.length === 0) return
    firing.note(transitions)
    unconfirmed.push({ batchNo, count: transitions.length })
    send({ type: 'transitions', batchNo, transitions })
  }

  function settle(frame: TelemetryFrame, error: unknown): void {
    const { bytes, payloadEnd, sourceNo, receivedAtMs } = frame
    const arrays: FrameArrays = { bytes, payloadEnd, sourceNo, receivedAtMs }
    const transfer = [bytes.buffer, payloadEnd.buffer, sourceNo.buffer, receivedAtMs.buffer] as ArrayBuffer[]
    send(
      { type: 'settled', frameId: frame.id, arrays, error: error === undefined ? undefined : String(error) },
      transfer,
    )
  }

  /** Builds the pipeline's memory from the store alone; used at start and after a commit that failed. */
  async function recover(): Promise<void> {
    const recovered = await store.recover()
    await pipeline!.recover(recovered)
    unconfirmed.length = 0
    confirmedTo = 0
    // By batch: a batch is confirmed as one, and then no longer kept.
    const batches = new Map<number, RuleTransition[]>()
    for (const { batchNo, transition } of recovered.transitions) {
      const told = batches.get(batchNo) ?? []
      batches.set(batchNo, told)
      told.push(transition)
    }
    for (const [batchNo, transitions] of batches) tellTransitions(batchNo, transitions)
    // After those: a clear that the desk has yet to hear must not be taken for a fire.
    pipeline!.markFiring(firing.list())
    areas.reset(firing.list())
  }

  /**
   * Goes on with what the store holds. Where it cannot even be read the thread ends, and the next one opens it anew:
   * DuckDB answers nothing more after a checkpoint for which the disk had no room.
   */
  async function startOver(): Promise<void> {
    // It may still be writing, and shares the connection.
    await committing
    log('error', { err: String(commitFailure) }, 'batch could not be made durable; starting over from the store')
    try {
      await recover()
      commitFailure = undefined
    } catch (error) {
      log('error', { err: String(error) }, 'time-series store does not answer; it is opened anew')
      await store.close()
      throw error
    }
  }

  function tell(): void {
    const changed = pipeline!.takeChangedSources()
    const { counts, unknownFields } = pipeline!
    send({
      type: 'latest',
      blocks: packLatest(changed),
      stats: {
        readings: { ...counts },
        unknownFields,
        ...clock.read(),
        pendingCount: frames.reduce((sum, frame) => sum + frame.count, 0),
        openTransitions: unconfirmed.reduce((sum, { count }) => sum + count, 0),
      },
    })
  }

  function tick(): void {
    pipeline!.tick(now())
    wake?.()
    areas
      .look(now())
      .then((transitions) => {
        for (const transition of transitions) pipeline!.note(transition)
        if (transitions.length > 0) wake?.()
      })
      .catch((error: unknown) => log('warn', { err: String(error) }, 'areas could not be looked at; trying again'))
  }

  // --- calls -----------------------------------------------------------------------------------------------------

  type Method = (...args: never[]) => unknown
  const methods: Record<string, Method> = {
    series: store.series,
    areaSeries: store.areaSeries,
    areaMean: store.areaMean,
    replayRule: (query: RuleReplayQuery) => replayInTurn(query),
    stats: store.stats,
    exportParquet: store.exportParquet,
    quarantineList: store.quarantine.list,
    quarantineGet: store.quarantine.get,
    quarantinePurge: (query: QuarantineQuery) => betweenBatches(() => store.quarantine.purge(query)),
    quarantineCounts: store.quarantine.counts,
    rollUp: store.rollUp,
    retain: (keep: Parameters<TimeSeriesStore['retain']>[0]) => betweenBatches(() => store.retain(keep)),
    trimQuarantine: (most: Parameters<TimeSeriesStore['trimQuarantine']>[0]) =>
      betweenBatches(() => store.trimQuarantine(most)),
    backup: store.backup,
    ledger: (query: Parameters<Pipeline['ledger']['lines']>[0]) => pipeline!.ledger.lines(query),
    ledgerTotals: () => pipeline!.ledger.totals(),
    replayQuarantine: (query: QuarantineQuery) => betweenBatches(() => replayQuarantine(query)),
    exportOpen(query: Parameters<TimeSeriesStore['exportRows']>[0]) {
      if (cursors.size >= exportCursorsMax) {
        throw new AppError('too-many', 'too-many-exports', `at most ${exportCursorsMax} exports at once`)
      }
      cursors.set(++cursorNo, store.exportRows(query)[Symbol.asyncIterator]())
      return cursorNo
    },
    exportNext: (cursor: number) => cursors.get(cursor)?.next(),
    async exportClose(cursor: number) {
      const iterator = cursors.get(cursor)
      cursors.delete(cursor)
      await iterator?.return?.()
    },
  }

  function answer(id: number, method: string, args: readonly unknown[]): void {
    Promise.resolve()
      .then(() => methods[method]!(...(args as never[])))
      .then(
        (value) => send({ type: 'answer', id, value }),
        (error: unknown) => send({ type: 'answer', id, error: toPlainError(error) }),
      )
  }

  /** Runs a job in turn with the batches: two writers that touch the same rows would make one of them fail. */
  function betweenBatches<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      jobs.push(async () => {
        await committing
        await job().then(resolve, reject)
      })
      wake?.()
    })
  }

  async function replayInTurn(query: RuleReplayQuery): Promise<RuleReplay> {
    if (ruleReplays >= ruleReplaysMax) {
      throw new AppError('too-many', 'too-many-replays', `at most ${ruleReplaysMax} rules are replayed at once`)
    }
    ruleReplays++
    try {
      return await replayRule(store, query)
    } finally {
      ruleReplays--
    }
  }

  async function replayQuarantine(query: QuarantineQuery): Promise<{ replayed: number; stillBad: number }> {
    const messages = await store.quarantine.list({ ...query, limit: Math.min(query.limit, replayMessagesMax) })
    // Oldest first, as they came.
    const prepared = await pipeline!.prepareReplay([...messages].reverse())
    await commit(prepared, undefined)
    await committing
    if (commitFailure !== undefined) throw commitFailure
    return { replayed: prepared.replayed, stillBad: messages.length - prepared.replayed }
  }
}

function oldestOf(frame: TelemetryFrame): number {
  return frame.count > 0 ? frame.receivedAtMs[0]! : 0
}
