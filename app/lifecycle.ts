import { AppError } from '../contracts/errors.ts'
import type { Service } from '../contracts/service.ts'
import type { Log } from './log.ts'

export interface LifecycleDeps {
  readonly stopDeadlineMs: number
  readonly log: Pick<Log, 'debug' | 'error'>
}

/**
 * What has started, and the way back. Parts start one after the other, each may rely on those before it; a start
 * that fails stops what had started, last first, before it is thrown on.
 */
export interface Lifecycle {
  /** @throws what the service threw, or AppError `start-cancelled` once `stop` was called */
  start(service: Service): Promise<void>
  /** The same for a thing that is opened and closed rather than started and stopped. */
  open<T>(name: string, open: () => T | Promise<T>, close: (opened: T) => void | Promise<void>): Promise<T>
  /**
   * Stops last first. A stop that throws does not keep the others from stopping. Calling it twice is one stop.
   * @throws AppError `stop-incomplete` naming what failed or was still busy at the deadline
   */
  stop(): Promise<void>
}

export function createLifecycle({ stopDeadlineMs, log }: LifecycleDeps): Lifecycle {
  const started: Pick<Service, 'name' | 'stop'>[] = []
  let stopping: Promise<void> | undefined

  async function start(service: Service): Promise<void> {
    refuseWhenStopping()
    // Counted before it has started: a start that fails half-way leaves things its own stop must undo.
    started.push(service)
    await orRollBack(service.name, () => service.start())
    refuseWhenStopping()
  }

  async function open<T>(
    name: string,
    open: () => T | Promise<T>,
    close: (opened: T) => void | Promise<void>,
  ): Promise<T> {
    refuseWhenStopping()
    const opened = await orRollBack(name, open)
    started.push({ name, stop: async () => close(opened) })
    // Too late for the stop that is under way to see it.
    if (stopping) await close(opened)
    refuseWhenStopping()
    return opened
  }

  function refuseWhenStopping(): void {
    if (stopping) throw new AppError('unavailable', 'start-cancelled', 'asked to stop while starting')
  }

  async function orRollBack<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    try {
      const result = await work()
      log.debug({ service: name }, 'started')
      return result
    } catch (error) {
      await stop().catch((stopError: unknown) => log.error({ err: stopError }, 'rollback incomplete'))
      throw error
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
          log.debug({ service: service.name }, 'stopped')
        } catch (error) {
          failed.push({ name: service.name, error })
          log.error({ err: error, service: service.name }, 'did not stop cleanly')
        }
      }
      current = undefined
    }
    await within(stopDeadlineMs, stopInReverse())
    if (current !== undefined) throw incomplete(`${current} was still stopping after ${stopDeadlineMs} ms`)
    if (failed.length > 0) throw incomplete(`${failed.map(({ name }) => name).join(', ')} failed`, failed[0]?.error)
  }

  return { start, open, stop }
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
