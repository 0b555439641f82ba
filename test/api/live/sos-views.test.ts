import { describe, expect, it } from 'vitest'
import { liveEvents } from '../../../contracts/live.ts'
import type { Role } from '../../../contracts/roles.ts'
import { aLiveHouse, type LiveHouse } from './live-house.ts'

const place = { latitude: 19.0717, longitude: 72.8711 }
let presses = 0

async function press(house: LiveHouse, deviceId: string, at: typeof place | null = place): Promise<string> {
  const receivedAtMs = house.clock.nowMs + presses++
  const rest = { seq: undefined, trigger: 'manual', batteryPct: undefined } as const
  const { sos } = await house.sosDesk.press({
    deviceId,
    receivedAtMs,
    observedAtMs: receivedAtMs,
    location: at ?? undefined,
    ...rest,
  })
  return sos.id
}

async function aScreen(house: LiveHouse, role: Role) {
  const user = await house.aToken(role)
  const screen = house.screen({ token: user.token })
  await screen.subscribe()
  await screen.until(() => screen.state.epoch !== '')
  return { ...user, screen }
}

/** Who is written down to have seen where an SOS is, once all that waits is written. */
async function viewsOf(house: LiveHouse, sosId: string): Promise<string[]> {
  await house.sosViews.stop()
  const { items } = await house.records.audit.list({ subject: `sos:${sosId}`, limit: 100 })
  const views = items.filter(({ action }) => action === 'sos-location-viewed').reverse()
  for (const { detail } of views) expect(detail).toEqual({ over: 'live-feed' })
  return views.map(({ actor }) => actor)
}

describe('a view of where an SOS is', () => {
  it('is written down for everybody who is sent it, once, and for nobody else', async () => {
    const house = await aLiveHouse()
    const [operator, officer, analyst] = [
      await aScreen(house, 'operator'),
      await aScreen(house, 'officer'),
      await aScreen(house, 'analyst'),
    ]
    const second = house.screen({ token: operator.token })
    await second.subscribe()
    const id = await press(house, 'button-1')
    await press(house, 'button-1')
    const isTold = ({ sos }: { sos?: readonly { pressCount: number }[] }) => sos?.some((one) => one.pressCount === 2)
    for (const screen of [operator.screen, officer.screen, second]) {
      await screen.until(() => screen.deltas.some(isTold) || screen.state.sos.get(id)?.pressCount === 2)
    }
    expect((await viewsOf(house, id)).sort()).toEqual([operator.userId, officer.userId].sort())
    expect(analyst.screen.state.sos.size).toBe(0)
  })

  it('is written down when the picture of a new screen has it', async () => {
    const house = await aLiveHouse()
    const id = await press(house, 'button-1')
    const { userId } = await aScreen(house, 'operator')
    await aScreen(house, 'analyst')
    expect(await viewsOf(house, id)).toEqual([userId])
  })

  it('is written down when somebody is given the sight', async () => {
    const house = await aLiveHouse()
    await house.aToken('super_admin')
    const id = await press(house, 'button-1')
    const { userId, screen } = await aScreen(house, 'analyst')
    await house.accounts.setRole({ userId, role: 'operator', by: 'system' })
    await screen.until(() => screen.state.sos.has(id))
    expect(await viewsOf(house, id)).toEqual([userId])
  })

  it('is written down when a screen that was away catches up', async () => {
    const house = await aLiveHouse()
    const { token, userId, screen } = await aScreen(house, 'operator')
    const { epoch, seq, view } = screen.state
    screen.socket.disconnect()
    const id = await press(house, 'button-1')
    await house.sosDesk.resolve({ sosId: id, by: 'system' })
    const again = house.screen({ token })
    expect(await again.subscribe({ resume: { epoch, seq, view } })).toMatchObject({ resumed: true })
    await again.until(() => again.deltas.some(({ sos }) => sos?.some((one) => one.id === id)))
    expect(await viewsOf(house, id)).toEqual([userId])
  })

  it('is one more in a session of its own, and none while the token has run out', async () => {
    const house = await aLiveHouse()
    const { screen, userId, email } = await aScreen(house, 'operator')
    house.clock.nowMs += 15 * 60_000
    await screen.until(() => screen.notices.length > 0)
    const id = await press(house, 'button-1')
    const other = await aScreen(house, 'operator')
    await screen.request(liveEvents.authenticate, { token: await house.signIn(email) })
    await screen.until(() => screen.state.sos.has(id))
    const elsewhere = house.screen({ token: await house.signIn(email) })
    await elsewhere.subscribe()
    await elsewhere.until(() => elsewhere.state.sos.has(id))
    expect(await viewsOf(house, id)).toEqual([other.userId, userId, userId])
  })

  it('is none of an SOS that does not say where it is, until a press does', async () => {
    const house = await aLiveHouse()
    const { screen, userId } = await aScreen(house, 'operator')
    const nowhere = await press(house, 'button-1', null)
    const later = await press(house, 'button-2', null)
    await press(house, 'button-2')
    await screen.until(() => screen.state.sos.size === 2 && screen.state.sos.get(later)?.pressCount === 2)
    expect(await viewsOf(house, nowhere)).toEqual([])
    expect(await viewsOf(house, later)).toEqual([userId])
  })

  it('holds nothing of the place', async () => {
    const house = await aLiveHouse()
    await aScreen(house, 'operator')
    const id = await press(house, 'button-1')
    expect(await viewsOf(house, id)).toHaveLength(1)
    const { items } = await house.records.audit.list({ limit: 100 })
    expect(JSON.stringify(items)).not.toMatch(/19\.07|72\.87/)
  })
})

it('an SOS reaches the screen though nothing can be written down', async () => {
  const house = await aLiveHouse({}, undefined, undefined, {
    transaction: () => Promise.reject(new Error('disk full')),
  })
  const { screen } = await aScreen(house, 'operator')
  const id = await press(house, 'button-1')
  await screen.until(() => screen.state.sos.has(id))
  expect(house.sosViews.stats()).toEqual({ waiting: 1, lost: 0 })
})
