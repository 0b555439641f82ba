import { describe, expect, it } from 'vitest'
import { anApiHouse } from '../../support/api-house.ts'

/** SOS as the documents of Pink Shield give their calls. */
const trigger = {
  alertType: 'manual',
  location: { latitude: 19.076, longitude: 72.8777, address: 'Mumbai' },
}

async function aHouseWithPriya() {
  const house = await anApiHouse()
  const body = { name: 'Priya Sharma', email: 'priya@example.com', phone: '9876543210', password: 'password123' }
  const { token } = (await house.call('POST', '/api/auth/register', { body })).body as { token: string }
  const raise = async () => (await house.call('POST', '/api/sos/trigger', { token, body: trigger })).body
  return { ...house, token, raise }
}

describe('Pink Shield', () => {
  it('POST /api/sos/trigger answers 201 with the alert, whose shape its clients know', async () => {
    const { call, token } = await aHouseWithPriya()
    const { status, body } = await call('POST', '/api/sos/trigger', { token, body: trigger })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      _id: body.id,
      userId: expect.any(String),
      userName: 'Priya Sharma',
      userPhone: '+919876543210',
      alertType: 'manual',
      status: 'active',
      severity: expect.stringMatching(/^(high|critical)$/),
      location: {
        type: 'Point',
        coordinates: [72.8777, 19.076],
        latitude: 19.076,
        longitude: 72.8777,
        address: 'Mumbai',
        city: null,
        accuracy: null,
      },
      deviceInfo: null,
      policeNotified: true,
      policeNotifiedAt: expect.any(String),
      contactsNotified: [],
      recording: { audio: null, video: null, photos: [] },
      aiAnalysis: null,
      timeline: [{ action: 'pressed', from: null, to: 'active' }],
      triggeredAt: expect.any(String),
      resolvedAt: null,
      cancelledAt: null,
    })
    const { body: profile } = await call('GET', '/api/users/profile', { token })
    expect(profile.stats.sosTriggered).toBe(1)
  })

  it.each(['manual', 'shake', 'voice', 'ai'])('alertType %s is known', async (alertType) => {
    const { call, token } = await aHouseWithPriya()
    const { body } = await call('POST', '/api/sos/trigger', { token, body: { ...trigger, alertType } })
    expect(body.alertType).toBe(alertType)
  })

  it.each([
    ['nothing', undefined],
    ['an unknown type', { alertType: 'boredom' }],
    ['a place that is none', { location: { latitude: 400, longitude: 'east' } }],
    ['wrong kinds of everything', { location: 7, message: {}, batteryPct: 'low', deviceInfo: [], onBehalfOf: 3 }],
    ['a list', [1, 2]],
  ])('a trigger that says %s is a call for help', async (_, body) => {
    const { call, token } = await aHouseWithPriya()
    const answer = await call('POST', '/api/sos/trigger', { token, ...(body !== undefined && { body }) })
    expect([answer.status, answer.body.status, answer.body.location]).toEqual([201, 'active', null])
  })

  it('a second trigger joins the first', async () => {
    const { raise } = await aHouseWithPriya()
    const [first, second] = [await raise(), await raise()]
    expect([second.id, second.pressCount]).toEqual([first.id, 2])
  })

  it('GET /api/sos/active, /history and /:id show one’s own', async () => {
    const { call, token, raise, tokenOf } = await aHouseWithPriya()
    const { id } = await raise()
    for (const path of ['/api/sos/active', '/api/sos/history']) {
      expect((await call('GET', path, { token })).body.items).toMatchObject([{ _id: id, status: 'active' }])
      expect((await call('GET', path, { token: tokenOf('citizen') })).body.items).toEqual([])
    }
    expect((await call('GET', `/api/sos/${id}`, { token })).body).toMatchObject({ _id: id, timeline: [{}] })
    expect((await call('GET', `/api/sos/${id}`, { as: 'citizen' })).status).toBe(404)
  })

  it.each([
    ['a location', { location: { latitude: 19.0761, longitude: 72.8778 } }],
    ['latitude and longitude at the top level', { latitude: 19.0761, longitude: 72.8778 }],
  ])('POST /api/sos/:id/update-location takes %s', async (_, body) => {
    const { call, token, raise, clock } = await aHouseWithPriya()
    const { id } = await raise()
    clock.nowMs += 5000
    const updated = await call('POST', `/api/sos/${id}/update-location`, { token, body })
    expect([updated.status, updated.body.location.coordinates]).toEqual([200, [72.8778, 19.0761]])
    const { body: trail } = await call('GET', `/api/sos/${id}/trail`, { token })
    expect(trail.items).toMatchObject([{ latitude: 19.076 }, { latitude: 19.0761, isPlausible: true }])
    expect((await call('POST', `/api/sos/${id}/update-location`, { as: 'citizen', body })).status).toBe(404)
    expect((await call('POST', `/api/sos/${id}/update-location`, { token, body: { latitude: 95 } })).status).toBe(400)
  })

  it('POST /api/sos/cancel/:id takes it back, with a reason, once', async () => {
    const { call, token, raise } = await aHouseWithPriya()
    const { id } = await raise()
    const cancelled = await call('POST', `/api/sos/cancel/${id}`, { token, body: { reason: 'by mistake' } })
    expect([cancelled.status, cancelled.body.status, cancelled.body.cancelledAt]).toEqual([
      200,
      'cancelled',
      expect.any(String),
    ])
    expect(cancelled.body.timeline.at(-1)).toMatchObject({ from: 'active', to: 'cancelled', note: 'by mistake' })
    const again = await call('POST', `/api/sos/cancel/${id}`, { token })
    expect([again.status, again.body.error.code]).toEqual([409, 'sos-illegal-transition'])
    expect((await call('GET', '/api/sos/active', { token })).body.items).toEqual([])
    expect((await call('GET', '/api/sos/history', { token })).body.items).toMatchObject([{ status: 'cancelled' }])
  })

  it('only its owner takes an SOS back', async () => {
    const { call, raise } = await aHouseWithPriya()
    const { id } = await raise()
    expect((await call('POST', `/api/sos/cancel/${id}`, { as: 'citizen' })).status).toBe(404)
    const byOperator = await call('POST', `/api/sos/cancel/${id}`, { as: 'operator' })
    expect([byOperator.status, byOperator.body.error.code]).toEqual([403, 'not-your-sos'])
  })
})
