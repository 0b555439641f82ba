import type { AlertRuleInput } from '../../../../contracts/alert.ts'
import type { Area } from '../../../../contracts/area.ts'
import { findKind } from '../../../../contracts/kinds/index.ts'
import type { RuleCondition, RuleSchedule } from '../../../../contracts/rule-condition.ts'
import { formatPosition } from '../../ui/format.ts'

/** A rule as one would say it, sentence by sentence. */
export function describeRule({
  severity,
  condition,
  escalateAfterMin,
  inhibits = [],
}: Pick<AlertRuleInput, 'severity' | 'condition' | 'escalateAfterMin' | 'inhibits'>): string {
  const sentences = [`Raises ${article(severity)} ${severity} alert ${whenOf(condition)}${whereOf(condition)}.`]
  const clears = clearsWhen(condition)
  if (clears !== undefined) sentences.push(clears)
  if ('steps' in condition) {
    for (const step of condition.steps ?? []) {
      sentences.push(`${capital(step.severity)} ${condition.type} ${withUnit(condition, condition.field, step.raise)}.`)
    }
  }
  if (condition.schedule) sentences.push(`Watched ${describeSchedule(condition.schedule)}.`)
  if (escalateAfterMin) sentences.push(`Told again when nobody acknowledges it for ${escalateAfterMin} min.`)
  if (inhibits.length > 0) {
    sentences.push(
      `Keeps alerts of ${inhibits.length} other ${inhibits.length === 1 ? 'rule' : 'rules'} quiet meanwhile.`,
    )
  }
  return sentences.join(' ')
}

function whenOf(c: RuleCondition): string {
  switch (c.type) {
    case 'above':
    case 'below':
      return `when ${label(c, c.field)} is ${c.type} ${withUnit(c, c.field, c.raise)}${held(c.holdS)}`
    case 'rate': {
      const verb = { rising: 'rises', falling: 'falls', either: 'changes' }[c.direction]
      return `when ${label(c, c.field)} ${verb} by more than ${withUnit(c, c.field, c.raise)} a minute over ${duration(c.windowS)}${held(c.holdS)}`
    }
    case 'all':
    case 'any': {
      const parts = c.parts.map(
        (part) => `${label(c, part.field)} is ${part.type} ${withUnit(c, part.field, part.raise)}`,
      )
      return `when ${parts.join(c.type === 'all' ? ' and ' : ' or ')}${held(c.holdS)}`
    }
    case 'no-data':
      return `when nothing is heard for ${duration(c.afterS)}`
    case 'frozen':
      return `when ${label(c, c.field)} does not move at all for ${duration(c.afterS)}`
    case 'area-mean':
      return `when the mean ${label(c, c.field)} over ${duration(c.windowS)} is ${c.direction} ${withUnit(c, c.field, c.raise)}`
  }
}

function whereOf(c: RuleCondition): string {
  const kind = findKind(c.kind)?.label ?? c.kind
  if (c.type === 'area-mean') {
    return ` among the ${kind} devices ${describeArea(c.area)}, if ${c.devicesMin} or more report`
  }
  const who = c.deviceId ? ` on ${c.deviceId}` : ` on any ${kind} device`
  return c.area ? `${who} ${describeArea(c.area)}` : who
}

function clearsWhen(c: RuleCondition): string | undefined {
  switch (c.type) {
    case 'above':
    case 'below':
      return `Clears ${c.type === 'above' ? 'below' : 'above'} ${withUnit(c, c.field, c.clear)}.`
    case 'area-mean':
      return `Clears ${c.direction === 'above' ? 'below' : 'above'} ${withUnit(c, c.field, c.clear)}.`
    case 'rate':
      return `Clears below ${withUnit(c, c.field, c.clear)} a minute.`
    default:
      return undefined
  }
}

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

function describeSchedule({ days, from, to, timeZone }: RuleSchedule): string {
  const on =
    days.length === 7
      ? 'every day'
      : `on ${[...days]
          .sort()
          .map((day) => dayNames[day])
          .join(', ')}`
  return `${on} from ${from} to ${to}${to < from ? ' the next day' : ''} (${timeZone})`
}

function describeArea(area: Area): string {
  return area.type === 'circle'
    ? `within ${area.radiusM} m of ${formatPosition(area.center)}`
    : `within an area of ${area.corners.length} corners`
}

function label({ kind }: RuleCondition, field: string): string {
  return findKind(kind)?.fields[field]?.label ?? field
}

function withUnit({ kind }: RuleCondition, field: string, value: number): string {
  const unit = findKind(kind)?.fields[field]?.unit ?? ''
  return unit === '%' ? `${value}%` : `${value} ${unit}`.trim()
}

function held(holdS: number): string {
  return holdS > 0 ? ` for ${duration(holdS)}` : ''
}

/** @returns for example `45 s`, `5 min`, `1 h 30 min` */
export function duration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [Math.round(seconds % 60), 's'],
  ] as const
  const spoken = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`)
  return spoken.slice(0, 2).join(' ') || '0 s'
}

function article(word: string): string {
  return /^[aeiou]/.test(word) ? 'an' : 'a'
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
