import { type FaultId, faultIds } from '../faults.ts'
import { defineScenario } from '../scenario.ts'

export const hostile = defineScenario({
  id: 'hostile',
  summary:
    'late, doubled, out of order, wrong clocks, garbage, wrong types, cut lines, stuck sensors, other people’s topics',
  pace: { type: 'as-acknowledged', window: 8 },
  round: { good: 30, faults: Object.fromEntries(faultIds.map((id) => [id, 1])) as Record<FaultId, number> },
  frozenEvery: 10,
})
