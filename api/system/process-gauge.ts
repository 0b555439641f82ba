import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

interface ProcessFigures {
  readonly rssBytes: number
  readonly heapUsedBytes: number
  /** Processor time since start. */
  readonly cpuS: number
  /** Of the last ten to twenty seconds. */
  readonly eventLoopLagMsP99: number
}

export interface ProcessGauge {
  start(): void
  stop(): void
  read(): ProcessFigures
}

const windowMs = 10_000

/** How the process is. Lag is what SOS waits for when the thread is busy, so it is measured, not guessed. */
export function createProcessGauge(): ProcessGauge {
  let running: { readonly timer: NodeJS.Timeout; current: IntervalHistogram; previous: IntervalHistogram } | undefined

  function turnWindow(): void {
    if (running === undefined) return
    running.previous.disable()
    running.previous = running.current
    running.current = startHistogram()
  }

  return {
    start() {
      if (running !== undefined) return
      const current = startHistogram()
      running = { current, previous: current, timer: setInterval(turnWindow, windowMs).unref() }
    },
    stop() {
      if (running === undefined) return
      clearInterval(running.timer)
      running.current.disable()
      running.previous.disable()
      running = undefined
    },
    read() {
      const { rss, heapUsed } = process.memoryUsage()
      const { user, system } = process.cpuUsage()
      const lagNs = Math.max(lagOf(running?.current), lagOf(running?.previous))
      return {
        rssBytes: rss,
        heapUsedBytes: heapUsed,
        cpuS: (user + system) / 1e6,
        eventLoopLagMsP99: lagNs / 1e6,
      }
    },
  }
}

const resolutionMs = 10

function startHistogram(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  return histogram
}

/** The histogram measures from tick to tick; what is more than the tick itself is lag. */
function lagOf(histogram: IntervalHistogram | undefined): number {
  if (histogram === undefined || histogram.count === 0) return 0
  return Math.max(0, histogram.percentile(99) - resolutionMs * 1e6)
}
