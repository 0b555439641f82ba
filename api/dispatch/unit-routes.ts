import { z } from 'zod'
import { owns } from '../../contracts/access.ts'
import { deviceIdSchema } from '../../contracts/device.ts'
import {
  capabilitiesSchema,
  idleUnitStates,
  type Unit,
  unitInputSchema,
  unitKinds,
  unitStates,
} from '../../contracts/dispatch.ts'
import { positionSchema } from '../../contracts/geo.ts'
import { unitListSchema, unitResourceSchema } from '../../contracts/http/dispatch.ts'
import type { ApiDeps } from '../deps.ts'
import { notFound } from '../errors.ts'
import { empty, json } from '../http/answer.ts'
import { idParamsSchema, listOf } from '../http/inputs.ts'
import { defineRoute, type Principal, type Route } from '../http/route.ts'
import { presentUnit } from './present-dispatch.ts'

const listQuerySchema = z.strictObject({
  state: listOf(z.enum(unitStates), unitStates.length).optional().describe('Any of these; all when absent'),
  kind: z.enum(unitKinds).optional(),
})

const patchSchema = z
  .strictObject({
    kind: z.enum(unitKinds).optional(),
    name: z.string().trim().min(1).max(120).optional(),
    capabilities: capabilitiesSchema.optional(),
    deviceId: deviceIdSchema.nullable().optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, { message: 'nothing to change' })

const stateSchema = z.strictObject({ state: z.enum(idleUnitStates) })
const reportSchema = z.union([
  positionSchema.strict(),
  z.strictObject({ position: positionSchema }).transform(({ position }) => position),
])

const unknownUnit = { 404: 'There is no such unit' }
const committed = 'The unit is committed to a case; `unit-committed` says which'

/** Who can be sent. An officer speaks for the unit whose number the account has. */
export function createUnitRoutes({ unitDesk, now }: Pick<ApiDeps, 'unitDesk' | 'now'>): Route[] {
  const present = (unit: Unit) => presentUnit(unit, now())
  const area = 'Dispatch'

  async function findReachable(unitId: string, reach: 'all' | 'own', principal: Principal): Promise<Unit> {
    const unit = await unitDesk.get(unitId)
    if (reach === 'own' && !owns(principal, { unitNumber: unit.unitNumber })) throw notFound('unit')
    return unit
  }

  return [
    ...(['/api/units', '/api/emergency/units'] as const).map((path) =>
      defineRoute({
        method: 'get',
        path,
        area: path === '/api/units' ? area : 'Earlier clients',
        summary: 'Units by number, with where they last were and how long ago',
        access: 'units.read',
        query: listQuerySchema,
        answer: { description: 'The units', schema: unitListSchema },
        handler: async ({ query: { state: states, kind } }) => {
          const units = await unitDesk.all()
          const wanted = units.filter(
            (unit) => (states?.includes(unit.state) ?? true) && (kind === undefined || unit.kind === kind),
          )
          return json({ items: wanted.map(present) })
        },
      }),
    ),
    defineRoute({
      method: 'post',
      path: '/api/units',
      area,
      summary: 'Register a unit; it is off duty until somebody says otherwise',
      access: 'units.manage',
      body: unitInputSchema,
      answer: { status: 201, description: 'The unit', schema: unitResourceSchema },
      faults: { 409: 'The number or the device is with another unit, or there are too many' },
      handler: async ({ body, principal }) => {
        const unit = await unitDesk.create({ ...body, by: principal.userId })
        return json(present(unit), { headers: { Location: `/api/units/${unit.id}` } })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/units/:id',
      area,
      summary: 'One unit',
      access: 'units.read',
      params: idParamsSchema,
      answer: { description: 'The unit', schema: unitResourceSchema },
      faults: unknownUnit,
      handler: async ({ params }) => json(present(await unitDesk.get(params.id))),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/units/:id',
      area,
      summary: 'Change what is named; null takes away',
      description: 'A unit keeps its number: the record of what it did goes by it.',
      access: 'units.manage',
      params: idParamsSchema,
      body: patchSchema,
      answer: { description: 'The unit as it now is', schema: unitResourceSchema },
      faults: { ...unknownUnit, 409: 'The device is with another unit' },
      handler: async ({ params, body, principal }) =>
        json(present(await unitDesk.update(params.id, { ...body, by: principal.userId }))),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/units/:id',
      area,
      summary: 'Forget a unit; what it did stays on record',
      access: 'units.manage',
      params: idParamsSchema,
      answer: { status: 204, description: 'Forgotten' },
      faults: { ...unknownUnit, 409: committed },
      handler: async ({ params, principal }) => {
        await unitDesk.delete({ unitId: params.id, by: principal.userId })
        return empty()
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/units/:id/state',
      area,
      summary: 'Say whether a unit is there',
      description:
        'While it is assigned, its state follows from what it does there. Officers speak for their own unit.',
      access: 'units.report',
      narrowsToOwn: true,
      params: idParamsSchema,
      body: stateSchema,
      answer: { description: 'The unit', schema: unitResourceSchema },
      faults: { ...unknownUnit, 409: committed },
      handler: async ({ params, body, principal, reach }) => {
        const { id: unitId } = await findReachable(params.id, reach, principal)
        return json(present(await unitDesk.setState({ unitId, state: body.state, by: principal.userId })))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/units/:id/position',
      area,
      summary: 'Say where a unit is',
      access: 'units.report',
      narrowsToOwn: true,
      params: idParamsSchema,
      body: reportSchema,
      answer: { description: 'The unit', schema: unitResourceSchema },
      faults: unknownUnit,
      handler: async ({ params, body, principal, reach }) => {
        const { id: unitId } = await findReachable(params.id, reach, principal)
        return json(present(await unitDesk.reportPosition({ unitId, position: body, atMs: now() })))
      },
    }),
  ]
}
