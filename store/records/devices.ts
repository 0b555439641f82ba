import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Device, type DeviceInput, deviceInputSchema, deviceStates } from '../../contracts/device.ts'
import { AppError, type ErrorDetail } from '../../contracts/errors.ts'
import {
  type DevicePatch,
  type DeviceQuery,
  type DeviceWrite,
  selectDevices,
  toDevice,
  toNewRow,
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

/** What became of one line of a bulk registration. Lines count from 1. */
export type DeviceLine =
  | { readonly line: number; readonly outcome: 'created'; readonly id: string; readonly secret: string }
  | { readonly line: number; readonly outcome: 'already-registered'; readonly id: string }
  | { readonly line: number; readonly outcome: 'invalid'; readonly details: readonly ErrorDetail[] }

interface RegisterOptions {
  /** True for devices of the demo city. */
  readonly simulated?: boolean
  /** Derives secrets instead of drawing them; for a demo city that must know its secrets after a restart. At least 32 characters. */
  readonly secretFor?: (deviceId: string) => string
}

/**
 * Devices and their credentials. Every write is published as `device-changed` once it is durable.
 * @throws AppError `device-not-found`, `device-already-registered`, `device-decommissioned`, `too-many-devices`
 */
export interface DeviceRecords {
  register(input: DeviceInput, options?: RegisterOptions): Promise<RegisteredDevice>
  /** Checks each line and registers those that pass; one bad line does not hold up the others. */
  registerMany(lines: readonly unknown[], options?: RegisterOptions): Promise<readonly DeviceLine[]>
  get(deviceId: string): Promise<Device | undefined>
  /** By id, ascending. */
  list(query: DeviceQuery): Promise<Page<Device>>
  patch(deviceId: string, patch: DevicePatch): Promise<Device>
  /** Gives a new secret; a revoked device may connect again with it. */
  rotateSecret(deviceId: string): Promise<RegisteredDevice>
  /** Shuts the device out until its secret is rotated. */
  revoke(deviceId: string): Promise<Device>
  /** Shuts the device out for good; its history stays. Repeating it is harmless. */
  decommission(deviceId: string): Promise<Device>
  /** Forgets the device, so that its id is free again; readings stay. */
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

/** Rows written by one commit: enough to spread its fsync, few enough that an SOS waits a few milliseconds at most. */
const chunkRowsMax = 250
const secretLengthMin = 32

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
  const change = (deviceId: string, columns: Partial<DeviceRow>, kind: DeviceWrite['change']) =>
    atomically(async (inner) => {
      await findInService(inner, deviceId)
      const row = await inner.db
        .updateTable('devices')
        .set({ ...columns, updated_at_ms: now() })
        .where('id', '=', deviceId)
        .returningAll()
        .executeTakeFirstOrThrow()
      return announce(inner, row, kind)
    })

  const insertChunk = (chunk: readonly PreparedLine[], simulated: boolean) =>
    atomically(async (inner) => {
      const atMs = now()
      const rows = chunk.map(({ input, secretHash }) => toNewRow({ input, simulated, secretHash, atMs }))
      const added = await inner.db
        .insertInto('devices')
        .values(rows)
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returningAll()
        .execute()
      await assertWithin(inner, options.countMax)
      for (const row of added) announce(inner, row, 'created')
      return new Set(added.map((row) => row.id))
    })

  async function registerMany(lines: readonly unknown[], { simulated = false, secretFor }: RegisterOptions = {}) {
    const { prepared, report } = prepareLines(lines, secretFor)
    for (let from = 0; from < prepared.length; from += chunkRowsMax) {
      // Between two commits whoever else has come gets a turn.
      if (from > 0) await nextTurn()
      const chunk = prepared.slice(from, from + chunkRowsMax)
      const added = await insertChunk(chunk, simulated)
      for (const { line, input, secret } of chunk) {
        const { id } = input
        // The first of several lines with one id is the one that was inserted; only its secret is good.
        const isCreated = added.delete(id)
        report.push(isCreated ? { line, outcome: 'created', id, secret } : { line, outcome: 'already-registered', id })
      }
    }
    return report.sort((a, b) => a.line - b.line)
  }

  return {
    async register(input, registerOptions) {
      const [line] = await registerMany([input], registerOptions)
      if (line?.outcome === 'created') return { device: (await find(scope, line.id))!, secret: line.secret }
      if (line?.outcome === 'invalid') throw invalidDevice(line.details)
      throw new AppError('conflict', 'device-already-registered', `device ${input.id} is already registered`)
    },
    registerMany,
    get: (deviceId) => find(scope, deviceId),
    async list(query) {
      return toPage(await selectDevices(scope, query).execute(), query, toDevice)
    },
    patch: (deviceId, patch) => change(deviceId, toPatchedColumns(patch), 'updated'),
    async rotateSecret(deviceId) {
      const secret = drawSecret()
      const columns = { secret_hash: hashSecret(secret).toString('hex'), state: 'registered' } as const
      return { device: await change(deviceId, columns, 'credentials-rotated'), secret }
    },
    revoke: (deviceId) => change(deviceId, { state: 'revoked' }, 'revoked'),
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

interface PreparedLine {
  readonly line: number
  readonly input: DeviceInput
  readonly secret: string
  readonly secretHash: Buffer
}

function prepareLines(lines: readonly unknown[], secretFor: (deviceId: string) => string = drawSecret) {
  const prepared: PreparedLine[] = []
  const report: DeviceLine[] = []
  for (const [index, value] of lines.entries()) {
    const line = index + 1
    const { data: input, error } = deviceInputSchema.safeParse(value)
    if (input) {
      const secret = secretFor(input.id)
      if (secret.length < secretLengthMin)
        throw new RangeError(`a device secret has at least ${secretLengthMin} characters`)
      prepared.push({ line, input, secret, secretHash: hashSecret(secret) })
    } else {
      const details = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
      report.push({ line, outcome: 'invalid', details })
    }
  }
  return { prepared, report }
}

/** Counted after the insert, so that devices known already take no room; the transaction takes back the rest. */
async function assertWithin({ db }: Scope, countMax: number) {
  const { count } = await db
    .selectFrom('devices')
    .select((eb) => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  if (Number(count) > countMax) {
    throw new AppError('too-many', 'too-many-devices', `this installation holds at most ${countMax} devices`)
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

async function findInService(scope: Scope, deviceId: string): Promise<void> {
  const { state } = await findOrThrow(scope, deviceId)
  if (state === 'decommissioned') {
    throw new AppError('conflict', 'device-decommissioned', `device ${deviceId} is decommissioned`)
  }
}

function deviceNotFound(deviceId: string) {
  return new AppError('not-found', 'device-not-found', `no device ${deviceId}`)
}

function invalidDevice(details: readonly ErrorDetail[]) {
  return new AppError('invalid', 'invalid-device', 'the device cannot be registered as it is', { details })
}
