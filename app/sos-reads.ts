import type { SosRead } from '../broker/index.ts'
import type { Bus } from '../contracts/bus.ts'
import type { Service } from '../contracts/service.ts'
import type { NoteSosView, SosDesk } from '../safety/index.ts'
import type { Log } from './log.ts'

export interface SosReadsDeps {
  readonly bus: Pick<Bus, 'subscribe'>
  readonly sosDesk: Pick<SosDesk, 'list'>
  readonly note: NoteSosView
  readonly log: Pick<Log, 'error'>
}

/** The broker knows devices; which SOS a press became is known here. */
export interface SosReads extends Service {
  noteRead(read: SosRead): void
}

const devicesRememberedMax = 10_000

/** Tells who has read an SOS over MQTT. A press is on the bus before it is passed on to anybody. */
export function createSosReads({ bus, sosDesk, note, log }: SosReadsDeps): SosReads {
  const newest = new Map<string, string>()
  let unsubscribe: (() => void) | undefined

  function remember(deviceId: string, sosId: string): void {
    newest.delete(deviceId)
    if (newest.size >= devicesRememberedMax) newest.delete(newest.keys().next().value!)
    newest.set(deviceId, sosId)
  }

  /** Of a press that came again after a restart, say. */
  async function lookUp({ deviceId, ...viewer }: SosRead): Promise<void> {
    const [sos] = (await sosDesk.list({ deviceId, limit: 1 })).items
    if (sos === undefined) return
    if (!newest.has(deviceId)) remember(deviceId, sos.id)
    note(viewer, sos.id)
  }

  return {
    name: 'sos-reads',
    async start() {
      unsubscribe = bus.subscribe('sos-pressed', ({ sos }) => {
        if (sos.deviceId !== undefined) remember(sos.deviceId, sos.id)
      })
    },
    async stop() {
      unsubscribe?.()
    },
    noteRead(read) {
      const sosId = newest.get(read.deviceId)
      if (sosId !== undefined) note(read, sosId)
      else lookUp(read).catch((error: unknown) => log.error({ err: error }, 'a view of an SOS is not written down'))
    },
  }
}
