import { type Device, type DeviceInput, deviceStates } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import type { Position } from '../../contracts/geo.ts'
import { assertReferences } from './device-references.ts'
import { createRegistration, type DeviceLine, notRegistered, type RegisterOptions } from './device-registration.ts'
import {
  type DevicePatch,
  type DeviceQuery,
  type DeviceWrite,
  selectDevices,
  toDevice,
  toPatchedColumns,
  toWrite,
} from './device-rows.ts'
import { type Page, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import { drawSecret, hashSecret } from './secrets.ts'
import type { DeviceRow } from './tables.ts'

/** A device together with the secret that opens the door for it. The secret is shown once and kept only as a hash. */
interface RegisteredDevice {
  readonly device: Device
  readonly secret: string
}

/**
 * Devices and their credentials. Every write is published as `device-changed` once it is durable.
 * @throws AppError `device-not-found`, `device-already-registered`, `device-decommissioned`, `too-many-devices`,
 * `owner-not-found`, `gateway-not-found`, `gateway-is-itself`, `device-has-owner`
 */
export interface DeviceRecords {
  register(input: DeviceInput, options?: RegisterOptions): Promise<RegisteredDevice>
  /** Checks each line and registers those that pass; one bad line does not hold up the others. */
  registerMany(lines: readonly unknown[], options?: RegisterOptions): Promise<readonly DeviceLine[]>
  /** The same in steps, each told once it is durable: whoever is interrupted knows what was registered until then. */
  registerInSteps(lines: readonly unknown[], options?: RegisterOptions): AsyncIterable<readonly DeviceLine[]>
  get(deviceId: string): Promise<Device | undefined>
  /** Where these stand. Without those that belong to a person, for theirs says where the person is. */
  placesOf(deviceIds: readonly string[]): Promise<ReadonlyMap<string, Position>>
  /** By id, ascending. */
  list(query: DeviceQuery): Promise<Page<Device>>
  /**
   * With its owner a device loses its position, name and labels, unless the patch names them: they are not for whoever comes
   * next to know. It stays a personal one until a patch of a device without an owner says otherwise.
   */
  patch(deviceId: string, patch: DevicePatch): Promise<Device>
  /**
   * Takes their owner from all devices of a person, and with it what may tell of them: name, labels, position. The devices
   * stay in service, and personal ones.
   * @returns how many there were
   */
  releaseAllOf(ownerId: string): Promise<number>
  /** Gives a new secret, and ends certificates; a revoked device may connect again. */
  rotateSecret(deviceId: string): Promise<RegisteredDevice>
  /** Shuts the device out until its secret is rotated; its certificates are ended for good. */
  revoke(deviceId: string): Promise<Device>
  /** Shuts the device out for good; its history stays. Repeating it is harmless. */
  decommission(deviceId: string): Promise<Device>
  /** Forgets the device, so that its id is free again; readings stay. Devices that were bound to it are bound to nobody. */
  delete(deviceId: string): Promise<void>
  countByState(): Promise<Readonly<Record<Device['state'], number>>>
  /** Everything, with hashes, for the directory in memory. */
  loadAll(): Promise<readonly Omit<DeviceWrite, 'change'>[]>
  /** Called after a write is durable, before it is published. @returns a function that ends it */
  onWrite(listener: (write: DeviceWrite) => void): () => void
}

export interface DeviceRecordsOptions {
  readonly countMax: number
  /** Shared by every scope of one store: a write inside a transaction is heard by all who listen outside. */
  readonly listeners: Set<(write: DeviceWrite) => void>
}

type ChangeOf = (scope: Scope, device: Device) => Partial<DeviceRow> | Promise<Partial<DeviceRow>>

export function createDeviceRecords(scope: Scope, options: DeviceRecordsOptions): DeviceRecords {
  const { db, now, atomically } = scope

  function announce({ afterCommit, publish }: Scope, row: DeviceRow, change: DeviceWrite['change']): Device {
    const write = toWrite(row, change)
    afterCommit(() => {
      for (const listener of options.listeners) listener(write)
      publish('device-changed', { device: write.device, change })
    })
    return write.device
  }

  /** Changes a device that is still in service. */
  const change = (deviceId: string, kind: DeviceWrite['change'], changeOf: ChangeOf) =>
    atomically(async (inner) => {
      const device = await findInService(inner, deviceId)
      const columns = await changeOf(inner, device)
      const row = await inner.db
        .updateTable('devices')
        .set({ ...columns, updated_at_ms: now() })
        .where('id', '=', deviceId)
        .returningAll()
        .executeTakeFirstOrThrow()
      return announce(inner, row, kind)
    })

  const registerInSteps = createRegistration(scope, { countMax: options.countMax, announce })

  async function registerMany(lines: readonly unknown[], registerOptions?: RegisterOptions) {
    const report: DeviceLine[] = []
    for await (const step of registerInSteps(lines, registerOptions)) report.push(...step)
    return report.sort((a, b) => a.line - b.line)
  }

  return {
    async register(input, registerOptions) {
      const line = (await registerMany([input], registerOptions))[0]!
      if (line.outcome === 'created') return { device: (await find(scope, line.id))!, secret: line.secret }
      throw notRegistered(line)
    },
    registerMany,
    registerInSteps,
    get: (deviceId) => find(scope, deviceId),
    async placesOf(deviceIds) {
      if (deviceIds.length === 0) return new Map()
      const rows = await db
        .selectFrom('devices')
        .select(['id', 'latitude', 'longitude'])
        .where('id', 'in', deviceIds)
        .where('personal', '=', 0)
        .where('latitude', 'is not', null)
        .execute()
      return new Map(rows.map(({ id, latitude, longitude }) => [id, { latitude: latitude!, longitude: longitude! }]))
    },
    async list(query) {
      return toPage(await selectDevices(scope, query).execute(), query, toDevice)
    },
    patch: (deviceId, patch) =>
      change(deviceId, 'updated', async (inner, device) => {
        await assertReferences(inner, device, patch)
        return toChangedColumns(device, patch, now())
      }),
    releaseAllOf: (ownerId) =>
      atomically(async (inner) => {
        const rows = await inner.db
          .updateTable('devices')
          .set((eb) => ({
            owner_id: null,
            owned_since_ms: null,
            name: eb.ref('id'),
            labels: '{}',
            latitude: null,
            longitude: null,
            updated_at_ms: now(),
          }))
          .where('owner_id', '=', ownerId)
          .returningAll()
          .execute()
        for (const row of rows) announce(inner, row, 'updated')
        return rows.length
      }),
    async rotateSecret(deviceId) {
      const secret = drawSecret()
      const device = await change(deviceId, 'credentials-rotated', () => ({
        secret_hash: hashSecret(secret).toString('hex'),
        credentials_since_ms: now(),
        state: 'registered',
      }))
      return { device, secret }
    },
    revoke: (deviceId) => change(deviceId, 'revoked', () => ({ state: 'revoked', credentials_since_ms: now() })),
    decommission: (deviceId) =>
      atomically(async (inner) => {
        const device = await findOrThrow(inner, deviceId)
        if (device.state === 'decommissioned') return device
        const row = await inner.db
          .updateTable('devices')
          .set({ state: 'decommissioned', updated_at_ms: now() })
          .where('id', '=', deviceId)
          .returningAll()
          .executeTakeFirstOrThrow()
        return announce(inner, row, 'decommissioned')
      }),
    delete: (deviceId) =>
      atomically(async (inner) => {
        const row = await inner.db.deleteFrom('devices').where('id', '=', deviceId).returningAll().executeTakeFirst()
        if (!row) throw deviceNotFound(deviceId)
        announce(inner, row, 'deleted')
        // Whoever is registered under this id next must not speak for them.
        const unbound = await inner.db
          .updateTable('devices')
          .set({ gateway_id: null, updated_at_ms: now() })
          .where('gateway_id', '=', deviceId)
          .returningAll()
          .execute()
        for (const device of unbound) announce(inner, device, 'updated')
      }),
    async countByState() {
      const rows = await db
        .selectFrom('devices')
        .select((eb) => ['state', eb.fn.countAll().as('count')])
        .groupBy('state')
        .execute()
      const countOf = (state: Device['state']) => Number(rows.find((row) => row.state === state)?.count ?? 0)
      return Object.fromEntries(deviceStates.map((state) => [state, countOf(state)])) as Record<Device['state'], number>
    },
    async loadAll() {
      const rows = await db.selectFrom('devices').selectAll().execute()
      return rows.map((row) => toWrite(row, 'created'))
    },
    onWrite(listener) {
      options.listeners.add(listener)
      return () => options.listeners.delete(listener)
    },
  }
}

function toChangedColumns(device: Device, patch: DevicePatch, atMs: number): Partial<DeviceRow> {
  const ownerId = patch.ownerId === undefined ? device.ownerId : (patch.ownerId ?? undefined)
  if (ownerId !== undefined && patch.isPersonal === false) {
    throw new AppError(
      'conflict',
      'device-has-owner',
      `device ${device.id} belongs to a person: take it from them first`,
    )
  }
  if (ownerId === device.ownerId) return toPatchedColumns(patch)
  const { name = device.id, labels = {}, position = null } = patch
  return {
    ...toPatchedColumns(device.ownerId === undefined ? patch : { ...patch, name, labels, position }),
    ...(ownerId === undefined ? { owned_since_ms: null } : { personal: 1, owned_since_ms: atMs }),
  }
}

async function find({ db }: Scope, deviceId: string): Promise<Device | undefined> {
  const row = await db.selectFrom('devices').selectAll().where('id', '=', deviceId).executeTakeFirst()
  return row && toDevice(row)
}

async function findOrThrow(scope: Scope, deviceId: string): Promise<Device> {
  const device = await find(scope, deviceId)
  if (!device) throw deviceNotFound(deviceId)
  return device
}

async function findInService(scope: Scope, deviceId: string): Promise<Device> {
  const device = await findOrThrow(scope, deviceId)
  if (device.state !== 'decommissioned') return device
  throw new AppError('conflict', 'device-decommissioned', `device ${deviceId} is decommissioned`)
}

function deviceNotFound(deviceId: string) {
  return new AppError('not-found', 'device-not-found', `no device ${deviceId}`)
}
