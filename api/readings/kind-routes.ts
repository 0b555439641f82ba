import { z } from 'zod'
import { type KindResource, kindResourceSchema } from '../../contracts/http/reading.ts'
import { kinds } from '../../contracts/kinds/index.ts'
import { fieldNames, type Kind } from '../../contracts/kinds/kind.ts'
import { json } from '../http/answer.ts'
import { defineRoute, type Route } from '../http/route.ts'

export function createKindRoutes(): Route[] {
  const items = kinds.map(presentKind)
  return [
    defineRoute({
      method: 'get',
      path: '/api/kinds',
      area: 'Readings',
      summary: 'Every kind of reading: fields, units, ranges, thresholds, how to show it',
      access: 'kinds.read',
      answer: { description: 'All kinds', schema: z.strictObject({ items: z.array(kindResourceSchema) }) },
      handler: () => json({ items }),
    }),
  ]
}

function presentKind(kind: Kind): KindResource {
  return {
    id: kind.id,
    label: kind.label,
    domain: kind.domain,
    reportEveryS: kind.reportEveryS,
    fields: fieldNames(kind).map((name) => ({ name, ...kind.fields[name]! })),
    thresholds: kind.thresholds.map((threshold) => ({ ...threshold })),
    frozenAfterS: kind.frozenAfterS ?? null,
    card: { ...kind.card },
    examples: kind.examples.valid.map((values) => ({ ...values }) as Record<string, number>),
  }
}
