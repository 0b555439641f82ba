import { sql } from 'kysely'
import type { SosPress, SosRecord } from '../../contracts/sos.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import type { SosPressRow, SosRow } from './tables.ts'

export interface SosQuery extends PageQuery {
  readonly state?: SosRecord['state']
  readonly deviceId?: string
  readonly ownerId?: string
}

/** Panic presses. That a device has at most one active SOS is enforced by the database. */
export interface SosRecords {
  /**
   * Commits the press. It opens an SOS, or joins the one that is active.
   * @returns isNew is true when it opened one; isRepeat when this very press had been committed before
   */
  press(
    press: SosPress,
    options: {
      /** A press resent within this time of its first receipt joins even when its SOS was resolved in between. */
      readonly resendWindowMs: number
    },
  ): Promise<{ readonly sos: SosRecord; readonly isNew: boolean; readonly isRepeat: boolean }>
  get(sosId: string): Promise<SosRecord | undefined>
  /** Newest first. */
  list(query: SosQuery): Promise<Page<SosRecord>>
  /** Every press of an SOS, oldest first, the newest 1,000. */
  presses(sosId: string): Promise<readonly SosPress[]>
  countOfOwner(ownerId: string): Promise<number>
  /** Keeps what happened and forgets whose it was. */
  releaseAllOf(ownerId: string): Promise<void>
  /** @returns undefined when it is not active */
  resolve(options: {
    readonly sosId: string
    readonly by: string
    readonly atMs: number
  }): Promise<SosRecord | undefined>
}

const pressCountMax = 1000
/** Spelt out, not bound: only then can the partial index be used. */
const active = sql.lit('active' as const)

export function createSosRecords(scope: Scope): SosRecords {
  const { db, urgently } = scope
  return {
    press: (press, { resendWindowMs }) =>
      // A panic press has right of way.
      urgently(async (inner) => {
        const repeated = await findRepeated(inner, press, resendWindowMs)
        if (repeated) return { sos: toSos(repeated), isNew: false, isRepeat: true }
        const opened = await open(inner, press)
        const row = opened ?? (await join(inner, press))
        await inner.db
          .insertInto('sos_presses')
          .values({ id: inner.makeId(), sos_id: row.id, ...pressColumns(press) })
          .execute()
        return { sos: toSos(row), isNew: opened !== undefined, isRepeat: false }
      }),
    async get(sosId) {
      const row = await db.selectFrom('sos').selectAll().where('id', '=', sosId).executeTakeFirst()
      return row && toSos(row)
    },
    async list(query) {
      let rows = db.selectFrom('sos').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      if (query.state !== undefined) rows = rows.where('state', '=', query.state)
      if (query.deviceId !== undefined) rows = rows.where('device_id', '=', query.deviceId)
      if (query.ownerId !== undefined) rows = rows.where('owner_id', '=', query.ownerId)
      return toPage(await rows.execute(), query, toSos)
    },
    async countOfOwner(ownerId) {
      const { count } = await db
        .selectFrom('sos')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('owner_id', '=', ownerId)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    async releaseAllOf(ownerId) {
      await db.updateTable('sos').set({ owner_id: null }).where('owner_id', '=', ownerId).execute()
    },
    async presses(sosId) {
      const rows = await db
        .selectFrom('sos_presses')
        .selectAll()
        .where('sos_id', '=', sosId)
        .orderBy('id', 'desc')
        .limit(pressCountMax)
        .execute()
      return rows.reverse().map(toPress)
    },
    async resolve({ sosId, by, atMs }) {
      const row = await db
        .updateTable('sos')
        .set({ state: 'resolved', resolved_at_ms: atMs, resolved_by: by, updated_at_ms: atMs })
        .where('id', '=', sosId)
        .where('state', '=', 'active')
        .returningAll()
        .executeTakeFirst()
      return row && toSos(row)
    },
  }
}

/** The SOS that this very press is part of already: one still active, or one that was resolved while it was resent. */
function findRepeated({ db }: Scope, press: SosPress, resendWindowMs: number): Promise<SosRow | undefined> {
  return (
    db
      .selectFrom('sos_presses as p')
      .innerJoin('sos', 'sos.id', 'p.sos_id')
      .selectAll('sos')
      .where('p.device_id', '=', press.deviceId)
      .where('p.observed_at_ms', '=', press.observedAtMs)
      .where((eb) => (press.seq === undefined ? eb('p.seq', 'is', null) : eb('p.seq', '=', press.seq)))
      // A device with a dead clock says the same time for ever. Its next press must not vanish into an old SOS.
      .where((eb) =>
        eb.or([eb('sos.state', '=', active), eb('p.received_at_ms', '>=', press.receivedAtMs - resendWindowMs)]),
      )
      .orderBy('p.id', 'desc')
      .limit(1)
      .executeTakeFirst()
  )
}

/** @returns undefined when the device has an active SOS, whoever opened it and however short ago */
function open({ db, makeId }: Scope, press: SosPress): Promise<SosRow | undefined> {
  return db
    .insertInto('sos')
    .values((eb) => ({
      id: makeId(),
      state: 'active',
      owner_id: eb.selectFrom('devices').select('devices.owner_id').where('devices.id', '=', press.deviceId),
      ...pressColumns(press),
      press_count: 1,
      updated_at_ms: press.receivedAtMs,
      resolved_at_ms: null,
      resolved_by: null,
    }))
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

/** Counts the press; place and battery become those of the newest press that told them. */
function join({ db }: Scope, press: SosPress): Promise<SosRow> {
  const { latitude, longitude, accuracy_m, battery_pct } = pressColumns(press)
  return db
    .updateTable('sos')
    .set((eb) => ({
      press_count: eb('press_count', '+', 1),
      updated_at_ms: press.receivedAtMs,
      ...(press.location && { latitude, longitude, accuracy_m }),
      ...(press.batteryPct !== undefined && { battery_pct }),
    }))
    .where('device_id', '=', press.deviceId)
    .where('state', '=', active)
    .returningAll()
    .executeTakeFirstOrThrow()
}

function pressColumns(press: SosPress): Omit<SosPressRow, 'id' | 'sos_id'> {
  return {
    device_id: press.deviceId,
    trigger_name: press.trigger,
    observed_at_ms: press.observedAtMs,
    received_at_ms: press.receivedAtMs,
    seq: press.seq ?? null,
    latitude: press.location?.latitude ?? null,
    longitude: press.location?.longitude ?? null,
    accuracy_m: press.location?.accuracyM ?? null,
    battery_pct: press.batteryPct ?? null,
  }
}

function toPress(row: Omit<SosPressRow, 'id' | 'sos_id'>): SosPress {
  return {
    deviceId: row.device_id,
    receivedAtMs: row.received_at_ms,
    observedAtMs: row.observed_at_ms,
    seq: row.seq ?? undefined,
    trigger: row.trigger_name,
    location:
      row.latitude === null || row.longitude === null
        ? undefined
        : { latitude: row.latitude, longitude: row.longitude, accuracyM: row.accuracy_m ?? undefined },
    batteryPct: row.battery_pct ?? undefined,
  }
}

function toSos(row: SosRow): SosRecord {
  return {
    ...toPress(row),
    id: row.id,
    ownerId: row.owner_id ?? undefined,
    state: row.state,
    pressCount: row.press_count,
    updatedAtMs: row.updated_at_ms,
  }
}
