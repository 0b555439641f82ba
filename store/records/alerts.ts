import { sql } from 'kysely'
import type { Alert, AlertNote } from '../../contracts/alert.ts'
import { type Severity, severities } from '../../contracts/severity.ts'
import { toAlert, toRow } from './alert-rows.ts'
import { type Page, type PageQuery, rowsToRead, toPage } from './page.ts'
import type { Scope } from './scope.ts'
import type { RuleProgressRow } from './tables.ts'

/** A rule as it stands for one device. */
interface RulePair {
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
  readonly stormId?: string
  /** Only those of these rules. */
  readonly ruleIds?: readonly string[]
  /** True: only those that a silence or another alert makes quiet. False: only the others. */
  readonly quiet?: boolean
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
  /** Ends every open alert of a rule. @returns them, resolved */
  resolveAllOf(options: {
    readonly ruleId: string
    readonly by: string
    readonly atMs: number
  }): Promise<readonly Alert[]>
  /** Open alerts of any of these rules; the newest 1,000. */
  openOfRules(ruleIds: readonly string[]): Promise<readonly Alert[]>
  /** Alerts of a rule that call for somebody, were raised before, and were not escalated yet; oldest first. */
  unansweredOf(options: {
    readonly ruleId: string
    readonly raisedBeforeMs: number
    readonly limit: number
  }): Promise<readonly Alert[]>
  /**
   * Adds those whose rule and device have no open alert yet.
   * @param cells alert id -> where it is, for storms
   * @returns the ids that were added
   */
  insertOpen(alerts: readonly Alert[], cells?: ReadonlyMap<string, string>): Promise<ReadonlySet<string>>
  /** Replaces the alert if its state is still one of `from`. @returns false when it is not */
  replace(alert: Alert, from: readonly Alert['state'][]): Promise<boolean>
  progressOf(pairs: readonly RulePair[]): Promise<readonly TransitionProgress[]>
  saveProgress(progress: readonly TransitionProgress[]): Promise<void>
  /** Forgets what was applied: the times of one condition say nothing of another's. */
  forgetProgress(ruleId: string): Promise<void>
}

const noteCountMax = 1000
const openOfRulesMax = 1000
/** Rows of one INSERT; databases limit the parameters of a statement. */
const insertRowsMax = 500
/** Spelt out, not bound: only then can the partial index be used. */
const resolved = sql.lit('resolved' as const)

export function createAlertRecords(scope: Scope): AlertRecords {
  const { db } = scope
  return {
    async get(alertId) {
      const row = await db.selectFrom('alerts').selectAll().where('id', '=', alertId).executeTakeFirst()
      return row && toAlert(row)
    },
    async list(query) {
      return toPage(await selectAlerts(scope, query).execute(), query, toAlert)
    },
    summary: () => summarise(scope),
    async notes(alertId) {
      const rows = await db
        .selectFrom('alert_notes')
        .selectAll()
        .where('alert_id', '=', alertId)
        .orderBy('id', 'desc')
        .limit(noteCountMax)
        .execute()
      return rows.reverse().map((row) => ({
        atMs: row.at_ms,
        by: row.author,
        action: row.action as AlertNote['action'],
        text: row.note ?? undefined,
      }))
    },
    async addNotes(notes) {
      if (notes.length === 0) return
      const rows = notes.map(({ alertId, atMs, by, action, text }) => ({
        id: scope.makeId(),
        alert_id: alertId,
        at_ms: atMs,
        author: by,
        action,
        note: text ?? null,
      }))
      for (let from = 0; from < rows.length; from += insertRowsMax) {
        await db
          .insertInto('alert_notes')
          .values(rows.slice(from, from + insertRowsMax))
          .execute()
      }
    },
    async openOf(pairs) {
      if (pairs.length === 0) return []
      const rows = await db
        .selectFrom('alerts')
        .selectAll()
        .where('state', '<>', resolved)
        .where(isAnyOf(pairs))
        .execute()
      return rows.map(toAlert)
    },
    async resolveAllOf({ ruleId, by, atMs }) {
      const rows = await db
        .updateTable('alerts')
        .set({
          state: 'resolved',
          resolved_at_ms: atMs,
          resolved_by: by,
          updated_at_ms: atMs,
          // Nothing makes an alert quiet that is over.
          silence_id: null,
          silenced_until_ms: null,
          inhibited_by: null,
        })
        .where('rule_id', '=', ruleId)
        .where('state', '<>', resolved)
        .returningAll()
        .execute()
      return rows.map(toAlert)
    },
    async openOfRules(ruleIds) {
      if (ruleIds.length === 0) return []
      const rows = await db
        .selectFrom('alerts')
        .selectAll()
        .where('state', '<>', resolved)
        .where('rule_id', 'in', ruleIds)
        .orderBy('id', 'desc')
        .limit(openOfRulesMax)
        .execute()
      return rows.map(toAlert)
    },
    async unansweredOf({ ruleId, raisedBeforeMs, limit }) {
      const rows = await db
        .selectFrom('alerts')
        .selectAll()
        .where('rule_id', '=', ruleId)
        .where('state', '=', sql.lit('firing' as const))
        .where('raised_at_ms', '<=', raisedBeforeMs)
        .where('escalated_at_ms', 'is', null)
        .where('silence_id', 'is', null)
        .where('inhibited_by', 'is', null)
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(toAlert)
    },
    async insertOpen(alerts, cells) {
      if (alerts.length === 0) return new Set()
      const added = await db
        .insertInto('alerts')
        .values(alerts.map((alert) => ({ ...toRow(alert), cell: cells?.get(alert.id) ?? null })))
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .execute()
      return new Set(added.map((row) => row.id))
    },
    async replace(alert, from) {
      const { id, ...rest } = toRow(alert)
      const { numUpdatedRows } = await db
        .updateTable('alerts')
        .set(rest)
        .where('id', '=', id)
        .where('state', 'in', from)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async progressOf(pairs) {
      if (pairs.length === 0) return []
      const rows = await db.selectFrom('rule_progress').selectAll().where(isAnyOf(pairs)).execute()
      return rows.map(toProgress)
    },
    async saveProgress(progress) {
      if (progress.length === 0) return
      await db
        .insertInto('rule_progress')
        .values(
          progress.map((of) => ({
            rule_id: of.ruleId,
            device_id: of.deviceId,
            raised_at_ms: of.raisedAtMs ?? null,
            cleared_at_ms: of.clearedAtMs ?? null,
          })),
        )
        .onConflict((conflict) =>
          conflict.columns(['rule_id', 'device_id']).doUpdateSet((eb) => ({
            raised_at_ms: eb.ref('excluded.raised_at_ms'),
            cleared_at_ms: eb.ref('excluded.cleared_at_ms'),
          })),
        )
        .execute()
    },
    async forgetProgress(ruleId) {
      await db.deleteFrom('rule_progress').where('rule_id', '=', ruleId).execute()
    },
  }
}

/** Row values in a list of VALUES are the one form that both SQLite and PostgreSQL take. */
function isAnyOf(pairs: readonly RulePair[]) {
  const rows = pairs.map(({ ruleId, deviceId }) => sql`(${ruleId}, ${deviceId})`)
  return sql<boolean>`(rule_id, device_id) in (values ${sql.join(rows)})`
}

function selectAlerts({ db }: Scope, query: AlertQuery) {
  let rows = db.selectFrom('alerts').selectAll().orderBy('id', 'desc').limit(rowsToRead(query))
  if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor)
  if (query.states !== undefined) rows = rows.where('state', 'in', query.states)
  if (query.severities !== undefined) rows = rows.where('severity', 'in', query.severities)
  if (query.kind !== undefined) rows = rows.where('kind', '=', query.kind)
  if (query.deviceId !== undefined) rows = rows.where('device_id', '=', query.deviceId)
  if (query.ruleId !== undefined) rows = rows.where('rule_id', '=', query.ruleId)
  if (query.assignedTo !== undefined) rows = rows.where('assigned_to', '=', query.assignedTo)
  if (query.stormId !== undefined) rows = rows.where('storm_id', '=', query.stormId)
  if (query.ruleIds !== undefined) rows = rows.where('rule_id', 'in', query.ruleIds)
  if (query.quiet !== undefined) {
    rows = rows.where((is) => {
      const isQuiet = is.or([is('silence_id', 'is not', null), is('inhibited_by', 'is not', null)])
      return query.quiet ? isQuiet : is.not(isQuiet)
    })
  }
  return rows
}

async function summarise({ db }: Scope): Promise<AlertSummary> {
  const groups = await db
    .selectFrom('alerts')
    .select((eb) => ['state', 'severity', 'kind', eb.fn.countAll().as('count')])
    .where('state', '<>', resolved)
    .groupBy(['state', 'severity', 'kind'])
    .execute()
  const openBySeverity = Object.fromEntries(severities.map((severity) => [severity, 0])) as Record<Severity, number>
  const openByKind: Record<string, number> = {}
  let firing = 0
  let acknowledged = 0
  for (const group of groups) {
    const count = Number(group.count)
    openBySeverity[group.severity] += count
    openByKind[group.kind] = (openByKind[group.kind] ?? 0) + count
    if (group.state === 'firing') firing += count
    else acknowledged += count
  }
  return { open: firing + acknowledged, firing, acknowledged, openBySeverity, openByKind }
}

function toProgress(row: RuleProgressRow): TransitionProgress {
  return {
    ruleId: row.rule_id,
    deviceId: row.device_id,
    raisedAtMs: row.raised_at_ms ?? undefined,
    clearedAtMs: row.cleared_at_ms ?? undefined,
  }
}
