import { z } from 'zod'
import { reachOf } from '../../contracts/access.ts'
import { AppError } from '../../contracts/errors.ts'
import { naariLocationUpdateSchema, naariSosSchema } from '../../contracts/http/sos.ts'
import { sosOutcomes, sosStates } from '../../contracts/sos.ts'
import { json } from '../http/answer.ts'
import { idParamsSchema, limitSchema, toTime } from '../http/inputs.ts'
import { defineRoute, type Principal, type Route } from '../http/route.ts'
import { callBodySchema, naariPositionBodySchema, noteField, readPlace } from './bodies.ts'
import { presentNaariSos } from './present-sos.ts'
import { createVisibleSos, type SosRouteDeps } from './visible-sos.ts'

/** SOS as clients of NaariKavach know them: with slashes, in snake case, and for who has no account too. */
export function createNaariKavachSosRoutes(deps: SosRouteDeps): Route[] {
  const { sosDesk, now } = deps
  const visible = createVisibleSos(deps)
  const shape = { area: 'Earlier clients', faultShape: 'naari-kavach' } as const

  /** Whoever knows its room may tell where it is; by its id, who may report on it. */
  async function findUpdated(
    body: { sos_id?: string | undefined; room_id?: string | undefined },
    principal?: Principal,
  ) {
    if (body.room_id !== undefined) return sosDesk.getByRoom(body.room_id)
    if (body.sos_id === undefined) throw new AppError('invalid', 'sos-unnamed', 'sos_id or room_id is needed')
    if (principal === undefined) throw new AppError('unauthenticated', 'token-required', 'Sign in first')
    const reach = reachOf(principal.role, 'sos.report') ?? 'own'
    return visible.find(body.sos_id, { principal, reach })
  }

  return [
    defineRoute({
      ...shape,
      method: 'get',
      path: '/api/sos/',
      summary: 'SOS, newest first: one’s own, or everybody’s for who may see them',
      access: 'sos.read',
      narrowsToOwn: true,
      query: z.object({ limit: limitSchema }),
      answer: { description: 'The newest', schema: z.array(naariSosSchema) },
      handler: async ({ query, principal, reach }) => {
        const page =
          reach === 'all'
            ? await sosDesk.list({ ...query, states: sosStates.filter((state) => state !== 'countdown') })
            : await sosDesk.list({ ...query, ownerId: principal.userId })
        return json(await visible.presentAll(page.items, { principal, reach }, presentNaariSos))
      },
    }),
    defineRoute({
      ...shape,
      method: 'post',
      path: '/api/create-sos/',
      summary: 'Call for help, with or without an account',
      description: 'Remember `room_id`: whoever knows it may tell where the person is.',
      access: 'anyone',
      limit: 'sensitive-unless-signed-in',
      body: callBodySchema,
      answer: { status: 201, description: 'Help is called', schema: naariSosSchema },
      handler: async ({ body = {}, caller }) => {
        const principal = await believedOrNobody(caller)
        const { name: personName, phone: personPhone, message, alertType, trigger = alertType ?? 'manual' } = body
        const { sos } = await sosDesk.call({
          source: principal === undefined ? 'anonymous' : 'app',
          ownerId: principal?.userId,
          actor: principal?.userId ?? 'anonymous',
          trigger,
          receivedAtMs: now(),
          ...readPlace(body),
          personName,
          personPhone,
          message,
          batteryPct: body.batteryPct,
        })
        return json(presentNaariSos(sos))
      },
    }),
    defineRoute({
      ...shape,
      method: 'post',
      path: '/api/update-location/',
      summary: 'Tell where the person is now',
      description: 'By `room_id` without an account, by `sos_id` for who is signed in.',
      access: 'anyone',
      body: naariPositionBodySchema,
      answer: { description: 'Taken', schema: naariLocationUpdateSchema },
      faults: { 404: 'There is no such SOS', 409: 'It is over' },
      handler: async ({ body, caller }) => {
        const principal = await believedOrNobody(caller)
        const { id, ownerId, roomId } = await findUpdated(body, principal)
        const location = readPlace(body).location!
        const observedAtMs = now()
        // Who has only the room is the one who called, whoever that is.
        const by = principal?.userId ?? ownerId ?? 'anonymous'
        const source = by === ownerId ? 'app' : principal === undefined ? 'anonymous' : 'operator'
        await sosDesk.addPosition({ sosId: id, by, source, location, observedAtMs, batteryPct: body.batteryPct })
        const { latitude, longitude } = location
        return json({ sos_id: id, room_id: roomId, latitude, longitude, timestamp: toTime(observedAtMs) })
      },
    }),
    defineRoute({
      ...shape,
      method: 'post',
      path: '/api/resolve-sos/:id/',
      summary: 'Close it',
      access: 'sos.act',
      params: idParamsSchema,
      body: z.object({ outcome: z.enum(sosOutcomes).optional(), note: noteField.optional() }).optional(),
      answer: { description: 'The SOS', schema: naariSosSchema },
      faults: { 404: 'There is no such SOS', 409: 'It is over' },
      handler: async ({ params, body, principal }) => {
        await visible.find(params.id, { principal, reach: 'all' })
        const sos = await sosDesk.resolve({ sosId: params.id, by: principal.userId, ...body })
        const [shown] = await visible.presentAll([sos], { principal, reach: 'all' }, presentNaariSos)
        return json(shown!)
      },
    }),
  ]
}

/** Nobody is kept from calling for help by a token that has ended. */
async function believedOrNobody(caller: () => Promise<Principal | undefined>): Promise<Principal | undefined> {
  try {
    return await caller()
  } catch (error) {
    if (error instanceof AppError && error.family === 'unauthenticated') return undefined
    throw error
  }
}
