import { describe, expect, it } from 'vitest'
import type { AuditEntryResource } from '../../contracts/http/audit.ts'
import { type ApiHouse, anApiHouse, noonMs, openApiHouse, password, shareHouse } from '../support/api-house.ts'
import { putInStore } from '../support/readings.ts'

/** Ten entries, a minute apart, from noon on; what the house itself wrote is older. */
async function aHouseWithATrail(): Promise<ApiHouse> {
  const house = await anApiHouse()
  const { clock, deps, userIdOf } = house
  clock.nowMs = noonMs + 60_000
  for (let index = 0; index < 10; index++) {
    await deps.records.audit.append({
      actor: index % 2 === 0 ? userIdOf('operator') : 'device:lamp-1',
      action: index < 5 ? 'made-up' : 'thought-of',
      ...(index % 3 > 0 && { subject: `thing:${index % 3}` }),
      detail: { index },
    })
    clock.nowMs += 60_000
  }
  return house
}

const minute = (index: number) => noonMs + 60_000 * (index + 1)

/** What stands newest in the trail, as an administrator sees it. */
async function newest({ call }: ApiHouse, query = ''): Promise<AuditEntryResource> {
  const { body } = await call('GET', `/api/audit?limit=1&${query}`, { as: 'admin' })
  return body.items[0]
}

describe('the audit trail', () => {
  it('is newest first, with a name for who has one', async () => {
    const { call, userIdOf } = await aHouseWithATrail()
    const { status, body } = await call('GET', '/api/audit?limit=2', { as: 'admin' })
    expect(status).toBe(200)
    expect(body.items).toEqual([
      {
        id: expect.any(String),
        seq: expect.any(Number),
        at: new Date(minute(9)).toISOString(),
        actor: 'device:lamp-1',
        actorName: null,
        action: 'thought-of',
        subject: null,
        detail: { index: 9 },
      },
      expect.objectContaining({
        actor: userIdOf('operator'),
        actorName: 'The operator',
        subject: 'thing:2',
        detail: { index: 8 },
      }),
    ])
    expect(body.items[0].seq).toBe(body.items[1].seq + 1)
  })

  it('forgets the name of who is erased, and keeps what they did', async () => {
    const house = await aHouseWithATrail()
    const { call, userIdOf } = house
    expect((await call('DELETE', '/api/users/me', { as: 'operator', body: { password } })).status).toBe(204)
    expect(await newest(house, `actor=${userIdOf('operator')}&action=made-up`)).toMatchObject({
      actor: userIdOf('operator'),
      actorName: null,
    })
  })

  it.each([
    ['action=made-up', [4, 3, 2, 1, 0]],
    ['action=made-*', [4, 3, 2, 1, 0]],
    ['actor=device:lamp-1', [9, 7, 5, 3, 1]],
    ['actor=device:lamp-1&action=thought-*', [9, 7, 5]],
    ['subject=thing:2', [8, 5, 2]],
    ['search=THOUGHT-OF&subject=thing:1', [7]],
    [`from=${minute(2)}&to=${minute(4)}&actor=device:lamp-1`, [3]],
    [`from=${new Date(minute(8)).toISOString()}`, [9, 8]],
    ['action=no-such-thing', []],
    ['subject=thing:1&actor=nobody', []],
  ])('filters by %s', async (query, expected) => {
    const { call } = await aHouseWithATrail()
    for (const limit of [2, 100]) {
      const found: number[] = []
      let cursor = ''
      do {
        const { status, body } = await call('GET', `/api/audit?${query}&limit=${limit}${cursor}`, { as: 'super_admin' })
        expect(status).toBe(200)
        found.push(...body.items.map(({ detail }: AuditEntryResource) => detail.index))
        cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`
      } while (cursor !== '')
      expect(found).toEqual(expected)
    }
  })
})

describe('the audit trail refuses', () => {
  const house = shareHouse(openApiHouse)

  it.each([
    'action=Made-Up',
    'action=*',
    'action=made*up',
    `action=${'a'.repeat(65)}`,
    'actor=',
    `subject=${'x'.repeat(257)}`,
    'from=yesterday',
    'search=%20',
    'cursor=nonsense',
    'limit=0',
    'limit=1001',
    'unknown=1',
  ])('%s', async (query) => {
    const { status, body } = await house().call('GET', `/api/audit?${query}`, { as: 'admin' })
    expect([status, body.error.code]).toEqual([400, 'invalid-request'])
  })
})

describe('what people do is written down', () => {
  async function aFiringAlert({ deps }: ApiHouse): Promise<string> {
    const [rule] = await deps.alertDesk.rules.all()
    await deps.alertDesk.apply([
      { type: 'raise', ruleId: rule!.id, deviceId: 'aq-1', kind: rule!.condition.kind, atMs: noonMs, value: 99 },
    ])
    return (await deps.alertDesk.list({ limit: 1 })).items[0]!.id
  }

  it.each([
    ['acknowledge', undefined, 'alert-acknowledged', {}],
    ['assign', {}, 'alert-assigned', { to: expect.any(String) }],
    ['comment', { note: 'a private word' }, 'alert-commented', {}],
    ['resolve', { note: 'a private word' }, 'alert-resolved', {}],
  ])('to %s an alert, without what they wrote', async (verb, body, action, detail) => {
    const house = await anApiHouse()
    const id = await aFiringAlert(house)
    await house.call('POST', `/api/alerts/${id}/${verb}`, { as: 'operator', ...(body && { body }) })
    expect(await newest(house)).toMatchObject({
      actor: house.userIdOf('operator'),
      action,
      subject: `alert:${id}`,
      detail: { deviceId: 'aq-1', ...detail },
    })
    expect(JSON.stringify(await newest(house))).not.toContain('private')
  })

  it('not where it was refused', async () => {
    const house = await anApiHouse()
    const id = await aFiringAlert(house)
    await house.call('POST', `/api/alerts/${id}/resolve`, { as: 'operator' })
    const before = await house.deps.records.audit.head()
    expect((await house.call('POST', `/api/alerts/${id}/acknowledge`, { as: 'operator' })).status).toBe(409)
    expect((await house.call('POST', `/api/alerts/${id}/resolve`, { as: 'analyst' })).status).toBe(403)
    expect(await house.deps.records.audit.head()).toEqual(before)
  })

  it.each(['csv', 'geojson', 'parquet'])('when they take readings away as %s', async (format) => {
    const house = await anApiHouse()
    await putInStore(house.store, 'noise', [{ deviceId: 'n-1', atMs: noonMs - 1000, values: { laeqDb: 50 } }], [])
    const query = `format=${format}&kind=noise&from=${noonMs - 60_000}&to=${noonMs}&deviceId=n-1`
    expect((await house.call('GET', `/api/readings/export?${query}`, { as: 'analyst' })).status).toBe(200)
    expect(await newest(house)).toMatchObject({
      actor: house.userIdOf('analyst'),
      action: 'readings-exported',
      detail: {
        format,
        kind: 'noise',
        from: new Date(noonMs - 60_000).toISOString(),
        to: new Date(noonMs).toISOString(),
        deviceIds: ['n-1'],
      },
    })
  })

  it('before any reading leaves, and not when only asked what there would be', async () => {
    const house = await anApiHouse({
      deps: ({ records }) => ({
        records: {
          ...records,
          audit: {
            ...records.audit,
            append: async () => {
              throw new Error('disk full')
            },
          },
        },
      }),
    })
    const before = await house.deps.records.audit.head()
    const get = await house.call('GET', '/api/readings/export?kind=noise', { as: 'analyst' })
    expect([get.status, get.body.error.code]).toEqual([500, 'internal'])
    expect((await house.call('HEAD', '/api/readings/export?kind=noise', { as: 'analyst' })).status).toBe(200)
    expect(await house.deps.records.audit.head()).toEqual(before)
  })
})

it('a trail that a whole house has written is whole', async () => {
  const house = await aHouseWithATrail()
  expect(await house.deps.records.audit.verify()).toMatchObject({ type: 'intact' })
})
