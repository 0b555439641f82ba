import { z } from 'zod'
import { sosResourceSchema } from '../../contracts/http/sos.ts'
import { type SosRecord, sosOutcomes } from '../../contracts/sos.ts'
import { json } from '../http/answer.ts'
import { idParamsSchema } from '../http/inputs.ts'
import { defineRoute, type Principal, type Route } from '../http/route.ts'
import { noteField } from './bodies.ts'
import { createVisibleSos, type SosRouteDeps } from './visible-sos.ts'

const noteBodySchema = z.strictObject({ note: noteField.optional() }).optional()
const statusBodySchema = z
  .strictObject({
    status: z.enum(['acknowledged', 'dispatched', 'on-scene', 'resolved']),
    outcome: z.enum(sosOutcomes).optional().describe('With `resolved`: what it turned out to be'),
    note: noteField.optional(),
  })
  .refine(({ status, outcome }) => outcome === undefined || status === 'resolved', {
    path: ['outcome'],
    message: 'only a resolved SOS has an outcome',
  })

const faults = { 404: 'There is no such SOS', 409: '`sos-illegal-transition`: it cannot go there from where it is' }

/** What dispatchers do about an SOS. */
export function createSosHandlingRoutes(deps: SosRouteDeps): Route[] {
  const { sosDesk } = deps
  const visible = createVisibleSos(deps)
  /** Nobody handles a countdown that is not over. */
  const toHandling = async (sosId: string, principal: Principal, note: string | undefined) => {
    await visible.find(sosId, { principal, reach: 'all' })
    return { sosId, by: principal.userId, note }
  }
  const present = async (sos: SosRecord, principal: Principal) => json(await visible.present(sos, { principal }))
  const shared = { area: 'SOS', access: 'sos.act', params: idParamsSchema, faults } as const
  const answer = { description: 'The SOS', schema: sosResourceSchema }
  return [
    defineRoute({
      ...shared,
      answer,
      method: 'post',
      path: '/api/sos/:id/acknowledge',
      summary: 'Say that somebody looks after it',
      body: noteBodySchema,
      handler: async ({ params, body, principal }) =>
        present(await sosDesk.acknowledge(await toHandling(params.id, principal, body?.note)), principal),
    }),
    defineRoute({
      ...shared,
      answer,
      method: 'post',
      path: '/api/sos/:id/status',
      summary: 'Move it on',
      body: statusBodySchema,
      handler: async ({ params, body, principal }) => {
        const { status, outcome, note } = body
        const handling = await toHandling(params.id, principal, note)
        const moved =
          status === 'resolved'
            ? sosDesk.resolve({ ...handling, outcome })
            : sosDesk.setStatus({ ...handling, to: status })
        return present(await moved, principal)
      },
    }),
    defineRoute({
      ...shared,
      answer,
      method: 'post',
      path: '/api/sos/:id/notes',
      summary: 'Add a line to what happened',
      body: z.strictObject({ note: noteField }),
      faults: { 404: faults[404] },
      handler: async ({ params, body, principal }) => {
        const handling = await toHandling(params.id, principal, body.note)
        return present(await sosDesk.note({ ...handling, note: body.note }), principal)
      },
    }),
    defineRoute({
      ...shared,
      answer: { ...answer, description: 'The other SOS' },
      method: 'post',
      path: '/api/sos/:id/merge',
      summary: 'Make it part of another',
      description: 'It ends as resolved; presses, trail and evidence go to the other.',
      body: z.strictObject({ into: z.string().min(1).max(128), note: noteField.optional() }),
      handler: async ({ params, body, principal }) => {
        const handling = await toHandling(params.id, principal, body.note)
        return present(await sosDesk.merge({ ...handling, into: body.into }), principal)
      },
    }),
  ]
}
