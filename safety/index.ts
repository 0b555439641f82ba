export { type AlertAction, type AlertDesk, type AlertDeskDeps, createAlertDesk } from './alerts/alert-desk.ts'
export type { RuleDesk } from './rules/rule-desk.ts'
export { createSosDesk, type SosDesk, type SosDeskDeps } from './sos/sos-desk.ts'
