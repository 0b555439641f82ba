import { describe, expect, it } from 'vitest'
import { type ApiHouse, anApiHouse, noonMs, openApiHouse, shareHouse } from '../support/api-house.ts'
import { putInStore } from '../support/readings.ts'

async function raise({ deps }: ApiHouse, deviceId: string, atMs = noonMs): Promise<string> {
  const rules = await deps.alertDesk.rules.all()
  const rule = rules.find(({ condition }) => condition.kind === 'air-quality' && condition.type === 'above')!
  await deps.alertDesk.apply([{ type: 'raise', ruleId: rule.id, deviceId, kind: 'air-quality', atMs, value: 88 }])
  const { items } = await deps.alertDesk.list({ deviceId, limit: 1 })
  return items[0]!.id
}

const rule = {
  name: 'Too loud at night',
  severity: 'medium',
  condition: { type: 'above', kind: 'noise', field: 'laeqDb', raise: 70, clear: 60, holdS: 60 },
}

describe('an alert', () => {
  it('is acknowledged, assigned, commented on and resolved, with who and when', async () => {
    const house = await anApiHouse()
    const { call, clock, userIdOf } = house
    const id = await raise(house, 'aq-1')
    clock.nowMs += 5000
    const act = (what: string, body?: unknown) => call('POST', `/api/alerts/${id}/${what}`, { as: 'operator', body })
    const acknowledged = await act('acknowledge', { note: 'looking' })
    expect(acknowledged.body).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: userIdOf('operator'),
      acknowledgedAt: '2026-01-14T12:00:05.000Z',
      raisedAt: '2026-01-14T12:00:00.000Z',
      value: 88,
    })
    expect((await act('assign', { to: userIdOf('officer') })).body.assignedTo).toBe(userIdOf('officer'))
    expect((await act('assign')).status).toBe(400)
    expect((await act('assign', {})).body.assignedTo).toBe(userIdOf('operator'))
    await act('comment', { note: 'wind from the works' })
    const resolved = await act('resolve')
    expect(resolved.body).toMatchObject({ state: 'resolved', resolvedBy: userIdOf('operator') })
    const { notes } = (await call('GET', `/api/alerts/${id}`, { as: 'analyst' })).body
    expect(notes.map(({ action, text }: { action: string; text: string }) => [action, text])).toEqual([
      ['raised', expect.anything()],
      ['acknowledged', 'looking'],
      ['assigned', `to ${userIdOf('officer')}`],
      ['assigned', `to ${userIdOf('operator')}`],
      ['commented', 'wind from the works'],
      ['resolved', null],
    ])
  })

  it('is acknowledged by one of two who try at once; the other hears that it is', async () => {
    const house = await anApiHouse()
    const id = await raise(house, 'aq-1')
    const answers = await Promise.all(
      (['operator', 'admin'] as const).map((as) => house.call('POST', `/api/alerts/${id}/acknowledge`, { as })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const refused = answers.find(({ status }) => status === 409)!
    expect(refused.body.error.code).toBe('alert-already-acknowledged')
  })

  it('is given only to somebody there is', async () => {
    const house = await anApiHouse()
    const id = await raise(house, 'aq-1')
    const answer = await house.call('POST', `/api/alerts/${id}/assign`, { as: 'operator', body: { to: 'nobody' } })
    expect([answer.status, answer.body.error.code]).toEqual([404, 'user-not-found'])
  })

  it('tells the house what happened to it', async () => {
    const house = await anApiHouse()
    const changes: string[] = []
    house.deps.bus.subscribe('alert-changed', ({ change }) => changes.push(change))
    const id = await raise(house, 'aq-1')
    await house.call('POST', `/api/alerts/${id}/acknowledge`, { as: 'operator' })
    expect(changes).toEqual(['raised', 'acknowledged'])
  })
})

describe('silencing', () => {
  it('keeps an alert quiet until the silence is over or ended, and lists both', async () => {
    const house = await anApiHouse()
    const { call, userIdOf } = house
    const id = await raise(house, 'aq-1')
    const body = { durationS: 600, reason: 'works next door' }
    const silenced = await call('POST', `/api/alerts/${id}/silence`, { as: 'operator', body })
    expect(silenced.body).toMatchObject({ state: 'firing', silenceEndsAt: '2026-01-14T12:10:00.000Z' })
    const quiet = async (flag: boolean) =>
      (await call('GET', `/api/alerts?quiet=${flag}`, { as: 'operator' })).body.items.length
    expect([await quiet(true), await quiet(false)]).toEqual([1, 0])
    const { items } = (await call('GET', '/api/silences', { as: 'analyst' })).body
    expect(items).toMatchObject([
      { id: silenced.body.silenceId, deviceId: 'aq-1', reason: body.reason, createdBy: userIdOf('operator') },
    ])
    const path = `/api/silences/${items[0].id}`
    expect((await call('DELETE', path, { as: 'operator' })).body.endedBy).toBe(userIdOf('operator'))
    const again = await call('DELETE', path, { as: 'operator' })
    expect([again.status, again.body.error.code]).toEqual([409, 'silence-already-over'])
    expect((await call('GET', '/api/silences', { as: 'operator' })).body.items).toEqual([])
    expect((await call('GET', '/api/silences?all', { as: 'operator' })).body.items).toHaveLength(1)
    expect([await quiet(true), await quiet(false)]).toEqual([0, 1])
  })

  it.each([
    [{ match: {}, durationS: 600, reason: 'all' }],
    [{ match: { kind: 'noise' }, durationS: 59, reason: 'short' }],
    [{ match: { kind: 'noise' }, durationS: 31 * 86_400, reason: 'long' }],
    [{ match: { kind: 'noise' }, durationS: 600, reason: ' ' }],
    [{ match: { kind: 'noise' }, durationS: 600, reason: 'past', startsAt: '2026-01-14T11:00:00Z' }],
  ])('is refused when it makes no sense (%#)', async (body) => {
    const { call } = await anApiHouse()
    expect((await call('POST', '/api/silences', { as: 'operator', body })).status).toBe(400)
  })
})

describe('the list of alerts', () => {
  it('is newest first, pages, and filters', async () => {
    const house = await anApiHouse()
    const ids: string[] = []
    for (let i = 0; i < 5; i++) {
      house.clock.nowMs += 1000
      ids.unshift(await raise(house, `aq-${i}`, house.clock.nowMs))
    }
    await house.call('POST', `/api/alerts/${ids[0]}/assign`, { as: 'operator', body: {} })
    await house.call('POST', `/api/alerts/${ids[1]}/acknowledge`, { as: 'operator' })
    const idsOf = async (query: string) => {
      const { body } = await house.call('GET', `/api/alerts?${query}`, { as: 'operator' })
      return body.items.map(({ id }: { id: string }) => id)
    }
    expect(await idsOf('')).toEqual(ids)
    expect(await idsOf('state=acknowledged')).toEqual([ids[1]])
    expect(await idsOf('state=firing,acknowledged&limit=2')).toEqual(ids.slice(0, 2))
    expect(await idsOf('assignedTo=me')).toEqual([ids[0]])
    expect(await idsOf('deviceId=aq-3')).toEqual([ids[1]])
    expect(await idsOf('severity=low')).toEqual([])
    const { body } = await house.call('GET', '/api/alerts?limit=3', { as: 'operator' })
    expect(await idsOf(`limit=3&cursor=${body.nextCursor}`)).toEqual(ids.slice(3))
  })
})

describe('a rule', () => {
  const shared = shareHouse(openApiHouse)

  it('is made, changed and deleted, and the pipeline hears of it each time', async () => {
    const { call, deps } = await anApiHouse()
    let heard = 0
    deps.bus.subscribe('rules-changed', () => {
      heard += 1
    })
    const made = await call('POST', '/api/alert-rules', { as: 'admin', body: rule })
    expect([made.status, made.body.builtIn]).toEqual([201, false])
    const path = made.headers.get('location')!
    const changed = await call('PATCH', path, { as: 'admin', body: { enabled: false } })
    expect(changed.body).toMatchObject({ ...rule, enabled: false })
    expect((await call('DELETE', path, { as: 'admin' })).status).toBe(204)
    expect((await call('GET', path, { as: 'admin' })).status).toBe(404)
    expect(heard).toBe(3)
  })

  it('that came with its kind can be switched off, not deleted', async () => {
    const { call } = await anApiHouse()
    const { items } = (await call('GET', '/api/alert-rules', { as: 'operator' })).body
    const builtIn = items.find((one: { builtIn: boolean }) => one.builtIn)
    const path = `/api/alert-rules/${encodeURIComponent(builtIn.id)}`
    const refused = await call('DELETE', path, { as: 'admin' })
    expect([refused.status, refused.body.error.code]).toEqual([409, 'rule-built-in'])
    expect((await call('PATCH', path, { as: 'admin', body: { enabled: false } })).body.enabled).toBe(false)
  })

  it.each([
    [{ ...rule, condition: { ...rule.condition, clear: 80 } }],
    [{ ...rule, condition: { ...rule.condition, field: 'nothing' } }],
    [{ ...rule, condition: { ...rule.condition, kind: 'nothing' } }],
    [{ ...rule, severity: 'apocalyptic' }],
    [{ ...rule, condition: { type: 'no-data', kind: 'noise', afterS: 0 } }],
    [{}],
  ])('is refused when it makes no sense (%#)', async (body) => {
    const { call } = shared()
    const answer = await call('POST', '/api/alert-rules', { as: 'admin', body })
    expect(answer.status).toBe(400)
  })

  it('is refused a change that would leave it without sense', async () => {
    const { call } = await anApiHouse()
    const { headers } = await call('POST', '/api/alert-rules', { as: 'admin', body: rule })
    const path = headers.get('location')!
    for (const body of [{}, { builtIn: true }, { condition: { ...rule.condition, clear: 90 } }]) {
      expect((await call('PATCH', path, { as: 'admin', body })).status).toBe(400)
    }
    expect((await call('GET', path, { as: 'admin' })).body.condition).toEqual(rule.condition)
  })
})

describe('a rule that is tried', () => {
  const hourMs = 3_600_000
  const from = new Date(noonMs - hourMs).toISOString()

  it('tells what it would have done, whether it exists or not, and changes nothing', async () => {
    const { call, store } = await anApiHouse()
    const loud = [0, 1, 2, 3].map((at) => ({
      deviceId: 'ear-1',
      atMs: noonMs - 600_000 + at * 60_000,
      values: { laeqDb: 75 },
    }))
    await putInStore(store, 'noise', [...loud, { deviceId: 'ear-1', atMs: noonMs - 300_000, values: { laeqDb: 50 } }])
    const { headers } = await call('POST', '/api/alert-rules', { as: 'admin', body: { ...rule, enabled: false } })
    const told = {
      alerts: [
        {
          deviceId: 'ear-1',
          raisedAt: '2026-01-14T11:51:00.000Z',
          clearedAt: '2026-01-14T11:55:00.000Z',
          peak: 75,
          severity: 'medium',
        },
      ],
      alertCount: 1,
      deviceCount: 1,
      readingCount: 5,
      replayedTo: '2026-01-14T12:00:00.000Z',
      isCutShort: false,
    }
    const ofDraft = await call('POST', '/api/alert-rules/test', { as: 'admin', body: { from, rule } })
    const ofRule = await call('POST', `${headers.get('location')}/test`, { as: 'admin', body: { from } })
    expect([ofDraft.body, ofRule.body]).toEqual([told, told])
    expect((await call('GET', '/api/alerts', { as: 'admin' })).body.items).toEqual([])
  })

  it.each([
    [{ from: '2025-01-01T00:00:00Z' }, 'bad-time-range'],
    [{ from, to: from }, 'bad-time-range'],
    [{ from, rule: { ...rule, condition: { ...rule.condition, field: 'nothing' } } }, 'unknown-field'],
    [{ from, deviceIds: [] }, undefined],
  ])('is refused when it makes no sense (%#)', async (change, code) => {
    const { call } = await anApiHouse()
    const answer = await call('POST', '/api/alert-rules/test', { as: 'admin', body: { rule, ...change } })
    expect(answer.status).toBe(400)
    if (code) expect(answer.body.error.code).toBe(code)
  })
})
