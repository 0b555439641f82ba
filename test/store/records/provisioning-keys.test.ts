import { expect, onTestFinished, test } from 'vitest'
import { createDeviceDirectory } from '../../../store/index.ts'
import { aDevice, someRecords } from './fixture.ts'

async function aDirectory(options: Parameters<typeof someRecords>[0] = {}) {
  const fixture = await someRecords(options)
  const directory = createDeviceDirectory({ records: fixture.records })
  await directory.start()
  onTestFinished(() => directory.stop())
  return { ...fixture, directory }
}

test('a key lets in as many as its quota, however many ask at once', async () => {
  const { records, directory } = await aDirectory()
  const { key, provisioningKey } = await records.provisioningKeys.create({ name: 'ward 7', quota: 30 })
  const by = { provisioningKeyId: provisioningKey.id }
  const outcomes = await Promise.allSettled(
    Array.from({ length: 600 }, (_, at) => directory.enrol(aDevice({ id: `lamp-${at}` }), by)),
  )
  const isLetIn = ({ status }: { status: string }) => status === 'fulfilled'
  expect(outcomes.findLastIndex(isLetIn)).toBe(29)
  expect(outcomes.filter((outcome) => !isLetIn(outcome))).toHaveLength(570)
  expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'provisioning-key-closed' } })
  expect(await directory.findProvisioningKey(key)).toBeUndefined()
  const { items } = await records.provisioningKeys.list({ limit: 10 })
  expect(items).toMatchObject([{ name: 'ward 7', quota: 30, usedCount: 30 }])
})

test('a place is taken by a device that was registered, and by nothing else', async () => {
  const { records, directory } = await aDirectory()
  await records.devices.register(aDevice({ id: 'lamp-0' }))
  const { key, provisioningKey } = await records.provisioningKeys.create({ name: 'ward 7', quota: 2 })
  for (let times = 0; times < 5; times++) {
    expect(await directory.findProvisioningKey(key)).toBe(provisioningKey.id)
  }
  // All in one commit: the third is not refused for a place that the first did not need.
  const outcomes = await Promise.allSettled(
    ['lamp-0', 'lamp-1', 'lamp-2', 'lamp-3'].map((id) =>
      directory.enrol(aDevice({ id }), { provisioningKeyId: provisioningKey.id }),
    ),
  )
  expect(outcomes).toMatchObject([
    { reason: { code: 'device-already-registered' } },
    { status: 'fulfilled' },
    { status: 'fulfilled' },
    { reason: { code: 'provisioning-key-closed' } },
  ])
  const { items } = await records.provisioningKeys.list({ limit: 10 })
  expect(items).toMatchObject([{ quota: 2, usedCount: 2 }])
})

test('unknown, expired and revoked keys let nobody in', async () => {
  const { records, directory, clock } = await aDirectory()
  const expiring = await records.provisioningKeys.create({
    name: 'short',
    quota: 10,
    expiresAtMs: clock.now() + 1000,
  })
  const revoked = await records.provisioningKeys.create({ name: 'lost', quota: 10 })
  await records.provisioningKeys.revoke(revoked.provisioningKey.id)
  expect(await directory.findProvisioningKey(expiring.key)).toBe(expiring.provisioningKey.id)
  clock.advance(1000)
  expect(await directory.findProvisioningKey(expiring.key)).toBeUndefined()
  expect(await directory.findProvisioningKey(revoked.key)).toBeUndefined()
  expect(await directory.findProvisioningKey('')).toBeUndefined()
  await expect(records.provisioningKeys.revoke('nothing')).rejects.toMatchObject({ code: 'provisioning-key-not-found' })
})

test('a key is kept as a hash alone', async () => {
  const { records } = await someRecords()
  const { key, provisioningKey } = await records.provisioningKeys.create({ name: 'ward 7', quota: 1 })
  expect(Buffer.from(key, 'base64url')).toHaveLength(32)
  expect(JSON.stringify([provisioningKey, await records.provisioningKeys.list({ limit: 1 })])).not.toContain(key)
})

test('keys are listed newest first, in pages', async () => {
  const { records } = await someRecords()
  for (const name of ['a', 'b', 'c', 'd', 'e']) await records.provisioningKeys.create({ name, quota: 1 })
  const first = await records.provisioningKeys.list({ limit: 3 })
  const second = await records.provisioningKeys.list({ limit: 3, cursor: first.nextCursor })
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['e', 'd', 'c', 'b', 'a'])
  expect(second.nextCursor).toBeUndefined()
})

test('only so many keys may be open; one that is revoked or expires makes room', async () => {
  const { records, clock } = await someRecords({ provisioningKeysOpenMax: 2 })
  const first = await records.provisioningKeys.create({ name: 'a', quota: 1 })
  await records.provisioningKeys.create({ name: 'b', quota: 1, expiresAtMs: clock.now() + 1000 })
  const oneMore = () => records.provisioningKeys.create({ name: 'c', quota: 1 })
  await expect(oneMore()).rejects.toMatchObject({ code: 'too-many-provisioning-keys' })
  await records.provisioningKeys.revoke(first.provisioningKey.id)
  await oneMore()
  await expect(oneMore()).rejects.toMatchObject({ code: 'too-many-provisioning-keys' })
  clock.advance(1000)
  await oneMore()
})

test('which key enrolled a device is kept, and the key itself is not', async () => {
  const { records, directory } = await aDirectory()
  const { key, provisioningKey } = await records.provisioningKeys.create({ name: 'ward 7', quota: 5 })
  const provisioningKeyId = await directory.findProvisioningKey(key)
  await directory.enrol(aDevice({ id: 'lamp-1' }), { provisioningKeyId: provisioningKeyId! })
  await expect(directory.enrol(aDevice({ id: 'lamp-1' }), { provisioningKeyId: provisioningKeyId! })).rejects.toThrow()
  await directory.enrol(aDevice({ id: 'lamp-2' }))
  const { items } = await records.audit.list({ limit: 10, action: 'device-enrolled' })
  expect(items).toMatchObject([{ actor: `provisioning-key:${provisioningKey.id}`, subject: 'device:lamp-1' }])
  expect(JSON.stringify(items)).not.toContain(key)
})

test.each(['revoked', 'expired'] as const)('a key that is %s after its bearer connected enrols nobody', async (end) => {
  const { records, directory, clock } = await aDirectory()
  const lost = await records.provisioningKeys.create({ name: 'lost', quota: 5, expiresAtMs: clock.now() + 1000 })
  const good = await records.provisioningKeys.create({ name: 'good', quota: 5 })
  const ids = await Promise.all([lost, good].map(({ key }) => directory.findProvisioningKey(key)))
  if (end === 'revoked') await records.provisioningKeys.revoke(lost.provisioningKey.id)
  else clock.advance(1000)
  const outcomes = await Promise.allSettled(
    ['lamp-1', 'lamp-2', 'lamp-3'].map((id, at) =>
      directory.enrol(aDevice({ id }), { provisioningKeyId: ids[at % 2]! }),
    ),
  )
  expect(outcomes).toMatchObject([
    { status: 'rejected', reason: { code: 'provisioning-key-closed' } },
    { status: 'fulfilled', value: { device: { id: 'lamp-2' } } },
    { status: 'rejected', reason: { code: 'provisioning-key-closed' } },
  ])
  expect([...directory.all()].map(({ id }) => id)).toEqual(['lamp-2'])
})
