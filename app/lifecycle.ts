import { AppError } from '../contracts/errors.ts'
import type { Service } from '../contracts/service.ts'
import type { Log } from './log.ts'

export interface LifecycleDeps {
  /** In the order in which they start; each may rely on those before it. */
  readonly services: readonly Service[]
  readonly stopDeadlineMs: number
  readonly log: Pick<Log, 'info' | 'error'>
}

export interface Lifecycle {
  /** Starts one after the other. A start that fails stops what had started, last first, and is thrown on. */
  start(): Promise<void>
  /**
   * Stops last first. A stop that throws does not keep the others from stopping. Calling it twice is one stop.
   * @throws AppError `stop-incomplete` naming what failed or was still busy at the deadline
   */
  stop(): Promise<void>
}

export function createLifecycle({ services, stopDeadlineMs, log }: LifecycleDeps): Lifecycle {
  const started: Service[] = []
  let stopping: Promise<void> | undefined

  async function start(): Promise<void> {
    for (const service of services) {
      if (stopping) return
      // Counted before it has started: a start that fails half-way leaves things its own stop must undo.
      started.push(service)
      try {
        await service.start()
      } catch (error) {
        log.error({ err: error, service: service.name }, 'service did not start')
        await stop().catch((stopError: unknown) => log.error({ err: stopError }, 'rollback incomplete'))
        throw error
      }
      log.info({ service: service.name }, 'service started')
    }
  }

  function stop(): Promise<void> {
    stopping ??= stopAll()
    return stopping
  }

  async function stopAll(): Promise<void> {
    const failed: { readonly name: string; readonly error: unknown }[] = []
    let current: string | undefined
    const stopInReverse = async (): Promise<void> => {
      for (const service of [...started].reverse()) {
        current = service.name
        try {
          await service.stop()
        } catch (error) {
          failed.push({ name: service.name, error })
          log.error({ err: error, service: service.name }, 'service did not stop cleanly')
        }
      }
      current = undefined
    }
    await within(stopDeadlineMs, stopInReverse())
    if (current !== undefined) throw incomplete(`${current} was still stopping after ${stopDeadlineMs} ms`)
    if (failed.length > 0) throw incomplete(`${failed.map(({ name }) => name).join(', ')} failed`, failed[0]?.error)
  }

  return { start, stop }
}

function incomplete(what: string, cause?: unknown): AppError {
  return new AppError('internal', 'stop-incomplete', `stop incomplete: ${what}`, { cause })
}

/** Resolves when the work is done or the time is up, whichever is first. */
async function within(deadlineMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs)
  })
  await Promise.race([work, deadline]).finally(() => clearTimeout(timer))
}
