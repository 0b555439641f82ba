/** Turns at something that only one may use at a time. */
export interface Turns {
  /** Resolves when it is the caller's turn: in the order they came, the urgent before all others. */
  take(options: { readonly isUrgent: boolean }): Promise<void> | undefined
  /** Gives the turn up. */
  pass(): void
}

/** How long turns may follow each other before the event loop gets one of its own. */
const sliceMsMax = 4

/**
 * SQLite answers at once, so callers that only await it would never let the event loop turn: sockets would go unread
 * for as long as there is work. Here a long queue is worked off in slices, with room for others in between.
 */
export function createTurns(): Turns {
  let isTaken = false
  let sliceStartedAtMs: number | undefined
  const urgent: (() => void)[] = []
  const ordinary: (() => void)[] = []

  function startSlice() {
    if (sliceStartedAtMs !== undefined) return
    sliceStartedAtMs = performance.now()
    // Comes round when the event loop has turned, by itself or because we waited for it.
    setImmediate(() => {
      sliceStartedAtMs = undefined
    })
  }

  function isSliceOver(): boolean {
    return sliceStartedAtMs !== undefined && performance.now() - sliceStartedAtMs > sliceMsMax
  }

  /** Chosen only when the turn comes, so that an urgent one that came meanwhile is before the rest. */
  function next(): void {
    const waiting = urgent.shift() ?? ordinary.shift()
    if (!waiting) {
      isTaken = false
      return
    }
    startSlice()
    waiting()
  }

  return {
    take({ isUrgent }) {
      if (!isTaken && !isSliceOver()) {
        isTaken = true
        startSlice()
        return
      }
      const turn = new Promise<void>((resolve) => {
        ;(isUrgent ? urgent : ordinary).push(resolve)
      })
      if (!isTaken) {
        isTaken = true
        setImmediate(next)
      }
      return turn
    },
    pass() {
      if (isSliceOver()) setImmediate(next)
      else next()
    },
  }
}
