import { z } from 'zod'
import { deviceInputSchema } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import { type BulkReport, bulkReportSchema } from '../../contracts/http/device.ts'
import type { DeviceLine } from '../../store/index.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { createOwnerResolver } from './bulk-owners.ts'
import { readDeviceCsv } from './device-csv.ts'

const devicesPerRequestMax = 5000

const bulkDeviceSchema = deviceInputSchema.extend({
  owner: z.string().max(254).nullish().describe('E-mail address or phone number of the owner, in place of `ownerId`'),
})
// Unknown, as one bad line must not turn away the others; described as what it should be.
const lineSchema = z.unknown().meta(z.toJSONSchema(bulkDeviceSchema, { io: 'input' }))

const bulkSchema = z
  .union([z.array(lineSchema), z.strictObject({ devices: z.array(lineSchema) })])
  .transform((body) => (Array.isArray(body) ? body : body.devices))
  .optional()

export type BulkRouteDeps = Pick<ApiDeps, 'records' | 'accounts' | 'log'>

export function createBulkRoutes({ records, accounts, log }: BulkRouteDeps): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/devices/bulk',
      area: 'Devices',
      summary: 'Register many devices',
      description: `A JSON list of devices, or CSV with a heading (\`id,name,kinds,latitude,longitude,gatewayId,ownerId,owner,label:<name>\`), at most ${devicesPerRequestMax}. \`owner\` is the e-mail address or phone number, proved, of a person with an account; a gateway may stand anywhere among its devices. Each line stands for itself: the report says what became of it, and shows the secrets this once.`,
      access: 'devices.manage',
      body: bulkSchema,
      bodyBytesMax: 2 * 1024 * 1024,
      acceptsCsv: true,
      answer: { description: 'What became of each line', schema: bulkReportSchema },
      handler: async ({ body, csv, principal }) => {
        const rows =
          csv === undefined ? numberRows(body ?? []) : readDeviceCsv(csv, { devicesMax: devicesPerRequestMax })
        checkCount(rows.length)
        return json(toReport(await register(rows, principal.userId)))
      },
    }),
  ]

  /** In the order of the file, whatever became of each. */
  async function register(rows: readonly BulkRow[], by: string): Promise<BulkResult[]> {
    const resolveOwner = createOwnerResolver({ records, accounts })
    const results: BulkResult[] = []
    const accepted: BulkRow[] = []
    for (const { line, input } of rows) {
      const owned = await resolveOwner(input)
      if (owned.type === 'input') accepted.push({ line, input: owned.input })
      else results.push(failed(line, readId(input), owned))
    }
    results.push(...(await registerAccepted(accepted, by)))
    return results.sort((a, b) => a.line - b.line)
  }

  /** Once there is a secret to show, it is shown, whatever becomes of the rest. */
  async function registerAccepted(accepted: readonly BulkRow[], by: string): Promise<BulkResult[]> {
    const results = new Map<BulkRow, BulkResult>()
    const inputs = accepted.map(({ input }) => input)
    let isAnyRegistered = false
    try {
      for await (const step of records.devices.registerInSteps(inputs, { by })) {
        for (const outcome of step) {
          // The store counts the lines it was given; the report counts the lines of the client's file.
          const row = accepted[outcome.line - 1]!
          results.set(row, describeOutcome(row.line, outcome, readId(row.input)))
          isAnyRegistered ||= outcome.outcome === 'created'
        }
      }
    } catch (error) {
      if (!isAnyRegistered) throw error
      log.error({ err: error, lines: accepted.length - results.size }, 'an import ended before its last line')
    }
    return accepted.map((row) => results.get(row) ?? failed(row.line, readId(row.input), notReached))
  }
}

const notReached = { code: 'not-registered', message: 'The import ended before this line; send it again' }

interface BulkRow {
  /** In the client's file or list. */
  readonly line: number
  readonly input: unknown
}

type BulkResult = BulkReport['results'][number]

function numberRows(list: readonly unknown[]): BulkRow[] {
  return list.map((input, at) => ({ line: at + 1, input }))
}

function checkCount(count: number): void {
  if (count === 0) throw new AppError('invalid', 'no-devices', 'There is no device in the request')
  if (count > devicesPerRequestMax) {
    throw new AppError('too-large', 'too-many-devices', `At most ${devicesPerRequestMax} devices per request`)
  }
}

function toReport(results: BulkResult[]): BulkReport {
  const created = results.filter(({ status }) => status === 'created').length
  return { created, failed: results.length - created, results }
}

function describeOutcome(line: number, outcome: DeviceLine, givenId: string | null): BulkResult {
  switch (outcome.outcome) {
    case 'created':
      return { line, id: outcome.id, status: 'created', secret: outcome.secret, error: null }
    case 'already-registered':
      return failed(line, outcome.id, {
        code: 'device-already-registered',
        message: 'A device with this id is registered',
      })
    case 'too-many-devices':
      return failed(line, outcome.id, {
        code: 'too-many-devices',
        message: 'This installation holds as many devices as it may',
      })
    case 'owner-not-found':
      return failed(line, outcome.id, { code: 'owner-not-found', message: 'Nobody has an account of this id' })
    case 'gateway-not-found':
      return failed(line, outcome.id, { code: 'gateway-not-found', message: 'No device of this id is in service' })
    case 'invalid': {
      const faults = outcome.details.map(({ path, message }) => (path ? `${path}: ${message}` : message))
      return failed(line, givenId, { code: 'invalid-device', message: faults.join('; ') })
    }
  }
}

function failed(line: number, id: string | null, { code, message }: { code: string; message: string }): BulkResult {
  return { line, id, status: 'failed', secret: null, error: { code, message } }
}

/** To find a faulty line by; it is shown back cut short. */
function readId(input: unknown): string | null {
  const id = typeof input === 'object' && input !== null ? (input as { id?: unknown }).id : undefined
  return typeof id === 'string' ? id.slice(0, 80) : null
}
