import { defineScenario } from '../scenario.ts'

export const flood = defineScenario({
  id: 'flood',
  summary: 'every device sends as fast as it is acknowledged (--window publishes on the way)',
  pace: { type: 'as-acknowledged', window: 50 },
  round: { good: 1, faults: {} },
})
