import { expect, it } from 'vitest'
import { anApiHouse } from '../../support/api-house.ts'

// CitiSafe has no accounts: this is the one call of its documents that needs none.
it('CitiSafe: GET /api/health answers to who has no account', async () => {
  const { call } = await anApiHouse()
  const { status, body } = await call('GET', '/api/health')
  expect([status, body.status]).toEqual([200, 'ok'])
})
