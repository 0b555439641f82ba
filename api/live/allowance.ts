/** A token bucket: `perS` a second, `burst` at once. */
export interface Allowance {
  /** @returns false when there is nothing left to take */
  take(nowMs: number): boolean
}

export function createAllowance(options: { readonly perS: number; readonly burst: number }): Allowance {
  const { perS, burst } = options
  let left = burst
  let asOfMs = Number.NEGATIVE_INFINITY
  return {
    take(nowMs) {
      // The first time, and when the clock was set back, there is nothing to add.
      const elapsedMs = Number.isFinite(asOfMs) ? Math.max(0, nowMs - asOfMs) : 0
      asOfMs = nowMs
      left = Math.min(burst, left + (elapsedMs / 1000) * perS)
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
