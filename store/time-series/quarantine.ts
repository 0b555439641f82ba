import type { DuckDBValue } from '@duckdb/node-api'
import type { QuarantineQuery, QuarantineStore } from '../../contracts/ports/telemetry.ts'
import type { QuarantinedMessage, QuarantineReason } from '../../contracts/reading.ts'
import type { ReadContext } from './read-context.ts'

/** Most messages one call may list or remove. */
export const quarantinePageMax = 10_000

const selected = 'id::DOUBLE AS id, device_id, topic, reason, field, received_ms::DOUBLE AS received_ms, payload'

export function createQuarantineStore({ connection }: ReadContext): QuarantineStore {
  async function list(query: QuarantineQuery): Promise<QuarantinedMessage[]> {
    const { where, values } = toCondition(query)
    const limit = Math.min(Math.max(0, Math.floor(query.limit)), quarantinePageMax)
    const result = await connection.runAndReadAll(
      `SELECT ${selected} FROM quarantine WHERE ${where} ORDER BY id DESC LIMIT ${limit}`,
      values,
    )
    return result.getRowObjectsJS().map(toMessage)
  }
  return {
    list,
    async get(id) {
      const [message] = await list({ ids: [id], limit: 1 })
      return message
    },
    async purge(query) {
      const { where, values } = toCondition(query)
      const result = await connection.run(`DELETE FROM quarantine WHERE ${where}`, values)
      return Number(result.rowsChanged)
    },
    async counts() {
      const result = await connection.runAndReadAll(
        'SELECT reason, count(*)::DOUBLE AS n FROM quarantine GROUP BY reason ORDER BY n DESC, reason',
      )
      return result.getRowObjectsJS().map((row) => ({ reason: row.reason as QuarantineReason, count: Number(row.n) }))
    },
  }
}

function toCondition(query: QuarantineQuery): { where: string; values: DuckDBValue[] } {
  const values: DuckDBValue[] = []
  const conditions = ['true']
  const add = (condition: string, value: DuckDBValue) => {
    values.push(value)
    conditions.push(condition.replace('?', `$${values.length}`))
  }
  if (query.ids) conditions.push(query.ids.length === 0 ? 'false' : `id IN (${query.ids.map(toId).join(',')})`)
  if (query.deviceId !== undefined) add('device_id = ?', query.deviceId)
  if (query.reason !== undefined) add('reason = ?', query.reason)
  if (query.fromMs !== undefined) add('received_ms >= ?', query.fromMs)
  if (query.toMs !== undefined) add('received_ms < ?', query.toMs)
  if (query.beforeId !== undefined) add('id < ?', query.beforeId)
  return { where: conditions.join(' AND '), values }
}

/** Ids go into SQL as text, so nothing but a safe integer may pass. */
function toId(id: number): number {
  return Number.isSafeInteger(id) ? id : -1
}

function toMessage(row: Record<string, unknown>): QuarantinedMessage {
  return {
    id: row.id as number,
    deviceId: row.device_id as string,
    topic: row.topic as string,
    reason: row.reason as QuarantineReason,
    field: (row.field as string | null) ?? undefined,
    receivedAtMs: row.received_ms as number,
    payload: row.payload as Uint8Array,
  }
}
