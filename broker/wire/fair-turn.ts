/** A gate with frames it may not hand on yet. */
interface Waiter {
  /** Called once per turn while it is queued; it takes its share and queues again when that was not enough. */
  takeTurn(): void
}

export interface FairTurnOptions {
  /** Frames handed to the parser in one round of the event loop, over all connections. */
  readonly framesPerTurn: number
  /** True while ingest has as many unsettled messages as it should. */
  readonly isIntakeFull: () => boolean
}

/**
 * Keeps one round of the event loop short. Without it a readable burst on fifty sockets is parsed in one go, and a
 * panic press that arrives meanwhile waits for all of it. Connections that did not get their turn queue and are served
 * round robin in the next rounds; between two rounds the loop looks at every socket.
 */
export interface FairTurn {
  /** Frames that may still be handed on in this round; 0 when others are queued before the caller. */
  allowance(): number
  spend(frames: number): void
  queue(waiter: Waiter): void
  /** Number of this round, to tell one from the next. */
  readonly round: number
  stop(): void
}

/** How soon to look again when it is ingest that is full: nothing on the sockets can change that. */
const intakeRetryMs = 2

export function createFairTurn({ framesPerTurn, isIntakeFull }: FairTurnOptions): FairTurn {
  let left = framesPerTurn
  let round = 0
  let waiting: Waiter[] = []
  let isServing = false
  let nextRound: NodeJS.Immediate | undefined
  let retry: NodeJS.Timeout | undefined

  function scheduleRound(): void {
    if (nextRound !== undefined || retry !== undefined) return
    if (waiting.length > 0 && isIntakeFull()) retry = setTimeout(beginRound, intakeRetryMs)
    else nextRound = setImmediate(beginRound)
  }

  function beginRound(): void {
    nextRound = undefined
    retry = undefined
    round++
    left = framesPerTurn
    if (waiting.length > 0) serve()
    if (waiting.length > 0) scheduleRound()
  }

  function serve(): void {
    const turn = waiting
    waiting = []
    isServing = true
    let served = 0
    while (served < turn.length && left > 0 && !isIntakeFull()) turn[served++]!.takeTurn()
    isServing = false
    // Those left over come before those who queued again.
    if (served < turn.length) waiting = turn.slice(served).concat(waiting)
  }

  return {
    allowance() {
      if (waiting.length > 0 && !isServing) return 0
      return isIntakeFull() ? 0 : left
    },
    spend(frames) {
      left -= frames
      scheduleRound()
    },
    queue(waiter) {
      waiting.push(waiter)
      scheduleRound()
    },
    get round() {
      return round
    },
    stop() {
      clearImmediate(nextRound)
      clearTimeout(retry)
      waiting = []
    },
  }
}
