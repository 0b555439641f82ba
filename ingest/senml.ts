/**
 * SenML JSON (RFC 8428): a pack of records becomes one candidate reading per time. The last part of a record's
 * name is the field; what comes before it (usually a device URN) is not used, the topic says who sent it.
 */

/** Records below this are relative to now (RFC 8428, section 4.5.3). */
const relativeTimeMaxS = 2 ** 28

type SenmlRecord = Record<string, unknown>

export function isSenmlPack(items: readonly unknown[]): items is readonly SenmlRecord[] {
  const first = items[0]
  return typeof first === 'object' && first !== null && ('n' in first || 'bn' in first) && !('ts' in first)
}

/** @returns undefined when the pack is not valid SenML; values that are not numbers are left for validation to refuse */
export function readSenmlPack(
  records: readonly unknown[],
  receivedAtMs: number,
): Record<string, unknown>[] | undefined {
  let baseName = ''
  let baseTimeS = 0
  let baseValue = 0
  const byTime = new Map<number, Record<string, unknown>>()
  for (const record of records) {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined
    const { bn, bt, bv, n, t, v, vs, vb, vd } = record as SenmlRecord
    if (!isOptional(bn, 'string') || !isOptional(n, 'string')) return undefined
    if (!isOptional(bt, 'number') || !isOptional(t, 'number') || !isOptional(bv, 'number')) return undefined
    baseName = bn ?? baseName
    baseTimeS = bt ?? baseTimeS
    baseValue = bv ?? baseValue
    const hasValue = v !== undefined || vs !== undefined || vb !== undefined || vd !== undefined
    if (!hasValue) {
      if (bn === undefined && bt === undefined && bv === undefined) return undefined
      continue
    }
    const name = `${baseName}${n ?? ''}`
    const fieldName = name.slice(Math.max(name.lastIndexOf(':'), name.lastIndexOf('/'), name.lastIndexOf('.')) + 1)
    if (fieldName === '' || fieldName === '__proto__') return undefined
    const timeS = baseTimeS + (t ?? 0)
    const atMs = Math.round(timeS < relativeTimeMaxS ? receivedAtMs + timeS * 1000 : timeS * 1000)
    const reading = byTime.get(atMs) ?? { ts: atMs }
    byTime.set(atMs, reading)
    reading[fieldName] = typeof v === 'number' ? v + baseValue : (v ?? vs ?? vb ?? vd)
  }
  return [...byTime.values()]
}

function isOptional<T extends 'string' | 'number'>(
  value: unknown,
  type: T,
): value is (T extends 'string' ? string : number) | undefined {
  return value === undefined || typeof value === type
}
