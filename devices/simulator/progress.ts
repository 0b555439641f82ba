import type { SimulationProgress } from './simulation.ts'

export interface ProgressOutput {
  /** True when a person watches: then one line is rewritten, else a line is printed every few seconds. */
  readonly isTerminal: boolean
  readonly columns?: number
  readonly write: (text: string) => void
}

const printedEveryS = 5

/** @returns what to call with each progress, and once with nothing when the run is over */
export function createProgressLine(output: ProgressOutput): (progress?: SimulationProgress) => void {
  let last: SimulationProgress | undefined
  let lastPrintedS = -Infinity
  return (progress) => {
    if (!progress) {
      if (output.isTerminal && last) output.write('\n')
      return
    }
    const line = describe(progress, last)
    if (output.isTerminal) {
      // Carriage return and "erase to end of line" (ECMA-48, EL).
      output.write(`\r${line.slice(0, (output.columns ?? 100) - 1)}\u001b[K`)
      last = progress
    } else if (progress.elapsedS - lastPrintedS >= printedEveryS) {
      output.write(`${line}\n`)
      lastPrintedS = progress.elapsedS
      last = progress
    }
  }
}

function describe(progress: SimulationProgress, last: SimulationProgress | undefined): string {
  const { elapsedS, durationS, sent, acknowledged, reconnects, devices, phase } = progress
  const sinceS = elapsedS - (last?.elapsedS ?? 0)
  const perS = sinceS > 0 ? Math.round((acknowledged - (last?.acknowledged ?? 0)) / sinceS) : 0
  const clock = `${Math.floor(elapsedS)}/${durationS} s`
  return [
    `${phase} ${clock}`,
    `${devices} devices`,
    `${sent} sent`,
    `${acknowledged} acknowledged (${perS}/s)`,
    `${sent - acknowledged} on the way`,
    ...(reconnects > 0 ? [`${reconnects} reconnects`] : []),
  ].join(' · ')
}
