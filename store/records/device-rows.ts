import { sql } from 'kysely'
import type { Device, DeviceInput } from '../../contracts/device.ts'
import type { BusEvents } from '../../contracts/events.ts'
import { containsText } from './contains-text.ts'
import { type PageQuery, rowsToRead } from './page.ts'
import type { Scope } from './scope.ts'
import type { DeviceRow } from './tables.ts'

export interface DeviceQuery extends PageQuery {
  readonly kind?: string
  readonly state?: Device['state']
  readonly gatewayId?: string
  readonly ownerId?: string
  readonly simulated?: boolean
  /** Part of the id or the name, whatever the case. */
  readonly search?: string
}

/** Absent leaves as it is; `null` takes away. */
export interface DevicePatch {
  readonly name?: string
  readonly kinds?: readonly string[]
  readonly position?: { readonly latitude: number; readonly longitude: number } | null
  readonly gatewayId?: string | null
  readonly ownerId?: string | null
  readonly isPersonal?: boolean
  readonly labels?: Readonly<Record<string, string>>
}

export interface DeviceWrite {
  readonly device: Device
  readonly change: BusEvents['device-changed']['change']
  /** SHA-256 of the secret. Never leaves the process. */
  readonly secretHash: Uint8Array
}

export interface NewDevice {
  readonly input: DeviceInput
  readonly simulated: boolean
  readonly secretHash: Buffer
  readonly atMs: number
}

export function toNewRow({ input, simulated, secretHash, atMs }: NewDevice): DeviceRow {
  return {
    id: input.id,
    name: input.name ?? input.id,
    kinds: JSON.stringify(input.kinds),
    latitude: input.position?.latitude ?? null,
    longitude: input.position?.longitude ?? null,
    gateway_id: input.gatewayId ?? null,
    owner_id: input.ownerId ?? null,
    labels: JSON.stringify(input.labels),
    state: 'registered',
    simulated: simulated ? 1 : 0,
    personal: input.ownerId ? 1 : 0,
    owned_since_ms: input.ownerId ? atMs : null,
    secret_hash: secretHash.toString('hex'),
    credentials_since_ms: null,
    created_at_ms: atMs,
    updated_at_ms: atMs,
  }
}

export function toPatchedColumns(patch: DevicePatch): Partial<DeviceRow> {
  return {
    name: patch.name,
    kinds: patch.kinds && JSON.stringify(patch.kinds),
    latitude: patch.position === null ? null : patch.position?.latitude,
    longitude: patch.position === null ? null : patch.position?.longitude,
    gateway_id: patch.gatewayId,
    owner_id: patch.ownerId,
    personal: patch.isPersonal === undefined ? undefined : patch.isPersonal ? 1 : 0,
    labels: patch.labels && JSON.stringify(patch.labels),
  }
}

export function toDevice(row: DeviceRow): Device {
  return {
    id: row.id,
    name: row.name,
    kinds: JSON.parse(row.kinds) as string[],
    position:
      row.latitude === null || row.longitude === null
        ? undefined
        : { latitude: row.latitude, longitude: row.longitude },
    gatewayId: row.gateway_id ?? undefined,
    ownerId: row.owner_id ?? undefined,
    ownedSinceMs: row.owned_since_ms ?? undefined,
    isPersonal: row.personal === 1,
    labels: JSON.parse(row.labels) as Record<string, string>,
    state: row.state,
    simulated: row.simulated === 1,
    credentialsSinceMs: row.credentials_since_ms ?? undefined,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  }
}

export function toWrite(row: DeviceRow, change: DeviceWrite['change']): DeviceWrite {
  return { device: toDevice(row), change, secretHash: Buffer.from(row.secret_hash, 'hex') }
}

export function selectDevices({ db }: Scope, query: DeviceQuery) {
  let rows = db.selectFrom('devices').selectAll().orderBy('id').limit(rowsToRead(query))
  if (query.cursor !== undefined) rows = rows.where('id', '>', query.cursor)
  if (query.state !== undefined) rows = rows.where('state', '=', query.state)
  if (query.gatewayId !== undefined) rows = rows.where('gateway_id', '=', query.gatewayId)
  if (query.ownerId !== undefined) rows = rows.where('owner_id', '=', query.ownerId)
  if (query.simulated !== undefined) rows = rows.where('simulated', '=', query.simulated ? 1 : 0)
  if (query.kind !== undefined) rows = rows.where(containsText(sql.ref('kinds'), JSON.stringify(query.kind)))
  const { search } = query
  if (search !== undefined)
    rows = rows.where((eb) => eb.or([containsText(sql.ref('id'), search), containsText(sql.ref('name'), search)]))
  return rows
}
