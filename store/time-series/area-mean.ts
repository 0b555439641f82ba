import type { AreaMean, AreaMeanQuery } from '../../contracts/ports/time-series.ts'
import type { ReadContext } from './read-context.ts'
import { column, readingTable } from './schema.ts'
import { whole } from './series.ts'

/** Asked every half minute for every rule about an area, so it is one statement, whatever the number of devices. */
export async function queryAreaMean(context: ReadContext, query: AreaMeanQuery): Promise<AreaMean | undefined> {
  const kind = context.requireKind(query.kind)
  context.requireField(kind, query.field)
  if (query.deviceIds.length === 0) return undefined
  const ids = query.deviceIds.map((id) => `'${id.replaceAll("'", "''")}'`).join(',')
  const value = column(query.field)
  const rows = await context.rows(
    `SELECT avg(own)::DOUBLE, count(*)::DOUBLE FROM (
       SELECT avg(${value}) AS own FROM ${readingTable(kind.id)}
       WHERE observed_ms >= ${whole(query.fromMs)} AND observed_ms < ${whole(query.toMs)} AND ${value} IS NOT NULL
         AND device_no IN (SELECT no FROM device WHERE id IN (${ids}))
       GROUP BY device_no)`,
  )
  const [mean, deviceCount] = rows[0] as [number | null, number]
  return mean === null ? undefined : { mean, deviceCount }
}
