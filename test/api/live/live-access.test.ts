import { describe, expect, it } from 'vitest'
import { liveEvents } from '../../../contracts/live.ts'
import { aReading } from './builders.ts'
import { aLiveHouse, type LiveHouse, type Screen } from './live-house.ts'

const tokenLifeMs = 15 * 60_000

async function aScreenWithUser(house: LiveHouse, role: 'operator' | 'analyst' = 'operator') {
  const user = await house.aToken(role)
  const screen = house.screen({ token: user.token })
  await screen.subscribe()
  await screen.until(() => screen.state.epoch !== '')
  const { sessionId } = await house.accounts.verify(user.token)
  return { ...user, screen, sessionId }
}

async function pressed(house: LiveHouse, deviceId = 'button-1') {
  const atMs = house.clock.nowMs
  const { sos } = await house.sosDesk.press({
    deviceId,
    receivedAtMs: atMs,
    observedAtMs: atMs,
    seq: undefined,
    trigger: 'manual',
    location: undefined,
    batteryPct: undefined,
  })
  return sos.id
}

async function noticed(screen: Screen, code: string): Promise<void> {
  await screen.until(() => screen.notices.some(({ error }) => error.code === code))
}

describe('a token that runs out', () => {
  it('stops the feed until the client brings another, and then goes on without a gap', async () => {
    const house = await aLiveHouse()
    await house.records.devices.register({ id: 'air-1', kinds: ['air-quality'], labels: {} })
    const { screen, email } = await aScreenWithUser(house)
    house.clock.nowMs += tokenLifeMs
    await noticed(screen, 'token-expired')
    expect(screen.notices[0]?.graceMs).toBeGreaterThan(0)

    const told = screen.deltas.length
    const missed = await pressed(house)
    house.pushReadings([aReading({ values: { pm25: 77 } })])
    // Another screen has it all; this one stands outside.
    const other = await house.aScreenOf('operator')
    expect(other.state.sos.has(missed)).toBe(true)
    expect(await screen.request(liveEvents.viewport, { viewport: null })).toEqual({ ok: true })
    expect(screen.deltas.slice(told)).toEqual([])

    const token = await house.signIn(email)
    expect(await screen.request(liveEvents.authenticate, { token })).toEqual({
      ok: true,
      expiresAtMs: house.clock.nowMs + tokenLifeMs,
    })
    await screen.until(() => screen.state.sos.has(missed))
    await screen.until(() => screen.state.devices.get('air-1')?.latest['air-quality']?.values.pm25 === 77)
    expect(screen.gaps).toBe(0)
    expect(screen.snapshots).toHaveLength(1)
  })

  it('closes the socket of a client that brings none', async () => {
    const house = await aLiveHouse({ reauthenticateGraceMs: 5000 })
    const { screen } = await aScreenWithUser(house)
    house.clock.nowMs += tokenLifeMs
    await noticed(screen, 'token-expired')
    house.clock.nowMs += 4999
    expect(await screen.request(liveEvents.authenticate, { token: 'nonsense' })).toMatchObject({
      error: { code: 'invalid-token' },
    })
    expect(screen.socket.connected).toBe(true)
    house.clock.nowMs += 1
    expect(await screen.departure).toBe('io server disconnect')
    expect(house.live.stats()).toMatchObject({ shutOut: 1, viewers: 0 })
  })

  it('may be renewed before it does, so that nobody notices', async () => {
    const house = await aLiveHouse()
    const { screen, email } = await aScreenWithUser(house)
    house.clock.nowMs += tokenLifeMs - 1000
    const token = await house.signIn(email)
    await screen.request(liveEvents.authenticate, { token })
    house.clock.nowMs += 2000
    const id = await pressed(house)
    await screen.until(() => screen.state.sos.has(id))
    expect(screen.notices).toEqual([])
  })

  it("cannot be replaced by somebody else's", async () => {
    const house = await aLiveHouse()
    const { screen } = await aScreenWithUser(house, 'analyst')
    const { token } = await house.aToken('super_admin')
    expect(await screen.request(liveEvents.authenticate, { token })).toMatchObject({ error: { code: 'other-user' } })
    const { token: citizen } = await house.aToken('citizen')
    expect(await screen.request(liveEvents.authenticate, { token: citizen })).toMatchObject({
      error: { code: 'forbidden' },
    })
    const id = await pressed(house)
    const operator = await house.aScreenOf('operator')
    expect(operator.state.sos.has(id)).toBe(true)
    expect(screen.state.sos.size).toBe(0)
  })
})

describe('access that ends', () => {
  it.each<[string, string, (house: LiveHouse, user: { userId: string; sessionId: string }) => Promise<unknown>]>([
    ['the session is ended', 'session-ended', (house, { sessionId }) => house.accounts.signOut(sessionId)],
    [
      'the account is banned',
      'session-ended',
      (house, { userId }) => house.accounts.setBanned({ userId, banned: true, by: 'system' }),
    ],
    [
      'the role is taken away',
      'forbidden',
      (house, { userId }) => house.accounts.setRole({ userId, role: 'citizen', by: 'system' }),
    ],
  ])('closes the socket at once when %s', async (_case, code, end) => {
    const house = await aLiveHouse()
    // Somebody has to stay administrator of the house.
    await house.aToken('super_admin')
    const user = await aScreenWithUser(house)
    const bystander = await house.aScreenOf('operator')
    await end(house, user)
    expect(await user.screen.departure).toBe('io server disconnect')
    expect(user.screen.notices).toMatchObject([{ error: { code }, graceMs: 0 }])
    expect(bystander.socket.connected).toBe(true)
  })

  it('is found out even when nobody says so', async () => {
    const house = await aLiveHouse({ recheckEveryMs: 10_000 }, undefined, 'access-changed')
    const { screen, sessionId } = await aScreenWithUser(house)
    await house.accounts.signOut(sessionId)
    house.clock.nowMs += 10_000
    expect(await screen.departure).toBe('io server disconnect')
    expect(screen.notices).toMatchObject([{ error: { code: 'session-ended' } }])
  })

  it('takes SOS off the screen of an operator who becomes an analyst, and brings them back', async () => {
    const house = await aLiveHouse()
    await house.aToken('super_admin')
    const id = await pressed(house)
    const { screen, userId } = await aScreenWithUser(house)
    expect(screen.state.sos.has(id)).toBe(true)
    await house.accounts.setRole({ userId, role: 'analyst', by: 'system' })
    await screen.until(() => screen.state.sos.size === 0)
    await house.accounts.setRole({ userId, role: 'officer', by: 'system' })
    await screen.until(() => screen.state.sos.has(id))
    expect(screen.gaps).toBe(0)
  })
})
