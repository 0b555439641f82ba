/**
 * A device's allowance of messages. It fills while the device is away, so that a backlog after an outage passes at
 * full speed and only a lasting flood is slowed.
 */
export interface TokenBucket {
  tokens: number
  refilledAtMs: number
  /** Infinity for no limit. */
  ratePerS: number
  burst: number
}

export interface TokenBucketOptions {
  /** 0 for no limit. */
  readonly ratePerS: number
  readonly burst: number
  readonly nowMs: number
}

export function createTokenBucket({ ratePerS, burst, nowMs }: TokenBucketOptions): TokenBucket {
  if (ratePerS === 0) return { tokens: Infinity, refilledAtMs: nowMs, ratePerS: Infinity, burst: Infinity }
  return { tokens: burst, refilledAtMs: nowMs, ratePerS, burst }
}

/** Adds what has accrued since the last time. A clock that stepped back adds nothing. */
export function refill(bucket: TokenBucket, nowMs: number): void {
  const elapsedMs = Math.max(0, nowMs - bucket.refilledAtMs)
  bucket.refilledAtMs = nowMs
  if (bucket.tokens < bucket.burst) {
    bucket.tokens = Math.min(bucket.burst, bucket.tokens + (elapsedMs / 1000) * bucket.ratePerS)
  }
}

/** A gateway that speaks for one more device may send what that device might have sent itself. */
export function widen(bucket: TokenBucket, share: { readonly ratePerS: number; readonly burst: number }): void {
  if (bucket.ratePerS === Infinity) return
  bucket.ratePerS += share.ratePerS
  bucket.burst += share.burst
  bucket.tokens += share.burst
}

export function isFull(bucket: TokenBucket, nowMs: number): boolean {
  refill(bucket, nowMs)
  return bucket.tokens >= bucket.burst
}

/** @returns milliseconds until the bucket holds `count` tokens, 0 when it does */
export function waitForTokensMs(bucket: TokenBucket, count: number): number {
  return bucket.tokens >= count ? 0 : Math.ceil(((count - bucket.tokens) / bucket.ratePerS) * 1000)
}
