import type { LoadGenerator } from '../devices/load/load-generator.ts'

/** One line of a result table. */
export interface BenchRow {
  readonly what: string
  /** The figure that decides, with its unit. */
  readonly measured: string
  /** What it must reach, as text; absent for a yardstick. */
  readonly target?: string
  /** Whether it does; absent for a yardstick. */
  readonly isMet?: boolean
  /** Everything else that was measured, in the order it is shown. */
  readonly figures: Readonly<Record<string, number | string>>
}

export interface BenchContext {
  /** Shorter runs and smaller stores: to see that a benchmark works, not to quote it. */
  readonly isQuick: boolean
  /** A directory on a real disk; an fsync into memory would measure nothing. */
  readonly workDir: string
  readonly seed: number
  /** Told what is being done, a line each. */
  readonly say: (line: string) => void
  readonly load: LoadGenerator
}

/** A benchmark: one thing measured, in as many rows as it takes. */
export interface Bench {
  readonly id: string
  readonly title: string
  run(context: BenchContext): Promise<readonly BenchRow[]>
}
