import { createTokenBucket, isFull, type TokenBucket } from './token-bucket.ts'

export interface AllowancesOptions {
  readonly ratePerS: number
  readonly burst: number
  readonly now: () => number
}

/** The buckets of all devices. They outlive connections: reconnecting must not buy a new burst. */
export interface Allowances {
  of(deviceId: string): TokenBucket
  /** The device is gone; its bucket goes on filling and is forgotten once it is full. */
  release(deviceId: string): void
}

const sweepEvery = 1000

export function createAllowances({ ratePerS, burst, now }: AllowancesOptions): Allowances {
  const buckets = new Map<string, TokenBucket>()
  let released = 0

  return {
    of(deviceId) {
      const kept = buckets.get(deviceId)
      const bucket = kept ?? createTokenBucket({ ratePerS, burst, nowMs: now() })
      if (kept === undefined && ratePerS !== 0) buckets.set(deviceId, bucket)
      return bucket
    },
    release(deviceId) {
      const bucket = buckets.get(deviceId)
      if (bucket === undefined) return
      // What a gateway had on top for the devices behind it ends with the connection.
      bucket.ratePerS = ratePerS
      bucket.burst = burst
      bucket.tokens = Math.min(bucket.tokens, burst)
      if (++released % sweepEvery !== 0) return
      const nowMs = now()
      for (const [id, each] of buckets) if (isFull(each, nowMs)) buckets.delete(id)
    },
  }
}
