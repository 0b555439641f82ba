import { sql } from 'kysely'
import type { DeviceCommand } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import type { CommandQueue } from '../../contracts/ports/devices.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import type { CommandRow } from './tables.ts'

interface CommandQuery extends PageQuery {
  readonly deviceId: string
  readonly state?: DeviceCommand['state']
}

/**
 * Commands to devices. Each change is published as `command-queued` or `command-changed` once it is durable.
 * @throws AppError `device-not-found`, `device-decommissioned`, `command-queue-full`, `command-too-large`
 */
export interface CommandRecords extends CommandQueue {
  queue(input: {
    readonly deviceId: string
    readonly name: string
    readonly body: Readonly<Record<string, unknown>>
    /** How long it may wait for the device; a day unless told. */
    readonly keepS?: number
  }): Promise<DeviceCommand>
  /**
   * Tells a device what became of its press, as part of the step it is told of. It never stops that step: a device that
   * is gone is told nothing, and as each step is told once, it needs no room in the queue.
   */
  tell(input: { readonly deviceId: string; readonly name: string; readonly body: DeviceCommand['body'] }): Promise<void>
  get(commandId: string): Promise<DeviceCommand | undefined>
  /** Newest first. */
  list(query: CommandQuery): Promise<Page<DeviceCommand>>
  /** Ends what waited too long. @returns how many */
  expireDue(nowMs: number): Promise<number>
}

const bodyLengthMax = 16 * 1024
const keepSDefault = 86_400
/** Spelt out, not bound: only then can the partial indexes be used. */
const isQueued = sql.lit('queued' as const)
/** Commands ended by one statement, so that a large clean-up holds nobody up. */
const expireCountMax = 500

export function createCommandRecords(scope: Scope, limits: { readonly perDeviceMax: number }): CommandRecords {
  const { db, now, atomically, afterCommit, publish } = scope
  const tell = (row: CommandRow) => afterCommit(() => publish('command-changed', { command: toCommand(row) }))
  return {
    queue: (input) => atomically((inner) => queue(inner, input, limits.perDeviceMax)),
    tell: (input) => tellDevice(scope, input),
    async get(commandId) {
      const row = await db.selectFrom('commands').selectAll().where('id', '=', commandId).executeTakeFirst()
      return row && toCommand(row)
    },
    async list(query) {
      let rows = db
        .selectFrom('commands')
        .selectAll()
        .where('device_id', '=', query.deviceId)
        .orderBy('id', 'desc')
        .limit(rowsToRead(query))
      if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
      if (query.state !== undefined) rows = rows.where('state', '=', query.state)
      return toPage(await rows.execute(), query, toCommand)
    },
    async pendingFor(deviceId) {
      const rows = await db
        .selectFrom('commands')
        .selectAll()
        .where('device_id', '=', deviceId)
        .where('state', '=', isQueued)
        .where('expires_at_ms', '>', now())
        .orderBy('id')
        .execute()
      return rows.map(toCommand)
    },
    async markDelivered(commandId, atMs) {
      const row = await db
        .updateTable('commands')
        .set({ state: 'delivered', delivered_at_ms: atMs })
        .where('id', '=', commandId)
        .where('state', '=', isQueued)
        .returningAll()
        .executeTakeFirst()
      if (row) tell(row)
    },
    async finish({ deviceId, commandId, atMs, succeeded, result }) {
      const row = await db
        .updateTable('commands')
        .set((eb) => ({
          state: succeeded ? 'done' : 'failed',
          // A device may answer before the broker has heard its acknowledgement.
          delivered_at_ms: eb.fn.coalesce('delivered_at_ms', eb.val(atMs)),
          finished_at_ms: atMs,
          result: writeResult(result),
        }))
        .where('id', '=', commandId)
        .where('device_id', '=', deviceId)
        .where('state', 'in', ['queued', 'delivered'])
        .returningAll()
        .executeTakeFirst()
      if (row) tell(row)
      return row !== undefined
    },
    async expireDue(nowMs) {
      let count = 0
      for (;;) {
        const rows = await expireSome(scope, nowMs)
        rows.forEach(tell)
        count += rows.length
        if (rows.length < expireCountMax) return count
      }
    },
  }
}

async function queue(
  { db, now, makeId, afterCommit, publish }: Scope,
  { deviceId, name, body, keepS = keepSDefault }: Parameters<CommandRecords['queue']>[0],
  perDeviceMax: number,
): Promise<DeviceCommand> {
  const device = await db.selectFrom('devices').select('state').where('id', '=', deviceId).executeTakeFirst()
  if (!device) throw new AppError('not-found', 'device-not-found', `no device ${deviceId}`)
  if (device.state === 'decommissioned') {
    throw new AppError('conflict', 'device-decommissioned', `device ${deviceId} is decommissioned`)
  }
  const atMs = now()
  const { count } = await db
    .selectFrom('commands')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('device_id', '=', deviceId)
    .where('state', '=', isQueued)
    .where('expires_at_ms', '>', atMs)
    .executeTakeFirstOrThrow()
  if (Number(count) >= perDeviceMax) {
    throw new AppError('too-many', 'command-queue-full', `${perDeviceMax} commands already wait for device ${deviceId}`)
  }
  const row: CommandRow = {
    id: makeId(),
    device_id: deviceId,
    name,
    body: writeBody(body),
    state: 'queued',
    queued_at_ms: atMs,
    expires_at_ms: atMs + keepS * 1000,
    delivered_at_ms: null,
    finished_at_ms: null,
    result: null,
  }
  await db.insertInto('commands').values(row).execute()
  const command = toCommand(row)
  afterCommit(() => publish('command-queued', { command }))
  return command
}

async function tellDevice(
  { db, now, makeId, afterCommit, publish }: Scope,
  { deviceId, name, body }: Parameters<CommandRecords['tell']>[0],
): Promise<void> {
  const atMs = now()
  const row = await db
    .insertInto('commands')
    .columns(['id', 'device_id', 'name', 'body', 'state', 'queued_at_ms', 'expires_at_ms'])
    .expression((eb) =>
      eb
        .selectFrom('devices')
        .select((of) => [
          of.val(makeId()).as('id'),
          'devices.id as device_id',
          of.val(name).as('name'),
          of.val(writeBody(body)).as('body'),
          isQueued.as('state'),
          of.val(atMs).as('queued_at_ms'),
          of.val(atMs + keepSDefault * 1000).as('expires_at_ms'),
        ])
        .where('devices.id', '=', deviceId)
        .where('devices.state', '<>', 'decommissioned'),
    )
    .returningAll()
    .executeTakeFirst()
  if (row) afterCommit(() => publish('command-queued', { command: toCommand(row) }))
}

function expireSome({ db }: Scope, nowMs: number) {
  return db
    .updateTable('commands')
    .set({ state: 'expired', finished_at_ms: nowMs })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('commands')
        .select('id')
        .where('state', '=', isQueued)
        .where('expires_at_ms', '<=', nowMs)
        .limit(expireCountMax),
    )
    .returningAll()
    .execute()
}

function writeBody(body: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(body)
  if (text.length > bodyLengthMax) {
    throw new AppError('too-large', 'command-too-large', `a command holds at most ${bodyLengthMax} characters`)
  }
  return text
}

/** What a device says of its command decides more than what it adds; too long an answer is left out, not refused. */
function writeResult(result: Record<string, unknown>): string {
  const text = JSON.stringify(result)
  return text.length <= bodyLengthMax ? text : JSON.stringify({ omitted: 'too long', length: text.length })
}

function toCommand(row: CommandRow): DeviceCommand {
  return {
    id: row.id,
    deviceId: row.device_id,
    name: row.name,
    body: JSON.parse(row.body) as DeviceCommand['body'],
    state: row.state,
    queuedAtMs: row.queued_at_ms,
    deliveredAtMs: row.delivered_at_ms ?? undefined,
    finishedAtMs: row.finished_at_ms ?? undefined,
    result: row.result === null ? undefined : (JSON.parse(row.result) as DeviceCommand['body']),
  }
}
