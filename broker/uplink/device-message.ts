const aheadMaxMs = 5 * 60_000
const ageMaxMs = 7 * 86_400_000

/**
 * When a device says something happened, in epoch milliseconds or RFC 3339. A wearable whose clock was reset says
 * 1970: then the receive time is nearer to the truth.
 */
export function observedAtMs(ts: unknown, receivedAtMs: number): number {
  const saidMs = typeof ts === 'string' ? Date.parse(ts) : typeof ts === 'number' ? Math.round(ts) : Number.NaN
  return saidMs >= receivedAtMs - ageMaxMs && saidMs <= receivedAtMs + aheadMaxMs ? saidMs : receivedAtMs
}

/** @returns the object in the payload, undefined when there is none */
export function parseObject(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Not JSON: the same answer as for JSON of another shape.
  }
  return undefined
}
