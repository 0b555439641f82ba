import { type AlertRule, type AlertRuleInput, alertRuleInputSchema } from '../../../../contracts/alert.ts'
import type { Area } from '../../../../contracts/area.ts'
import { findKind, kinds } from '../../../../contracts/kinds/index.ts'
import { fieldNames } from '../../../../contracts/kinds/kind.ts'
import type { RuleCondition } from '../../../../contracts/rule-condition.ts'
import type { Severity } from '../../../../contracts/severity.ts'

export const conditionTypes = [
  { value: 'above', label: 'above a limit' },
  { value: 'below', label: 'below a limit' },
  { value: 'rate', label: 'changing too fast' },
  { value: 'all', label: 'several limits, all of them' },
  { value: 'any', label: 'several limits, any of them' },
  { value: 'no-data', label: 'silent' },
  { value: 'frozen', label: 'not moving at all' },
  { value: 'area-mean', label: 'the mean of an area' },
] as const satisfies readonly { readonly value: RuleCondition['type']; readonly label: string }[]

export interface PartDraft {
  readonly type: 'above' | 'below'
  readonly field: string
  readonly raise: string
  readonly clear: string
}

/** A rule as it is typed: every number is text until it is asked for. */
export interface RuleDraft {
  readonly name: string
  readonly severity: Severity
  readonly enabled: boolean
  readonly type: RuleCondition['type']
  readonly kind: string
  readonly deviceId: string
  readonly field: string
  readonly raise: string
  readonly clear: string
  readonly holdS: string
  readonly afterS: string
  readonly windowS: string
  readonly devicesMin: string
  readonly pace: 'rising' | 'falling' | 'either'
  readonly direction: 'above' | 'below'
  readonly steps: readonly { readonly raise: string; readonly severity: Severity }[]
  readonly parts: readonly PartDraft[]
  /** One line `latitude, longitude, metres` is a circle; three and more lines `latitude, longitude` are corners. */
  readonly area: string
  readonly isScheduled: boolean
  readonly timeZone: string
  readonly days: readonly number[]
  readonly from: string
  readonly to: string
  readonly escalateAfterMin: string
  readonly inhibits: readonly string[]
}

export function emptyDraft(kindId: string = kinds[0]!.id): RuleDraft {
  const field = findKind(kindId)?.card.primary ?? ''
  return {
    name: '',
    severity: 'medium',
    enabled: false,
    type: 'above',
    kind: kindId,
    deviceId: '',
    field,
    raise: '',
    clear: '',
    holdS: '60',
    afterS: '600',
    windowS: '600',
    devicesMin: '3',
    pace: 'rising',
    direction: 'above',
    steps: [],
    parts: [emptyPart(field), emptyPart(field)],
    area: '',
    isScheduled: false,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    days: [0, 1, 2, 3, 4, 5, 6],
    from: '22:00',
    to: '06:00',
    escalateAfterMin: '',
    inhibits: [],
  }
}

export function emptyPart(field: string): PartDraft {
  return { type: 'above', field, raise: '', clear: '' }
}

/** Another kind has other fields. */
export function withKind(draft: RuleDraft, kindId: string): RuleDraft {
  const kind = findKind(kindId)
  if (kind === undefined) return draft
  const known = (field: string) => (fieldNames(kind).includes(field) ? field : kind.card.primary)
  return {
    ...draft,
    kind: kindId,
    field: known(draft.field),
    parts: draft.parts.map((part) => ({ ...part, field: known(part.field) })),
  }
}

export function toDraft(rule: AlertRule): RuleDraft {
  const { condition: c } = rule
  const base = emptyDraft(c.kind)
  const text = (value: number | undefined, otherwise: string) => (value === undefined ? otherwise : String(value))
  const has = <K extends string>(key: K): (RuleCondition & Record<K, unknown>) | undefined =>
    key in c ? (c as RuleCondition & Record<K, unknown>) : undefined
  const number = (key: string, otherwise: string) => text(has(key)?.[key] as number | undefined, otherwise)
  return {
    ...base,
    name: rule.name,
    severity: rule.severity,
    enabled: rule.enabled,
    type: c.type,
    deviceId: ('deviceId' in c && c.deviceId) || '',
    field: 'field' in c ? c.field : base.field,
    raise: number('raise', ''),
    clear: number('clear', ''),
    holdS: number('holdS', '0'),
    afterS: number('afterS', base.afterS),
    windowS: number('windowS', base.windowS),
    devicesMin: number('devicesMin', base.devicesMin),
    pace: c.type === 'rate' ? c.direction : base.pace,
    direction: c.type === 'area-mean' ? c.direction : base.direction,
    steps: ('steps' in c ? (c.steps ?? []) : []).map((step) => ({ ...step, raise: String(step.raise) })),
    parts:
      'parts' in c
        ? c.parts.map((part) => ({ ...part, raise: String(part.raise), clear: String(part.clear) }))
        : base.parts,
    area: c.area ? writeArea(c.area) : '',
    isScheduled: Boolean(c.schedule),
    ...c.schedule,
    escalateAfterMin: text(rule.escalateAfterMin ?? undefined, ''),
    inhibits: rule.inhibits ?? [],
  }
}

export type ReadDraft =
  | { readonly input: AlertRuleInput; readonly problem?: undefined }
  | { readonly input?: undefined; readonly problem: string }

/** @returns the rule, or the first thing that is wrong with it in words */
export function readDraft(draft: RuleDraft): ReadDraft {
  const area = readArea(draft.area)
  if (area === 'unreadable')
    return { problem: 'Area: a circle is one line “latitude, longitude, metres”; corners are three lines or more.' }
  const parsed = alertRuleInputSchema.safeParse({
    name: draft.name,
    severity: draft.severity,
    enabled: draft.enabled,
    condition: conditionOf(draft, area),
    escalateAfterMin: draft.escalateAfterMin === '' ? null : numberOf(draft.escalateAfterMin),
    inhibits: draft.inhibits,
  })
  if (parsed.success) return { input: parsed.data }
  const issue = parsed.error.issues[0]!
  const where = issue.path.filter((part) => part !== 'condition').join(' ')
  return { problem: where === '' ? issue.message : `${where}: ${issue.message}` }
}

function conditionOf(draft: RuleDraft, area: Area | undefined): Record<string, unknown> {
  const { type, kind, field } = draft
  const limits = { field, raise: numberOf(draft.raise), clear: numberOf(draft.clear) }
  const schedule = draft.isScheduled
    ? { timeZone: draft.timeZone, days: draft.days, from: draft.from, to: draft.to }
    : undefined
  const scope = { kind, deviceId: draft.deviceId === '' ? undefined : draft.deviceId, area, schedule }
  const holdS = numberOf(draft.holdS)
  const windowS = numberOf(draft.windowS)
  switch (type) {
    case 'above':
    case 'below': {
      const steps = draft.steps.map((step) => ({ ...step, raise: numberOf(step.raise) }))
      return { type, ...scope, ...limits, holdS, steps: steps.length === 0 ? undefined : steps }
    }
    case 'rate':
      return { type, ...scope, ...limits, direction: draft.pace, windowS, holdS }
    case 'all':
    case 'any': {
      const parts = draft.parts.map((part) => ({ ...part, raise: numberOf(part.raise), clear: numberOf(part.clear) }))
      return { type, ...scope, parts, holdS }
    }
    case 'no-data':
      return { type, ...scope, afterS: numberOf(draft.afterS) }
    case 'frozen':
      return { type, ...scope, field, afterS: numberOf(draft.afterS) }
    case 'area-mean':
      return {
        type,
        kind,
        ...limits,
        area,
        schedule,
        direction: draft.direction,
        windowS,
        devicesMin: numberOf(draft.devicesMin),
      }
  }
}

/** Nothing typed is no number, not zero. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}

function writeArea(area: Area): string {
  if (area.type === 'circle') return `${area.center.latitude}, ${area.center.longitude}, ${area.radiusM}`
  return area.corners.map(({ latitude, longitude }) => `${latitude}, ${longitude}`).join('\n')
}

function readArea(text: string): Area | undefined | 'unreadable' {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) return undefined
  const rows = lines.map((line) =>
    line
      .split(/[,\s]+/)
      .filter(Boolean)
      .map(Number),
  )
  if (rows.flat().some(Number.isNaN)) return 'unreadable'
  const [first] = rows
  if (rows.length === 1 && first?.length === 3) {
    const [latitude, longitude, radiusM] = first as [number, number, number]
    return { type: 'circle', center: { latitude, longitude }, radiusM }
  }
  if (rows.length < 3 || rows.some((row) => row.length !== 2)) return 'unreadable'
  return {
    type: 'polygon',
    corners: rows.map(([latitude, longitude]) => ({ latitude: latitude!, longitude: longitude! })),
  }
}
