import { z } from 'zod'
import { pageOf } from '../../contracts/http/common.ts'
import { sosResourceSchema, sosTrailSchema } from '../../contracts/http/sos.ts'
import { isOpenSos, openSosStates, type SosState, sosStates } from '../../contracts/sos.ts'
import { json } from '../http/answer.ts'
import { idParamsSchema, limitSchema } from '../http/inputs.ts'
import { presentPage, recordCursorSchema } from '../http/pages.ts'
import { defineRoute, type Principal, type Route } from '../http/route.ts'
import { type CallBody, callBodySchema, pinField, positionBodySchema, readPlace } from './bodies.ts'
import { presentPosition, presentSos } from './present-sos.ts'
import { createVisibleSos, mayCallForOthers, type SosRouteDeps, type Viewer } from './visible-sos.ts'

const listQuerySchema = z.object({ limit: limitSchema, cursor: recordCursorSchema.optional() })
const unknownSos = { 404: 'There is no such SOS, or it is somebody else’s' }
const isClosed = { ...unknownSos, 409: 'It is over' }
/** Told to nobody but its owner. */
const toldStates = sosStates.filter((state) => state !== 'countdown')

/** An SOS from the side of whoever calls, as the house and clients of Pink Shield know it. */
export function createSosRoutes(deps: SosRouteDeps): Route[] {
  const { sosDesk, now } = deps
  const visible = createVisibleSos(deps)

  function call(body: CallBody, principal: Principal) {
    const { alertType, trigger = alertType ?? 'manual', onBehalfOf, message, deviceInfo } = body
    const batteryPct = body.batteryPct ?? deviceInfo?.batteryLevel
    const shared = { trigger, receivedAtMs: now(), batteryPct, message, ...readPlace(body), actor: principal.userId }
    if (onBehalfOf === undefined || !mayCallForOthers(principal)) {
      return sosDesk.call({ ...shared, source: 'app', ownerId: principal.userId })
    }
    const { userId: ownerId, name: personName, phone: personPhone } = onBehalfOf
    return sosDesk.call({ ...shared, source: 'operator', ownerId, personName, personPhone })
  }

  async function list(viewer: Viewer, states: readonly SosState[], query: z.infer<typeof listQuerySchema>) {
    const { principal, reach } = viewer
    const page =
      reach === 'all'
        ? await sosDesk.list({ ...query, states: states.filter((state) => state !== 'countdown') })
        : await sosDesk.list({ ...query, states, ownerId: principal.userId })
    const items = await visible.presentAll(page.items, viewer, (sos) => ({ sos, resource: presentSos(sos) }))
    return { ...page, items }
  }

  return [
    defineRoute({
      method: 'post',
      path: '/api/sos/trigger',
      area: 'SOS',
      summary: 'Call for help',
      description:
        'On disk before it is answered. A repeat while one is open joins it. What cannot be understood of the body is left out, never the call. With `preferences.sosCountdownS` it may be taken back for as long before anybody is told.',
      access: 'sos.trigger',
      limit: 'sensitive-unless-signed-in',
      body: callBodySchema,
      answer: { status: 201, description: 'Help is called', schema: sosResourceSchema },
      faults: { 404: 'There is no such user to call for' },
      handler: async ({ body, principal }) => {
        const { sos } = await call(body ?? {}, principal)
        return json(await visible.present(sos, { principal }))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/sos/cancel/:id',
      area: 'SOS',
      summary: 'Take one’s own SOS back',
      description: 'Who has a PIN for this (`PUT /api/users/sos-pins`) needs it.',
      access: 'sos.read',
      narrowsToOwn: true,
      limit: 'sensitive-unless-signed-in',
      params: idParamsSchema,
      body: z.object({ reason: z.string().trim().max(500).optional(), pin: pinField }).optional(),
      answer: { description: 'It is cancelled', schema: sosResourceSchema },
      faults: { 403: '`wrong-sos-pin`, `sos-pin-required`, `not-your-sos`', ...isClosed },
      handler: async ({ params, body, principal, reach }) => {
        const { id } = await visible.find(params.id, { principal, reach })
        const reason = body?.reason === '' ? undefined : body?.reason
        const sos = await sosDesk.cancel({ sosId: id, by: principal.userId, reason, pin: body?.pin })
        return json(await visible.present(sos, { principal }))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/sos/active',
      area: 'SOS',
      summary: 'Open SOS, newest first: one’s own, or everybody’s for who may see them',
      access: 'sos.read',
      narrowsToOwn: true,
      query: listQuerySchema,
      answer: { description: 'A page of SOS', schema: pageOf(sosResourceSchema) },
      handler: async ({ query, principal, reach }) => {
        const page = await list({ principal, reach }, openSosStates, query)
        const items = page.items.filter(({ sos }) => isOpenSos(sos))
        return json(presentPage({ ...page, items }, ({ resource }) => resource))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/sos/history',
      area: 'SOS',
      summary: 'All SOS, newest first: one’s own, or everybody’s for who may see them',
      access: 'sos.read',
      narrowsToOwn: true,
      query: listQuerySchema,
      answer: { description: 'A page of SOS', schema: pageOf(sosResourceSchema) },
      handler: async ({ query, principal, reach }) => {
        const page = await list({ principal, reach }, reach === 'all' ? toldStates : sosStates, query)
        return json(presentPage(page, ({ resource }) => resource))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/sos/:id',
      area: 'SOS',
      summary: 'One SOS with all that happened',
      access: 'sos.read',
      narrowsToOwn: true,
      params: idParamsSchema,
      answer: { description: 'The SOS', schema: sosResourceSchema },
      faults: unknownSos,
      handler: async ({ params, principal, reach }) => {
        const viewer = { principal, reach }
        return json(await visible.present(await visible.find(params.id, viewer), viewer))
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/sos/:id/trail',
      area: 'SOS',
      summary: 'Where the person went',
      access: 'sos.read',
      narrowsToOwn: true,
      params: idParamsSchema,
      answer: { description: 'Positions, oldest first, the newest 1,000', schema: sosTrailSchema },
      faults: unknownSos,
      handler: async ({ params, principal, reach }) => {
        const sos = await visible.find(params.id, { principal, reach })
        const isOwn = sos.ownerId === principal.userId
        if (!isOwn) await visible.auditPlaces([sos.id], { principal })
        const trail = isOwn ? (await sosDesk.ownerView(sos)).trail : await sosDesk.trail(sos.id)
        return json({ items: trail.map(presentPosition) })
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/sos/:id/update-location',
      area: 'SOS',
      summary: 'Tell where the person is now',
      description: 'A `location`, or latitude and longitude at the top level.',
      access: 'sos.report',
      narrowsToOwn: true,
      limit: 'sensitive-unless-signed-in',
      params: idParamsSchema,
      body: positionBodySchema,
      answer: { description: 'The SOS', schema: sosResourceSchema },
      faults: isClosed,
      handler: async ({ params, body, principal, reach }) => {
        const { id, ownerId } = await visible.find(params.id, { principal, reach })
        const { location, address } = readPlace(body)
        const source = ownerId === principal.userId ? 'app' : 'operator'
        const sos = await sosDesk.addPosition({
          sosId: id,
          by: principal.userId,
          source,
          location: location!,
          address,
          batteryPct: body.batteryPct,
          observedAtMs: now(),
        })
        return json(await visible.present(sos, { principal }))
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/sos/:id/check-in',
      area: 'SOS',
      summary: 'Say that one is still there, or that one has heard from the person',
      access: 'sos.report',
      narrowsToOwn: true,
      limit: 'sensitive-unless-signed-in',
      params: idParamsSchema,
      answer: { description: 'The SOS', schema: sosResourceSchema },
      faults: isClosed,
      handler: async ({ params, principal, reach }) => {
        const { id } = await visible.find(params.id, { principal, reach })
        return json(await visible.present(await sosDesk.checkIn({ sosId: id, by: principal.userId }), { principal }))
      },
    }),
  ]
}
