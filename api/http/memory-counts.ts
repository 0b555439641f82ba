import type { IncrementResponse, Options, Store } from 'express-rate-limit'

/** A client's window takes about 150 bytes: 15 MB at the most. */
const clientsMaxDefault = 100_000

interface Window {
  requests: number
  readonly endsAtMs: number
}

/** A store that answers at once. */
export interface MemoryCounts extends Store {
  init(options: Pick<Options, 'windowMs'>): void
  increment(client: string): IncrementResponse
  decrement(client: string): void
  resetKey(client: string): void
  /** Clients that had to be forgotten before their window ended, because there were too many. */
  forgottenCount(): number
}

/**
 * Requests per client, in memory. Too many clients for it push out the oldest: who has that many addresses gains more
 * by using each of them than by having one forgotten.
 * @param options.now a clock in epoch milliseconds. The headers are reckoned by the system's, so this is the one to use.
 */
export function createMemoryCounts({
  clientsMax = clientsMaxDefault,
  now = Date.now,
}: {
  readonly clientsMax?: number
  readonly now?: () => number
} = {}): MemoryCounts {
  // In the order in which they end, since all are of one length.
  const windows = new Map<string, Window>()
  let windowMs = 0
  let forgotten = 0

  function dropEnded(atMs: number): void {
    for (const [client, { endsAtMs }] of windows) {
      if (endsAtMs > atMs) return
      windows.delete(client)
    }
  }

  function makeRoom(): void {
    const [oldest] = windows.keys()
    if (windows.size < clientsMax || oldest === undefined) return
    windows.delete(oldest)
    forgotten += 1
  }

  return {
    localKeys: true,
    init(options) {
      windowMs = options.windowMs
    },
    increment(client) {
      const atMs = now()
      dropEnded(atMs)
      let window = windows.get(client)
      if (window === undefined) {
        makeRoom()
        window = { requests: 0, endsAtMs: atMs + windowMs }
        windows.set(client, window)
      }
      window.requests += 1
      return { totalHits: window.requests, resetTime: new Date(window.endsAtMs) }
    },
    decrement(client) {
      const window = windows.get(client)
      if (window !== undefined) window.requests -= 1
    },
    resetKey(client) {
      windows.delete(client)
    },
    forgottenCount: () => forgotten,
  }
}
