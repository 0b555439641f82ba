import { setImmediate as nextTurn } from 'node:timers/promises'
import { type DeviceInput, deviceInputSchema } from '../../contracts/device.ts'
import { AppError, type ErrorDetail } from '../../contracts/errors.ts'
import { appendToTrail } from './audit-writer.ts'
import { type BadReference, badReference, readReferences } from './device-references.ts'
import { type DeviceWrite, toNewRow } from './device-rows.ts'
import type { Scope } from './scope.ts'
import { drawSecret, hashSecret } from './secrets.ts'
import type { DeviceRow } from './tables.ts'

/** What became of one line of a bulk registration. Lines count from 1. */
export type DeviceLine =
  | { readonly line: number; readonly outcome: 'created'; readonly id: string; readonly secret: string }
  | { readonly line: number; readonly outcome: NotRegistered; readonly id: string }
  | { readonly line: number; readonly outcome: 'invalid'; readonly details: readonly ErrorDetail[] }

type NotRegistered = 'already-registered' | 'too-many-devices' | BadReference

export interface RegisterOptions {
  /** True for devices of the demo city. */
  readonly simulated?: boolean
  /** Derives secrets instead of drawing them; for a demo city that must know its secrets after a restart. At least 32 characters. */
  readonly secretFor?: (deviceId: string) => string
  /** Id of the user whose doing it is, for the audit trail: every step says there what it did, or does nothing. */
  readonly by?: string
}

export interface RegistrationOptions {
  readonly countMax: number
  readonly announce: (scope: Scope, row: DeviceRow, change: DeviceWrite['change']) => unknown
}

/** Rows written by one commit: enough to spread its fsync, few enough that an SOS waits a few milliseconds at most. */
const chunkRowsMax = 250
const secretLengthMin = 32

/**
 * @returns a function that checks each line and registers those that pass, in steps that are durable one by one: whoever
 * is interrupted knows what was registered until then
 */
export function createRegistration({ atomically, now }: Scope, { countMax, announce }: RegistrationOptions) {
  const insertChunk = (chunk: readonly PreparedLine[], { simulated = false, by }: RegisterOptions) =>
    atomically(async (inner) => {
      const findBadReference = await readReferences(
        inner,
        chunk.map(({ input }) => input),
      )
      const judged = chunk.map((line) => ({ line, bad: findBadReference(line.input) }))
      const atMs = now()
      const rows = judged.flatMap(({ line: { input, secretHash }, bad }) =>
        bad === undefined ? [toNewRow({ input, simulated, secretHash, atMs })] : [],
      )
      const fitting = await takeFitting(inner, rows, countMax)
      const added = await insert(inner, fitting)
      for (const row of added) announce(inner, row, 'created')
      const fittingIds = new Set(fitting.map(({ id }) => id))
      const addedIds = new Set(added.map(({ id }) => id))
      if (by !== undefined) {
        const detail = { created: added.length, failed: chunk.length - added.length }
        await appendToTrail(inner, { actor: by, action: 'devices-registered', detail })
      }
      return judged.map(({ line, bad }) =>
        toOutcome(line, bad ?? (fittingIds.has(line.input.id) ? undefined : 'too-many-devices'), addedIds),
      )
    })

  return async function* registerInSteps(
    lines: readonly unknown[],
    options: RegisterOptions = {},
  ): AsyncGenerator<readonly DeviceLine[]> {
    const { prepared, invalid } = prepareLines(lines, options.secretFor)
    if (invalid.length > 0) yield invalid
    let isFirst = true
    for (const group of gatewaysFirst(prepared)) {
      for (let from = 0; from < group.length; from += chunkRowsMax) {
        // Between two commits whoever else has come gets a turn.
        if (!isFirst) await nextTurn()
        isFirst = false
        yield await insertChunk(group.slice(from, from + chunkRowsMax), options)
      }
    }
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
  const invalid: DeviceLine[] = []
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
      invalid.push({ line, outcome: 'invalid', details })
    }
  }
  return { prepared, invalid }
}

/** A gateway may stand anywhere among the devices that are bound to it. */
function gatewaysFirst(prepared: readonly PreparedLine[]): [PreparedLine[], PreparedLine[]] {
  const gatewayIds = new Set(prepared.map(({ input }) => input.gatewayId))
  const isGateway = ({ input }: PreparedLine) => gatewayIds.has(input.id)
  return [prepared.filter(isGateway), prepared.filter((line) => !isGateway(line))]
}

/** @returns the rows that were not there yet */
async function insert({ db }: Scope, rows: readonly DeviceRow[]): Promise<readonly DeviceRow[]> {
  if (rows.length === 0) return []
  return db
    .insertInto('devices')
    .values(rows)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returningAll()
    .execute()
}

/** @returns the rows for which there is room, the first first; devices known already take none */
async function takeFitting({ db }: Scope, rows: readonly DeviceRow[], countMax: number): Promise<readonly DeviceRow[]> {
  if (rows.length === 0) return rows
  const { count } = await db
    .selectFrom('devices')
    .select((eb) => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  let room = countMax - Number(count)
  if (rows.length <= room) return rows
  const ids = rows.map(({ id }) => id)
  const known = await db.selectFrom('devices').select('id').where('id', 'in', ids).execute()
  const placed = new Set(known.map(({ id }) => id))
  return rows.filter(({ id }) => {
    if (placed.has(id)) return true
    if (room <= 0) return false
    room--
    placed.add(id)
    return true
  })
}

/** @param addedIds those nobody has claimed yet: of several lines with one id the first is the one that was inserted */
function toOutcome(
  { line, input, secret }: PreparedLine,
  bad: NotRegistered | undefined,
  addedIds: Set<string>,
): DeviceLine {
  const { id } = input
  if (bad !== undefined) return { line, outcome: bad, id }
  // Only the secret of the one that was inserted is good.
  return addedIds.delete(id) ? { line, outcome: 'created', id, secret } : { line, outcome: 'already-registered', id }
}

/** What whoever wanted this one device is told. */
export function notRegistered(line: Exclude<DeviceLine, { readonly outcome: 'created' }>): AppError {
  switch (line.outcome) {
    case 'invalid': {
      const { details } = line
      return new AppError('invalid', 'invalid-device', 'the device cannot be registered as it is', { details })
    }
    case 'already-registered':
      return new AppError('conflict', 'device-already-registered', `device ${line.id} is already registered`)
    case 'too-many-devices':
      return new AppError('too-many', 'too-many-devices', 'this installation holds as many devices as it may')
    default:
      return badReference(line.outcome)
  }
}
