import type { Logger } from 'pino'
import type { Alert, AlertNote, AlertRule } from '../../contracts/alert.ts'
import type { Bus } from '../../contracts/bus.ts'
import type { TransitionSink } from '../../contracts/ports/telemetry.ts'
import type { Service } from '../../contracts/service.ts'
import type { AlertQuery, AlertSummary, Page, Records } from '../../store/index.ts'

/** Who asks, and for which alert. `by` is a user's id. */
export interface AlertAction {
  readonly alertId: string
  readonly by: string
  readonly note?: string
}

/**
 * Alerts and the rules that raise them. `start` brings the built-in rules up to date and publishes `rules-changed`.
 * @throws AppError `alert-not-found`, `alert-already-acknowledged`, `alert-already-resolved`, `rule-not-found`,
 *   `rule-built-in`, `unknown-kind`, `unknown-field`
 */
export interface AlertDesk extends TransitionSink, Service {
  acknowledge(action: AlertAction): Promise<Alert>
  assign(action: AlertAction & { readonly to: string }): Promise<Alert>
  comment(action: AlertAction & { readonly note: string }): Promise<Alert>
  resolve(action: AlertAction): Promise<Alert>
  get(alertId: string): Promise<Alert>
  /** Newest first. */
  list(query: AlertQuery): Promise<Page<Alert>>
  notes(alertId: string): Promise<readonly AlertNote[]>
  summary(): Promise<AlertSummary>
  readonly rules: RuleDesk
}

/** Every change is published as `rules-changed` with all rules. Inputs are checked here. */
export interface RuleDesk {
  all(): Promise<readonly AlertRule[]>
  get(ruleId: string): Promise<AlertRule>
  create(options: { readonly input: unknown; readonly by: string }): Promise<AlertRule>
  /** Changes what is named in `patch`, a part of a rule's input. */
  update(options: { readonly ruleId: string; readonly patch: unknown; readonly by: string }): Promise<AlertRule>
  /** Ends the rule and its open alerts. Built-in rules can only be switched off. */
  delete(options: { readonly ruleId: string; readonly by: string }): Promise<void>
}

export interface AlertDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
}

export function createAlertDesk(deps: AlertDeskDeps): AlertDesk {
  throw new Error(`no alert desk yet at ${deps.now()}`)
}
