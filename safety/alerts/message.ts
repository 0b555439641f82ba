import { findKind } from '../../contracts/kinds/index.ts'
import type { RuleCondition } from '../../contracts/rule-condition.ts'

/** What an alert says to people, for example `PM2.5 is 41.2 µg/m³, above 35 for 5 min`. */
export function describeAlert(condition: RuleCondition, value: number | undefined): string {
  switch (condition.type) {
    case 'above':
    case 'below': {
      const { label, unit, decimals } = describeField(condition)
      const reading = value === undefined ? '' : ` is ${round(value, decimals)}${unit},`
      const held = condition.holdS > 0 ? ` for ${describeDuration(condition.holdS)}` : ''
      return `${label}${reading} ${condition.type} ${condition.raise}${held}`
    }
    case 'no-data':
      return `no reading for ${describeDuration(condition.afterS)}`
    case 'frozen':
      return `${describeField(condition).label} has not moved for ${describeDuration(condition.afterS)}`
    case 'rate': {
      const { label, unit, decimals } = describeField(condition)
      const pace =
        value === undefined ? 'changes' : `changes by ${round(value, Math.max(decimals, 2))}${unit} a minute,`
      const limit = { rising: 'rising', falling: 'falling', either: 'moving' }[condition.direction]
      return `${label} ${pace} ${limit} faster than ${condition.raise}`
    }
    case 'all':
    case 'any': {
      const spoken = condition.parts.map((part) => {
        const { label, unit } = describeField({ kind: condition.kind, field: part.field })
        return `${label} ${part.type} ${part.raise}${unit}`
      })
      const held = condition.holdS > 0 ? ` for ${describeDuration(condition.holdS)}` : ''
      return `${spoken.join(condition.type === 'all' ? ' and ' : ' or ')}${held}`
    }
    case 'area-mean': {
      const { label, unit, decimals } = describeField(condition)
      const mean = value === undefined ? '' : ` is ${round(value, decimals)}${unit},`
      return `mean ${label} in the area${mean} ${condition.direction} ${condition.raise} over ${describeDuration(condition.windowS)}`
    }
  }
}

/** @returns for example `45 s`, `5 min`, `1 h 30 min` */
export function describeDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ] as const
  const spoken = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`)
  return spoken.join(' ') || '0 s'
}

function describeField({ kind, field }: { readonly kind: string; readonly field: string }) {
  const known = findKind(kind)?.fields[field]
  // A kind may have been taken out of the house while its rule stayed.
  if (!known) return { label: field, unit: '', decimals: 2 }
  const gap = known.unit === '%' || known.unit === '' ? '' : ' '
  return { label: known.label, unit: `${gap}${known.unit}`, decimals: known.decimals }
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}
