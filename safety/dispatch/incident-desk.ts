import type { Bus } from '../../contracts/bus.ts'
import type { Incident, IncidentEntry, IncidentInput, IncidentState } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'
import type { CaseDesk, DispatchCase } from '../../contracts/ports/cases.ts'
import type { IncidentQuery, Page, Records, Repositories } from '../../store/index.ts'
import { mayIncidentBecome, moveIncident } from './incident-life-cycle.ts'

/** @throws AppError `incident-not-found`, `incident-illegal-transition` */
export interface IncidentDesk {
  report(input: IncidentInput & { readonly by: string }): Promise<Incident>
  get(incidentId: string): Promise<Incident>
  /** Newest first. */
  list(query: IncidentQuery): Promise<Page<Incident>>
  timeline(incidentId: string): Promise<readonly IncidentEntry[]>
  note(options: { readonly incidentId: string; readonly by: string; readonly note: string }): Promise<Incident>
  resolve(options: {
    readonly incidentId: string
    readonly by: string
    readonly note?: string | undefined
  }): Promise<Incident>
  /** As dispatch sees them. */
  readonly cases: CaseDesk
}

interface IncidentDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
}

/** Emergencies that somebody reports, from the first call to the end. */
export function createIncidentDesk({ records, bus, now }: IncidentDeskDeps): IncidentDesk {
  async function move(options: {
    readonly incidentId: string
    readonly to: IncidentState
    readonly by: string
    readonly note: string | undefined
  }): Promise<Incident> {
    const { incidentId, to, by, note } = options
    const incident = await records.transaction(async (repositories) => {
      const before = await findIncident(repositories, incidentId)
      const nowMs = now()
      const after = moveIncident(before, to, { by, nowMs })
      // In one process nobody can come between; another process may.
      if (!(await repositories.incidents.replace(after, [before.state]))) {
        throw new AppError(
          'conflict',
          'incident-changed',
          `incident ${incidentId} was changed by somebody else just now`,
        )
      }
      const entry = { atMs: nowMs, actor: by, action: to, fromState: before.state, toState: to, note }
      await repositories.incidents.addEntry(incidentId, entry)
      await repositories.audit.append({ actor: by, action: `incident-${to}`, subject: `incident:${incidentId}` })
      return after
    })
    bus.publish('incident-changed', { incident, change: to })
    return incident
  }

  async function note({ incidentId, by, note: text }: { incidentId: string; by: string; note: string }) {
    const incident = await records.transaction(async (repositories) => {
      const found = await findIncident(repositories, incidentId)
      await repositories.incidents.addEntry(incidentId, {
        atMs: now(),
        actor: by,
        action: 'noted',
        fromState: undefined,
        toState: undefined,
        note: text,
      })
      return found
    })
    bus.publish('incident-changed', { incident, change: 'noted' })
    return incident
  }

  return {
    async report({ by, ...input }) {
      const incident = await records.transaction(async (repositories) => {
        const atMs = now()
        const reported = await repositories.incidents.create({ ...input, by, atMs })
        await repositories.incidents.addEntry(reported.id, {
          atMs,
          actor: by,
          action: 'reported',
          fromState: undefined,
          toState: 'open',
          note: undefined,
        })
        await repositories.audit.append({
          actor: by,
          action: 'incident-reported',
          subject: `incident:${reported.id}`,
          detail: { type: input.type, severity: input.severity },
        })
        return reported
      })
      bus.publish('incident-changed', { incident, change: 'reported' })
      return incident
    },
    get: (incidentId) => findIncident(records, incidentId),
    list: records.incidents.list,
    async timeline(incidentId) {
      await findIncident(records, incidentId)
      return records.incidents.timeline(incidentId)
    },
    note,
    resolve: ({ incidentId, by, note: text }) => move({ incidentId, to: 'resolved', by, note: text }),
    cases: {
      async find(caseId) {
        const incident = await records.incidents.get(caseId)
        return incident && toCase(incident)
      },
      async setProgress({ caseId, to: progress, by, note: text }) {
        const to = progress === 'waiting' ? 'open' : progress
        const incident = await records.incidents.get(caseId)
        if (incident && mayIncidentBecome(incident.state, to)) await move({ incidentId: caseId, to, by, note: text })
      },
      async note({ caseId, by, note: text }) {
        await note({ incidentId: caseId, by, note: text })
      },
    },
  }
}

const progressOf = {
  open: 'waiting',
  dispatched: 'dispatched',
  'on-scene': 'on-scene',
  resolved: 'on-scene',
} as const satisfies Record<IncidentState, DispatchCase['progress']>

function toCase(incident: Incident): DispatchCase {
  const { id, type, state, position, address, severity, description } = incident
  return {
    caseType: 'incident',
    caseId: id,
    isOpen: state !== 'resolved',
    mergedInto: undefined,
    progress: progressOf[state],
    position,
    address,
    severity,
    title: `${type[0]!.toUpperCase()}${type.slice(1)}`,
    description,
    person: undefined,
  }
}

async function findIncident({ incidents }: Pick<Repositories, 'incidents'>, incidentId: string): Promise<Incident> {
  const incident = await incidents.get(incidentId)
  if (!incident) throw new AppError('not-found', 'incident-not-found', `no incident ${incidentId}`)
  return incident
}
