import { describe, expect, it } from 'vitest'
import type { Incident } from '../../../../contracts/dispatch.ts'
import type { Severity } from '../../../../contracts/severity.ts'
import { aLiveHouse, type LiveHouse } from '../live-house.ts'
import { aClient, settled } from './legacy-house.ts'

function reported(house: LiveHouse, severity: Severity): void {
  const incident: Incident = {
    id: `fire-${severity}`,
    type: 'fire',
    severity,
    state: 'open',
    position: undefined,
    address: 'Linking Road',
    description: undefined,
    reportedBy: 'somebody',
    reportedAtMs: house.clock.nowMs,
    dispatchedAtMs: undefined,
    onSceneAtMs: undefined,
    resolvedAtMs: undefined,
    resolvedBy: undefined,
    updatedAtMs: house.clock.nowMs,
  }
  house.bus.publish('incident-changed', { incident, change: 'reported' })
}

describe('a client of Smart City', () => {
  it('hears of every emergency in its room', async () => {
    const house = await aLiveHouse()
    const operator = await aClient(house, 'operator')
    expect(await operator.ask('join_room', { room: 'emergency_monitoring' })).toMatchObject({ ok: true })
    reported(house, 'low')
    expect(await operator.hears('emergency_alert')).toMatchObject([
      { id: 'fire-low', type: 'fire', severity: 'low', module: 'emergency', change: 'reported' },
    ])
  })

  it('hears of those as severe as it subscribed to, until it subscribes to others', async () => {
    const house = await aLiveHouse()
    const operator = await aClient(house, 'operator')
    const subscribe = (body: object) => operator.ask('subscribe_alerts', body)
    expect(await subscribe({ severity_levels: ['high', 'critical'], modules: ['traffic', 'emergency'] })).toEqual({
      ok: true,
      severity_levels: ['high', 'critical'],
      modules: ['emergency'],
    })
    reported(house, 'low')
    reported(house, 'high')
    await operator.hears('emergency_alert')
    await subscribe({ severity_levels: ['low'] })
    reported(house, 'high')
    reported(house, 'low')
    expect(await operator.hears('emergency_alert', 2)).toMatchObject([{ severity: 'high' }, { severity: 'low' }])
    expect(await subscribe({ modules: ['traffic'] })).toMatchObject({ severity_levels: [], modules: [] })
    reported(house, 'low')
    await settled(operator)
    expect(operator.told('emergency_alert')).toHaveLength(2)
  })

  it('is refused what is not for it, and rooms there are not', async () => {
    const house = await aLiveHouse()
    const person = await aClient(house, 'citizen')
    expect(await person.ask('join_room', { room: 'emergency_monitoring' })).toMatchObject({
      error: { code: 'forbidden' },
    })
    expect(await person.ask('subscribe_alerts')).toMatchObject({ error: { code: 'forbidden' } })
    const operator = await aClient(house, 'operator')
    for (const room of [`user:${person.userId}`, 'emergency', '', 7]) {
      expect(await operator.ask('join_room', { room })).toMatchObject({ error: { code: 'invalid-request' } })
    }
  })
})
