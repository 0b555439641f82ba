import { defineScenario } from '../scenario.ts'

export const rushHour = defineScenario({
  id: 'rush-hour',
  summary: 'half past eight for ever: full streets, busy devices, a few bad links that resend and come late',
  pace: { type: 'clock', speedup: 15 },
  hour: 8.5,
  round: { good: 40, faults: { 'sent-twice': 1, late: 1, 'line-dropped': 1, 'batch-of-readings': 2 } },
})
