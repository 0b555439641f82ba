import type { Unit, UnitInput, UnitKind, UnitState } from '../../contracts/dispatch.ts'
import { AppError } from '../../contracts/errors.ts'
import type { Position } from '../../contracts/geo.ts'
import type { UnitRow } from './dispatch-tables.ts'
import type { Scope } from './scope.ts'

/** Absent leaves as it is; `null` takes away. A unit keeps its number: the record of what it did goes by it. */
export interface UnitChange {
  readonly kind?: UnitKind | undefined
  readonly name?: string | undefined
  readonly capabilities?: readonly string[] | undefined
  readonly deviceId?: string | null | undefined
}

export interface UnitPosition {
  readonly unitId: string
  readonly position: Position
  readonly atMs: number
}

/** @throws AppError `unit-number-taken`, `unit-device-taken`, `device-not-found`, `units-full`, `unit-not-found` */
export interface UnitRecords {
  create(input: UnitInput): Promise<Unit>
  get(unitId: string): Promise<Unit | undefined>
  findByNumber(unitNumber: string): Promise<Unit | undefined>
  /** Every unit, by number. */
  all(): Promise<readonly Unit[]>
  update(unitId: string, change: UnitChange): Promise<Unit>
  /** @returns undefined when its state is none of `from` */
  setState(options: {
    readonly unitId: string
    readonly from: readonly UnitState[]
    readonly to: UnitState
  }): Promise<Unit | undefined>
  /** Takes those that are newer than what is known. @returns the units that moved */
  move(positions: readonly UnitPosition[]): Promise<readonly Unit[]>
  /** @returns false when there is none */
  delete(unitId: string): Promise<boolean>
}

export function createUnitRecords(scope: Scope, { countMax }: { readonly countMax: number }): UnitRecords {
  const { db, now, makeId, atomically } = scope
  return {
    create: (input) =>
      atomically(async (inner) => {
        await assertRoom(inner, countMax)
        await assertFree(inner, { ...input, unitId: undefined })
        const atMs = now()
        const row = await inner.db
          .insertInto('units')
          .values({
            id: makeId(),
            unit_number: input.unitNumber,
            kind: input.kind,
            name: input.name ?? input.unitNumber,
            // Somebody has to say that it is there.
            state: 'off-duty',
            capabilities: JSON.stringify(input.capabilities),
            device_id: input.deviceId ?? null,
            latitude: null,
            longitude: null,
            position_at_ms: null,
            created_at_ms: atMs,
            updated_at_ms: atMs,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        return toUnit(row)
      }),
    async get(unitId) {
      const row = await db.selectFrom('units').selectAll().where('id', '=', unitId).executeTakeFirst()
      return row && toUnit(row)
    },
    async findByNumber(unitNumber) {
      const row = await db.selectFrom('units').selectAll().where('unit_number', '=', unitNumber).executeTakeFirst()
      return row && toUnit(row)
    },
    async all() {
      const rows = await db.selectFrom('units').selectAll().orderBy('unit_number').limit(countMax).execute()
      return rows.map(toUnit)
    },
    update: (unitId, { kind, name, capabilities, deviceId }) =>
      atomically(async (inner) => {
        await assertFree(inner, { unitNumber: undefined, deviceId, unitId })
        const row = await inner.db
          .updateTable('units')
          .set({
            ...(kind !== undefined && { kind }),
            ...(name !== undefined && { name }),
            ...(capabilities !== undefined && { capabilities: JSON.stringify(capabilities) }),
            ...(deviceId !== undefined && { device_id: deviceId }),
            updated_at_ms: now(),
          })
          .where('id', '=', unitId)
          .returningAll()
          .executeTakeFirst()
        if (!row) throw new AppError('not-found', 'unit-not-found', `no unit ${unitId}`)
        return toUnit(row)
      }),
    async setState({ unitId, from, to }) {
      const row = await db
        .updateTable('units')
        .set({ state: to, updated_at_ms: now() })
        .where('id', '=', unitId)
        .where('state', 'in', from)
        .returningAll()
        .executeTakeFirst()
      return row && toUnit(row)
    },
    move: (positions) =>
      atomically(async (inner) => {
        const moved: Unit[] = []
        for (const { unitId, position, atMs } of positions) {
          const row = await inner.db
            .updateTable('units')
            .set({ ...position, position_at_ms: atMs })
            .where('id', '=', unitId)
            .where((eb) => eb.or([eb('position_at_ms', 'is', null), eb('position_at_ms', '<', atMs)]))
            .returningAll()
            .executeTakeFirst()
          if (row) moved.push(toUnit(row))
        }
        return moved
      }),
    async delete(unitId) {
      const { numDeletedRows } = await db.deleteFrom('units').where('id', '=', unitId).executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
  }
}

async function assertRoom({ db }: Scope, countMax: number): Promise<void> {
  const { count } = await db
    .selectFrom('units')
    .select((eb) => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  if (Number(count) >= countMax) throw new AppError('conflict', 'units-full', `there are ${countMax} units already`)
}

/** The database says so too; here it is said in words. */
async function assertFree(
  { db }: Scope,
  wanted: {
    readonly unitNumber: string | undefined
    readonly deviceId?: string | null | undefined
    readonly unitId: string | undefined
  },
): Promise<void> {
  const { unitNumber, deviceId, unitId } = wanted
  if (unitNumber !== undefined) {
    const taken = await db.selectFrom('units').select('id').where('unit_number', '=', unitNumber).executeTakeFirst()
    if (taken) throw new AppError('conflict', 'unit-number-taken', `there is a unit ${unitNumber} already`)
  }
  if (deviceId === undefined || deviceId === null) return
  const device = await db.selectFrom('devices').select('id').where('id', '=', deviceId).executeTakeFirst()
  if (!device) throw new AppError('invalid', 'device-not-found', `no device ${deviceId}`)
  const holder = await db
    .selectFrom('units')
    .select(['id', 'unit_number'])
    .where('device_id', '=', deviceId)
    .executeTakeFirst()
  if (holder && holder.id !== unitId) {
    throw new AppError('conflict', 'unit-device-taken', `device ${deviceId} is with unit ${holder.unit_number}`)
  }
}

function toUnit(row: UnitRow): Unit {
  return {
    id: row.id,
    unitNumber: row.unit_number,
    kind: row.kind,
    name: row.name,
    state: row.state,
    capabilities: JSON.parse(row.capabilities) as string[],
    deviceId: row.device_id ?? undefined,
    position:
      row.latitude === null || row.longitude === null
        ? undefined
        : { latitude: row.latitude, longitude: row.longitude },
    positionAtMs: row.position_at_ms ?? undefined,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  }
}
