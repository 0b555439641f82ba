import { z } from 'zod'
import { may } from '../../../contracts/access.ts'
import type { Incident } from '../../../contracts/dispatch.ts'
import { type Severity, severities } from '../../../contracts/severity.ts'
import { presentIncident } from '../../dispatch/present-dispatch.ts'
import { type LegacyDeps, type LegacyEvents, tellUrgently } from './legacy-events.ts'
import { type Member, parseRequest, type Room } from './rooms.ts'

const roomNames = ['emergency_monitoring'] as const
const joinSchema = z.looseObject({ room: z.enum(roomNames) })
const alertsSchema = z
  .looseObject({
    severity_levels: z.array(z.enum(severities)).max(severities.length).optional(),
    modules: z.array(z.string().max(40)).max(20).optional(),
  })
  .nullish()

const mayHear: Room['mayHear'] = ({ role }) => may(role, 'incidents.read')
const monitoringRoom: Room = { key: 'emergency-monitoring', mayHear }
const roomOfSeverity = (severity: Severity): Room => ({ key: `emergency-alerts:${severity}`, mayHear })

type SmartCityEvent = 'join_room' | 'subscribe_alerts'

/** Emergencies that somebody reported, as they change. */
export function createSmartCityEvents({ rooms, bus, later }: LegacyDeps): LegacyEvents<SmartCityEvent> {
  function tellIncident(incident: Incident, change: string): void {
    const keys = [monitoringRoom.key, roomOfSeverity(incident.severity).key]
    const body = { ...presentIncident(incident), module: 'emergency', change }
    for (const member of new Set<Member>(keys.flatMap(rooms.membersOf))) tellUrgently(member, 'emergency_alert', body)
  }

  return {
    handlers: {
      join_room(member, request) {
        const { room } = parseRequest(joinSchema, request)
        rooms.join(member, monitoringRoom)
        member.tell('joined', { room })
        return { room }
      },
      subscribe_alerts(member, request) {
        const { severity_levels = severities, modules } = parseRequest(alertsSchema, request) ?? {}
        const hasEmergency = modules === undefined || modules.includes('emergency')
        const wanted = new Set<Severity>(hasEmergency ? severity_levels : [])
        for (const severity of severities) {
          const room = roomOfSeverity(severity)
          if (wanted.has(severity)) rooms.join(member, room)
          else rooms.exit(member, room.key)
        }
        return { severity_levels: [...wanted], modules: hasEmergency ? ['emergency'] : [] }
      },
    },
    follow: () => [
      bus.subscribe('incident-changed', ({ incident, change }) => later(() => tellIncident(incident, change))),
    ],
  }
}
