export {
  type AlertAction,
  type AlertDesk,
  type AlertDeskDeps,
  createAlertDesk,
  type RuleDesk,
} from './alerts/alert-desk.ts'
export { createSosDesk, type SosDesk, type SosDeskDeps } from './sos/sos-desk.ts'
