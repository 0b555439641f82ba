import { z } from 'zod'
import { deviceInputSchema } from '../../contracts/device.ts'
import { AppError } from '../../contracts/errors.ts'
import { type BulkReport, bulkReportSchema } from '../../contracts/http/device.ts'
import type { DeviceLine, Records } from '../../store/index.ts'
import { json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { type DeviceCsvRow, readDeviceCsv } from './device-csv.ts'

const devicesPerRequestMax = 5000

// Unknown, as one bad line must not turn away the others; described as what it should be.
const lineSchema = z.unknown().meta(z.toJSONSchema(deviceInputSchema, { io: 'input' }))

const bulkSchema = z
  .union([z.array(lineSchema), z.strictObject({ devices: z.array(lineSchema) })])
  .transform((body) => (Array.isArray(body) ? body : body.devices))
  .optional()

export function createBulkRoutes({ records }: { readonly records: Records }): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/devices/bulk',
      area: 'Devices',
      summary: 'Register many devices',
      description: `A JSON list of devices, or CSV with a heading (\`id,name,kinds,latitude,longitude,gatewayId,label:<name>\`), at most ${devicesPerRequestMax}. Each line stands for itself: the report says what became of it, and shows the secrets this once.`,
      access: 'devices.manage',
      body: bulkSchema,
      bodyBytesMax: 2 * 1024 * 1024,
      acceptsCsv: true,
      answer: { description: 'What became of each line', schema: bulkReportSchema },
      handler: async ({ body, csv, principal }) => {
        const rows =
          csv === undefined ? numberRows(body ?? []) : readDeviceCsv(csv, { devicesMax: devicesPerRequestMax })
        checkCount(rows.length)
        const report = toReport(rows, await records.devices.registerMany(rows.map(({ input }) => input)))
        await records.audit.append({
          actor: principal.userId,
          action: 'devices-registered',
          detail: { created: report.created, failed: report.failed },
        })
        return json(report)
      },
    }),
  ]
}

function numberRows(list: readonly unknown[]): { line: number; input: unknown }[] {
  return list.map((input, at) => ({ line: at + 1, input }))
}

function checkCount(count: number): void {
  if (count === 0) throw new AppError('invalid', 'no-devices', 'There is no device in the request')
  if (count > devicesPerRequestMax) {
    throw new AppError('too-large', 'too-many-devices', `At most ${devicesPerRequestMax} devices per request`)
  }
}

/** The store counts the lines it was given; the report counts the lines of the client's file. */
function toReport(
  rows: readonly (DeviceCsvRow | { line: number; input: unknown })[],
  lines: readonly DeviceLine[],
): BulkReport {
  const results = lines.map((line) => {
    const row = rows[line.line - 1]!
    return { line: row.line, ...describeOutcome(line, readId(row.input)) }
  })
  const created = results.filter(({ status }) => status === 'created').length
  return { created, failed: results.length - created, results }
}

type BulkResult = BulkReport['results'][number]

function describeOutcome(line: DeviceLine, givenId: string | null): Omit<BulkResult, 'line'> {
  switch (line.outcome) {
    case 'created':
      return { id: line.id, status: 'created', secret: line.secret, error: null }
    case 'already-registered': {
      const error = { code: 'device-already-registered', message: 'A device with this id is registered' }
      return { id: line.id, status: 'failed', secret: null, error }
    }
    case 'invalid': {
      const faults = line.details.map(({ path, message }) => (path ? `${path}: ${message}` : message))
      const error = { code: 'invalid-device', message: faults.join('; ') }
      return { id: givenId, status: 'failed', secret: null, error }
    }
  }
}

/** To find a faulty line by; it is shown back cut short. */
function readId(input: unknown): string | null {
  const id = typeof input === 'object' && input !== null ? (input as { id?: unknown }).id : undefined
  return typeof id === 'string' ? id.slice(0, 80) : null
}
