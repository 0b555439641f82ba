import { findKind } from '../../contracts/kinds/index.ts'
import { fieldValuesSchema } from '../../contracts/kinds/kind.ts'
import { parseUpTopic } from '../../contracts/topics.ts'
import type { LedgerCounts } from '../../devices/simulator/reconciliation.ts'

/**
 * What a correct server does with a message, written from the MQTT contract alone and without a line of the pipeline:
 * zod for the values, a set for the duplicates. Slow and short on purpose.
 */
export function createReferenceLedger() {
  const counts = new Map<string, { -readonly [K in keyof LedgerCounts]: number }>()
  const known = new Set<string>()
  const lineOf = (deviceId: string) => {
    const line = counts.get(deviceId) ?? { received: 0, stored: 0, duplicate: 0, quarantined: 0, rejected: 0 }
    counts.set(deviceId, line)
    return line
  }

  return {
    counts: counts as ReadonlyMap<string, LedgerCounts>,
    /** @returns whether the sender may publish there */
    receive(message: { clientId: string; topic: string; payload: Buffer; receivedAtMs: number }): boolean {
      const line = lineOf(message.clientId)
      const route = parseUpTopic(message.topic)?.route
      if (!route || !('deviceId' in route) || route.deviceId !== message.clientId) {
        line.rejected += 1
        line.received += 1
        return false
      }
      if (route.type !== 'telemetry') return true
      for (const candidate of readingsIn(message.payload)) {
        line.received += 1
        const key = keyOf(candidate, route.kindId, message.receivedAtMs)
        if (key === undefined) line.quarantined += 1
        else if (known.has(`${message.clientId}/${key}`)) line.duplicate += 1
        else {
          known.add(`${message.clientId}/${key}`)
          line.stored += 1
        }
      }
      return true
    },
  }
}

/** One entry per reading; `undefined` stands for a message that is none. */
function readingsIn(payload: Buffer): unknown[] {
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    return [undefined]
  }
  if (!Array.isArray(body)) return [body]
  if (body.length === 0 || body.length > 1000) return [undefined]
  return body.some((item) => typeof item === 'object' && item !== null && 'n' in item) ? [fromSenml(body)] : body
}

function fromSenml(records: { bt?: number; n: string; v: number }[]): Record<string, unknown> {
  const baseS = records[0]!.bt ?? 0
  return { ts: Math.round(baseS * 1000), ...Object.fromEntries(records.map(({ n, v }) => [n, v])) }
}

/** @returns undefined for what belongs in quarantine */
function keyOf(candidate: unknown, kindId: string, receivedAtMs: number): string | undefined {
  const kind = findKind(kindId)
  if (!kind || typeof candidate !== 'object' || candidate === null) return undefined
  const { ts = receivedAtMs, seq, ...values } = candidate as Record<string, unknown>
  const atMs = typeof ts === 'string' ? Date.parse(ts) : (ts as number)
  const isTimely = atMs <= receivedAtMs + 5 * 60_000 && atMs >= receivedAtMs - 7 * 86_400_000
  const isSequence = seq === undefined || (Number.isInteger(seq) && (seq as number) >= 0)
  if (!isTimely || !isSequence || !fieldValuesSchema(kind).safeParse(values).success) return undefined
  return `${kindId}/${atMs}/${String(seq)}`
}
