import type { AlertRule } from '../../contracts/alert.ts'

/** A rule as stored. */
export interface StoredRule extends AlertRule {
  /** True once an operator has changed it; a new version's defaults then leave it alone. */
  readonly edited: boolean
}

export interface RuleRecords {
  /** All of them, by id; there are hundreds, not millions. */
  all(): Promise<readonly StoredRule[]>
  get(ruleId: string): Promise<StoredRule | undefined>
  /** Adds or replaces. */
  put(rule: StoredRule): Promise<void>
  delete(ruleId: string): Promise<boolean>
}
