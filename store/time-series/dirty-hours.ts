import type { WriteBatch } from '../../contracts/ports/time-series.ts'

export type CommitObserver = (batch: WriteBatch) => void

export const hourMs = 3_600_000

export function hourOf(atMs: number): number {
  return Math.floor(atMs / hourMs) * hourMs
}

/**
 * Remembers the oldest hour of each kind that has readings newer than its roll-up.
 * Everything before it may be answered from roll-ups, everything from it on must be read.
 */
export interface DirtyHours {
  readonly note: CommitObserver
  /** @returns Infinity when the roll-ups are complete */
  oldest(kindId: string): number
  set(kindId: string, hour: number): void
}

export function createDirtyHours(): DirtyHours {
  const oldestByKind = new Map<string, number>()
  const oldest = (kindId: string) => oldestByKind.get(kindId) ?? Number.POSITIVE_INFINITY
  return {
    oldest,
    set: (kindId, hour) => void oldestByKind.set(kindId, hour),
    note(batch) {
      for (const columns of batch.readings) {
        let low = Number.POSITIVE_INFINITY
        for (let i = 0; i < columns.count; i++) if (columns.observedAtMs[i]! < low) low = columns.observedAtMs[i]!
        if (low < oldest(columns.kind)) oldestByKind.set(columns.kind, Math.min(oldest(columns.kind), hourOf(low)))
      }
    },
  }
}
