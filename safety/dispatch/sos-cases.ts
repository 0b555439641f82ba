import type { CaseDesk, DispatchCase } from '../../contracts/ports/cases.ts'
import { isOpenSos, type SosRecord, type SosState } from '../../contracts/sos.ts'
import type { Records } from '../../store/index.ts'
import { mayBecome } from '../sos/life-cycle.ts'
import type { SosDesk } from '../sos/sos-desk.ts'

interface SosCasesDeps {
  readonly records: Pick<Records, 'sos'>
  readonly sosDesk: Pick<SosDesk, 'setStatus' | 'note'>
}

/** SOS as dispatch sees them. Everything that changes one goes through its own desk. */
export function createSosCases({ records, sosDesk }: SosCasesDeps): CaseDesk {
  return {
    async find(caseId) {
      const sos = await records.sos.get(caseId)
      // Until the time to take it back is over, nobody has heard of it.
      return sos === undefined || sos.state === 'countdown' ? undefined : toCase(sos)
    },
    async setProgress({ caseId, to, by, note }) {
      const sos = await records.sos.get(caseId)
      const next = to === 'waiting' ? 'acknowledged' : to
      if (sos && mayBecome(sos.state, next)) await sosDesk.setStatus({ sosId: caseId, to: next, by, note })
      else if (sos) await sosDesk.note({ sosId: caseId, by, note })
    },
    async note({ caseId, by, note }) {
      await sosDesk.note({ sosId: caseId, by, note })
    },
  }
}

const progressOf: Readonly<Record<SosState, DispatchCase['progress']>> = {
  countdown: 'waiting',
  active: 'waiting',
  acknowledged: 'waiting',
  dispatched: 'dispatched',
  'on-scene': 'on-scene',
  resolved: 'on-scene',
  cancelled: 'on-scene',
}

function toCase(sos: SosRecord): DispatchCase {
  const { id, state, mergedInto, location, address, severity, message, personName, personPhone } = sos
  return {
    caseType: 'sos',
    caseId: id,
    isOpen: isOpenSos(sos),
    mergedInto,
    progress: progressOf[state],
    position: location && { latitude: location.latitude, longitude: location.longitude },
    address,
    severity,
    title: 'SOS',
    description: message,
    person: { name: personName, phone: personPhone },
  }
}
