import { setImmediate as nextTurn } from 'node:timers/promises'
import { pruneTrail } from './audit-writer.ts'
import type { RecordsKeep } from './records.ts'
import type { Scope } from './scope.ts'

const dayMs = 86_400_000
/** Rows deleted by one commit, so that nobody waits long for their turn. */
const chunkRowsMax = 500

/** Deletes in small steps what has come to an end and is older than its keep. What is still open always stays. */
export async function retain(scope: Scope, keep: RecordsKeep): Promise<Readonly<Record<string, number>>> {
  const { db } = scope
  const commandsBeforeMs = keep.nowMs - keep.commandsKeepDays * dayMs
  const sessionsBeforeMs = keep.nowMs - keep.sessionsKeepDays * dayMs
  const codesBeforeMs = keep.nowMs - keep.codesKeepDays * dayMs
  const alertsBeforeMs = keep.nowMs - keep.alertsKeepDays * dayMs
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
