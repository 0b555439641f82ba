import type { Alert, AlertRule } from './alert.ts'
import type { Device, DeviceCommand, DevicePresence } from './device.ts'
import type { SosRecord } from './sos.ts'

/** Every event on the bus. Events say what happened, after it is durable; they never ask for something. */
export interface BusEvents {
  'alert-changed': {
    readonly alert: Alert
    readonly change: 'raised' | 'acknowledged' | 'assigned' | 'commented' | 'cleared' | 'resolved'
  }
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
  }
  'command-queued': { readonly command: DeviceCommand }
  'command-changed': { readonly command: DeviceCommand }
  /** `isNew` is false when the press joined an active SOS. */
  'sos-pressed': { readonly sos: SosRecord; readonly isNew: boolean }
  'sos-resolved': { readonly sos: SosRecord }
  /** Somebody's role, ban or session is no longer what a token they hold was accepted for. All sessions when none is named. */
  'access-changed': { readonly userId: string; readonly sessionId: string | undefined }
}
