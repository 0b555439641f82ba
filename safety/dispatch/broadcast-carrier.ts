import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import type { Broadcast } from '../../contracts/dispatch.ts'
import type { Announcer } from '../../contracts/ports/broker.ts'
import type { Service } from '../../contracts/service.ts'
import { topics } from '../../contracts/topics.ts'
import type { Records } from '../../store/index.ts'

interface BroadcastCarrierDeps {
  readonly records: Pick<Records, 'broadcasts'>
  readonly bus: Bus
  readonly announcer: Announcer
  readonly now: () => number
  readonly log: Pick<Logger, 'error'>
}

/**
 * Carries broadcasts to every device that listens to the city; each finds out by the area whether it is meant. Starts
 * after the broker, and first carries what was sent while there was none: a device may hear one twice, and knows it by
 * its id.
 */
export function createBroadcastCarrier({ records, bus, announcer, now, log }: BroadcastCarrierDeps): Service {
  const underWay = new Set<Promise<void>>()
  let unsubscribe: (() => void) | undefined

  async function carry(broadcast: Broadcast): Promise<void> {
    try {
      await announcer.announce({ topic: topics.broadcasts, payload: encode(broadcast), isRetained: false })
      await records.broadcasts.markAnnounced({ broadcastId: broadcast.id, atMs: now() })
    } catch (error) {
      log.error({ err: error, broadcastId: broadcast.id }, 'broadcast not carried; it is tried again at the next start')
    }
  }

  function begin(broadcast: Broadcast): Promise<void> {
    const carried = carry(broadcast).finally(() => underWay.delete(carried))
    underWay.add(carried)
    return carried
  }

  return {
    name: 'broadcast-carrier',
    async start() {
      unsubscribe ??= bus.subscribe('broadcast-sent', ({ broadcast }) => void begin(broadcast))
      for (const broadcast of await records.broadcasts.waiting(now())) await begin(broadcast)
    },
    async stop() {
      unsubscribe?.()
      unsubscribe = undefined
      await Promise.all(underWay)
    },
  }
}

/** What devices are told; the one shape on the wire. */
function encode({ id, area, text, severity, sentAtMs, expiresAtMs }: Broadcast): Uint8Array {
  return Buffer.from(JSON.stringify({ id, area, text, severity, sentAtMs, expiresAtMs }))
}
