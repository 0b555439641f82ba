import { describe, expect, it } from 'vitest'
import { createWaitingRoom } from '../../../api/live/waiting-room.ts'
import { aLiveHouse } from './live-house.ts'

const handshake = '/socket.io/?EIO=4&transport=polling'

describe('the waiting room', () => {
  it('has room for so many of one client and so many in all, and again when they leave', () => {
    const room = createWaitingRoom({ max: 3, perClientMax: 2 })
    const leave = room.enter('a')
    room.enter('a')
    expect([room.hasRoom('a'), room.hasRoom('b')]).toEqual([false, true])
    room.enter('b')
    expect([room.hasRoom('a'), room.hasRoom('b'), room.hasRoom('c')]).toEqual([false, false, false])
    leave()
    leave()
    expect([room.hasRoom('a'), room.hasRoom('b'), room.hasRoom('c')]).toEqual([true, true, true])
  })
})

describe('a client that opens connections and says nothing', () => {
  it('does not keep operators elsewhere out, however many it opens', async () => {
    const limits = { connectionsMax: 10, waitingPerClientMax: 8, waitingMax: 100, proxyHops: 1 }
    const house = await aLiveHouse(limits)
    const from = (address: string) => fetch(house.url + handshake, { headers: { 'X-Forwarded-For': address } })
    const statuses: number[] = []
    for (let at = 0; at < 20; at++) statuses.push((await from(`203.0.113.9:${4000 + at}`)).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(8)
    expect(house.live.stats().refusals).toMatchObject({ 'too-many-handshakes': 12 })
    // More than the feed takes in all are waiting now, from here and there; who has a token still comes in.
    for (let at = 0; at < 10; at++) await from(`198.51.100.${at}`)
    const operator = await house.aScreenOf('operator')
    expect(operator.socket.connected).toBe(true)
  })

  it('is told apart from a wall of screens that comes back at once', async () => {
    const house = await aLiveHouse({ waitingPerClientMax: 200 })
    const { token } = await house.aToken('operator')
    const arrivals = Array.from({ length: 150 }, () => house.screen({ token }).arrival)
    expect(new Set(await Promise.all(arrivals))).toEqual(new Set(['connected']))
    // Who is in waits no more.
    const more = Array.from({ length: 100 }, () => house.screen({ token }).arrival)
    expect(new Set(await Promise.all(more))).toEqual(new Set(['connected']))
  })
})

describe('access that ends while somebody comes in', () => {
  it.each([
    ['before they are let in', 'admit'],
    ['while they bring another token', 'reauthenticate'],
  ] as const)('%s counts at once', async (_, when) => {
    const house = await aLiveHouse({ recheckEveryMs: 3_600_000 })
    await house.aToken('super_admin')
    const { token, userId, email } = await house.aToken('operator')
    const ban = () => house.accounts.setBanned({ userId, banned: true, by: 'system' })
    const verify = house.accounts.verify
    // The ban comes right after the token was looked up.
    const banAfterLookUp = () => {
      house.accounts.verify = async (given) => {
        const identity = await verify(given)
        house.accounts.verify = verify
        await ban()
        return identity
      }
    }
    if (when === 'admit') banAfterLookUp()
    const screen = house.screen({ token })
    if (when === 'reauthenticate') {
      await screen.arrival
      const next = await house.signIn(email)
      banAfterLookUp()
      void screen.request('live:authenticate', { token: next })
    }
    expect(await screen.departure).toBe('io server disconnect')
  })
})
