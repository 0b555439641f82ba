import { setImmediate as nextTurn } from 'node:timers/promises'
import { type DeviceInput, deviceInputSchema } from '../../contracts/device.ts'
import { AppError, type ErrorDetail } from '../../contracts/errors.ts'
import { type BadReference, readReferences } from './device-references.ts'
import { type DeviceWrite, toNewRow } from './device-rows.ts'
import type { Scope } from './scope.ts'
import { drawSecret, hashSecret } from './secrets.ts'
import type { DeviceRow } from './tables.ts'

/** What became of one line of a bulk registration. Lines count from 1. */
export type DeviceLine =
  | { readonly line: number; readonly outcome: 'created'; readonly id: string; readonly secret: string }
  | { readonly line: number; readonly outcome: 'already-registered' | BadReference; readonly id: string }
  | { readonly line: number; readonly outcome: 'invalid'; readonly details: readonly ErrorDetail[] }

export interface RegisterOptions {
  /** True for devices of the demo city. */
  readonly simulated?: boolean
  /** Derives secrets instead of drawing them; for a demo city that must know its secrets after a restart. At least 32 characters. */
  readonly secretFor?: (deviceId: string) => string
}

export interface RegistrationOptions {
  readonly countMax: number
  readonly announce: (scope: Scope, row: DeviceRow, change: DeviceWrite['change']) => unknown
}

/** Rows written by one commit: enough to spread its fsync, few enough that an SOS waits a few milliseconds at most. */
const chunkRowsMax = 250
const secretLengthMin = 32

/** @returns a function that checks each line and registers those that pass */
export function createRegistration({ atomically, now }: Scope, { countMax, announce }: RegistrationOptions) {
  const insertChunk = (chunk: readonly PreparedLine[], simulated: boolean) =>
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
      const added = await insert(inner, rows)
      await assertWithin(inner, countMax)
      for (const row of added) announce(inner, row, 'created')
      const addedIds = new Set(added.map(({ id }) => id))
      return judged.map(({ line, bad }) => toOutcome(line, bad, addedIds))
    })

  return async function registerMany(
    lines: readonly unknown[],
    { simulated = false, secretFor }: RegisterOptions = {},
  ): Promise<readonly DeviceLine[]> {
    const { prepared, report } = prepareLines(lines, secretFor)
    let isFirst = true
    for (const group of gatewaysFirst(prepared)) {
      for (let from = 0; from < group.length; from += chunkRowsMax) {
        // Between two commits whoever else has come gets a turn.
        if (!isFirst) await nextTurn()
        isFirst = false
        report.push(...(await insertChunk(group.slice(from, from + chunkRowsMax), simulated)))
      }
    }
    return report.sort((a, b) => a.line - b.line)
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

/** @param addedIds those nobody has claimed yet: of several lines with one id the first is the one that was inserted */
function toOutcome(
  { line, input, secret }: PreparedLine,
  bad: BadReference | undefined,
  addedIds: Set<string>,
): DeviceLine {
  const { id } = input
  if (bad !== undefined) return { line, outcome: bad, id }
  // Only the secret of the one that was inserted is good.
  return addedIds.delete(id) ? { line, outcome: 'created', id, secret } : { line, outcome: 'already-registered', id }
}
