import { fieldNames } from '../../contracts/kinds/kind.ts'
import { hourMs, hourOf } from './dirty-hours.ts'
import type { ReadContext } from './read-context.ts'
import { column, readingTable } from './schema.ts'

/**
 * Brings the hourly roll-ups up to date: every hour touched by a batch since the last run is computed afresh,
 * so late readings are counted in their own hour. The mark and the rows change in one transaction.
 */
export async function rollUp(context: ReadContext): Promise<{ rows: number }> {
  const { connection } = context
  let rows = 0
  for (const kind of context.kinds) {
    const table = readingTable(kind.id)
    await connection.run('BEGIN TRANSACTION')
    try {
      const mark = await rollupMark(context, kind.id)
      const touched = await context.rows(
        `SELECT coalesce(max(batch_no), 0)::DOUBLE, (min(observed_ms) // ${hourMs} * ${hourMs})::DOUBLE
         FROM ${table} WHERE batch_no > ${mark}`,
      )
      const [newMark, oldestMs] = touched[0] as [number, number | null]
      if (oldestMs === null) {
        await connection.run('COMMIT')
        context.dirtyHours.set(kind.id, Number.POSITIVE_INFINITY)
        continue
      }
      const hours = `SELECT DISTINCT observed_ms // ${hourMs} * ${hourMs} FROM ${table} WHERE batch_no > ${mark}`
      await connection.run(`CREATE OR REPLACE TEMP TABLE touched_hour AS ${hours}`)
      await connection.run(`DELETE FROM rollup_hour WHERE kind = '${kind.id}' AND hour_ms IN (FROM touched_hour)`)
      for (const name of fieldNames(kind)) {
        const value = column(name)
        const result = await connection.run(
          `INSERT INTO rollup_hour
           SELECT '${kind.id}', '${name}', device_no, observed_ms // ${hourMs} * ${hourMs} AS hour_ms,
                  count(*), sum(${value}), min(${value}), max(${value})
           FROM ${table}
           WHERE observed_ms >= ${oldestMs} AND ${value} IS NOT NULL
             AND observed_ms // ${hourMs} * ${hourMs} IN (FROM touched_hour)
           GROUP BY device_no, hour_ms`,
        )
        rows += Number(result.rowsChanged)
      }
      await connection.run(`DELETE FROM rollup_mark WHERE kind = '${kind.id}'`)
      await connection.run(`INSERT INTO rollup_mark VALUES ('${kind.id}', ${newMark})`)
      await connection.run('COMMIT')
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => undefined)
      throw error
    }
    await refreshDirtyHour(context, kind.id)
  }
  return { rows }
}

/** Reads from the store what has come in since the last roll-up; used after a roll-up and at start. */
export async function refreshDirtyHour(context: ReadContext, kindId: string): Promise<void> {
  const mark = await rollupMark(context, kindId)
  const [[oldestMs]] = (await context.rows(
    `SELECT min(observed_ms)::DOUBLE FROM ${readingTable(kindId)} WHERE batch_no > ${mark}`,
  )) as [[number | null]]
  context.dirtyHours.set(kindId, oldestMs === null ? Number.POSITIVE_INFINITY : hourOf(oldestMs))
}

async function rollupMark(context: ReadContext, kindId: string): Promise<number> {
  const rows = await context.rows(`SELECT batch_no::DOUBLE FROM rollup_mark WHERE kind = '${kindId}'`)
  return (rows[0]?.[0] as number | undefined) ?? 0
}
