import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { aLiveHouse } from '../live-house.ts'
import { aClient, called, place, settled } from './legacy-house.ts'

describe('a client of Pink Shield', () => {
  it('is greeted, and joins its own room, by its id or without', async () => {
    const house = await aLiveHouse()
    const person = await aClient(house, 'citizen')
    expect(await person.hears('connected')).toMatchObject([{ userId: person.userId, role: 'citizen' }])
    expect(await person.ask('join')).toMatchObject({ ok: true })
    expect(await person.ask('join', person.userId)).toMatchObject({ ok: true })
    expect(await person.ask('join', { userId: person.userId })).toMatchObject({ ok: true })
    expect(await person.hears('joined', 3)).toContainEqual({ room: `user_${person.userId}`, userId: person.userId })
  })

  it('may bring its token in a header', async () => {
    const house = await aLiveHouse()
    const { token } = await house.aToken('citizen')
    const extraHeaders = { authorization: `Bearer ${token}` }
    const socket = io(house.url, { extraHeaders, reconnection: false, forceNew: true })
    onTestFinished(() => void socket.disconnect())
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', reject)
    })
  })

  it('joins nobody else’s room, whoever it is', async () => {
    const house = await aLiveHouse()
    const { userId } = await aClient(house, 'citizen')
    for (const role of ['citizen', 'super_admin'] as const) {
      const other = await aClient(house, role)
      expect(await other.ask('join', { userId })).toMatchObject({ error: { code: 'forbidden' } })
      expect(other.told('joined')).toEqual([])
    }
  })

  it('is told by an event what it was refused when it asks for no answer', async () => {
    const house = await aLiveHouse()
    const person = await aClient(house, 'citizen')
    person.screen.socket.emit('join_emergency')
    expect(await person.hears('error')).toMatchObject([{ error: { code: 'forbidden' } }])
  })

  it('calls for help: on disk when it is answered, told to the person and the emergency room, to nobody else', async () => {
    const house = await aLiveHouse()
    const person = await aClient(house, 'citizen')
    const operator = await aClient(house, 'operator')
    const stranger = await aClient(house, 'citizen')
    await person.ask('join')
    await stranger.ask('join')
    expect(await operator.ask('join_emergency')).toMatchObject({ ok: true })
    const answer = (await person.ask('sos_triggered', { alertType: 'shake', location: place })) as {
      alert: { id: string }
    }
    const { id } = answer.alert
    expect(await house.sosDesk.get(id)).toMatchObject({ ownerId: person.userId, source: 'socket', trigger: 'shake' })
    const expected = { id, status: 'active', userId: person.userId, location: place }
    expect(await operator.hears('sos_alert')).toMatchObject([expected])
    expect(await person.hears('sos_alert')).toMatchObject([expected])
    await settled(stranger)
    expect(stranger.told('sos_alert')).toEqual([])
    await house.sosViews.stop()
    const { items } = await house.records.audit.list({ subject: `sos:${id}`, limit: 10 })
    expect(items.filter(({ action }) => action === 'sos-location-viewed').map(({ actor }) => actor)).toEqual([
      operator.userId,
    ])
  })

  it.each([undefined, null, 7, 'help', { location: 'nowhere', trigger: {} }])(
    'is heard however it calls: %o',
    async (body) => {
      const house = await aLiveHouse({ requestsBurst: 1, requestsPerS: 0 })
      const person = await aClient(house, 'citizen')
      for (let i = 0; i < 3; i++) {
        expect(await person.screen.request('sos_triggered', body)).toMatchObject({
          ok: true,
          alert: { status: 'active' },
        })
      }
    },
  )

  it('tells where it is, and is seen moving', async () => {
    const house = await aLiveHouse()
    const person = await aClient(house, 'citizen')
    const operator = await aClient(house, 'operator')
    await operator.ask('join_emergency')
    await person.ask('join')
    expect(await person.ask('location_update', { location: place })).toMatchObject({ error: { code: 'sos-not-found' } })
    const { id } = await called(house, person)
    house.clock.nowMs += 60_000
    expect(await person.ask('location_update', { latitude: 19.072, longitude: 72.872 })).toMatchObject({ ok: true })
    house.clock.nowMs += 60_000
    expect(await person.ask('location_update', { alertId: id, location: place })).toMatchObject({ alertId: id })
    for (const client of [operator, person]) {
      expect(await client.hears('location_updated', 2)).toMatchObject([
        { alertId: id, location: { latitude: 19.072 } },
        { alertId: id, location: place },
      ])
    }
    const stranger = await aClient(house, 'citizen')
    expect(await stranger.ask('location_update', { alertId: id, location: place })).toMatchObject({
      error: { code: 'sos-not-found' },
    })
    expect(await person.ask('location_update', { alertId: id })).toMatchObject({ error: { code: 'invalid-request' } })
  })

  it('hears that an SOS was cancelled', async () => {
    const house = await aLiveHouse()
    const person = await aClient(house, 'citizen')
    const operator = await aClient(house, 'operator')
    await operator.ask('join_emergency')
    await person.ask('join')
    const { id } = await called(house, person)
    await house.sosDesk.cancel({ sosId: id, by: person.userId })
    for (const client of [operator, person]) {
      expect(await client.hears('sos_cancelled')).toMatchObject([{ alertId: id, status: 'cancelled' }])
    }
  })

  it('sees nothing of duress: cancelled for the person, worse for the control room', async () => {
    const house = await aLiveHouse()
    const person = await aClient(house, 'citizen')
    const operator = await aClient(house, 'operator')
    await operator.ask('join_emergency')
    await person.ask('join')
    const before = await called(house, person)
    await person.hears('sos_alert')
    const sos = { ...before, isDuress: true, cancelledAtMs: house.clock.nowMs, severity: 'critical' } as const
    const position = {
      ...place,
      sosId: sos.id,
      observedAtMs: house.clock.nowMs,
      receivedAtMs: house.clock.nowMs,
      source: 'app',
      deviceId: undefined,
      batteryPct: undefined,
      isPlausible: true,
    } as const
    house.bus.publish('sos-changed', { sos, action: 'cancelled-under-duress' })
    house.bus.publish('sos-position', { sos, position })
    house.bus.publish('sos-pressed', { sos, isNew: false })
    await operator.hears('location_updated')
    expect((await operator.hears('sos_alert', 2))[1]).toMatchObject({ isDuress: true, status: 'active' })
    expect(operator.told('sos_cancelled')).toEqual([])
    expect(await person.hears('sos_cancelled')).toMatchObject([{ isDuress: false, status: 'cancelled' }])
    await settled(person)
    expect(person.told('location_updated')).toEqual([])
    expect(person.told('sos_alert')).toHaveLength(1)
  })
})

describe('the emergency room', () => {
  it('is left at once by an operator who becomes an analyst', async () => {
    const house = await aLiveHouse()
    await house.aToken('super_admin')
    const operator = await aClient(house, 'operator')
    await operator.ask('join_emergency')
    await house.accounts.setRole({ userId: operator.userId, role: 'analyst', by: 'system' })
    await expect.poll(() => operator.ask('join_emergency')).toMatchObject({ error: { code: 'forbidden' } })
    await called(house, await aClient(house, 'citizen'))
    await settled(operator)
    expect(operator.told('sos_alert')).toEqual([])
    await house.accounts.setRole({ userId: operator.userId, role: 'operator', by: 'system' })
    await expect.poll(() => operator.ask('join_sos_channel')).toMatchObject({ ok: true })
    await called(house, await aClient(house, 'citizen'))
    await operator.hears('new_sos')
    expect(operator.told('sos_alert')).toEqual([])
  })

  it.each(['ban', 'demotion'])('is left with the connection after a %s', async (what) => {
    const house = await aLiveHouse()
    await house.aToken('super_admin')
    const { userId, screen, ask } = await aClient(house, 'operator')
    await ask('join_emergency')
    if (what === 'ban') await house.accounts.setBanned({ userId, banned: true, by: 'system' })
    else await house.accounts.setRole({ userId, role: 'citizen', by: 'system' })
    expect(await screen.departure).toBe('io server disconnect')
  })

  it('tells nothing to a client whose token ran out, which may still call for help', async () => {
    const house = await aLiveHouse()
    const operator = await aClient(house, 'operator')
    await operator.ask('join_emergency')
    house.clock.nowMs += 15 * 60_000
    await operator.screen.until(() => operator.screen.notices.length > 0)
    await called(house, await aClient(house, 'citizen'))
    expect(await operator.ask('join_sos_channel')).toMatchObject({ error: { code: 'token-expired' } })
    expect(operator.told('sos_alert')).toEqual([])
    expect(await operator.ask('sos_triggered')).toMatchObject({ ok: true })
  })
})
