import type { Bus } from '../../contracts/bus.ts'
import type { Assignment, IdleUnitState, Unit, UnitInput } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'
import type { BusEvents } from '../../contracts/events.ts'
import type { Position } from '../../contracts/geo.ts'
import type { Records, Repositories, UnitChange } from '../../store/index.ts'
import { nameCase } from './recommendation.ts'

/** @throws AppError `unit-not-found`, `unit-committed`, and those of the units' records */
export interface UnitDesk {
  /** Every unit, by number. */
  all(): Promise<readonly Unit[]>
  get(unitId: string): Promise<Unit>
  create(input: UnitInput & { readonly by: string }): Promise<Unit>
  update(unitId: string, change: UnitChange & { readonly by: string }): Promise<Unit>
  /** Refused while it is assigned; what it did stays on record. */
  delete(options: { readonly unitId: string; readonly by: string }): Promise<void>
  /** Refused while it is assigned: then its state follows from what it does there. */
  setState(options: { readonly unitId: string; readonly state: IdleUnitState; readonly by: string }): Promise<Unit>
  /** @returns the unit as it is; one that moved since is not put back */
  reportPosition(options: {
    readonly unitId: string
    readonly position: Position
    readonly atMs: number
  }): Promise<Unit>
}

interface UnitDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
}

/** Who can be sent: the list of units, whether they are there, and where. */
export function createUnitDesk({ records, bus, now }: UnitDeskDeps): UnitDesk {
  async function changeAudited(
    change: BusEvents['unit-changed']['change'],
    audit: { readonly actor: string; readonly action: string; readonly detail?: Readonly<Record<string, unknown>> },
    work: (repositories: Repositories) => Promise<Unit>,
  ): Promise<Unit> {
    const unit = await records.transaction(async (repositories) => {
      const changed = await work(repositories)
      await repositories.audit.append({ ...audit, subject: `unit:${changed.id}` })
      return changed
    })
    bus.publish('unit-changed', { unit, change })
    return unit
  }

  return {
    all: records.units.all,
    get: (unitId) => findUnit(records, { unitId }),
    create: ({ by, ...input }) =>
      changeAudited('created', { actor: by, action: 'unit-created' }, ({ units }) => units.create(input)),
    update: (unitId, { by, ...change }) => {
      const detail = { fields: Object.keys(change) }
      return changeAudited('updated', { actor: by, action: 'unit-changed', detail }, ({ units }) =>
        units.update(unitId, change),
      )
    },
    async delete({ unitId, by }) {
      await changeAudited('deleted', { actor: by, action: 'unit-deleted' }, async (repositories) => {
        const unit = await findUnit(repositories, { unitId })
        await assertFree(repositories, unit)
        await repositories.units.delete(unitId)
        return unit
      })
    },
    async setState({ unitId, state, by }) {
      const detail = { state }
      return changeAudited('state', { actor: by, action: 'unit-state-set', detail }, async (repositories) => {
        const unit = await findUnit(repositories, { unitId })
        await assertFree(repositories, unit)
        return (await repositories.units.setState({ unitId, from: [unit.state], to: state })) ?? unit
      })
    },
    async reportPosition({ unitId, position, atMs }) {
      // A clock that runs ahead would keep every later position out.
      const [moved] = await records.units.move([{ unitId, position, atMs: Math.min(atMs, now()) }])
      if (moved) bus.publish('unit-changed', { unit: moved, change: 'position' })
      return moved ?? findUnit(records, { unitId })
    },
  }
}

async function assertFree({ assignments }: Repositories, unit: Unit): Promise<void> {
  const open = await assignments.openOfUnit(unit.id)
  if (open) throw unitCommitted(unit, open)
}

/** Says which case has the unit, so that a dispatcher knows whom to ask. */
export function unitCommitted({ unitNumber }: Pick<Unit, 'unitNumber'>, open: Assignment): AppError {
  const details = [
    { path: 'caseType', message: open.caseType },
    { path: 'caseId', message: open.caseId },
    { path: 'assignmentId', message: open.id },
  ]
  const message = `unit ${unitNumber} is committed to ${nameCase(open)}`
  return new AppError('conflict', 'unit-committed', message, { details })
}

/** By its id or by its number; earlier clients put either in one place. */
export type UnitName =
  | { readonly unitId: string }
  | { readonly unitNumber: string }
  | { readonly unitIdOrNumber: string }

/** @throws AppError `unit-not-found` */
export async function findUnit({ units }: Pick<Repositories, 'units'>, name: UnitName): Promise<Unit> {
  const [text] = Object.values(name) as [string]
  const unit =
    ('unitNumber' in name ? undefined : await units.get(text)) ??
    ('unitId' in name ? undefined : await units.findByNumber(text))
  if (!unit) throw new AppError('not-found', 'unit-not-found', `no unit ${text}`)
  return unit
}
