import type { Log } from './log.ts'

export interface ProcessSignalDeps {
  /** The process, or something shaped like it. */
  readonly process: Pick<NodeJS.Process, 'on' | 'off' | 'exit'>
  readonly stop: () => Promise<void>
  readonly log: Pick<Log, 'info' | 'warn' | 'fatal' | 'error'>
}

export const exitCodes = { ok: 0, failed: 1, usage: 2, forced: 130 } as const

/**
 * Ties a running server to its process: the first SIGTERM or SIGINT stops it, a second one ends it at once, and an
 * error that nobody caught stops it with a failure, because its state can no longer be trusted.
 * @returns a function that unties it again
 */
export function tieToProcess({ process, stop, log }: ProcessSignalDeps): () => void {
  let isLeaving = false
  let code: number = exitCodes.ok

  function leave(): void {
    isLeaving = true
    stop().then(
      () => {
        log.info({}, 'stopped')
        process.exit(code)
      },
      (error: unknown) => {
        log.error({ err: error }, 'stopped, but not cleanly')
        process.exit(exitCodes.failed)
      },
    )
  }
  function onSignal(signal: NodeJS.Signals): void {
    if (isLeaving) {
      log.warn({ signal }, 'second signal: leaving at once')
      process.exit(exitCodes.forced)
      return
    }
    log.info({ signal }, 'stopping')
    leave()
  }
  function onUncaught(error: unknown): void {
    log.fatal({ err: error }, 'uncaught error')
    code = exitCodes.failed
    if (!isLeaving) leave()
  }

  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  process.on('uncaughtException', onUncaught).on('unhandledRejection', onUncaught)
  return () => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal)
    process.off('uncaughtException', onUncaught).off('unhandledRejection', onUncaught)
  }
}
