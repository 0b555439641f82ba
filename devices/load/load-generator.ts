import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { LoadCounts, LoadFleetOptions, LoadMeasurement, LoadPace, LoadProgress, LoadTarget } from './load-fleet.ts'
import type { LoadAnswer, LoadCall, LoadQuestion } from './load-process.ts'

/** A load fleet in a process of its own. */
export interface LoadGenerator {
  create(options: LoadFleetOptions): Promise<void>
  open(target?: LoadTarget): Promise<void>
  start(pace: LoadPace): Promise<void>
  pause(): Promise<void>
  drain(withinMs: number): Promise<number>
  measure(durationMs: number): Promise<LoadMeasurement>
  counts(): Promise<LoadCounts>
  progress(): Promise<readonly LoadProgress[]>
  whenDown(): Promise<void>
  /** Drops the fleet's connections; the process stays for the next `create`. */
  close(): Promise<void>
  stop(): Promise<void>
  readonly pid: number
}

export function startLoadGenerator(): LoadGenerator {
  const child = forkSibling()
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  let lastId = 0
  child.on('message', (answer: LoadAnswer) => {
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('failure' in answer) asked?.reject(new Error(answer.failure))
    else asked?.resolve(answer.result)
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the load generator ended with code ${code}`))
  })
  const ask = <T>(call: LoadCall): Promise<T> =>
    new Promise((resolve, reject) => {
      lastId += 1
      waiting.set(lastId, { resolve: resolve as (result: unknown) => void, reject })
      child.send({ id: lastId, ask: call } satisfies LoadQuestion)
    })

  return {
    create: (options) => ask({ call: 'create', options }),
    open: (target) => ask({ call: 'open', target }),
    start: (pace) => ask({ call: 'start', pace }),
    pause: () => ask({ call: 'pause' }),
    drain: (withinMs) => ask({ call: 'drain', withinMs }),
    measure: (durationMs) => ask({ call: 'measure', durationMs }),
    counts: () => ask({ call: 'counts' }),
    progress: () => ask({ call: 'progress' }),
    whenDown: () => ask({ call: 'whenDown' }),
    close: () => ask({ call: 'close' }),
    async stop() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
    pid: child.pid!,
  }
}

/** The process file beside this one: TypeScript through tsx when run from sources, JavaScript when built. */
function forkSibling(): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts')
  const file = new URL(isSource ? './load-process.ts' : './load-process.js', import.meta.url)
  return fork(file, { execArgv: isSource ? ['--import', 'tsx'] : [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}
