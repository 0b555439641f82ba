const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** What people and devices wrote themselves is left as it came. */
const freeText = new Set(['labels', 'body', 'result', 'locationSettings', 'preferences'])

/**
 * Answers of the HTTP API in the words of contracts/: times travel as RFC 3339 (`raisedAt`) and are kept as epoch
 * milliseconds (`raisedAtMs`), what is absent travels as `null` and is kept as undefined.
 */
export function decodeAnswer(value: unknown): unknown {
  if (value === null) return undefined
  if (Array.isArray(value)) return value.map(decodeAnswer)
  if (typeof value !== 'object') return value
  const decoded: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(value)) {
    if (freeText.has(name)) decoded[name] = part
    else if (/(^a|A)t$/.test(name) && typeof part === 'string' && rfc3339.test(part)) {
      decoded[`${name}Ms`] = Date.parse(part)
    } else decoded[name] = decodeAnswer(part)
  }
  return decoded
}
