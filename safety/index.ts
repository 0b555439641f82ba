export { type AlertDesk, createAlertDesk } from './alerts/alert-desk.ts'
export { createSosDesk, type SosDesk } from './sos/sos-desk.ts'
