import { describe, expect, it } from 'vitest'
import { type ApiHouse, anApiHouse, noonMs } from '../support/api-house.ts'

const townHall = { latitude: 19, longitude: 72.8 }

/** A house with two units on duty; the officer's account is of P-7. */
async function aHouseOnDuty() {
  const house = await anApiHouse()
  const { call, userIdOf, deps } = house
  await call('PATCH', `/api/users/${userIdOf('officer')}`, { as: 'admin', body: { unitNumber: 'P-7' } })
  const [own, other] = [await register('P-7'), await register('P-8')]
  return { ...house, own, other, incident: await report(house), sosId: await press(house) }

  async function register(unitNumber: string): Promise<string> {
    const { body } = await call('POST', '/api/units', { as: 'admin', body: { unitNumber, kind: 'patrol' } })
    expect(body).toMatchObject({ unitNumber, name: unitNumber, state: 'off-duty', position: null, positionAgeS: null })
    await deps.unitDesk.reportPosition({ unitId: body.id, position: townHall, atMs: noonMs })
    await call('POST', `/api/units/${body.id}/state`, { as: 'operator', body: { state: 'available' } })
    return body.id
  }
}

async function report({ call }: ApiHouse): Promise<string> {
  const body = { type: 'fire', severity: 'high', position: townHall, description: 'Smoke on the second floor' }
  return (await call('POST', '/api/emergency/incidents', { as: 'operator', body })).body.id
}

async function press({ deps }: ApiHouse): Promise<string> {
  const { sos } = await deps.sosDesk.press({
    deviceId: 'band-1',
    receivedAtMs: noonMs,
    observedAtMs: noonMs,
    seq: undefined,
    trigger: 'manual',
    location: townHall,
    batteryPct: 40,
  })
  return sos.id
}

describe('units', () => {
  it('say where they are, and how long ago that was', async () => {
    const { call, own, clock } = await aHouseOnDuty()
    const said = await call('POST', `/api/units/${own}/position`, { as: 'officer', body: { position: townHall } })
    expect(said.body).toMatchObject({ position: townHall, positionAgeS: 0 })
    clock.nowMs += 90_000
    const { items } = (await call('GET', '/api/units?state=available', { as: 'analyst' })).body
    expect(
      items.map((unit: { unitNumber: string; positionAgeS: number }) => [unit.unitNumber, unit.positionAgeS]),
    ).toEqual([
      ['P-7', 90],
      ['P-8', 90],
    ])
  })

  it.each([
    ['a number that is taken', { unitNumber: 'P-7', kind: 'patrol' }, 409, 'unit-number-taken'],
    ['a device that is not there', { unitNumber: 'Q-1', kind: 'patrol', deviceId: 'nothing' }, 400, 'device-not-found'],
    ['a number no radio could say', { unitNumber: '<b>', kind: 'patrol' }, 400, 'invalid-request'],
    ['a kind there is not', { unitNumber: 'Q-1', kind: 'tank' }, 400, 'invalid-request'],
  ])('with %s are refused', async (_, body, status, code) => {
    const { call } = await aHouseOnDuty()
    const answer = await call('POST', '/api/units', { as: 'admin', body })
    expect([answer.status, answer.body.error.code]).toEqual([status, code])
  })

  it('share no device', async () => {
    const { call, own, other, deps } = await aHouseOnDuty()
    await deps.records.devices.register({ id: 'car-7', kinds: [], labels: {} })
    expect((await call('PATCH', `/api/units/${own}`, { as: 'admin', body: { deviceId: 'car-7' } })).status).toBe(200)
    const refused = await call('PATCH', `/api/units/${other}`, { as: 'admin', body: { deviceId: 'car-7' } })
    expect([refused.status, refused.body.error.code]).toEqual([409, 'unit-device-taken'])
  })

  it('are where their device is', async () => {
    const { call, own, deps, clock } = await aHouseOnDuty()
    await deps.records.devices.register({ id: 'car-7', kinds: [], labels: {} })
    await call('PATCH', `/api/units/${own}`, { as: 'admin', body: { deviceId: 'car-7' } })
    const moved = new Promise<void>((resolve) => {
      deps.bus.subscribe('unit-changed', ({ change }) => change === 'position' && resolve())
    })
    clock.nowMs += 1000
    // Ahead of our clock: it counts as now.
    const event = { deviceId: 'car-7', latitude: 19.1, longitude: 72.9, observedAtMs: clock.nowMs + 60_000 }
    deps.bus.publish('device-location', event)
    await moved
    expect((await call('GET', `/api/units/${own}`, { as: 'operator' })).body).toMatchObject({
      position: { latitude: 19.1, longitude: 72.9 },
      positionAgeS: 0,
      positionAt: new Date(clock.nowMs).toISOString(),
    })
  })
})

describe('an SOS and its units', () => {
  it('the nearest is recommended and sent, and the SOS follows what it does', async () => {
    const { call, own, other, sosId, deps } = await aHouseOnDuty()
    await call('POST', `/api/units/${other}/state`, { as: 'operator', body: { state: 'off-duty' } })
    const { body: advice } = await call('GET', `/api/sos/${sosId}/recommendation`, { as: 'operator' })
    expect(advice.candidates).toMatchObject([{ unit: { id: own }, distanceM: 0, positionAgeS: 0 }])
    expect(advice.excluded).toMatchObject([{ unit: { id: other }, reasons: [{ code: 'off-duty' }] }])
    const sent = await call('POST', `/api/sos/${sosId}/assign`, { as: 'operator', body: { unitId: own } })
    expect([sent.status, sent.body.state]).toEqual([201, 'assigned'])
    const step = (word: string) => call('POST', `/api/assignments/${sent.body.id}/${word}`, { as: 'officer' })
    expect((await deps.sosDesk.get(sosId)).state).toBe('dispatched')
    await step('confirm')
    await step('on-scene')
    expect((await deps.sosDesk.get(sosId)).state).toBe('on-scene')
    const notes = (await deps.sosDesk.timeline(sosId)).map(({ action, note }) => [action, note])
    expect(notes).toEqual(
      expect.arrayContaining([
        ['dispatched', 'unit P-7 assigned'],
        ['noted', 'unit P-7 confirmed'],
        ['on-scene', 'unit P-7 is on the scene'],
      ]),
    )
    await deps.sosDesk.resolve({ sosId, by: 'operator-1', outcome: 'founded' })
    await deps.dispatchDesk.stop()
    const after = await call('GET', `/api/sos/${sosId}/assignments`, { as: 'analyst' })
    expect(after.body.items).toMatchObject([{ state: 'released', reason: 'the case is closed' }])
  })

  it('waits again when the unit declines', async () => {
    const { call, own, sosId, deps } = await aHouseOnDuty()
    const sent = await call('POST', `/api/sos/${sosId}/assign`, { as: 'operator', body: { unit_id: own } })
    const path = `/api/assignments/${sent.body.id}/decline`
    const declined = await call('POST', path, { as: 'officer', body: { reason: 'flat tyre' } })
    expect(declined.body).toMatchObject({ state: 'declined', reason: 'flat tyre' })
    expect((await deps.sosDesk.get(sosId)).state).toBe('acknowledged')
  })

  it('two that are merged keep the unit of both', async () => {
    const { call, own, sosId, deps } = await aHouseOnDuty()
    const { sos } = await deps.sosDesk.press({
      deviceId: 'band-2',
      receivedAtMs: noonMs,
      observedAtMs: noonMs,
      seq: undefined,
      trigger: 'manual',
      location: townHall,
      batteryPct: undefined,
    })
    await call('POST', `/api/sos/${sosId}/assign`, { as: 'operator', body: { unitId: own } })
    await deps.sosDesk.merge({ sosId, into: sos.id, by: 'operator-1' })
    await deps.dispatchDesk.stop()
    const kept = await call('GET', `/api/sos/${sos.id}/assignments`, { as: 'operator' })
    expect(kept.body.items).toMatchObject([{ unitNumber: 'P-7', state: 'assigned' }])
    expect((await deps.sosDesk.get(sos.id)).state).toBe('dispatched')
  })

  it('a unit that another case has is refused, and the answer names the case', async () => {
    const { call, own, incident, sosId } = await aHouseOnDuty()
    await call('POST', `/api/emergency/incidents/${incident}/assign`, { as: 'operator', body: { unitNumber: 'P-7' } })
    const refused = await call('POST', `/api/sos/${sosId}/assign`, { as: 'operator', body: { unitId: own } })
    expect([refused.status, refused.body.error.code]).toEqual([409, 'unit-committed'])
    expect(refused.body.error.details).toContainEqual({ path: 'caseId', message: incident })
  })

  it.each([
    ['nobody named', {}, 400, 'unit-required'],
    ['a unit there is not', { unitNumber: 'Q-9' }, 404, 'unit-not-found'],
  ])('%s', async (_, body, status, code) => {
    const { call, sosId } = await aHouseOnDuty()
    const answer = await call('POST', `/api/sos/${sosId}/assign`, { as: 'operator', body })
    expect([answer.status, answer.body.error.code]).toEqual([status, code])
  })
})

describe('an officer', () => {
  it('sees what the own unit has to do, with what there is to know, and leaves a trace', async () => {
    const { call, own, incident, deps, userIdOf } = await aHouseOnDuty()
    await call('POST', `/api/emergency/incidents/${incident}/assign`, { as: 'operator', body: { unitId: own } })
    const { body } = await call('GET', '/api/me/assignments', { as: 'officer' })
    expect(body).toMatchObject({
      unitNumber: 'P-7',
      items: [
        {
          assignment: { state: 'assigned', seenAt: expect.any(String) },
          case: { title: 'Fire', severity: 'high', position: townHall, description: 'Smoke on the second floor' },
        },
      ],
    })
    const { items } = await deps.records.audit.list({ action: 'assignment-viewed', limit: 9 })
    expect(items).toMatchObject([{ actor: userIdOf('officer') }])
    expect((await call('GET', '/api/me/assignments', { as: 'operator' })).body).toEqual({ unitNumber: null, items: [] })
  })

  it('speaks for the own unit alone: what is another’s is not there', async () => {
    const { call, own, other, incident } = await aHouseOnDuty()
    const path = `/api/emergency/incidents/${incident}/assign`
    const { body: foreign } = await call('POST', path, { as: 'operator', body: { unitId: other } })
    const { body: mine } = await call('POST', path, { as: 'operator', body: { unitId: own } })
    for (const word of ['confirm', 'decline', 'en-route', 'on-scene', 'complete']) {
      expect((await call('POST', `/api/assignments/${foreign.id}/${word}`, { as: 'officer' })).status, word).toBe(404)
    }
    for (const [word, body] of [
      ['state', { state: 'off-duty' }],
      ['position', townHall],
    ] as const) {
      expect((await call('POST', `/api/units/${other}/${word}`, { as: 'officer', body })).status, word).toBe(404)
    }
    expect((await call('POST', `/api/assignments/${mine.id}/confirm`, { as: 'officer' })).status).toBe(200)
    expect((await call('POST', `/api/assignments/${mine.id}/release`, { as: 'officer' })).status).toBe(403)
    const bound = await call('POST', `/api/units/${own}/state`, { as: 'officer', body: { state: 'off-duty' } })
    expect([bound.status, bound.body.error.code]).toEqual([409, 'unit-committed'])
  })
})

describe('a broadcast', () => {
  const circle = { type: 'circle', center: townHall, radiusM: 500 } as const

  it('counts devices and people within its area, and those that are connected', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    const near = { latitude: 19.001, longitude: 72.8 }
    const far = { latitude: 19.1, longitude: 72.8 }
    for (const [id, position, owner] of [
      ['online-1', near, 'citizen'],
      ['band-1', near, 'citizen'],
      ['band-2', near, 'resident'],
      ['lamp-1', near, undefined],
      ['online-2', far, 'officer'],
      ['nowhere', undefined, undefined],
    ] as const) {
      const ownerId = owner && userIdOf(owner)
      await deps.records.devices.register({ id, kinds: [], labels: {}, position, ownerId })
    }
    const counts = { devices: 4, devicesConnected: 1, people: 2 }
    const preview = await call('POST', '/api/broadcasts/preview', { as: 'operator', body: { area: circle } })
    expect(preview.body).toEqual(counts)
    const corners = [18.99, 19.01].flatMap((latitude) => [
      { latitude, longitude: latitude < 19 ? 72.79 : 72.81 },
      { latitude, longitude: latitude < 19 ? 72.81 : 72.79 },
    ])
    const polygon = await call('POST', '/api/broadcasts/preview', { as: 'operator', body: { polygon: corners } })
    expect(polygon.body).toEqual(counts)
    const sent: unknown[] = []
    deps.bus.subscribe('broadcast-sent', ({ broadcast }) => sent.push(broadcast))
    const body = { area: circle, text: 'Stay inside', severity: 'critical' }
    const answer = await call('POST', '/api/broadcasts', { as: 'operator', body })
    expect([answer.status, answer.body.counts]).toEqual([201, counts])
    expect(sent).toMatchObject([{ text: 'Stay inside', severity: 'critical', area: circle, counts }])
    const { items } = (await call('GET', '/api/broadcasts', { as: 'officer' })).body
    expect(items).toEqual([answer.body])
    const audited = (await deps.records.audit.list({ action: 'broadcast-sent', limit: 9 })).items
    expect(audited).toMatchObject([{ actor: userIdOf('operator'), detail: counts }])
  })

  it.each([
    ['no area', { text: 'x' }],
    ['no text', { area: circle }],
    ['a circle without a radius', { text: 'x', latitude: 1, longitude: 1 }],
    ['two corners', { text: 'x', polygon: [townHall, townHall] }],
    ['a radius round the globe', { text: 'x', area: { ...circle, radiusM: 1e7 } }],
    ['a text without end', { text: 'x'.repeat(1001), area: circle }],
  ])('with %s is refused', async (_, body) => {
    const { call } = await anApiHouse()
    const answer = await call('POST', '/api/broadcasts', { as: 'operator', body })
    expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid-request'])
  })
})
