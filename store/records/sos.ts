import { type ExpressionBuilder, sql } from 'kysely'
import type { SosPressEntry, SosRecord, SosState } from '../../contracts/sos.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import { type SosChange, toColumns } from './sos-changes.ts'
import { createSosEvidenceRecords, type SosEvidenceRecords } from './sos-evidence.ts'
import { createSosHistoryRecords, type SosHistoryRecords } from './sos-history.ts'
import { findOpen, type PressOptions, type PressOutcome, takePress } from './sos-presses.ts'
import { type NewPress, toPressEntry, toSos } from './sos-rows.ts'
import type { Tables } from './tables.ts'

export interface SosQuery extends PageQuery {
  readonly states?: readonly SosState[] | undefined
  readonly deviceId?: string | undefined
  readonly ownerId?: string | undefined
}

/** That a device, and a person, has at most one open SOS is enforced by the database. */
export interface SosRecords extends SosHistoryRecords, SosEvidenceRecords {
  /**
   * Stores the press. It opens an SOS, or joins the one that is open: the person's own, before one of the device alone.
   */
  press(press: NewPress, options: PressOptions): Promise<PressOutcome>
  get(sosId: string): Promise<SosRecord | undefined>
  findByRoom(roomId: string): Promise<SosRecord | undefined>
  /** The open SOS of a device, or of the person it belongs to. */
  findOpenOf(deviceId: string): Promise<SosRecord | undefined>
  /** Newest first. */
  list(query: SosQuery): Promise<Page<SosRecord>>
  /** Open ones that the clock has something to do about, the longest due first. */
  listDue(nowMs: number, countMax: number): Promise<readonly SosRecord[]>
  /** Every press of an SOS, oldest first, the newest 1,000. */
  presses(sosId: string): Promise<readonly SosPressEntry[]>
  /** Devices that pressed it, at most sixteen. */
  devicesOf(sosId: string): Promise<readonly string[]>
  countOfOwner(ownerId: string): Promise<number>
  /** The caller has made sure that it may. */
  update(sosId: string, change: SosChange): Promise<SosRecord>
  /** Moves presses, trail and evidence of one SOS to another. */
  moveAll(options: { readonly from: string; readonly to: string }): Promise<void>
  /** Keeps what happened and forgets whose it was, what they said, and where they went. */
  releaseAllOf(ownerId: string): Promise<void>
}

const pressCountMax = 1000
const devicesMax = 16

export function createSosRecords(scope: Scope): SosRecords {
  const { db, urgently } = scope
  return {
    ...createSosHistoryRecords(scope),
    ...createSosEvidenceRecords(scope),
    // A panic press has right of way.
    press: (press, options) => urgently((inner) => takePress(inner, press, options)),
    async get(sosId) {
      const row = await db.selectFrom('sos').selectAll().where('id', '=', sosId).executeTakeFirst()
      return row && toSos(row)
    },
    async findByRoom(roomId) {
      const row = await db.selectFrom('sos').selectAll().where('room_id', '=', roomId).executeTakeFirst()
      return row && toSos(row)
    },
    async findOpenOf(deviceId) {
      const row = await findOpen(scope, { deviceId })
      return row && toSos(row)
    },
    async list(query) {
      let rows = db.selectFrom('sos').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      if (query.states !== undefined) rows = rows.where('state', 'in', [...query.states])
      if (query.deviceId !== undefined) rows = rows.where('device_id', '=', query.deviceId)
      if (query.ownerId !== undefined) rows = rows.where('owner_id', '=', query.ownerId)
      return toPage(await rows.execute(), query, toSos)
    },
    async listDue(nowMs, countMax) {
      const rows = await db
        .selectFrom('sos')
        .selectAll()
        .where('due_at_ms', 'is not', sql.lit(null))
        .where('due_at_ms', '<=', nowMs)
        .orderBy('due_at_ms')
        .limit(countMax)
        .execute()
      return rows.map(toSos)
    },
    async countOfOwner(ownerId) {
      const { count } = await db
        .selectFrom('sos')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('owner_id', '=', ownerId)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    async presses(sosId) {
      const rows = await db
        .selectFrom('sos_presses')
        .selectAll()
        .where('sos_id', '=', sosId)
        .orderBy('id', 'desc')
        .limit(pressCountMax)
        .execute()
      return rows.reverse().map(toPressEntry)
    },
    async devicesOf(sosId) {
      const rows = await db
        .selectFrom('sos_presses')
        .select('device_id')
        .distinct()
        .where('sos_id', '=', sosId)
        .where('device_id', 'is not', null)
        .limit(devicesMax)
        .execute()
      return rows.map((row) => row.device_id!)
    },
    async update(sosId, change) {
      const row = await db
        .updateTable('sos')
        .set(toColumns(change))
        .where('id', '=', sosId)
        .returningAll()
        .executeTakeFirstOrThrow()
      return toSos(row)
    },
    async moveAll({ from, to }) {
      for (const table of ['sos_presses', 'sos_positions', 'sos_evidence'] as const) {
        await db.updateTable(table).set({ sos_id: to }).where('sos_id', '=', from).execute()
      }
    },
    async releaseAllOf(ownerId) {
      const own = (eb: ExpressionBuilder<Tables, 'sos_timeline' | 'sos_positions'>) =>
        eb.selectFrom('sos').select('sos.id').where('sos.owner_id', '=', ownerId)
      await db.deleteFrom('sos_shares').where('created_by', '=', ownerId).execute()
      await db
        .updateTable('sos_timeline')
        .set({ note: null })
        .where('actor', '=', ownerId)
        .where('sos_id', 'in', own)
        .execute()
      await db.deleteFrom('sos_positions').where('sos_id', 'in', own).execute()
      await db
        .updateTable('sos')
        .set({ owner_id: null, person_name: null, person_phone: null, message: null, address: null })
        .where('owner_id', '=', ownerId)
        .execute()
    },
  }
}
