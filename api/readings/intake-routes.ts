import { z } from 'zod'
import { deviceIdSchema } from '../../contracts/device.ts'
import { AppError, type ErrorDetail } from '../../contracts/errors.ts'
import type { InboundTelemetry, TelemetryIntake } from '../../contracts/ports/telemetry.ts'
import { kindIdPattern, topics } from '../../contracts/topics.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'

const readingsPerRequestMax = 1000
/** Unsettled messages, over all transports, at which HTTP is told to come back; MQTT is then no longer read. */
const pendingMax = 50_000

// Only what names the sender is read here. The rest is the pipeline's to judge, as it is for MQTT.
const readingInputSchema = z.looseObject({
  deviceId: deviceIdSchema,
  kind: z.string().regex(kindIdPattern, 'lower case letters, digits and - only, 1 to 32 of them'),
})
type ReadingInput = z.output<typeof readingInputSchema>

const bodySchema = z
  .union([z.array(readingInputSchema).min(1).max(readingsPerRequestMax), readingInputSchema])
  .transform((body): ReadingInput[] => (Array.isArray(body) ? body : [body]))

const answerSchema = z
  .strictObject({ received: z.int().positive().describe('Readings taken; all of them are durable now') })
  .meta({ id: 'ReadingsReceived' })

/** HTTP as one more transport: the same pipeline, the same ledger, the same promise as a PUBACK. */
export function createIntakeRoutes({ intake, directory, now }: Pick<ApiDeps, 'intake' | 'directory' | 'now'>): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/readings',
      area: 'Readings',
      summary: 'Send readings on behalf of devices',
      description: `One reading \`{"deviceId", "kind", "ts", "seq", ...fields}\` or a list of at most ${readingsPerRequestMax}. The answer comes when every reading is durable: stored, known already, or set aside in quarantine; the ledger says which. After a 503 send the same again: duplicates are recognised by time and \`seq\`.`,
      access: 'readings.send',
      body: bodySchema,
      bodyBytesMax: 1024 * 1024,
      answer: { description: 'All are durable', schema: answerSchema },
      faults: { 503: 'The store could not take them; send them again' },
      handler: async ({ body }) => {
        checkDevices(body)
        if (intake.pendingCount >= pendingMax) {
          throw new AppError('unavailable', 'store-busy', 'The store is behind; send the same again in a while')
        }
        await Promise.all(groupByTopic(body, now()).map((message) => submit(intake, message)))
        return json({ received: body.length })
      },
    }),
  ]

  function checkDevices(readings: readonly ReadingInput[]): void {
    const details: ErrorDetail[] = []
    for (const [at, { deviceId }] of readings.entries()) {
      const state = directory.find(deviceId)?.state
      if (state === 'registered') continue
      const message = state === undefined ? 'no such device' : `the device is ${state}`
      details.push({ path: `body.${at}.deviceId`, message })
    }
    if (details.length === 0) return
    const message = 'Readings are taken for registered devices only; nothing was stored'
    throw new AppError('invalid', 'device-not-registered', message, { details: details.slice(0, 50) })
  }
}

function groupByTopic(readings: readonly ReadingInput[], receivedAtMs: number): InboundTelemetry[] {
  const groups = new Map<string, { deviceId: string; kindId: string; readings: unknown[] }>()
  for (const { deviceId, kind, ...reading } of readings) {
    const topic = topics.telemetry(deviceId, kind)
    const group = groups.get(topic) ?? { deviceId, kindId: kind, readings: [] }
    groups.set(topic, group)
    group.readings.push(reading)
  }
  return [...groups].map(([topic, group]) => ({
    deviceId: group.deviceId,
    kindId: group.kindId,
    topic,
    payload: Buffer.from(JSON.stringify(group.readings.length === 1 ? group.readings[0] : group.readings)),
    receivedAtMs,
  }))
}

function submit(intake: TelemetryIntake, message: InboundTelemetry): Promise<void> {
  return new Promise((resolve, reject) => {
    intake.submit(message, (cause) => {
      if (cause === undefined) return resolve()
      const text = 'The store could not take the readings; send them again'
      reject(cause instanceof AppError ? cause : new AppError('unavailable', 'store-unavailable', text, { cause }))
    })
  })
}
