import type { Bus } from '../../contracts/bus.ts'
import { AppError } from '../../contracts/errors.ts'
import { positionSchema } from '../../contracts/geo.ts'
import type { SosIntake } from '../../contracts/ports/sos.ts'
import type { SosPress, SosRecord } from '../../contracts/sos.ts'
import type { Page, Records, Repositories, SosQuery } from '../../store/index.ts'
import { assertMayBecome } from './life-cycle.ts'

/** @throws AppError `sos-not-found`, `sos-already-resolved` */
export interface SosDesk extends SosIntake {
  get(sosId: string): Promise<SosRecord>
  /** Newest first. */
  list(query: SosQuery): Promise<Page<SosRecord>>
  presses(sosId: string): Promise<readonly SosPress[]>
  resolve(options: { readonly sosId: string; readonly by: string }): Promise<SosRecord>
}

interface SosDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
}

/** A press delivered again within this time is the same press, even when its SOS was resolved in between. */
const resendWindowMs = 120_000

/**
 * Takes panic presses: first on disk, then on the bus, then acknowledged.
 * While a device's SOS is active every press of it joins; the database makes sure that there is one.
 */
export function createSosDesk({ records, bus, now }: SosDeskDeps): SosDesk {
  return {
    async press(press) {
      const { sos, isNew, isRepeat } = await records.sos.press(keepUsable(press), { resendWindowMs })
      // A press that comes again may be one whose news was lost with a crash. Only what is over needs no second telling.
      if (!isRepeat || sos.state === 'active') bus.publish('sos-pressed', { sos, isNew })
      return { sos, isNew }
    },
    get: (sosId) => findSos(records, sosId),
    list: records.sos.list,
    async presses(sosId) {
      await findSos(records, sosId)
      return records.sos.presses(sosId)
    },
    async resolve({ sosId, by }) {
      const sos = await records.transaction(async (repositories) => {
        const before = await findSos(repositories, sosId)
        assertMayBecome(before, 'resolved')
        await repositories.audit.append({ actor: by, action: 'sos-resolved', subject: `sos:${sosId}` })
        return repositories.sos.resolve({ sosId, by, atMs: now() })
      })
      // Undefined only if another process was quicker.
      if (!sos) throw new AppError('conflict', 'sos-already-resolved', `SOS ${sosId} is resolved already`)
      bus.publish('sos-resolved', { sos })
      return sos
    },
  }
}

/** No fault in what a press says about itself may stop it: what cannot be stored is left out. */
function keepUsable(press: SosPress): SosPress {
  const { seq, location, batteryPct, observedAtMs, receivedAtMs } = press
  const accuracyM = location?.accuracyM
  return {
    ...press,
    observedAtMs: Number.isSafeInteger(observedAtMs) ? observedAtMs : receivedAtMs,
    seq: Number.isSafeInteger(seq) ? seq : undefined,
    location: positionSchema.safeParse(location).success
      ? { ...location!, accuracyM: Number.isFinite(accuracyM) ? accuracyM : undefined }
      : undefined,
    batteryPct: Number.isFinite(batteryPct) ? batteryPct : undefined,
  }
}

async function findSos({ sos }: Pick<Repositories, 'sos'>, sosId: string): Promise<SosRecord> {
  const record = await sos.get(sosId)
  if (!record) throw new AppError('not-found', 'sos-not-found', `no SOS ${sosId}`)
  return record
}
