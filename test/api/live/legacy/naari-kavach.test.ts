import { describe, expect, it } from 'vitest'
import type { Unit } from '../../../../contracts/dispatch.ts'
import { aLiveHouse, type LiveHouse } from '../live-house.ts'
import { aClient, called, place, settled } from './legacy-house.ts'

function moved(house: LiveHouse, unitNumber: string): void {
  const unit: Unit = {
    id: `id-${unitNumber}`,
    unitNumber,
    kind: 'patrol',
    name: unitNumber,
    state: 'available',
    capabilities: [],
    deviceId: undefined,
    position: place,
    positionAtMs: house.clock.nowMs,
    createdAtMs: house.clock.nowMs,
    updatedAtMs: house.clock.nowMs,
  }
  house.bus.publish('unit-changed', { unit, change: 'position' })
}

describe('a client of NaariKavach', () => {
  it('is greeted', async () => {
    const person = await aClient(await aLiveHouse(), 'citizen')
    expect(await person.hears('connection_established')).toHaveLength(1)
  })

  it('is told of a new SOS in the SOS channel, once', async () => {
    const house = await aLiveHouse()
    const officer = await aClient(house, 'officer')
    expect(await officer.ask('join_sos_channel')).toEqual({ ok: true, room: 'sos_channel' })
    expect(await officer.hears('room_joined')).toEqual([{ room: 'sos_channel' }])
    const person = await aClient(house, 'citizen')
    const sos = await called(house, person)
    await called(house, person)
    expect(await officer.hears('new_sos')).toMatchObject([{ id: sos.id, room_id: sos.roomId, ...place }])
    await settled(officer)
    expect(officer.told('new_sos')).toHaveLength(1)
    expect(await person.ask('join_sos_channel')).toMatchObject({ error: { code: 'forbidden' } })
  })

  it.each(['citizen', 'officer', 'operator'] as const)(
    'hears where somebody is in the room of an SOS: %s',
    async (role) => {
      const house = await aLiveHouse()
      const person = await aClient(house, 'citizen')
      const { id, roomId } = await called(house, person)
      const listener = role === 'citizen' ? person : await aClient(house, role)
      expect(await listener.ask('join_sos_room', { room_id: roomId })).toEqual({ ok: true, room: roomId })
      house.clock.nowMs += 60_000
      const location = { latitude: 19.072, longitude: 72.872 }
      await house.sosDesk.addPosition({
        sosId: id,
        by: person.userId,
        source: 'app',
        location,
        observedAtMs: house.clock.nowMs,
      })
      expect(await listener.hears('location_history', 2)).toMatchObject([
        { sos_id: id, room_id: roomId, locations: [place] },
        { sos_id: id, room_id: roomId, locations: [location] },
      ])
    },
  )

  it('joins the room of no SOS that is not its own, and does not learn that there is one', async () => {
    const house = await aLiveHouse()
    const { roomId } = await called(house, await aClient(house, 'citizen'))
    for (const role of ['citizen', 'resident', 'security_guard', 'analyst'] as const) {
      const other = await aClient(house, role)
      for (const room_id of [roomId, 'no-such-room']) {
        expect(await other.ask('join_sos_room', { room_id })).toMatchObject({ error: { code: 'sos-not-found' } })
      }
      expect(other.told('location_history')).toEqual([])
    }
  })

  it('hears of its own unit, and an operator of every one', async () => {
    const house = await aLiveHouse()
    const officer = await aClient(house, 'officer', { unitNumber: 'P1' })
    const operator = await aClient(house, 'operator')
    expect(await officer.ask('join_officer_room', { unit_number: 'P1' })).toEqual({ ok: true, room: 'unit_P1' })
    expect(await officer.ask('join_officer_room', { unit_number: 'P2' })).toMatchObject({
      error: { code: 'forbidden' },
    })
    expect(await operator.ask('join_officer_room', { unit_number: 'P2' })).toMatchObject({ ok: true })
    moved(house, 'P1')
    moved(house, 'P2')
    expect(await officer.hears('unit_location_update')).toMatchObject([{ unit_number: 'P1', ...place }])
    expect(await operator.hears('unit_location_update')).toMatchObject([{ unit_number: 'P2', ...place }])
    await house.records.users.update(officer.userId, { unitNumber: 'P2' })
    house.bus.publish('access-changed', { userId: officer.userId, sessionId: undefined })
    await expect.poll(() => officer.ask('join_officer_room', { unit_number: 'P2' })).toMatchObject({ ok: true })
    moved(house, 'P1')
    moved(house, 'P2')
    expect(
      (await officer.hears('unit_location_update', 2)).map(
        (told) => (told as Unit & { unit_number: string }).unit_number,
      ),
    ).toEqual(['P1', 'P2'])
  })

  it('follows all units in the tracking channel', async () => {
    const house = await aLiveHouse()
    const officer = await aClient(house, 'officer')
    expect(await officer.ask('join_location_tracking_channel')).toMatchObject({ ok: true })
    moved(house, 'P1')
    moved(house, 'P2')
    expect(await officer.hears('location_tracking_update', 2)).toMatchObject([
      { unit_number: 'P1' },
      { unit_number: 'P2' },
    ])
    const person = await aClient(house, 'citizen')
    expect(await person.ask('join_location_tracking_channel')).toMatchObject({ error: { code: 'forbidden' } })
  })

  it('is in so many rooms and no more', async () => {
    const house = await aLiveHouse({ roomsMax: 2 })
    const operator = await aClient(house, 'operator')
    const join = (unit_number: string) => operator.ask('join_officer_room', { unit_number })
    for (const unitNumber of ['P1', 'P2', 'P2']) expect(await join(unitNumber)).toMatchObject({ ok: true })
    expect(await join('P3')).toMatchObject({ error: { code: 'too-many-rooms' } })
  })
})
