import { setImmediate as nextTurn } from 'node:timers/promises'

export interface GroupCommitOptions<I, O> {
  readonly sizeMax: number
  /** Makes a group durable by one commit. @returns one outcome per item, in order */
  readonly commit: (items: readonly I[]) => Promise<readonly O[]>
}

interface Waiting<I, O> {
  readonly item: I
  readonly resolve: (outcome: O) => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets many callers share one fsync: whoever comes while a commit is under way goes with the next.
 * Between two commits the event loop turns, so that a burst delays others by one group at most.
 * @returns a function that adds an item and resolves when it is durable
 */
export function createGroupCommit<I, O>({ sizeMax, commit }: GroupCommitOptions<I, O>): (item: I) => Promise<O> {
  const waiting: Waiting<I, O>[] = []
  let isRunning = false

  async function run() {
    while (waiting.length > 0) {
      await nextTurn()
      const group = waiting.splice(0, sizeMax)
      try {
        const outcomes = await commit(group.map(({ item }) => item))
        for (const [index, { resolve }] of group.entries()) resolve(outcomes[index]!)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    isRunning = false
  }

  return (item) =>
    new Promise<O>((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (isRunning) return
      isRunning = true
      void run()
    })
}
