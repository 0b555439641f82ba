import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { anApiHouse, password } from '../support/api-house.ts'

const here = { latitude: 19.076, longitude: 72.8777 }
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABXvMqOgAAAABJRU5ErkJggg==',
  'base64',
)

async function aHouseWithSos() {
  const house = await anApiHouse()
  const { call, clock, deps, userIdOf } = house
  const raised = await call('POST', '/api/sos/trigger', { as: 'citizen', body: { location: here } })
  const id = raised.body.id as string
  const setPins = (pins: Record<string, unknown>) =>
    call('PUT', '/api/users/sos-pins', { as: 'citizen', body: { password, ...pins } })
  const get = (as: 'citizen' | 'operator' | 'officer') => call('GET', `/api/sos/${id}`, { as })
  const views = async () =>
    (await deps.records.audit.list({ action: 'sos-location-viewed', limit: 100 })).items.map(({ actor }) => actor)
  return { ...house, id, setPins, get, views, citizen: userIdOf('citizen'), clock }
}

describe('where somebody is', () => {
  it('is audited each time somebody else looks, and not when it is oneself', async () => {
    const { call, get, views, id, userIdOf } = await aHouseWithSos()
    await get('citizen')
    expect(await views()).toEqual([])
    await get('operator')
    await call('GET', `/api/sos/${id}/trail`, { as: 'officer' })
    await call('GET', '/api/sos/active', { as: 'operator' })
    await call('GET', '/api/sos/', { as: 'officer' })
    const [operator, officer] = [userIdOf('operator'), userIdOf('officer')]
    expect(await views()).toEqual([officer, operator, officer, operator])
  })

  it('is in no log', async () => {
    const { call, logLines, id } = await aHouseWithSos()
    await call('POST', `/api/sos/${id}/update-location`, { as: 'citizen', body: here })
    expect(JSON.stringify(logLines)).not.toMatch(/19\.076|72\.8777/)
  })
})

describe('a hundred calls at once', () => {
  it('by the wearable and the app of one person are one SOS, and each is answered', async () => {
    const { call, deps, userIdOf, clock } = await anApiHouse()
    await deps.records.devices.register({ id: 'band-1', kinds: [], labels: {}, ownerId: userIdOf('citizen') })
    const shared = { trigger: 'manual', location: undefined, batteryPct: undefined } as const
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, seq) => {
        if (seq % 2 === 0) return (await call('POST', '/api/sos/trigger', { as: 'citizen' })).body.id as string
        const at = { receivedAtMs: clock.nowMs, observedAtMs: clock.nowMs }
        return (await deps.sosDesk.press({ deviceId: 'band-1', seq, ...at, ...shared })).sos.id
      }),
    )
    expect(new Set(answers).size).toBe(1)
    const { items } = await deps.sosDesk.list({ limit: 10 })
    expect(items).toMatchObject([{ pressCount: 100, deviceId: 'band-1' }])
    const pressed = (await deps.sosDesk.timeline(items[0]!.id)).filter(({ action }) => action === 'pressed')
    expect(pressed).toHaveLength(100)
  })
})

describe('a countdown', () => {
  it('is its owner’s alone until it is over, and then everybody’s who may', async () => {
    const house = await anApiHouse()
    const { call, clock, deps } = house
    await call('PUT', '/api/auth/profile', { as: 'citizen', body: { preferences: { sosCountdownS: 10 } } })
    const { body } = await call('POST', '/api/sos/trigger', { as: 'citizen', body: { location: here } })
    expect(body).toMatchObject({ state: 'countdown', status: 'active', policeNotified: false })
    expect((await call('GET', `/api/sos/${body.id}`, { as: 'operator' })).status).toBe(404)
    expect((await call('POST', `/api/sos/${body.id}/acknowledge`, { as: 'operator' })).status).toBe(404)
    expect((await call('GET', '/api/sos/active', { as: 'operator' })).body.items).toEqual([])
    expect((await call('GET', '/api/sos/active', { as: 'citizen' })).body.items).toHaveLength(1)
    clock.nowMs += 10_000
    await deps.sosDesk.tick()
    expect((await call('GET', `/api/sos/${body.id}`, { as: 'operator' })).body).toMatchObject({ state: 'active' })
  })
})

describe('PINs', () => {
  it('are asked for, refused and counted', async () => {
    const { call, id, setPins, get } = await aHouseWithSos()
    expect((await setPins({ cancelPin: '1234' })).body).toEqual({ cancelPin: true, duressPin: false })
    const cancel = (body?: unknown) =>
      call('POST', `/api/sos/cancel/${id}`, { as: 'citizen', ...(body ? { body } : {}) })
    expect((await cancel()).body.error.code).toBe('sos-pin-required')
    expect((await cancel({ pin: '4321' })).body.error.code).toBe('wrong-sos-pin')
    const { body: seen } = await get('operator')
    expect(seen.timeline.map(({ action }: { action: string }) => action)).toContain('cancel-refused')
    expect(seen.severityReasons).toContain('somebody tried to cancel it with a wrong PIN')
    expect((await cancel({ pin: 1234 })).body.status).toBe('cancelled')
  })

  it.each([
    ['without the password', { password: undefined, cancelPin: '1234' }, 'wrong-password'],
    ['that are no PINs', { cancelPin: '12a4' }, 'invalid-pin'],
    ['that are too short', { cancelPin: '123' }, 'invalid-pin'],
    ['that are alike', { cancelPin: '1234', duressPin: '1234' }, 'pins-alike'],
  ])('%s are not set', async (_, pins, code) => {
    const { setPins, call } = await aHouseWithSos()
    const answer = await setPins(pins)
    expect([answer.status >= 400, answer.body.error.code]).toEqual([true, code])
    expect((await call('GET', '/api/users/sos-pins', { as: 'citizen' })).body).toEqual({
      cancelPin: false,
      duressPin: false,
    })
  })

  it('cannot be guessed on and on', async () => {
    const { call, id, setPins } = await aHouseWithSos()
    await setPins({ cancelPin: '1234' })
    const codes: string[] = []
    for (let tries = 0; tries < 11; tries++) {
      const { body } = await call('POST', `/api/sos/cancel/${id}`, { as: 'citizen', body: { pin: '0000' } })
      codes.push(body.error.code)
    }
    expect(codes.slice(9)).toEqual(['wrong-sos-pin', 'too-many-sign-ins'])
  })
})

describe('under duress', () => {
  /** What two answers differ in, beside ids and links. */
  const strip = (text: string, ids: readonly string[]) => ids.reduce((so, id) => so.replaceAll(id, '*'), text)

  it('the owner is answered, word for word, as by any cancel; the control room sees what it is', async () => {
    const answers: string[][] = []
    for (const pin of ['1234', '9999']) {
      const { call, id, setPins, get, clock, citizen, deps } = await aHouseWithSos()
      await setPins({ cancelPin: '1234', duressPin: '9999' })
      clock.nowMs += 5000
      const cancel = await call('POST', `/api/sos/cancel/${id}`, { as: 'citizen', body: { pin, reason: 'my mistake' } })
      clock.nowMs += 5000
      await deps.sosDesk.tick()
      if (pin === '9999') {
        const { body } = await get('operator')
        expect(body).toMatchObject({ state: 'active', isDuress: true, escalation: 2, severity: 'critical' })
        expect(body.severityReasons).toContain('cancelled under duress')
        await call('POST', `/api/sos/${id}/status`, { as: 'operator', body: { status: 'dispatched' } })
        await call('POST', `/api/sos/${id}/notes`, { as: 'operator', body: { note: 'go in quietly' } })
      }
      const update = await call('POST', `/api/sos/${id}/update-location`, {
        as: 'citizen',
        body: { latitude: 19.077, longitude: 72.878 },
      })
      const again = await call('POST', `/api/sos/cancel/${id}`, { as: 'citizen', body: { pin } })
      const checkIn = await call('POST', `/api/sos/${id}/check-in`, { as: 'citizen' })
      const lists = [
        await get('citizen'),
        await call('GET', '/api/sos/active', { as: 'citizen' }),
        await call('GET', '/api/sos/history', { as: 'citizen' }),
        await call('GET', '/api/sos/', { as: 'citizen' }),
        await call('GET', `/api/sos/${id}/trail`, { as: 'citizen' }),
      ]
      const { body: room } = await get('citizen')
      const all = [cancel, update, again, checkIn, ...lists]
      answers.push(all.map(({ status, text }) => `${status} ${strip(text, [id, citizen, room.roomId])}`))
      const trail = await deps.sosDesk.trail(id)
      // Where they really are goes on being known.
      expect(trail).toHaveLength(pin === '9999' ? 2 : 1)
    }
    expect(answers[1]).toEqual(answers[0])
  })
})

describe('dispatchers', () => {
  it('acknowledge, move on, note and close, each a line of the history, and illegal steps name both states', async () => {
    const { call, id, get, userIdOf } = await aHouseWithSos()
    const as = 'operator'
    const act = (path: string, body?: unknown) =>
      call('POST', `/api/sos/${id}/${path}`, { as, ...(body ? { body } : {}) })
    expect((await act('acknowledge', { note: 'mine' })).body).toMatchObject({ state: 'acknowledged' })
    expect((await act('acknowledge')).body.error).toMatchObject({
      code: 'sos-illegal-transition',
      details: [
        { path: 'from', message: 'acknowledged' },
        { path: 'to', message: 'acknowledged' },
      ],
    })
    expect((await act('status', { status: 'dispatched' })).status).toBe(200)
    expect((await act('notes', { note: 'gate is locked' })).status).toBe(200)
    expect((await act('status', { status: 'on-scene', outcome: 'founded' })).status).toBe(400)
    expect((await act('status', { status: 'on-scene' })).status).toBe(200)
    const closed = await act('status', { status: 'resolved', outcome: 'founded' })
    expect(closed.body).toMatchObject({ state: 'resolved', outcome: 'founded', acknowledgedBy: userIdOf('operator') })
    const { body: own } = await get('citizen')
    expect(own.timeline.map(({ action, actor }: { action: string; actor: string }) => [action, actor])).toEqual([
      ['pressed', userIdOf('citizen')],
      ['acknowledged', 'control-room'],
      ['dispatched', 'control-room'],
      ['on-scene', 'control-room'],
      ['resolved', 'control-room'],
    ])
  })

  it('call on behalf of somebody, with or without an account', async () => {
    const { call, userIdOf } = await anApiHouse()
    const resident = userIdOf('resident')
    const body = { onBehalfOf: { userId: resident }, location: here, message: 'called 112' }
    const forUser = await call('POST', '/api/sos/trigger', { as: 'operator', body })
    expect(forUser.body).toMatchObject({ source: 'operator', userId: resident, userName: 'The resident' })
    const nobody = { onBehalfOf: { name: 'Meena', phone: '9000000000' } }
    expect((await call('POST', '/api/sos/trigger', { as: 'operator', body: nobody })).body).toMatchObject({
      source: 'operator',
      userId: null,
      userName: 'Meena',
    })
    expect((await call('POST', '/api/sos/trigger', { as: 'citizen', body })).body).toMatchObject({
      source: 'app',
      userId: userIdOf('citizen'),
    })
  })

  it('make two one: presses and trail go to the other', async () => {
    const { call, id, get } = await aHouseWithSos()
    const { body: other } = await call('POST', '/api/create-sos/', { body: here })
    const merged = await call('POST', `/api/sos/${other.id}/merge`, { as: 'operator', body: { into: id } })
    expect(merged.body).toMatchObject({ id, pressCount: 2, state: 'active' })
    expect((await call('GET', `/api/sos/${other.id}`, { as: 'operator' })).body).toMatchObject({
      state: 'resolved',
      mergedInto: id,
    })
    const itself = await call('POST', `/api/sos/${id}/merge`, { as: 'operator', body: { into: id } })
    expect(itself.body.error.code).toBe('sos-merge-self')
    expect((await get('operator')).body.timeline.at(-1)).toMatchObject({ action: 'merged' })
  })
})

describe('evidence', () => {
  it('comes back byte for byte, with its SHA-256, and who looked is kept', async () => {
    const { call, id, url, tokenOf, get, userIdOf } = await aHouseWithSos()
    const headers = { 'Content-Type': 'image/png' }
    const added = await call('POST', `/api/sos/${id}/evidence`, { as: 'citizen', raw: png, headers })
    const sha256 = createHash('sha256').update(png).digest('hex')
    expect([added.status, added.body]).toEqual([
      201,
      expect.objectContaining({ kind: 'photo', sha256, bytes: png.length }),
    ])
    const response = await fetch(url + added.body.path, { headers: { Authorization: `Bearer ${tokenOf('officer')}` } })
    expect(Buffer.from(await response.arrayBuffer()).equals(png)).toBe(true)
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/)
    const { body } = await get('operator')
    expect(body.recording.photos).toEqual([added.body.path])
    expect(body.timeline.at(-1)).toMatchObject({ action: 'evidence-viewed', actor: userIdOf('officer') })
    expect((await call('GET', `/api/sos/${id}/evidence`, { as: 'resident' })).status).toBe(404)
    expect((await call('GET', added.body.path, { as: 'resident' })).status).toBe(404)
    expect((await call('GET', `/api/sos/${id}/evidence/none`, { as: 'officer' })).status).toBe(404)
  })

  it.each([
    ['another type', 'text/html', '<script>', 400, 'evidence-type'],
    ['no type', '', 'x', 400, 'evidence-type'],
    ['nothing', 'image/png', '', 400, 'evidence-empty'],
    ['too much', 'video/mp4', Buffer.alloc(50 * 1024 * 1024 + 1), 413, 'evidence-too-large'],
  ])('%s is refused, and nothing of it stays', async (_, type, raw, status, code) => {
    const { call, id } = await aHouseWithSos()
    const answer = await call('POST', `/api/sos/${id}/evidence`, {
      as: 'citizen',
      raw,
      headers: { 'Content-Type': type },
    })
    expect([answer.status, answer.body.error.code]).toEqual([status, code])
    expect((await call('GET', `/api/sos/${id}/evidence`, { as: 'citizen' })).body.items).toEqual([])
  })
})

describe('a link', () => {
  it('shows one SOS to who has it, until it expires, is revoked, or the SOS is over', async () => {
    const { call, id, clock, views } = await aHouseWithSos()
    const share = async (expiresInS?: number) =>
      (await call('POST', `/api/sos/${id}/share`, { as: 'citizen', ...(expiresInS && { body: { expiresInS } }) })).body
    const [long, short, revoked] = [await share(), await share(60), await share()]
    const shown = await call('GET', long.path)
    expect(shown.body).toMatchObject({ name: 'The citizen', state: 'active', location: here, trail: [here] })
    expect(shown.text).not.toContain(id)
    expect(await views()).toEqual([`share:${long.id}`])
    expect((await call('DELETE', `/api/sos/${id}/share/${revoked.id}`, { as: 'resident' })).status).toBe(404)
    expect((await call('DELETE', `/api/sos/${id}/share/${revoked.id}`, { as: 'citizen' })).status).toBe(204)
    clock.nowMs += 61_000
    for (const path of [short.path, revoked.path, '/api/share/guess'])
      expect((await call('GET', path)).status).toBe(404)
    await call('POST', `/api/sos/cancel/${id}`, { as: 'citizen' })
    expect((await call('GET', long.path)).body).toMatchObject({ state: 'cancelled', location: null, trail: [] })
  })

  it('is one of twenty at most', async () => {
    const { call, id } = await aHouseWithSos()
    const statuses: number[] = []
    for (let i = 0; i < 21; i++) statuses.push((await call('POST', `/api/sos/${id}/share`, { as: 'citizen' })).status)
    expect(statuses.slice(19)).toEqual([201, 409])
  })
})

describe('erasing an account', () => {
  it('leaves an SOS that is nobody’s; taking one’s data along brings history and trail', async () => {
    const { call, id, setPins, deps, citizen } = await aHouseWithSos()
    await setPins({ cancelPin: '1234' })
    const { body: data } = await call('GET', '/api/users/export', { as: 'citizen' })
    expect(data.sos).toMatchObject([{ id, timeline: [{ action: 'pressed' }], trail: [here] }])
    await call('POST', `/api/sos/cancel/${id}`, { as: 'citizen', body: { pin: '1234', reason: 'I am Asha' } })
    expect((await call('DELETE', '/api/users/me', { as: 'citizen', body: { password } })).status).toBe(204)
    expect(await deps.sosDesk.get(id)).toMatchObject({ ownerId: undefined, personName: undefined, state: 'cancelled' })
    expect(await deps.sosDesk.trail(id)).toEqual([])
    expect(JSON.stringify(await deps.sosDesk.timeline(id))).not.toContain('Asha')
    expect(await deps.records.sosPins.get(citizen)).toEqual({ cancelHash: undefined, duressHash: undefined })
  })
})
