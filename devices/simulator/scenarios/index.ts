import type { Scenario } from '../scenario.ts'
import { calm } from './calm.ts'
import { flood } from './flood.ts'
import { hostile } from './hostile.ts'
import { rushHour } from './rush-hour.ts'

export const scenarios: readonly Scenario[] = [calm, rushHour, flood, hostile]

export function findScenario(id: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.id === id)
}
