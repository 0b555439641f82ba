import { defineScenario } from '../scenario.ts'

export const calm = defineScenario({
  id: 'calm',
  summary: 'every device reports at its kind’s own interval, and nothing goes wrong',
  pace: { type: 'clock', speedup: 1 },
  round: { good: 1, faults: {} },
})
