import { readFileSync } from 'node:fs'

/** What a process has used so far, as Linux tells it (proc(5)). */
interface ProcessFigures {
  readonly cpuS: number
  readonly rssMb: number
  /** Highest resident set since it started. */
  readonly rssPeakMb: number
}

/** Clock ticks per second of /proc/*\/stat; 100 on every Linux that Node runs on. */
const ticksPerS = 100

/** @throws where there is no /proc: the benchmarks measure servers on Linux */
export function readProcessFigures(pid: number): ProcessFigures {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name may hold spaces and brackets; what counts starts after the last bracket, with field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  return {
    cpuS: (Number(fields[11]) + Number(fields[12])) / ticksPerS,
    rssMb: kilobytes('VmRSS') / 1024,
    rssPeakMb: kilobytes('VmHWM') / 1024,
  }
}

export interface UsageMeter {
  /** Since the meter started. */
  read(): { readonly cpuCores: number; readonly rssMb: number; readonly rssPeakMb: number }
}

export function startUsageMeter(pid: number): UsageMeter {
  const before = readProcessFigures(pid)
  const startedAtMs = performance.now()
  return {
    read() {
      const { cpuS, rssMb, rssPeakMb } = readProcessFigures(pid)
      return { cpuCores: (cpuS - before.cpuS) / ((performance.now() - startedAtMs) / 1000), rssMb, rssPeakMb }
    },
  }
}
