import type { Logger } from 'pino'
import type { Bus } from '../../contracts/bus.ts'
import type { Service } from '../../contracts/service.ts'
import type { Records } from '../../store/index.ts'
import type { SosDesk } from '../sos/sos-desk.ts'
import { createDispatchDesk, type DispatchDesk } from './dispatch-desk.ts'
import { createIncidentDesk, type IncidentDesk } from './incident-desk.ts'
import { createSosCases } from './sos-cases.ts'
import { createUnitDesk, type UnitDesk } from './unit-desk.ts'
import { createUnitPositions } from './unit-positions.ts'

/** Everything that sends help, over the two kinds of case that units are sent to. */
export interface Dispatch extends Service {
  readonly unitDesk: UnitDesk
  readonly incidentDesk: IncidentDesk
  readonly dispatchDesk: DispatchDesk
}

interface DispatchDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  readonly log: Pick<Logger, 'error'>
  readonly sosDesk: Pick<SosDesk, 'setStatus' | 'note'>
}

export function createDispatch({ records, bus, now, log, sosDesk }: DispatchDeps): Dispatch {
  const deps = { records, bus, now, log }
  const incidentDesk = createIncidentDesk(deps)
  const cases = { sos: createSosCases({ records, sosDesk }), incident: incidentDesk.cases }
  const dispatchDesk = createDispatchDesk({ ...deps, cases })
  const unitPositions = createUnitPositions(deps)
  return {
    name: 'dispatch',
    async start() {
      await unitPositions.start()
      await dispatchDesk.start()
    },
    async stop() {
      await dispatchDesk.stop()
      await unitPositions.stop()
    },
    unitDesk: createUnitDesk(deps),
    incidentDesk,
    dispatchDesk,
  }
}
