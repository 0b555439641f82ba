import { z } from 'zod'
import { may, reachOf } from '../../../contracts/access.ts'
import { AppError } from '../../../contracts/errors.ts'
import { openSosStates, type SosPosition, type SosRecord } from '../../../contracts/sos.ts'
import { notFound } from '../../errors.ts'
import { toTime } from '../../http/inputs.ts'
import { callBodySchema, positionBodySchema, readPlace } from '../../sos/bodies.ts'
import { presentSos } from '../../sos/present-sos.ts'
import { isOverForOwner, isOwner, type LegacyDeps, type LegacyEvents, showTo, tellUrgently } from './legacy-events.ts'
import { type Member, parseRequest, type Room } from './rooms.ts'

/** Older clients send their own id as it is, or under one of these names. */
const joinSchema = z
  .union([
    z.string().max(128),
    z.looseObject({ userId: z.string().max(128).optional(), user_id: z.string().max(128).optional() }),
  ])
  .nullish()

const updateSchema = positionBodySchema.and(
  z.looseObject({
    alertId: z.string().min(1).max(128).optional(),
    sosId: z.string().min(1).max(128).optional(),
  }),
)

const emergencyRoom: Room = { key: 'emergency', mayHear: ({ role }) => may(role, 'live.sos') }
const roomOfUser = (userId: string): Room => ({
  key: `user:${userId}`,
  mayHear: (identity) => identity.userId === userId,
})

type PinkShieldEvent = 'join' | 'join_emergency' | 'sos_triggered' | 'location_update'

/** A person in a room of their own, and the control room in the emergency room. */
export function createPinkShieldEvents(deps: LegacyDeps): LegacyEvents<PinkShieldEvent> {
  const { rooms, sosDesk, noteSosView, bus, now, later } = deps
  /** Calls for help that are on their way to disk: one for each connection. */
  const calling = new Map<Member, Promise<object>>()

  /** One that is over for its owner is not found, whether or not it is over for the control room. */
  async function findReported(member: Member, sosId: string | undefined): Promise<SosRecord> {
    const { userId: ownerId, role } = member.identity()
    if (sosId === undefined) {
      const { items } = await sosDesk.list({ ownerId, states: openSosStates, limit: 1 })
      if (items[0] === undefined) throw notFound('sos')
      return items[0]
    }
    const sos = await sosDesk.get(sosId)
    const isOthers = reachOf(role, 'sos.report') === 'all' && sos.state !== 'countdown'
    if (!isOwner(member, sos) && !isOthers) throw notFound('sos')
    return sos
  }

  /** On disk before it is answered. */
  async function call(member: Member, request: unknown): Promise<object> {
    const { userId } = member.identity()
    const body = callBodySchema.parse(request ?? undefined) ?? {}
    const { alertType, trigger = alertType ?? 'manual', message, batteryPct = body.deviceInfo?.batteryLevel } = body
    const { sos } = await sosDesk.call({
      source: 'socket',
      ownerId: userId,
      actor: userId,
      trigger,
      receivedAtMs: now(),
      ...readPlace(body),
      message,
      batteryPct,
    })
    return { alert: presentSos(showTo(member, sos, noteSosView)) }
  }

  /** To the owner, and to everybody else who may hear of it. */
  function tellAll(sos: SosRecord, tell: (member: Member) => void, isForOwner = !isOverForOwner(sos)): void {
    const owners = sos.ownerId === undefined ? [] : rooms.membersOf(roomOfUser(sos.ownerId).key)
    for (const member of new Set([...rooms.membersOf(emergencyRoom.key), ...owners])) {
      if (isForOwner || !isOwner(member, sos)) tell(member)
    }
  }

  const alert = (sos: SosRecord) => (member: Member) =>
    tellUrgently(member, 'sos_alert', presentSos(showTo(member, sos, noteSosView)))

  function tellCancelled(sos: SosRecord): void {
    // Of a countdown that is taken back nobody else has heard.
    const isKnown = sos.policeNotifiedAtMs !== undefined
    tellAll(sos, (member) => {
      if (!isKnown && !isOwner(member, sos)) return
      const shown = showTo(member, sos, noteSosView)
      tellUrgently(member, 'sos_cancelled', { ...presentSos(shown), alertId: sos.id })
    })
  }

  /** The person is told that it is cancelled; the control room, that it is worse than it was. */
  function tellDuress(sos: SosRecord): void {
    tellAll(
      sos,
      (member) => {
        if (!isOwner(member, sos)) return alert(sos)(member)
        const shown = showTo(member, sos, noteSosView)
        tellUrgently(member, 'sos_cancelled', { ...presentSos(shown), alertId: sos.id })
      },
      true,
    )
  }

  function tellPosition(sos: SosRecord, position: SosPosition): void {
    if (!position.isPlausible) return
    const { latitude, longitude, accuracyM, observedAtMs } = position
    const location = { latitude, longitude, accuracy: accuracyM ?? null }
    const body = { alertId: sos.id, userId: sos.ownerId ?? null, location, timestamp: toTime(observedAtMs) }
    tellAll(sos, (member) => {
      if (!isOwner(member, sos)) noteSosView(member.identity(), sos.id)
      member.tell('location_updated', body)
    })
  }

  return {
    handlers: {
      join(member, request) {
        const { userId } = member.identity()
        const said = parseRequest(joinSchema, request)
        const named = typeof said === 'string' ? said : (said?.userId ?? said?.user_id)
        rooms.join(member, roomOfUser(named ?? userId))
        member.tell('joined', { room: `user_${userId}`, userId })
        return { room: `user_${userId}` }
      },
      join_emergency(member) {
        rooms.join(member, emergencyRoom)
        member.tell('joined', { room: 'emergency' })
        return { room: 'emergency' }
      },
      sos_triggered(member, request) {
        const answer = calling.get(member) ?? call(member, request).finally(() => calling.delete(member))
        calling.set(member, answer)
        return answer
      },
      async location_update(member, request) {
        const body = parseRequest(updateSchema, request)
        const found = await findReported(member, body.alertId ?? body.sosId)
        const { location, address } = readPlace(body)
        const { userId: by } = member.identity()
        const source = isOwner(member, found) ? 'socket' : 'operator'
        const { batteryPct } = body
        const at = {
          sosId: found.id,
          by,
          source,
          location: location!,
          address,
          observedAtMs: now(),
          batteryPct,
        } as const
        try {
          await sosDesk.addPosition(at)
        } catch (error) {
          const isOver = error instanceof AppError && error.code === 'sos-closed'
          throw isOver && isOwner(member, found) ? notFound('sos') : error
        }
        return { alertId: found.id }
      },
    },
    greet(member) {
      const { userId, role } = member.identity()
      member.tell('connected', { userId, role })
    },
    follow: () => [
      bus.subscribe('sos-pressed', ({ sos }) => later(() => tellAll(sos, alert(sos)))),
      bus.subscribe('sos-changed', ({ sos, action }) => {
        if (action === 'cancelled') later(() => tellCancelled(sos))
        else if (action === 'cancelled-under-duress') later(() => tellDuress(sos))
      }),
      bus.subscribe('sos-position', ({ sos, position }) => later(() => tellPosition(sos, position))),
    ],
  }
}
