import { z } from 'zod'
import { commandStates } from '../../contracts/device.ts'
import { pageOf } from '../../contracts/http/common.ts'
import { commandResourceSchema } from '../../contracts/http/device.ts'
import type { Records } from '../../store/index.ts'
import { notFound } from '../errors.ts'
import { json } from '../http/answer.ts'
import { deviceParamsSchema, limitSchema } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { createAudited } from './audited.ts'
import { presentCommand } from './present-device.ts'

const commandSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'kebab-case, at most 64 characters'),
  body: z.record(z.string().max(64), z.unknown()).default({}),
  keepS: z.int().min(1).max(2_592_000).optional().describe('How long it may wait for the device; a day unless told'),
})

const listQuerySchema = z.strictObject({
  state: z.enum(commandStates).optional(),
  limit: limitSchema,
  cursor: recordCursorSchema.optional(),
})

export function createCommandRoutes({ records }: { readonly records: Records }): Route[] {
  const audited = createAudited({ records })
  return [
    defineRoute({
      method: 'post',
      path: '/api/devices/:id/commands',
      area: 'Devices',
      summary: 'Send a command',
      description: 'Kept while the device is offline, delivered at QoS 1. Follow `state` to see what became of it.',
      access: 'commands.send',
      params: deviceParamsSchema,
      body: commandSchema,
      bodyBytesMax: 64 * 1024,
      answer: { status: 201, description: 'Queued', schema: commandResourceSchema },
      faults: {
        404: 'There is no such device',
        409: 'The device is decommissioned',
        429: 'Too many commands wait for it',
      },
      handler: async ({ params, body, principal }) => {
        const command = await audited(
          ({ commands }) => commands.queue({ deviceId: params.id, ...body }),
          ({ id, name }) => ({
            actor: principal.userId,
            action: 'command-queued',
            subject: `device:${params.id}`,
            detail: { commandId: id, name },
          }),
        )
        return json(presentCommand(command))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/devices/:id/commands',
      area: 'Devices',
      summary: 'Commands to a device, newest first',
      access: 'commands.read',
      params: deviceParamsSchema,
      query: listQuerySchema,
      answer: { description: 'A page of commands', schema: pageOf(commandResourceSchema) },
      faults: { 404: 'There is no such device' },
      handler: async ({ params, query }) => {
        if ((await records.devices.get(params.id)) === undefined) throw notFound('device')
        return json(presentPage(await records.commands.list({ deviceId: params.id, ...query }), presentCommand))
      },
    }),
  ]
}
