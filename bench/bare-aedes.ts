import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

export interface BareAedes {
  readonly pid: number
  readonly mqttPort: number
  stop(): Promise<void>
}

/** Aedes as it comes, in a process of its own, acknowledging without storing: the yardstick of the same run. */
export async function startBareAedes(): Promise<BareAedes> {
  const isSource = import.meta.url.endsWith('.ts')
  const file = new URL(isSource ? './bare-aedes-process.ts' : './bare-aedes-process.js', import.meta.url)
  const child: ChildProcess = fork(file, { execArgv: isSource ? ['--import', 'tsx'] : [] })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    pid: child.pid!,
    mqttPort: port,
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

export async function withBareAedes<T>(use: (aedes: BareAedes) => Promise<T>): Promise<T> {
  const aedes = await startBareAedes()
  try {
    return await use(aedes)
  } finally {
    await aedes.stop()
  }
}
