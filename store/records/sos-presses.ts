import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Severity } from '../../contracts/severity.ts'
import type { SosRecord } from '../../contracts/sos.ts'
import type { Scope } from './scope.ts'
import { drawSecret } from './secrets.ts'
import { locationColumns, type NewPress, pressColumns, toSos } from './sos-rows.ts'
import type { SosRow } from './sos-tables.ts'
import type { Tables } from './tables.ts'

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

export interface PressOptions {
  readonly opens: NewSos
  /** A press resent within this time of its first receipt joins even when its SOS was closed in between. */
  readonly resendWindowMs: number
}

export interface PressOutcome {
  readonly sos: SosRecord
  /** It opened the SOS. */
  readonly isNew: boolean
  /** This very press had been stored before. */
  readonly isRepeat: boolean
  /** The device has no earlier press in it. */
  readonly isFirstOfDevice: boolean
}

type Builder = ExpressionBuilder<Tables, 'sos'>
/** Spelt out, not bound, and term for term as the indexes have it: only then can they be used. */
const isOpen = (eb: Builder): Expression<SqlBool> =>
  eb.and([eb('sos.state', '<>', sql.lit('resolved' as const)), eb('sos.state', '<>', sql.lit('cancelled' as const))])

/** Stores a press within a transaction: it opens an SOS, or joins the one that is open. */
export async function takePress(
  scope: Scope,
  press: NewPress,
  { opens, resendWindowMs }: PressOptions,
): Promise<PressOutcome> {
  const repeated = press.deviceId === undefined ? undefined : await findRepeated(scope, press, resendWindowMs)
  if (repeated) return { sos: toSos(repeated), isNew: false, isRepeat: true, isFirstOfDevice: false }
  const opened = await open(scope, press, opens)
  const row = opened ?? (await join(scope, press, opens))
  const isFirstOfDevice = opened !== undefined || (await isFirst(scope, press, row.id))
  await scope.db
    .insertInto('sos_presses')
    .values({ id: scope.makeId(), sos_id: row.id, ...pressColumns(press) })
    .execute()
  return { sos: toSos(row), isNew: opened !== undefined, isRepeat: false, isFirstOfDevice }
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
export function findOpen({ db }: Scope, { deviceId, ownerId }: Presser): Promise<SosRow | undefined> {
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
