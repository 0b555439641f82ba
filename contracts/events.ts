import type { Alert, AlertNoteAction, AlertRule } from './alert.ts'
import type { Device, DeviceCommand, DevicePresence } from './device.ts'
import type { Assignment, Broadcast, Incident, Unit } from './dispatch.ts'
import type { SosAction, SosPosition, SosRecord } from './sos.ts'

/** Every event on the bus. Events say what happened, after it is durable; they never ask for something. */
export interface BusEvents {
  'alert-changed': {
    readonly alert: Alert
    /** Who calls people asks `isLoud(alert)` first; `escalated`, `silence-ended` and `inhibition-ended` are calls anew. */
    readonly change: AlertNoteAction
  }
  /** Many alerts have become one thing to look at; each member says so itself. */
  'storm-started': { readonly stormId: string }
  'rules-changed': { readonly rules: readonly AlertRule[] }
  'device-changed': {
    readonly device: Device
    readonly change: 'created' | 'updated' | 'credentials-rotated' | 'revoked' | 'decommissioned' | 'deleted'
  }
  'device-presence': DevicePresence
  /** What a device says of itself, its Last Will included. Absent is what it did not say. */
  'device-status': {
    readonly deviceId: string
    readonly online?: boolean | undefined
    readonly batteryPct?: number | undefined
    readonly firmware?: string | undefined
    readonly receivedAtMs: number
  }
  'device-location': {
    readonly deviceId: string
    readonly latitude: number
    readonly longitude: number
    readonly observedAtMs: number
    readonly accuracyM?: number | undefined
    readonly batteryPct?: number | undefined
  }
  'command-queued': { readonly command: DeviceCommand }
  'command-changed': { readonly command: DeviceCommand }
  /** An SOS that is to be answered. `isNew` is false when the press joined one. A countdown is told when it is over. */
  'sos-pressed': { readonly sos: SosRecord; readonly isNew: boolean }
  /** Everything after that; what the owner may see of it: `toOwnerView`. */
  'sos-changed': { readonly sos: SosRecord; readonly action: SosAction }
  /** Where somebody who called for help is. `position.isPlausible` is false for a jump nobody can make. */
  'sos-position': { readonly sos: SosRecord; readonly position: SosPosition }
  'unit-changed': { readonly unit: Unit; readonly change: 'created' | 'updated' | 'state' | 'position' | 'deleted' }
  'assignment-changed': {
    readonly assignment: Assignment
    /** `unanswered` when the time to answer is over; the assignment stands. */
    readonly change: Assignment['state'] | 'seen' | 'unanswered'
  }
  'incident-changed': { readonly incident: Incident; readonly change: 'reported' | 'noted' | Incident['state'] }
  /** It is for everybody within its area; the broker and the live feed carry it there. */
  'broadcast-sent': { readonly broadcast: Broadcast }
  /** Somebody has to be told of something. */
  'notice-queued': { readonly eventKey: string }
  /** Somebody's role, ban or session is no longer what a token they hold was accepted for. All sessions when none is named. */
  'access-changed': { readonly userId: string; readonly sessionId: string | undefined }
}
