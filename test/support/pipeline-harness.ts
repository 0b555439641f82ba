import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { AlertRule, RuleTransition } from '../../contracts/alert.ts'
import type { TimeSeriesStore } from '../../contracts/ports/time-series.ts'
import type { RuleCondition } from '../../contracts/rule-condition.ts'
import { createFrameArrays, createFrameBuilder, type TelemetryFrame } from '../../ingest/frame.ts'
import { createPipeline, type Pipeline } from '../../ingest/pipeline.ts'
import { openDuckDbStore } from '../../store/index.ts'
import { aTempDir } from './temp-dir.ts'

export const noonMs = Date.UTC(2026, 0, 15, 12)

export interface Message {
  readonly deviceId?: string
  readonly kindId?: string
  /** JSON text, or a value to be made into it. */
  readonly body: unknown
  readonly receivedAtMs?: number
}

export function aRule(condition: RuleCondition, change: Partial<AlertRule> = {}): AlertRule {
  return {
    id: 'rule-1',
    name: 'a rule',
    severity: 'high',
    enabled: true,
    builtIn: false,
    updatedAtMs: 0,
    condition,
    ...change,
  }
}

/** The pipeline on a real store, without threads or sockets: frames go in, batches are committed, crashes happen. */
export interface PipelineHarness {
  readonly store: TimeSeriesStore
  readonly pipeline: Pipeline
  nowMs: number
  rules: AlertRule[]
  /** Sends messages as one frame and makes it durable. @returns the rule transitions it caused */
  send(...messages: Message[]): Promise<RuleTransition[]>
  /** Prepares a frame and dies before its batch reaches the disk. */
  sendAndCrash(...messages: Message[]): Promise<void>
  /** A new process on the same files. @returns transitions that were not confirmed */
  restart(): Promise<RuleTransition[]>
  snapshot(): Promise<void>
  reject(deviceId: string): Promise<void>
  commitPending(): Promise<RuleTransition[]>
}

export async function aPipeline(options: { rules?: AlertRule[] } = {}): Promise<PipelineHarness> {
  const path = join(await aTempDir(), 'readings.duckdb')
  let store = await openDuckDbStore({ path })
  onTestFinished(() => store.close())
  let pipeline: Pipeline
  let frameId = 0

  const harness: PipelineHarness = {
    get store() {
      return store
    },
    get pipeline() {
      return pipeline
    },
    nowMs: noonMs,
    rules: options.rules ?? [],
    async send(...messages) {
      return commit(await pipeline.prepare(toFrame(messages)))
    },
    async sendAndCrash(...messages) {
      await pipeline.prepare(toFrame(messages))
      await harness.restart()
    },
    async restart() {
      await store.close()
      store = await openDuckDbStore({ path })
      return start()
    },
    async snapshot() {
      pipeline.requestSnapshot(Number.MAX_SAFE_INTEGER)
      await harness.commitPending()
    },
    async reject(deviceId) {
      const frame = { ...toFrame([]), rejected: [{ deviceId, count: 1 }] }
      await commit(await pipeline.prepare(frame))
    },
    async commitPending() {
      return commit(await pipeline.prepare(undefined))
    },
  }

  async function start(): Promise<RuleTransition[]> {
    pipeline = createPipeline({ findStored: (keys) => store.findStored(keys), now: () => harness.nowMs })
    pipeline.setRules(harness.rules)
    const recovered = await store.recover()
    await pipeline.recover(recovered)
    return recovered.transitions.map(({ transition }) => transition)
  }

  async function commit(prepared: Awaited<ReturnType<Pipeline['prepare']>>): Promise<RuleTransition[]> {
    await store.commit(prepared.batch)
    const transitions = [...prepared.batch.transitions]
    prepared.release()
    return transitions
  }

  const numbers = new Map<string, number>()
  function toFrame(messages: readonly Message[]): TelemetryFrame {
    const builder = createFrameBuilder(createFrameArrays())
    const strays: TelemetryFrame['strays'][number][] = []
    messages.forEach((message, index) => {
      const deviceId = message.deviceId ?? 'aq-1'
      const kindId = message.kindId ?? 'air-quality'
      const key = `${deviceId}/${kindId}`
      const isKnown = kindId !== 'no-such-kind'
      if (isKnown && !numbers.has(key)) numbers.set(key, numbers.size)
      const no = isKnown ? numbers.get(key)! : -1
      if (isKnown) pipeline.announce([{ no, deviceId, kindId }])
      else strays.push({ index, deviceId, topic: `v1/devices/${deviceId}/telemetry/${kindId}` })
      const text = typeof message.body === 'string' ? message.body : JSON.stringify(message.body)
      builder.add({ sourceNo: no, payload: Buffer.from(text), receivedAtMs: message.receivedAtMs ?? harness.nowMs })
    })
    return { id: ++frameId, count: builder.count, ...builder.arrays, newSources: [], strays, rejected: [] }
  }

  await start()
  return harness
}

/** The account of one device, as the ledger tells it. */
export function ledgerOf(harness: PipelineHarness, deviceId = 'aq-1') {
  const [line] = harness.pipeline.ledger.lines({ deviceId, limit: 1 })
  const { received, stored, duplicate, quarantined, rejected, late } = line!
  return { received, stored, duplicate, quarantined, rejected, late }
}
