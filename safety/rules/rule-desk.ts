import type { Alert, AlertRule } from '../../contracts/alert.ts'
import type { Bus } from '../../contracts/bus.ts'
import { AppError } from '../../contracts/errors.ts'
import type { Kind } from '../../contracts/kinds/kind.ts'
import type { RuleCondition } from '../../contracts/rule-condition.ts'
import { createIdMaker, type Records, type Repositories, type StoredRule } from '../../store/index.ts'
import { type BuiltInRule, deriveBuiltInRules } from './built-in-rules.ts'
import { readRuleInput, readRulePatch } from './rule-input.ts'

/** Every change is published as `rules-changed` with all rules. Inputs are checked here. */
export interface RuleDesk {
  all(): Promise<readonly AlertRule[]>
  /** @throws AppError `rule-not-found` */
  get(ruleId: string): Promise<AlertRule>
  /** A rule that is not kept, to be tried. @throws AppError `invalid-rule`, `unknown-kind`, `unknown-field` */
  draft(input: unknown): AlertRule
  /** @throws AppError `invalid-rule`, `unknown-kind`, `unknown-field`, `too-many-rules` */
  create(options: { readonly input: unknown; readonly by: string }): Promise<AlertRule>
  /** Changes what is named in `patch`, a part of a rule's input. Ends the alerts of a condition that is no longer watched. */
  update(options: { readonly ruleId: string; readonly patch: unknown; readonly by: string }): Promise<AlertRule>
  /** Ends the rule and its open alerts. @throws AppError `rule-built-in`: those can only be switched off */
  delete(options: { readonly ruleId: string; readonly by: string }): Promise<void>
}

export interface RuleDeskDeps {
  readonly records: Records
  readonly bus: Bus
  readonly now: () => number
  readonly kinds: readonly Kind[]
}

const ruleCountMax = 5000

/** @returns the desk, and the step that brings the built-in rules up to date */
export function createRuleDesk({ records, bus, now, kinds }: RuleDeskDeps): RuleDesk & { seed(): Promise<void> } {
  const makeId = createIdMaker(now)

  /** One durable step on rules; what it ended and what the rules are then is published after it. */
  async function change<T>(
    work: (repositories: Repositories) => Promise<{ readonly result: T; readonly ended: readonly Alert[] }>,
  ): Promise<T> {
    const { result, ended, rules } = await records.transaction(async (repositories) => ({
      ...(await work(repositories)),
      rules: await repositories.rules.all(),
    }))
    for (const alert of ended) bus.publish('alert-changed', { alert, change: 'resolved' })
    bus.publish('rules-changed', { rules: rules.map(toRule) })
    return result
  }

  return {
    async all() {
      return (await records.rules.all()).map(toRule)
    },
    async get(ruleId) {
      return toRule(await findRule(records, ruleId))
    },
    draft: (input) => ({ ...readRuleInput(input), id: 'draft', builtIn: false, updatedAtMs: now() }),
    create: ({ input, by }) =>
      change(async ({ rules, audit }) => {
        if ((await rules.all()).length >= ruleCountMax) {
          throw new AppError('too-many', 'too-many-rules', `there are ${ruleCountMax} rules already`)
        }
        const rule = { ...readRuleInput(input), id: makeId(), builtIn: false, edited: true, updatedAtMs: now() }
        await rules.put(rule)
        await audit.append({
          actor: by,
          action: 'rule-created',
          subject: `rule:${rule.id}`,
          detail: { name: rule.name },
        })
        return { result: toRule(rule), ended: [] }
      }),
    update: ({ ruleId, patch, by }) =>
      change(async (repositories) => {
        const before = await findRule(repositories, ruleId)
        const input = readRulePatch(before, patch)
        // Word for word, where it says the same: the pipeline must not take it for another condition and start over.
        const condition = isSameCondition(before.condition, input.condition) ? before.condition : input.condition
        const after = { ...before, ...input, condition, edited: true, updatedAtMs: now() }
        await repositories.rules.put(after)
        await repositories.audit.append({
          actor: by,
          action: 'rule-changed',
          subject: `rule:${ruleId}`,
          detail: { before: toRule(before), after: toRule(after) },
        })
        const why = whyAlertsEnd(before, after)
        return {
          result: toRule(after),
          ended: why ? await endAlerts(repositories, { ruleId, by, why, atMs: now() }) : [],
        }
      }),
    delete: ({ ruleId, by }) =>
      change(async (repositories) => {
        const rule = await findRule(repositories, ruleId)
        if (rule.builtIn) {
          throw new AppError('conflict', 'rule-built-in', `rule ${ruleId} is built in: switch it off instead`)
        }
        await repositories.rules.delete(ruleId)
        await repositories.audit.append({
          actor: by,
          action: 'rule-deleted',
          subject: `rule:${ruleId}`,
          detail: { name: rule.name },
        })
        const ended = await endAlerts(repositories, { ruleId, by, why: 'the rule was deleted', atMs: now() })
        return { result: undefined, ended }
      }),
    seed: () =>
      change(async (repositories) => ({
        result: undefined,
        ended: await seedBuiltInRules(repositories, deriveBuiltInRules(kinds), now()),
      })),
  }
}

/**
 * Brings the built-in rules in line with the kinds of this version. What an operator changed stays as it is.
 * @returns alerts that ended with a rule that went or watches something else now
 */
async function seedBuiltInRules(
  repositories: Repositories,
  builtIns: readonly BuiltInRule[],
  atMs: number,
): Promise<readonly Alert[]> {
  const stored = new Map((await repositories.rules.all()).map((rule) => [rule.id, rule]))
  const ended: Alert[] = []
  for (const builtIn of builtIns) {
    const before = stored.get(builtIn.id)
    stored.delete(builtIn.id)
    if (before && (before.edited || isSame(before, builtIn))) continue
    const after = { ...builtIn, edited: false, updatedAtMs: atMs }
    await repositories.rules.put(after)
    const why = before && whyAlertsEnd(before, after)
    if (why) ended.push(...(await endAlerts(repositories, { ruleId: builtIn.id, by: 'system', why, atMs })))
  }
  for (const { id, builtIn, edited } of stored.values()) {
    if (!builtIn || edited) continue
    await repositories.rules.delete(id)
    const why = 'this version no longer has the rule'
    ended.push(...(await endAlerts(repositories, { ruleId: id, by: 'system', why, atMs })))
  }
  return ended
}

/** An alert whose condition nobody watches would stay open for ever. */
function whyAlertsEnd(before: AlertRule, after: AlertRule): string | undefined {
  if (before.enabled && !after.enabled) return 'the rule was switched off'
  if (!isSameCondition(before.condition, after.condition)) return 'the condition of the rule was changed'
  return undefined
}

async function endAlerts(
  { alerts }: Repositories,
  { ruleId, by, why, atMs }: { ruleId: string; by: string; why: string; atMs: number },
): Promise<readonly Alert[]> {
  const ended = await alerts.resolveAllOf({ ruleId, by, atMs })
  await alerts.addNotes(ended.map(({ id }) => ({ alertId: id, atMs, by, action: 'resolved', text: why })))
  await alerts.forgetProgress(ruleId)
  return ended
}

async function findRule({ rules }: Pick<Repositories, 'rules'>, ruleId: string): Promise<StoredRule> {
  const rule = await rules.get(ruleId)
  if (!rule) throw new AppError('not-found', 'rule-not-found', `no rule ${ruleId}`)
  return rule
}

function isSame(a: BuiltInRule, b: BuiltInRule): boolean {
  return a.name === b.name && a.severity === b.severity && isSameCondition(a.condition, b.condition)
}

function isSameCondition(a: RuleCondition, b: RuleCondition): boolean {
  return canonical(a) === canonical(b)
}

/** Whatever the order of its keys; `null` for a device says the same as nothing. */
function canonical(condition: RuleCondition): string {
  const entries = Object.entries(condition).filter(([, value]) => value !== null && value !== undefined)
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function toRule({ edited: _, ...rule }: StoredRule): AlertRule {
  return rule
}
