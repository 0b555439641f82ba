import { z } from 'zod'
import { may, owns, reachOf } from '../../../contracts/access.ts'
import { type Unit, unitNumberSchema } from '../../../contracts/dispatch.ts'
import type { SosPosition, SosRecord } from '../../../contracts/sos.ts'
import { notFound } from '../../errors.ts'
import { toTime, toTimeOrNull } from '../../http/inputs.ts'
import { presentNaariSos } from '../../sos/present-sos.ts'
import { isOverForOwner, isOwner, type LegacyDeps, type LegacyEvents, showTo, tellUrgently } from './legacy-events.ts'
import { type Member, parseRequest, type Room } from './rooms.ts'

const sosRoomSchema = z.looseObject({ room_id: z.string().min(1).max(128) })
const officerRoomSchema = z.looseObject({ unit_number: unitNumberSchema })

const sosChannel: Room = { key: 'sos-channel', mayHear: ({ role }) => may(role, 'live.sos') }
const trackingChannel: Room = { key: 'tracking', mayHear: ({ role }) => may(role, 'units.read') }
const roomOfSos = ({ id, ownerId }: Pick<SosRecord, 'id' | 'ownerId'>): Room => ({
  key: `sos:${id}`,
  mayHear: (identity) => reachOf(identity.role, 'sos.read') === 'all' || owns(identity, { ownerId }),
})
const roomOfUnit = (unitNumber: string): Room => ({
  key: `unit:${unitNumber}`,
  mayHear: (identity) => {
    const reach = reachOf(identity.role, 'live.unit')
    return reach === 'all' || (reach === 'own' && owns(identity, { unitNumber }))
  },
})

type NaariKavachEvent = 'join_sos_room' | 'join_officer_room' | 'join_sos_channel' | 'join_location_tracking_channel'

/** A room for each SOS and each unit, a channel of new SOS, and one of where units are. */
export function createNaariKavachEvents(deps: LegacyDeps): LegacyEvents<NaariKavachEvent> {
  const { rooms, sosDesk, noteSosView, bus, later } = deps

  function enter(member: Member, room: Room, shown: string) {
    rooms.join(member, room)
    const answer = { room: shown }
    member.tell('room_joined', answer)
    return answer
  }

  function tellNew(sos: SosRecord): void {
    for (const member of rooms.membersOf(sosChannel.key)) {
      if (isOwner(member, sos) && isOverForOwner(sos)) continue
      tellUrgently(member, 'new_sos', presentNaariSos(showTo(member, sos, noteSosView)))
    }
  }

  function tellPosition(sos: SosRecord, position: SosPosition): void {
    if (!position.isPlausible) return
    const body = presentHistory(sos, [position])
    for (const member of rooms.membersOf(roomOfSos(sos).key)) {
      if (isOwner(member, sos)) {
        if (isOverForOwner(sos)) continue
      } else noteSosView(member.identity(), sos.id)
      member.tell('location_history', body)
    }
  }

  function tellUnit(unit: Unit): void {
    if (unit.position === undefined) return
    const { latitude, longitude } = unit.position
    const body = {
      unit_number: unit.unitNumber,
      status: unit.state,
      latitude,
      longitude,
      timestamp: toTimeOrNull(unit.positionAtMs),
    }
    for (const member of rooms.membersOf(roomOfUnit(unit.unitNumber).key)) member.tell('unit_location_update', body)
    for (const member of rooms.membersOf(trackingChannel.key)) member.tell('location_tracking_update', body)
  }

  return {
    handlers: {
      async join_sos_room(member, request) {
        const { room_id } = parseRequest(sosRoomSchema, request)
        const sos = await sosDesk.getByRoom(room_id)
        const isOwn = isOwner(member, sos)
        // That there is such a room is nobody else's business, and a countdown not even the control room's.
        if (!isOwn && (sos.state === 'countdown' || !roomOfSos(sos).mayHear(member.identity()))) throw notFound('sos')
        const trail = isOwn ? (await sosDesk.ownerView(sos)).trail : await sosDesk.trail(sos.id)
        const answer = enter(member, roomOfSos(sos), room_id)
        if (!isOwn && trail.length > 0) noteSosView(member.identity(), sos.id)
        member.tell('location_history', presentHistory(sos, trail))
        return answer
      },
      join_officer_room(member, request) {
        const { unit_number } = parseRequest(officerRoomSchema, request)
        return enter(member, roomOfUnit(unit_number), `unit_${unit_number}`)
      },
      join_sos_channel: (member) => enter(member, sosChannel, 'sos_channel'),
      join_location_tracking_channel: (member) => enter(member, trackingChannel, 'location_tracking_channel'),
    },
    greet(member) {
      member.tell('connection_established', { message: 'connected' })
    },
    follow: () => [
      bus.subscribe('sos-pressed', ({ sos, isNew }) => {
        if (isNew) later(() => tellNew(sos))
      }),
      bus.subscribe('sos-position', ({ sos, position }) => later(() => tellPosition(sos, position))),
      bus.subscribe('unit-changed', ({ unit, change }) => {
        if (change === 'position') later(() => tellUnit(unit))
      }),
    ],
  }
}

/** All of it for who comes in, what is new for who is there. */
function presentHistory({ id, roomId }: SosRecord, positions: readonly SosPosition[]) {
  return {
    sos_id: id,
    room_id: roomId,
    locations: positions
      .filter(({ isPlausible }) => isPlausible)
      .map(({ latitude, longitude, observedAtMs }) => ({ latitude, longitude, timestamp: toTime(observedAtMs) })),
  }
}
