import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Service } from '../../contracts/service.ts'
import type { Records } from '../../store/index.ts'

/** Somebody who is shown where an SOS is. */
export interface SosViewer {
  readonly userId: string
  readonly sessionId: string
}

/** Called for every showing; from the second of the same SOS to the same session on, it costs two look-ups. */
export type NoteSosView = (viewer: SosViewer, sosId: string) => void

/**
 * Writes down who has seen where an SOS is: once for each session, SOS and way of seeing. What is shown never waits for
 * it; what cannot be written is kept and tried again.
 */
export interface SosViews extends Service {
  /** @param way by which it is shown, as it stands in the entry */
  over(way: 'live-feed' | 'mqtt'): NoteSosView
  stats(): SosViewStats
}

interface SosViewStats {
  readonly waiting: number
  /** Not taken, as more were waiting than may. Each is taken when the SOS is shown to that session again. */
  readonly lost: number
}

interface SosViewsDeps {
  readonly records: Pick<Records, 'transaction'>
  readonly log: Pick<Logger, 'error' | 'info'>
  readonly options?: Partial<SosViewsOptions>
}

interface SosViewsOptions {
  readonly waitingMax: number
  /** How long the news of an SOS has the thread to itself. */
  readonly writeAfterMs: number
  /** After a fault; doubled from one to the next. */
  readonly restMs: number
  readonly restMsMax: number
  /** A session or an SOS beyond is forgotten, and written down once more when it is seen again. */
  readonly sessionsMax: number
  readonly sosPerSessionMax: number
}

const usual: SosViewsOptions = {
  waitingMax: 50_000,
  writeAfterMs: 100,
  restMs: 1000,
  restMsMax: 60_000,
  sessionsMax: 5000,
  sosPerSessionMax: 1000,
}

/** Written by one commit, so that nobody waits long for their turn. */
const writtenAtOnce = 20

interface View {
  readonly userId: string
  readonly sosId: string
  readonly way: string
}

export function createSosViews({ records, log, options }: SosViewsDeps): SosViews {
  const { waitingMax, writeAfterMs, restMs, restMsMax, sessionsMax, sosPerSessionMax } = { ...usual, ...options }
  const waiting: View[] = []
  let lost = 0
  let faults = 0
  let isFull = false
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined

  /** @returns false when there is no room */
  function add(view: View): boolean {
    if (waiting.length >= waitingMax) {
      lost++
      if (!isFull) log.error({ waitingMax }, 'views of where an SOS is are lost, too many wait to be written down')
      isFull = true
      return false
    }
    waiting.push(view)
    writeIn(writeAfterMs)
    return true
  }

  function writeIn(ms: number): void {
    if (timer !== undefined || writing !== undefined || isStopped) return
    timer = setTimeout(() => {
      timer = undefined
      writing = writeAll().finally(() => {
        writing = undefined
        if (waiting.length > 0) writeIn(faults === 0 ? writeAfterMs : Math.min(restMsMax, restMs * 2 ** (faults - 1)))
      })
    }, ms)
  }

  /** Until nothing is left, or until a fault. */
  async function writeAll(): Promise<void> {
    try {
      while (waiting.length > 0) {
        await writeDown(waiting.slice(0, writtenAtOnce))
        waiting.splice(0, writtenAtOnce)
        if (faults > 0) log.info({ faults, lost }, 'views of where an SOS is are written down again')
        faults = 0
        isFull = false
        await nextTurn()
      }
    } catch (error) {
      faults++
      log.error({ err: error, waiting: waiting.length }, 'views of where an SOS is could not be written down yet')
    }
  }

  function writeDown(views: readonly View[]): Promise<void> {
    return records.transaction(async ({ audit }) => {
      for (const { userId, sosId, way } of views) {
        const detail = { over: way }
        await audit.append({ actor: userId, action: 'sos-location-viewed', subject: `sos:${sosId}`, detail })
      }
    })
  }

  function over(way: string): NoteSosView {
    const sessions = new Map<string, Set<string>>()

    function remember(sessionId: string): Set<string> {
      forgetBeyond(sessions, sessionsMax - 1)
      const seen = new Set<string>()
      sessions.set(sessionId, seen)
      return seen
    }

    return ({ userId, sessionId }, sosId) => {
      const seen = sessions.get(sessionId) ?? remember(sessionId)
      if (seen.has(sosId) || !add({ userId, sosId, way })) return
      forgetBeyond(seen, sosPerSessionMax - 1)
      seen.add(sosId)
    }
  }

  return {
    name: 'sos-views',
    over,
    async start() {},
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await writing
      await writeAll()
      if (waiting.length > 0) log.error({ lost: lost + waiting.length }, 'views of where an SOS is are lost')
    },
    stats: () => ({ waiting: waiting.length, lost }),
  }
}

/** The oldest go first. */
function forgetBeyond(known: Map<string, unknown> | Set<string>, sizeMax: number): void {
  for (const key of known.keys()) {
    if (known.size <= sizeMax) return
    known.delete(key)
  }
}
