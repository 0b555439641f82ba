import { expect, it } from 'vitest'
import { createIntakeRoutes } from '../../api/readings/intake-routes.ts'
import type { TelemetryIntake } from '../../contracts/ports/telemetry.ts'

it('tells HTTP to come back while the store is far behind', async () => {
  let submitted = 0
  const intake = {
    pendingCount: 50_000,
    submit: () => void submitted++,
    countRejected: () => undefined,
  } as TelemetryIntake
  const directory = { find: () => ({ state: 'registered' }) }
  const [route] = createIntakeRoutes({ intake, directory, now: () => 0 } as never)
  const body = [{ deviceId: 'aq-1', kind: 'air-quality', pm25: 1 }]
  await expect(route!.handler({ body } as never)).rejects.toMatchObject({ family: 'unavailable', code: 'store-busy' })
  expect(submitted).toBe(0)
})
