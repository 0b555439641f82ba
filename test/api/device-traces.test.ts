import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createScope } from '../../store/records/scope.ts'
import { recordsKey } from '../store/records/fixture.ts'
import { type ApiHouse, anApiHouse } from '../support/api-house.ts'

/** Lets `count` more entries into the audit trail, and none after them. */
async function fillTrail({ deps }: ApiHouse, count = 0) {
  const { bus, now, options, records } = deps
  const { db } = createScope({ path: join(options.tempDir!, 'records.sqlite'), key: recordsKey, bus, now })
  onTestFinished(() => db.destroy())
  const { seq } = await records.audit.head()
  await sql`create trigger full before insert on audit when new.seq > ${sql.lit(seq + count)}
    begin select raise(abort, 'disk full'); end`.execute(db)
}

const changes = [
  ['POST', '/api/devices', { id: 'lamp-9' }],
  ['PATCH', '/api/devices/lamp-1', { name: 'changed' }],
  ['POST', '/api/devices/lamp-1/credentials', undefined],
  ['POST', '/api/devices/lamp-1/revoke', undefined],
  ['POST', '/api/devices/lamp-1/decommission', undefined],
  ['POST', '/api/devices/lamp-1/commands', { name: 'blink' }],
  ['DELETE', '/api/devices/lamp-1', undefined],
  ['POST', '/api/devices/bulk', [{ id: 'lamp-9' }]],
  ['POST', '/api/provisioning-keys', { name: 'ward 7', quota: 3 }],
  ['POST', '/api/provisioning-keys/KEY/revoke', undefined],
] as const

describe('what cannot be written into the audit trail', () => {
  it.each(changes)('%s %s has not happened', async (method, path, body) => {
    const house = await anApiHouse()
    const { call, deps, disconnected } = house
    const { records } = deps
    await records.devices.register({ id: 'lamp-1', kinds: [], labels: {} })
    const { provisioningKey } = await records.provisioningKeys.create({ name: 'first', quota: 1 })
    const state = async () => [
      await records.devices.loadAll(),
      (await records.provisioningKeys.list({ limit: 10 })).items,
      (await records.commands.list({ deviceId: 'lamp-1', limit: 10 })).items,
      [...deps.directory.all()],
    ]
    const before = await state()
    await fillTrail(house)
    const answer = await call(method, path.replace('KEY', provisioningKey.id), { as: 'super_admin', body })
    expect(answer.status).toBe(500)
    expect(await state()).toEqual(before)
    expect(disconnected).toEqual([])
  })

  it('ends an import, and what was registered until then is reported with its secrets', async () => {
    const house = await anApiHouse()
    const { call, deps } = house
    await fillTrail(house, 1)
    const body = [{ id: 'no good' }, ...Array.from({ length: 300 }, (_, at) => ({ id: `lamp-${at}` }))]
    const answer = await call('POST', '/api/devices/bulk', { as: 'admin', body })
    expect(answer.body).toMatchObject({ created: 250, failed: 51 })
    const { results } = answer.body
    expect(results.map(({ line }: { line: number }) => line)).toEqual(body.map((_, at) => at + 1))
    expect([results[0].error.code, results[251].error.code, results[251].id]).toEqual([
      'invalid-device',
      'not-registered',
      'lamp-250',
    ])
    expect(deps.directory.verifySecret('lamp-249', Buffer.from(results[250].secret))).toBe(true)
    expect(deps.directory.find('lamp-250')).toBeUndefined()
  })
})

describe('an import that reaches the limit of devices', () => {
  it('registers as many as there is room for and says so of the rest', async () => {
    const { call, deps } = await anApiHouse({ records: { deviceCountMax: 251 } })
    const body = Array.from({ length: 260 }, (_, at) => ({ id: `lamp-${at}` }))
    const answer = await call('POST', '/api/devices/bulk', { as: 'admin', body })
    expect(answer.body).toMatchObject({ created: 251, failed: 9 })
    const { results } = answer.body
    expect(deps.directory.verifySecret('lamp-250', Buffer.from(results[250].secret))).toBe(true)
    expect(results[251]).toMatchObject({ id: 'lamp-251', secret: null, error: { code: 'too-many-devices' } })
    const one = await call('POST', '/api/devices', { as: 'admin', body: { id: 'one-more' } })
    expect(one.body.error.code).toBe('too-many-devices')
    const { items } = await deps.records.audit.list({ action: 'devices-registered', limit: 10 })
    expect(items.map(({ detail }) => detail)).toEqual([
      { created: 1, failed: 9 },
      { created: 250, failed: 0 },
    ])
  })
})
