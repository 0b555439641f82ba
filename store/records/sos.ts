import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Severity } from '../../contracts/severity.ts'
import type { SosLocation, SosOutcome, SosPressEntry, SosRecord, SosState } from '../../contracts/sos.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import { drawSecret } from './secrets.ts'
import { createSosEvidenceRecords, type SosEvidenceRecords } from './sos-evidence.ts'
import { createSosHistoryRecords, type SosHistoryRecords } from './sos-history.ts'
import { locationColumns, type NewPress, pressColumns, toPressEntry, toSos } from './sos-rows.ts'
import type { SosRow } from './sos-tables.ts'
import type { Tables } from './tables.ts'

export interface SosQuery extends PageQuery {
  readonly states?: readonly SosState[] | undefined
  readonly deviceId?: string | undefined
  readonly ownerId?: string | undefined
}

/** What an SOS is opened with, where it is not joined. */
export interface NewSos {
  /** Whom it is for; by a wearable, it is whom that belongs to. */
  readonly ownerId?: string | undefined
  readonly state: 'countdown' | 'active'
  readonly personName?: string | undefined
  readonly personPhone?: string | undefined
  readonly message?: string | undefined
  readonly address?: string | undefined
  readonly severity: Severity
  readonly severityReasons: readonly string[]
  readonly countdownEndsAtMs?: number | undefined
  readonly policeNotifiedAtMs?: number | undefined
  readonly dueAtMs?: number | undefined
}

/** Absent leaves as it is; `null` takes away. */
export interface SosChange {
  readonly state?: SosState
  readonly outcome?: SosOutcome | null
  readonly severity?: Severity
  readonly severityReasons?: readonly string[]
  readonly severityShown?: Severity | null
  readonly isDuress?: boolean
  readonly cancelledAtMs?: number | null
  readonly pinFailures?: number
  readonly escalation?: SosRecord['escalation']
  readonly countdownEndsAtMs?: number | null
  readonly dueAtMs?: number | null
  readonly policeNotifiedAtMs?: number
  readonly acknowledgedAtMs?: number
  readonly acknowledgedBy?: string
  readonly dispatchedAtMs?: number
  readonly onSceneAtMs?: number
  readonly closedAtMs?: number
  readonly closedBy?: string
  readonly mergedInto?: string
  readonly deviceId?: string
  readonly ownerId?: string
  readonly lastSeenAtMs?: number
  readonly silentSinceMs?: number | null
  readonly location?: SosLocation
  readonly batteryPct?: number
  readonly address?: string
  readonly pressCount?: number
  readonly updatedAtMs: number
}

/** That a device, and a person, has at most one open SOS is enforced by the database. */
export interface SosRecords extends SosHistoryRecords, SosEvidenceRecords {
  /**
   * Stores the press. It opens an SOS, or joins the one that is open: the person's own, before one of the device alone.
   * @returns isNew is true when it opened one; isRepeat when this very press had been stored before; isFirstOfDevice when
   *   the device has no earlier press in it
   */
  press(
    press: NewPress,
    options: {
      readonly opens: NewSos
      /** A press resent within this time of its first receipt joins even when its SOS was closed in between. */
      readonly resendWindowMs: number
    },
  ): Promise<{
    readonly sos: SosRecord
    readonly isNew: boolean
    readonly isRepeat: boolean
    readonly isFirstOfDevice: boolean
  }>
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

type Builder = ExpressionBuilder<Tables, 'sos'>
/** Spelt out, not bound, and term for term as the indexes have it: only then can they be used. */
const isOpen = (eb: Builder): Expression<SqlBool> =>
  eb.and([eb('sos.state', '<>', sql.lit('resolved' as const)), eb('sos.state', '<>', sql.lit('cancelled' as const))])

export function createSosRecords(scope: Scope): SosRecords {
  const { db, urgently } = scope
  return {
    ...createSosHistoryRecords(scope),
    ...createSosEvidenceRecords(scope),
    press: (press, { opens, resendWindowMs }) =>
      // A panic press has right of way.
      urgently(async (inner) => {
        const repeated = press.deviceId === undefined ? undefined : await findRepeated(inner, press, resendWindowMs)
        if (repeated) return { sos: toSos(repeated), isNew: false, isRepeat: true, isFirstOfDevice: false }
        const opened = await open(inner, press, opens)
        const row = opened ?? (await join(inner, press, opens))
        const isFirstOfDevice = opened !== undefined || (await isFirst(inner, press, row.id))
        await inner.db
          .insertInto('sos_presses')
          .values({ id: inner.makeId(), sos_id: row.id, ...pressColumns(press) })
          .execute()
        return { sos: toSos(row), isNew: opened !== undefined, isRepeat: false, isFirstOfDevice }
      }),
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

/** The SOS that this very press is part of already: one still open, or one that was closed while it was resent. */
function findRepeated({ db }: Scope, press: NewPress, resendWindowMs: number): Promise<SosRow | undefined> {
  return (
    db
      .selectFrom('sos_presses as p')
      .innerJoin('sos', 'sos.id', 'p.sos_id')
      .selectAll('sos')
      .where('p.device_id', '=', press.deviceId!)
      .where('p.observed_at_ms', '=', press.observedAtMs)
      .where((eb) => (press.seq === undefined ? eb('p.seq', 'is', null) : eb('p.seq', '=', press.seq)))
      // A device with a dead clock says the same time for ever. Its next press must not vanish into an old SOS.
      .where((eb) =>
        eb.or([isOpen(eb as unknown as Builder), eb('p.received_at_ms', '>=', press.receivedAtMs - resendWindowMs)]),
      )
      .orderBy('p.id', 'desc')
      .limit(1)
      .executeTakeFirst()
  )
}

/** @returns undefined when the device or the person has an open SOS, whoever opened it and however short ago */
function open({ db, makeId }: Scope, press: NewPress, opens: NewSos): Promise<SosRow | undefined> {
  return db
    .insertInto('sos')
    .values((eb) => ({
      id: makeId(),
      room_id: drawSecret(),
      state: opens.state,
      owner_id:
        opens.ownerId ??
        eb
          .selectFrom('devices')
          .select('devices.owner_id')
          .where('devices.id', '=', press.deviceId ?? ''),
      person_name: opens.personName ?? null,
      person_phone: opens.personPhone ?? null,
      message: opens.message ?? null,
      address: opens.address ?? null,
      severity: opens.severity,
      severity_reasons: JSON.stringify(opens.severityReasons),
      is_duress: 0,
      pin_failures: 0,
      escalation: 0,
      countdown_ends_at_ms: opens.countdownEndsAtMs ?? null,
      police_notified_at_ms: opens.policeNotifiedAtMs ?? null,
      due_at_ms: opens.dueAtMs ?? null,
      ...pressColumns(press),
      press_count: 1,
      last_seen_at_ms: press.receivedAtMs,
      updated_at_ms: press.receivedAtMs,
    }))
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

/**
 * Counts the press; place and battery become those of the newest press that told them. What it did not know yet of the
 * device, the person and their words, the SOS learns.
 */
async function join(scope: Scope, press: NewPress, opens: NewSos): Promise<SosRow> {
  const { deviceId, receivedAtMs } = press
  const row = (await findOpen(scope, { deviceId, ownerId: opens.ownerId }))!
  // Unless the device has an open SOS of its own, from before it was this person's.
  const isFree = async (id: string) => (await findOpenOfDevice(scope, id)) === undefined
  const learnsDevice = deviceId !== undefined && row.device_id === null && (await isFree(deviceId))
  return scope.db
    .updateTable('sos')
    .set((eb) => ({
      press_count: eb('press_count', '+', 1),
      updated_at_ms: receivedAtMs,
      last_seen_at_ms: receivedAtMs,
      ...(press.location && locationColumns(press.location)),
      ...(press.location && opens.address !== undefined && { address: opens.address }),
      ...(press.batteryPct !== undefined && { battery_pct: press.batteryPct }),
      message: row.message ?? opens.message ?? null,
      person_name: row.person_name ?? opens.personName ?? null,
      person_phone: row.person_phone ?? opens.personPhone ?? null,
      ...(learnsDevice && { device_id: deviceId }),
    }))
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

interface Presser {
  readonly deviceId: string | undefined
  /** Absent: whoever the device belongs to. */
  readonly ownerId?: string | undefined
}

/** The person's own comes first: somebody has it in hand, and it goes wherever the person goes. */
function findOpen({ db }: Scope, { deviceId, ownerId }: Presser): Promise<SosRow | undefined> {
  return db
    .selectFrom('sos')
    .selectAll()
    .where(isOpen)
    .where((eb) => {
      const isOwners =
        ownerId === undefined
          ? eb('owner_id', '=', eb.selectFrom('devices').select('devices.owner_id').where('devices.id', '=', deviceId!))
          : eb('owner_id', '=', ownerId)
      return deviceId === undefined ? isOwners : eb.or([isOwners, eb('device_id', '=', deviceId)])
    })
    .orderBy((eb) =>
      eb
        .case()
        .when('device_id', '=', deviceId ?? '')
        .then(1)
        .else(0)
        .end(),
    )
    .limit(1)
    .executeTakeFirst()
}

function findOpenOfDevice({ db }: Scope, deviceId: string) {
  return db.selectFrom('sos').select('id').where('device_id', '=', deviceId).where(isOpen).executeTakeFirst()
}

async function isFirst({ db }: Scope, { deviceId }: NewPress, sosId: string): Promise<boolean> {
  if (deviceId === undefined) return false
  const earlier = await db
    .selectFrom('sos_presses')
    .select('id')
    .where('sos_id', '=', sosId)
    .where('device_id', '=', deviceId)
    .limit(1)
    .executeTakeFirst()
  return earlier === undefined
}

function toColumns(change: SosChange): Partial<SosRow> {
  const { location, isDuress, severityReasons } = change
  const columns: Record<string, unknown> = {}
  for (const [field, column] of plainColumns) if (change[field] !== undefined) columns[column] = change[field]
  return {
    ...columns,
    ...(location !== undefined && locationColumns(location)),
    ...(isDuress !== undefined && { is_duress: isDuress ? 1 : 0 }),
    ...(severityReasons !== undefined && { severity_reasons: JSON.stringify(severityReasons) }),
  }
}

/** Fields whose values lie in the table as they are. */
const plainColumns = [
  ['state', 'state'],
  ['outcome', 'outcome'],
  ['severity', 'severity'],
  ['severityShown', 'severity_shown'],
  ['cancelledAtMs', 'cancelled_at_ms'],
  ['pinFailures', 'pin_failures'],
  ['escalation', 'escalation'],
  ['countdownEndsAtMs', 'countdown_ends_at_ms'],
  ['dueAtMs', 'due_at_ms'],
  ['policeNotifiedAtMs', 'police_notified_at_ms'],
  ['acknowledgedAtMs', 'acknowledged_at_ms'],
  ['acknowledgedBy', 'acknowledged_by'],
  ['dispatchedAtMs', 'dispatched_at_ms'],
  ['onSceneAtMs', 'on_scene_at_ms'],
  ['closedAtMs', 'closed_at_ms'],
  ['closedBy', 'closed_by'],
  ['mergedInto', 'merged_into'],
  ['deviceId', 'device_id'],
  ['ownerId', 'owner_id'],
  ['lastSeenAtMs', 'last_seen_at_ms'],
  ['silentSinceMs', 'silent_since_ms'],
  ['batteryPct', 'battery_pct'],
  ['address', 'address'],
  ['pressCount', 'press_count'],
  ['updatedAtMs', 'updated_at_ms'],
] as const satisfies readonly (readonly [keyof SosChange, keyof SosRow])[]
