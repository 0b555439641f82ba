import type { RuleTransition } from '../../contracts/alert.ts'
import { aClear, aRaise } from './fixture.ts'

export const storyDeviceCount = 20

/** Step by step, every device raises, clears, and raises again. */
export function storyOf(step: number): RuleTransition[] {
  const tell = step % 2 === 0 ? aRaise : aClear
  return Array.from({ length: storyDeviceCount }, (_, device) => tell(step * 60, { deviceId: `air-${device}` }))
}
