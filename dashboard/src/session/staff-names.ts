export interface StaffMember {
  readonly id: string
  readonly name: string
}

/** Names of colleagues by id. */
export interface StaffNames {
  /** Rises whenever names have come in. */
  version(): number
  subscribe(listener: () => void): () => void
  /** @returns undefined while it is not known; `lookUp` then asks */
  nameOf(userId: string): string | undefined
  /** Asks for the names that were wanted since and are missing. */
  lookUp(): void
  /** Somebody else may sign in next. */
  forget(): void
}

/** An id that the list does not have is looked for again after this long: whoever was just hired, not whoever left. */
const askAgainAfterMs = 60_000
const missingMax = 1000

/**
 * One list for all lists that show names, read when the first of them meets an id it does not know.
 * @param ask reads the whole list
 */
export function createStaffNames(deps: {
  readonly ask: () => Promise<readonly StaffMember[]>
  readonly now: () => number
}): StaffNames {
  const { ask, now } = deps
  const listeners = new Set<() => void>()
  let names = new Map<string, string>()
  /** Id -> when it was last asked for, in vain or not answered yet. */
  const missing = new Map<string, number>()
  let isWanted = false
  let isAsking = false
  let version = 0
  /** An answer for whoever was signed in before is not for whoever is now. */
  let turn = 0

  async function load(): Promise<void> {
    const mine = turn
    isAsking = true
    const staff = await ask().catch(() => undefined)
    if (mine !== turn) return
    isAsking = false
    if (staff === undefined) return
    names = new Map(staff.map(({ id, name }) => [id, name]))
    version += 1
    for (const listener of listeners) listener()
  }

  return {
    version: () => version,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    nameOf(userId) {
      const name = names.get(userId)
      if (name !== undefined) return name
      const askedAtMs = missing.get(userId)
      if (askedAtMs !== undefined && now() - askedAtMs < askAgainAfterMs) return undefined
      // Full, it starts over: some ids are asked for once more.
      if (missing.size >= missingMax) missing.clear()
      missing.set(userId, now())
      isWanted = true
      return undefined
    },
    lookUp() {
      if (!isWanted || isAsking) return
      isWanted = false
      void load()
    },
    forget() {
      turn += 1
      isAsking = false
      isWanted = false
      names = new Map()
      missing.clear()
      version += 1
    },
  }
}
