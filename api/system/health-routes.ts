import { z } from 'zod'
import { healthSchema } from '../../contracts/http/system.ts'
import { json } from '../http/answer.ts'
import { flagSchema } from '../http/inputs.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { HealthCheck } from './health.ts'

// Loose: probes add parameters of their own against caches.
const querySchema = z.object({
  ready: flagSchema.optional().describe('Answer 503 unless traffic should be sent here'),
})

/** Two paths, as clients of the earlier backends ask at both. */
export function createHealthRoutes(health: HealthCheck): Route[] {
  return (['/health', '/api/health'] as const).map((path) =>
    defineRoute({
      method: 'get',
      path,
      area: 'System',
      summary: 'Whether the house and each of its parts work',
      description: '`?ready` is the readiness form: 503 until traffic should come, and again while stopping.',
      access: 'anyone',
      limit: 'none',
      query: querySchema,
      answer: { description: 'Up, perhaps degraded', schema: healthSchema },
      otherStatuses: { 503: 'Down, or with `?ready` not ready' },
      handler: async ({ query }) => {
        const answer = await health.read()
        const refuses = query.ready === true ? !answer.ready : answer.status === 'down'
        return json(answer, { status: refuses ? 503 : 200 })
      },
    }),
  )
}
