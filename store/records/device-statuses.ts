import type { DeviceStatus } from '../../contracts/device.ts'
import type { Scope } from './scope.ts'
import type { DeviceStatusRow } from './tables.ts'

/** What each device last said of itself. */
export interface DeviceStatusRecords {
  /**
   * Keeps them by one commit, one status per device; what a status does not say stays as it was. Devices that are no
   * longer there are passed over.
   */
  keep(statuses: readonly DeviceStatus[]): Promise<void>
  /** @returns undefined when it has said nothing yet */
  get(deviceId: string): Promise<DeviceStatus | undefined>
}

export function createDeviceStatusRecords({ db, atomically }: Scope): DeviceStatusRecords {
  return {
    keep: (statuses) =>
      atomically(async (inner) => {
        const ids = statuses.map(({ deviceId }) => deviceId)
        const found = await inner.db.selectFrom('devices').select('id').where('id', 'in', ids).execute()
        const known = new Set(found.map(({ id }) => id))
        const rows = statuses.filter(({ deviceId }) => known.has(deviceId)).map(toRow)
        if (rows.length === 0) return
        await inner.db
          .insertInto('device_statuses')
          .values(rows)
          .onConflict((conflict) =>
            conflict.column('device_id').doUpdateSet((eb) => ({
              battery_pct: eb.fn.coalesce('excluded.battery_pct', 'device_statuses.battery_pct'),
              firmware: eb.fn.coalesce('excluded.firmware', 'device_statuses.firmware'),
              received_at_ms: eb.ref('excluded.received_at_ms'),
            })),
          )
          .execute()
      }),
    async get(deviceId) {
      const row = await db
        .selectFrom('device_statuses')
        .selectAll()
        .where('device_id', '=', deviceId)
        .executeTakeFirst()
      return row && toStatus(row)
    },
  }
}

function toRow({ deviceId, batteryPct, firmware, receivedAtMs }: DeviceStatus): DeviceStatusRow {
  return {
    device_id: deviceId,
    battery_pct: batteryPct ?? null,
    firmware: firmware ?? null,
    received_at_ms: receivedAtMs,
  }
}

function toStatus(row: DeviceStatusRow): DeviceStatus {
  return {
    deviceId: row.device_id,
    batteryPct: row.battery_pct ?? undefined,
    firmware: row.firmware ?? undefined,
    receivedAtMs: row.received_at_ms,
  }
}
