import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { hashSecret, openRecords } from '../../../store/index.ts'
import { keepKeyCheck } from '../../../store/records/key-check.ts'
import { migrate } from '../../../store/records/migrations/index.ts'
import { createScope } from '../../../store/records/scope.ts'
import { aTempDir } from '../../support/temp-dir.ts'
import { aBus, aClock, recordsKey, silentLog, startMs } from './fixture.ts'

const refreshToken = 'a refresh token'

/** Records as the first release left them: a device, an administrator who is signed in, a line of the audit trail. */
async function recordsOfTheFirstRelease() {
  const options = {
    path: join(await aTempDir(), 'records.sqlite'),
    key: recordsKey,
    now: aClock().now,
    bus: aBus().bus,
  }
  const { db, keys } = createScope(options)
  await migrate(db, keys, { upTo: '0001-first-tables' })
  for (const statement of [
    sql`insert into devices values ('lamp-1', 'Lamp', '["noise"]', 15, 88, null, '{}', 'registered', 0, 'ab', 1, 1)`,
    sql`insert into users values ('u-1', 'asha@city.example', 'Asha', 'super_admin', 'active', 'hash', 1, 2)`,
    sql`insert into sessions values ('s-1', 'u-1', ${startMs}, ${startMs + 86_400_000}, null)`,
    sql`insert into refresh_tokens values (${hashSecret(refreshToken).toString('hex')}, 's-1', ${startMs}, null)`,
    sql`insert into audit values ('a-1', 1, 'system', 'user-created', 'user:u-1', '{}')`,
  ]) {
    await statement.execute(db)
  }
  await db.destroy()
  return options
}

test('records of the first release are brought up to date, and everybody stays who and where they are', async () => {
  const records = await openRecords({ ...(await recordsOfTheFirstRelease()), log: silentLog })
  onTestFinished(() => records.close())
  expect(await records.devices.get('lamp-1')).toMatchObject({ name: 'Lamp', position: { latitude: 15, longitude: 88 } })
  expect(await records.users.find({ type: 'email', value: 'asha@city.example' })).toMatchObject({
    id: 'u-1',
    role: 'super_admin',
    passwordHash: 'hash',
    phone: undefined,
  })
  const [fromHash, toHash] = [refreshToken, 'the next'].map((token) => hashSecret(token).toString('hex')) as [
    string,
    string,
  ]
  expect(await records.sessions.rotate({ fromHash, toHash, nowMs: startMs })).toMatchObject({ type: 'rotated' })
  expect((await records.audit.list({ limit: 10 })).items).toMatchObject([{ id: 'a-1', action: 'user-created' }])
})

test('what belongs to a user is still tied to them', async () => {
  const options = await recordsOfTheFirstRelease()
  const records = await openRecords({ ...options, log: silentLog })
  await records.close()
  const { db } = createScope(options)
  onTestFinished(() => db.destroy())
  await sql`delete from users where id = 'u-1'`.execute(db)
  for (const table of ['sessions', 'refresh_tokens']) {
    const { rows } = await sql`select * from ${sql.table(table)}`.execute(db)
    expect(rows, table).toEqual([])
  }
})

test('SOS of the release before go on: of several active ones of a person the later are part of the first', async () => {
  const options = await recordsOfTheFirstRelease()
  const { db, keys } = createScope(options)
  await migrate(db, keys, { upTo: '0006-sos-owners' })
  const sos = (id: string, state: string, device: string, owner: string | null) => sql`
    insert into sos (id, state, device_id, owner_id, trigger_name, observed_at_ms, received_at_ms, press_count,
      updated_at_ms, resolved_at_ms, resolved_by)
    values (${id}, ${state}, ${device}, ${owner}, 'shake', 1, ${startMs}, 2, ${startMs}, ${state === 'resolved' ? startMs : null},
      ${state === 'resolved' ? 'u-1' : null})`
  await sos('a', 'active', 'band-1', 'u-1').execute(db)
  await sos('b', 'active', 'band-2', 'u-1').execute(db)
  await sos('c', 'resolved', 'band-1', 'u-1').execute(db)
  await sos('d', 'active', 'band-3', null).execute(db)
  await sql`insert into sos_presses (id, sos_id, device_id, trigger_name, observed_at_ms, received_at_ms)
    values ('p', 'a', 'band-1', 'shake', 1, ${startMs})`.execute(db)
  await db.destroy()
  const records = await openRecords({ ...options, log: silentLog })
  onTestFinished(() => records.close())
  const { items } = await records.sos.list({ limit: 10 })
  expect(items.map(({ id, state, mergedInto }) => [id, state, mergedInto])).toEqual([
    ['d', 'active', undefined],
    ['c', 'resolved', undefined],
    ['b', 'resolved', 'a'],
    ['a', 'active', undefined],
  ])
  expect(items.at(-1)).toMatchObject({ source: 'wearable', trigger: 'shake', pressCount: 2, ownerId: 'u-1' })
  expect(new Set(items.map(({ roomId }) => roomId)).size).toBe(4)
  expect(await records.sos.presses('a')).toHaveLength(1)
  expect((await records.sos.listDue(startMs, 10)).map(({ id }) => id).sort()).toEqual(['a', 'd'])
  expect((await records.sos.timeline('c')).map(({ toState }) => toState)).toEqual(['active', 'resolved'])
})

test('devices that had an owner before are personal ones, and their owners’ since the last change', async () => {
  const options = await recordsOfTheFirstRelease()
  const { db, keys } = createScope(options)
  await migrate(db, keys, { upTo: '0006-sos-owners' })
  const columns = ['id', 'owner_id', 'updated_at_ms'].map((name) => sql.ref(name))
  for (const [id, ownerId] of [
    ['band-1', 'u-1'],
    ['band-2', null],
  ]) {
    await sql`insert into devices (${sql.join(columns)}, name, kinds, labels, state, simulated, secret_hash, created_at_ms)
      values (${id}, ${ownerId}, 7, 'Band', '[]', '{}', 'registered', 0, ${id}, 1)`.execute(db)
  }
  await db.destroy()
  const records = await openRecords({ ...options, log: silentLog })
  onTestFinished(() => records.close())
  const { items } = await records.devices.list({ limit: 10 })
  expect(items.map(({ id, isPersonal, ownedSinceMs }) => [id, isPersonal, ownedSinceMs])).toEqual([
    ['band-1', true, 7],
    ['band-2', false, undefined],
    ['lamp-1', false, undefined],
  ])
})

test('an upgrade under another key is refused before it changes a table', async () => {
  const options = await recordsOfTheFirstRelease()
  const scope = createScope(options)
  await migrate(scope.db, scope.keys, { upTo: '0006-sos-owners' })
  await keepKeyCheck(scope)
  await scope.db.destroy()
  const opening = openRecords({ ...options, key: 'the key of another city, 32 bytes too', log: silentLog })
  await expect(opening).rejects.toMatchObject({ code: 'records-key-wrong' })
  const { db } = createScope(options)
  onTestFinished(() => db.destroy())
  const { rows } = await sql<{ name: string }>`select name from pragma_table_info('devices')`.execute(db)
  expect(rows.map(({ name }) => name)).not.toContain('personal')
})
