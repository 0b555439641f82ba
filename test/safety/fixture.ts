import { onTestFinished } from 'vitest'
import type { Alert, RuleTransition } from '../../contracts/alert.ts'
import { createAlertDesk } from '../../safety/index.ts'
import { silentLog, someRecords, startMs } from '../store/records/fixture.ts'

/** A built-in rule of the air-quality kind: PM2.5 above 35 for 300 s. */
export const pm25RuleId = 'air-quality.pm25.above.high'

export async function anAlertDesk(options: Parameters<typeof someRecords>[0] = {}) {
  const fixture = await someRecords(options)
  const desk = createAlertDesk({ ...fixture, now: fixture.clock.now, log: silentLog })
  const alertEvents = fixture.listen('alert-changed')
  await desk.start()
  onTestFinished(() => desk.stop())
  const open = async (): Promise<readonly Alert[]> =>
    (await desk.list({ limit: 1000, states: ['firing', 'acknowledged'] })).items
  return { ...fixture, desk, alertEvents, openAlerts: open }
}

function aTransition(transition: Partial<RuleTransition> = {}): RuleTransition {
  return {
    type: 'raise',
    ruleId: pm25RuleId,
    deviceId: 'air-1',
    kind: 'air-quality',
    atMs: startMs,
    value: 41.23,
    ...transition,
  }
}

export const aRaise = (atS = 0, rest: Partial<RuleTransition> = {}) =>
  aTransition({ type: 'raise', atMs: startMs + atS * 1000, ...rest })
export const aClear = (atS = 0, rest: Partial<RuleTransition> = {}) =>
  aTransition({ type: 'clear', atMs: startMs + atS * 1000, value: 20, ...rest })
