import type { AlertRule } from '../../contracts/alert.ts'
import type { Scope } from './scope.ts'
import type { RuleRow } from './tables.ts'

/** A rule as stored. */
export interface StoredRule extends AlertRule {
  /** True once an operator has changed it; a new version's defaults then leave it alone. */
  readonly edited: boolean
}

export interface RuleRecords {
  /** All of them, by id; there are hundreds, not millions. */
  all(): Promise<readonly StoredRule[]>
  get(ruleId: string): Promise<StoredRule | undefined>
  /** Enabled rules whose alerts make others quiet. */
  inhibiting(): Promise<readonly StoredRule[]>
  /** Enabled rules whose alerts are told again when nobody acknowledges them. */
  escalating(): Promise<readonly StoredRule[]>
  /** Adds or replaces. */
  put(rule: StoredRule): Promise<void>
  delete(ruleId: string): Promise<boolean>
}

export function createRuleRecords({ db }: Scope): RuleRecords {
  /** The settings are written by this file alone, so their text can be searched. */
  const selectWith = (settings: string) =>
    db.selectFrom('alert_rules').selectAll().where('settings', 'like', settings).where('enabled', '=', 1).orderBy('id')

  return {
    async all() {
      return (await db.selectFrom('alert_rules').selectAll().orderBy('id').execute()).map(toRule)
    },
    async get(ruleId) {
      const row = await db.selectFrom('alert_rules').selectAll().where('id', '=', ruleId).executeTakeFirst()
      return row && toRule(row)
    },
    async inhibiting() {
      return (await selectWith('%"inhibits":["%').execute()).map(toRule)
    },
    async escalating() {
      const rules = (await selectWith('%"escalateAfterMin":%').execute()).map(toRule)
      return rules.filter(({ escalateAfterMin }) => escalateAfterMin)
    },
    async put(rule) {
      const { id, ...rest } = toRow(rule)
      await db
        .insertInto('alert_rules')
        .values({ id, ...rest })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(rest))
        .execute()
    },
    async delete(ruleId) {
      const { numDeletedRows } = await db.deleteFrom('alert_rules').where('id', '=', ruleId).executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
  }
}

function toRow(rule: StoredRule): RuleRow {
  return {
    id: rule.id,
    name: rule.name,
    severity: rule.severity,
    enabled: rule.enabled ? 1 : 0,
    condition: JSON.stringify(rule.condition),
    built_in: rule.builtIn ? 1 : 0,
    edited: rule.edited ? 1 : 0,
    updated_at_ms: rule.updatedAtMs,
    settings: JSON.stringify({ escalateAfterMin: rule.escalateAfterMin, inhibits: rule.inhibits }),
  }
}

function toRule(row: RuleRow): StoredRule {
  return {
    id: row.id,
    name: row.name,
    severity: row.severity,
    enabled: row.enabled === 1,
    condition: JSON.parse(row.condition) as StoredRule['condition'],
    builtIn: row.built_in === 1,
    edited: row.edited === 1,
    updatedAtMs: row.updated_at_ms,
    ...(JSON.parse(row.settings) as Pick<AlertRule, 'escalateAfterMin' | 'inhibits'>),
  }
}
