import type { Alert, AlertNote } from '../../contracts/alert.ts'
import type { Severity } from '../../contracts/severity.ts'
import type { Page, PageQuery } from './page.ts'

/** A rule as it stands for one device. */
export interface RulePair {
  readonly ruleId: string
  readonly deviceId: string
}

/** The newest transitions of a rule and device that were applied; what is not newer has been seen already. */
export interface TransitionProgress extends RulePair {
  readonly raisedAtMs: number | undefined
  readonly clearedAtMs: number | undefined
}

export interface AlertQuery extends PageQuery {
  /** Any of these; all when absent. */
  readonly states?: readonly Alert['state'][]
  readonly severities?: readonly Severity[]
  readonly kind?: string
  readonly deviceId?: string
  readonly ruleId?: string
  readonly assignedTo?: string
}

export interface AlertSummary {
  readonly open: number
  readonly firing: number
  readonly acknowledged: number
  readonly openBySeverity: Readonly<Record<Severity, number>>
  readonly openByKind: Readonly<Record<string, number>>
}

/** Persistence of alerts. What may follow what is decided in `safety/`; that only one is open per rule and device, here. */
export interface AlertRecords {
  get(alertId: string): Promise<Alert | undefined>
  /** Newest first. */
  list(query: AlertQuery): Promise<Page<Alert>>
  summary(): Promise<AlertSummary>
  /** Oldest first, the newest 1,000. */
  notes(alertId: string): Promise<readonly AlertNote[]>
  addNotes(notes: readonly (AlertNote & { readonly alertId: string })[]): Promise<void>
  openOf(pairs: readonly RulePair[]): Promise<readonly Alert[]>
  openOfRule(ruleId: string): Promise<readonly Alert[]>
  /** Adds those whose rule and device have no open alert yet. @returns the ids that were added */
  insertOpen(alerts: readonly Alert[]): Promise<ReadonlySet<string>>
  /** Replaces the alert if its state is still one of `from`. @returns false when it is not */
  replace(alert: Alert, from: readonly Alert['state'][]): Promise<boolean>
  progressOf(pairs: readonly RulePair[]): Promise<readonly TransitionProgress[]>
  saveProgress(progress: readonly TransitionProgress[]): Promise<void>
  /** Forgets what was applied: the times of one condition say nothing of another's. */
  forgetProgress(ruleId: string): Promise<void>
}
