import type { QuarantineReason } from '../contracts/reading.ts'
import { isSenmlPack, readSenmlPack } from './senml.ts'

/** Readings one message may carry. */
export const readingsPerMessageMax = 1000

export type Decoded =
  | { readonly type: 'one'; readonly candidate: Record<string, unknown> }
  | { readonly type: 'many'; readonly candidates: readonly unknown[] }
  | { readonly type: 'bad'; readonly reason: QuarantineReason }

const unparseable: Decoded = { type: 'bad', reason: 'unparseable' }
const notAReading: Decoded = { type: 'bad', reason: 'not-a-reading' }
const tooMany: Decoded = { type: 'bad', reason: 'too-many-readings' }

/** A JSON object is one reading, an array several, a SenML pack as many as it has times. */
export function decodePayload(text: string, receivedAtMs: number): Decoded {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return unparseable
  }
  if (Array.isArray(parsed)) {
    if (parsed.length === 0) return notAReading
    if (parsed.length > readingsPerMessageMax) return tooMany
    if (!isSenmlPack(parsed)) return { type: 'many', candidates: parsed }
    const candidates = readSenmlPack(parsed, receivedAtMs)
    return candidates && candidates.length > 0 ? { type: 'many', candidates } : notAReading
  }
  if (!isRecord(parsed)) return notAReading
  return { type: 'one', candidate: parsed }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
