import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ExpressionBuilder, Kysely } from 'kysely'
import { pruneTrail } from './audit-writer.ts'
import type { RecordsKeep } from './records.ts'
import type { Scope } from './scope.ts'
import type { Tables } from './tables.ts'

const dayMs = 86_400_000
/** Rows deleted by one commit, so that nobody waits long for their turn. */
const chunkRowsMax = 500

/** Deletes in small steps what has come to an end and is older than its keep. What is still open always stays. */
export async function retain(scope: Scope, keep: RecordsKeep): Promise<Readonly<Record<string, number>>> {
  const { db } = scope
  const commandsBeforeMs = keep.nowMs - keep.commandsKeepDays * dayMs
  const sessionsBeforeMs = keep.nowMs - keep.sessionsKeepDays * dayMs
  const codesBeforeMs = keep.nowMs - keep.codesKeepDays * dayMs
  const placesBeforeMs = keep.nowMs - keep.sosPositionsKeepDays * dayMs
  const alertsBeforeMs = keep.nowMs - keep.alertsKeepDays * dayMs
  const noticesBeforeMs = keep.nowMs - keep.noticesKeepDays * dayMs
  return {
    commands: await deleteInSteps(() =>
      db
        .deleteFrom('commands')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('commands')
            .select('id')
            // A device need not answer a command it was given.
            .where((when) => when.fn.coalesce('finished_at_ms', 'delivered_at_ms'), '<', commandsBeforeMs)
            .limit(chunkRowsMax),
        )
        .executeTakeFirstOrThrow(),
    ),
    sessions: await deleteInSteps(() =>
      db
        .deleteFrom('sessions')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('sessions')
            .select('id')
            .where((when) => when.fn.coalesce('revoked_at_ms', 'expires_at_ms'), '<', sessionsBeforeMs)
            .limit(chunkRowsMax),
        )
        .executeTakeFirstOrThrow(),
    ),
    oneTimeCodes: await deleteInSteps(() =>
      db
        .deleteFrom('one_time_codes')
        .where('id', 'in', (eb) =>
          eb.selectFrom('one_time_codes').select('id').where('created_at_ms', '<', codesBeforeMs).limit(chunkRowsMax),
        )
        .executeTakeFirstOrThrow(),
    ),
    contactAsks: await deleteInSteps(() =>
      db
        .deleteFrom('contact_asks')
        .where('id', 'in', (eb) =>
          eb.selectFrom('contact_asks').select('id').where('asked_at_ms', '<', codesBeforeMs).limit(chunkRowsMax),
        )
        .executeTakeFirstOrThrow(),
    ),
    // The rows go with their event.
    notices: await deleteInSteps(() =>
      db
        .deleteFrom('notice_events')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('notice_events')
            .select('id')
            .where('created_at_ms', '<', noticesBeforeMs)
            .where('planned_at_ms', 'is not', null)
            .limit(chunkRowsMax),
        )
        .executeTakeFirstOrThrow(),
    ),
    sosPositions: await forgetPlaces(db, placesBeforeMs),
    alerts: await deleteInSteps(() =>
      db
        .deleteFrom('alerts')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('alerts')
            .select('id')
            .where('state', '=', 'resolved')
            .where('resolved_at_ms', '<', alertsBeforeMs)
            .limit(chunkRowsMax),
        )
        .executeTakeFirstOrThrow(),
    ),
    silences: await deleteInSteps(() =>
      db
        .deleteFrom('silences')
        .where('id', 'in', (eb) =>
          eb.selectFrom('silences').select('id').where('until_ms', '<', alertsBeforeMs).limit(chunkRowsMax),
        )
        .executeTakeFirstOrThrow(),
    ),
    // After the alerts: a storm stays as long as one of its members does.
    alertStorms: await deleteInSteps(() =>
      db
        .deleteFrom('alert_storms')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('alert_storms')
            .select('id')
            .where('last_raised_at_ms', '<', alertsBeforeMs)
            .where((no) =>
              no.not(
                no.exists(no.selectFrom('alerts').select('alerts.id').whereRef('storm_id', '=', 'alert_storms.id')),
              ),
            )
            .limit(chunkRowsMax),
        )
        .executeTakeFirstOrThrow(),
    ),
    audit: await pruneTrail(scope, keep.nowMs - keep.auditKeepDays * dayMs),
  }
}

async function deleteInSteps(step: () => Promise<{ readonly numDeletedRows: bigint }>): Promise<number> {
  let count = 0
  for (;;) {
    const deleted = Number((await step()).numDeletedRows)
    count += deleted
    if (deleted < chunkRowsMax) return count
    await nextTurn()
  }
}

/** Where people were in SOS that are over: the trail goes, and the places of the SOS and its presses are forgotten. */
async function forgetPlaces(db: Kysely<Tables>, beforeMs: number): Promise<number> {
  const isOver = (eb: ExpressionBuilder<Tables, 'sos_positions' | 'sos_presses'>) =>
    eb.selectFrom('sos').select('sos.id').where('sos.closed_at_ms', '<', beforeMs)
  const count = await deleteInSteps(() =>
    db
      .deleteFrom('sos_positions')
      .where('id', 'in', (eb) =>
        eb.selectFrom('sos_positions').select('id').where('sos_id', 'in', isOver).limit(chunkRowsMax),
      )
      .executeTakeFirstOrThrow(),
  )
  const nowhere = { latitude: null, longitude: null, accuracy_m: null }
  await db
    .updateTable('sos_presses')
    .set(nowhere)
    .where('latitude', 'is not', null)
    .where('sos_id', 'in', isOver)
    .execute()
  await db
    .updateTable('sos')
    .set({ ...nowhere, address: null })
    .where('closed_at_ms', '<', beforeMs)
    .where((eb) => eb.or([eb('latitude', 'is not', null), eb('address', 'is not', null)]))
    .execute()
  return count
}
