import { frameLength } from './frames.ts'

/** Whether the whole frame of `length` bytes at `at` is of the sort that is asked for. */
type FrameTest = (bytes: Buffer, at: number, length: number) => boolean

interface Slice {
  bytes: Buffer
  frames: number
  /** Of those, how many passed the test. */
  matching: number
}

/** Whole frames in the order they came, as views of the chunks they came in. */
export interface HeldFrames {
  readonly bytes: number
  readonly isEmpty: boolean
  /** Adds `bytes` from `start` to `end`, which must be whole frames. */
  push(bytes: Buffer, start: number, end: number): void
  /** Takes up to `framesMax` neighbours from the front. The result is reused by the next call. */
  take(framesMax: number, counts: FrameTest): Slice
  /** Takes out up to `framesMax` frames that pass the test, looking at each held frame once only. */
  extract(framesMax: number, picks: FrameTest): readonly Buffer[]
  clear(): void
}

interface Run {
  readonly bytes: Buffer
  start: number
  readonly end: number
  /** Already looked at by `extract`. */
  readonly isSeen: boolean
}

const none: readonly Buffer[] = []
const nothing = Buffer.alloc(0)

export function createHeldFrames(): HeldFrames {
  let runs: Run[] = []
  let seenRuns = 0
  let total = 0
  const slice: Slice = { bytes: nothing, frames: 0, matching: 0 }

  function take(framesMax: number, counts: FrameTest): Slice {
    const run = runs[0]!
    let at = run.start
    slice.frames = 0
    slice.matching = 0
    while (at < run.end && slice.frames < framesMax) {
      const length = frameLength(run.bytes, at)
      if (counts(run.bytes, at, length)) slice.matching++
      slice.frames++
      at += length
    }
    slice.bytes = run.bytes.subarray(run.start, at)
    total -= at - run.start
    run.start = at
    if (at === run.end) {
      runs.shift()
      if (run.isSeen) seenRuns--
    }
    return slice
  }

  function extract(framesMax: number, picks: FrameTest): readonly Buffer[] {
    if (seenRuns === runs.length || framesMax === 0) return none
    const picked: Buffer[] = []
    const kept = runs.slice(0, seenRuns)
    for (const run of runs.slice(seenRuns)) {
      let from = run.start
      let at = run.start
      for (; at < run.end && picked.length < framesMax; ) {
        const length = frameLength(run.bytes, at)
        if (picks(run.bytes, at, length)) {
          if (at > from) kept.push({ bytes: run.bytes, start: from, end: at, isSeen: true })
          picked.push(run.bytes.subarray(at, at + length))
          total -= length
          from = at + length
        }
        at += length
      }
      if (at > from) kept.push({ bytes: run.bytes, start: from, end: at, isSeen: true })
      if (at < run.end) kept.push({ bytes: run.bytes, start: at, end: run.end, isSeen: false })
    }
    runs = kept
    seenRuns = kept.findIndex((run) => !run.isSeen)
    if (seenRuns === -1) seenRuns = kept.length
    return picked
  }

  return {
    get bytes() {
      return total
    },
    get isEmpty() {
      return runs.length === 0
    },
    push(bytes, start, end) {
      total += end - start
      runs.push({ bytes, start, end, isSeen: false })
    },
    take,
    extract,
    clear() {
      runs = []
      seenRuns = 0
      total = 0
    },
  }
}
