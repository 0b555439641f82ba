import { describe, expect, it } from 'vitest'
import { anApiHouse } from '../../support/api-house.ts'

/** SOS as the documents of NaariKavach give their calls: slashes, snake case, and for who has no account too. */
const here = { latitude: 12.97, longitude: 77.59, message: 'help', name: 'Meena', phone: '9000000000' }

describe('NaariKavach', () => {
  it('POST /api/create-sos/ needs no account and answers with id, room_id and status', async () => {
    const { call } = await anApiHouse()
    const { status, body } = await call('POST', '/api/create-sos/', { body: here })
    expect([status, body]).toEqual([
      201,
      expect.objectContaining({ ...here, id: expect.any(String), room_id: expect.any(String), status: 'active' }),
    ])
    expect(body.room_id).toHaveLength(43)
  })

  it('POST /api/create-sos/ with a token is the user’s own; with one that is not believed it is anonymous', async () => {
    const { call, deps, userIdOf, tokenOf } = await anApiHouse()
    const signedIn = await call('POST', '/api/create-sos/', {
      headers: { Authorization: `Token ${tokenOf('citizen')}` },
      body: here,
    })
    const forged = await call('POST', '/api/create-sos/', { token: 'nonsense', body: here })
    expect([signedIn.status, forged.status]).toEqual([201, 201])
    const [own, nobodys] = [await deps.sosDesk.get(signedIn.body.id), await deps.sosDesk.get(forged.body.id)]
    expect(own).toMatchObject({ ownerId: userIdOf('citizen'), source: 'app' })
    expect(nobodys).toMatchObject({ ownerId: undefined, source: 'anonymous' })
  })

  it('POST /api/create-sos/ is limited for who is not signed in, and never for who is', async () => {
    const rateLimits = { sensitive: { windowS: 60, requestsMax: 2 }, usual: { windowS: 60, requestsMax: 1000 } }
    const { call } = await anApiHouse({ options: { rateLimits } })
    const statuses: number[] = []
    for (let i = 0; i < 3; i++) statuses.push((await call('POST', '/api/create-sos/', { body: here })).status)
    expect(statuses).toEqual([201, 201, 429])
    for (let i = 0; i < 5; i++) {
      expect((await call('POST', '/api/create-sos/', { as: 'citizen', body: here })).status).toBe(201)
    }
  })

  it('POST /api/update-location/ takes room_id from anybody who knows it, sos_id from who may', async () => {
    const { call, clock } = await anApiHouse()
    const { body: sos } = await call('POST', '/api/create-sos/', { body: here })
    clock.nowMs += 5000
    const moved = { latitude: '12.9701', longitude: '77.5901' }
    const byRoom = await call('POST', '/api/update-location/', { body: { room_id: sos.room_id, ...moved } })
    expect([byRoom.status, byRoom.body]).toEqual([
      200,
      expect.objectContaining({ sos_id: sos.id, room_id: sos.room_id, latitude: 12.9701, longitude: 77.5901 }),
    ])
    const byId = { sos_id: sos.id, ...moved }
    const nobody = await call('POST', '/api/update-location/', { body: byId })
    expect([nobody.status, nobody.body.detail]).toEqual([401, expect.any(String)])
    expect((await call('POST', '/api/update-location/', { as: 'citizen', body: byId })).status).toBe(404)
    expect((await call('POST', '/api/update-location/', { as: 'operator', body: byId })).status).toBe(200)
    const unknown = await call('POST', '/api/update-location/', { body: { room_id: 'guess', ...moved } })
    expect(unknown.status).toBe(404)
    expect((await call('POST', '/api/update-location/', { body: moved })).status).toBe(400)
  })

  it('GET /api/sos/ lists everybody’s for officers and operators, one’s own for others', async () => {
    const { call } = await anApiHouse()
    const { body: nobodys } = await call('POST', '/api/create-sos/', { body: here })
    const { body: own } = await call('POST', '/api/create-sos/', { as: 'citizen', body: here })
    for (const as of ['officer', 'operator'] as const) {
      const { body } = await call('GET', '/api/sos/', { as })
      expect(body.map(({ id }: { id: string }) => id)).toEqual([own.id, nobodys.id])
    }
    expect((await call('GET', '/api/sos/', { as: 'citizen' })).body).toMatchObject([{ id: own.id }])
    expect((await call('GET', '/api/sos/')).status).toBe(401)
  })

  it('POST /api/resolve-sos/<id>/ closes it, for who may', async () => {
    const { call } = await anApiHouse()
    const { body: sos } = await call('POST', '/api/create-sos/', { body: here })
    const path = `/api/resolve-sos/${sos.id}/`
    expect((await call('POST', path, { as: 'citizen' })).status).toBe(403)
    const resolved = await call('POST', path, { as: 'officer' })
    expect([resolved.status, resolved.body.status, resolved.body.resolved_at]).toEqual([
      200,
      'resolved',
      expect.any(String),
    ])
    expect((await call('POST', path, { as: 'officer' })).status).toBe(409)
    const late = await call('POST', '/api/update-location/', { body: { room_id: sos.room_id, ...here } })
    expect([late.status, late.body.error.code]).toEqual([409, 'sos-closed'])
  })
})
