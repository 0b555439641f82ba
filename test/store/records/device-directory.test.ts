import { createHash } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { createDeviceDirectory, openRecords } from '../../../store/index.ts'
import { aDevice, recordsKey, someRecords } from './fixture.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

async function aDirectory(options: Parameters<typeof someRecords>[0] = {}) {
  const fixture = await someRecords(options)
  const directory = createDeviceDirectory({ records: fixture.records })
  await directory.start()
  onTestFinished(() => directory.stop())
  return { ...fixture, directory }
}

test('knows a device as soon as it is registered, and its secret', async () => {
  const { records, directory } = await aDirectory()
  const { device, secret } = await records.devices.register(aDevice())
  expect(directory.find('lamp-1')).toEqual(device)
  expect(directory.verifySecret('lamp-1', bytes(secret))).toBe(true)
  expect([...directory.all()]).toEqual([device])
})

test('knows after a restart what was registered before', async () => {
  const { records, directory, path, bus, clock } = await aDirectory()
  const { secret } = await records.devices.register(aDevice())
  await records.devices.register(aDevice({ id: 'lamp-2' }))
  await records.devices.revoke('lamp-2')
  await directory.stop()
  await records.close()

  const log = { info() {}, warn() {}, error() {} }
  const again = await openRecords({ path, key: recordsKey, bus, now: clock.now, log })
  onTestFinished(() => again.close())
  const after = createDeviceDirectory({ records: again })
  await after.start()
  expect(after.size).toBe(2)
  expect(after.verifySecret('lamp-1', bytes(secret))).toBe(true)
  expect(after.find('lamp-2')?.state).toBe('revoked')
})

test.each([
  ['an empty secret', () => bytes('')],
  ['a secret of one bit less', (secret: string) => bytes(secret).map((byte, at) => (at === 0 ? byte ^ 1 : byte))],
  ['the secret with more behind it', (secret: string) => bytes(`${secret}x`)],
  ['the hash of the secret', (secret: string) => createHash('sha256').update(secret).digest()],
  ['the hash in hex', (secret: string) => bytes(createHash('sha256').update(secret).digest('hex'))],
  ['a megabyte', () => new Uint8Array(1 << 20)],
])('%s is not the secret', async (_, forge) => {
  const { records, directory } = await aDirectory()
  const { secret } = await records.devices.register(aDevice())
  expect(directory.verifySecret('lamp-1', forge(secret))).toBe(false)
})

test('an unknown device has no secret, not even that of another', async () => {
  const { records, directory } = await aDirectory()
  const { secret } = await records.devices.register(aDevice())
  expect(directory.verifySecret('lamp-2', bytes(secret))).toBe(false)
  expect(directory.verifySecret('__proto__', bytes(secret))).toBe(false)
  expect(directory.find('constructor')).toBeUndefined()
})

test('rotation, revocation, decommissioning and deletion take effect at once', async () => {
  const { records, directory } = await aDirectory()
  const first = (await records.devices.register(aDevice())).secret
  const second = (await records.devices.rotateSecret('lamp-1')).secret
  expect(directory.verifySecret('lamp-1', bytes(first))).toBe(false)
  expect(directory.verifySecret('lamp-1', bytes(second))).toBe(true)
  await records.devices.revoke('lamp-1')
  expect(directory.verifySecret('lamp-1', bytes(second))).toBe(false)
  const third = (await records.devices.rotateSecret('lamp-1')).secret
  expect(directory.verifySecret('lamp-1', bytes(third))).toBe(true)
  await records.devices.decommission('lamp-1')
  expect(directory.verifySecret('lamp-1', bytes(third))).toBe(false)
  await records.devices.delete('lamp-1')
  expect(directory.find('lamp-1')).toBeUndefined()
})

test('a change that is rolled back is not seen', async () => {
  const { records, directory } = await aDirectory()
  const { secret } = await records.devices.register(aDevice())
  const failing = records.transaction(async ({ devices }) => {
    await devices.revoke('lamp-1')
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(directory.verifySecret('lamp-1', bytes(secret))).toBe(true)
})

test('a gateway speaks for the devices bound to it, while both are in service', async () => {
  const { records, directory } = await aDirectory()
  await records.devices.registerMany([{ id: 'gate' }, { id: 'other' }, { id: 'leaf', gatewayId: 'gate' }])
  expect(directory.isBound({ gatewayId: 'gate', deviceId: 'leaf' })).toBe(true)
  expect(directory.isBound({ gatewayId: 'other', deviceId: 'leaf' })).toBe(false)
  expect(directory.isBound({ gatewayId: 'gate', deviceId: 'other' })).toBe(false)
  expect(directory.isBound({ gatewayId: 'gate', deviceId: 'nobody' })).toBe(false)
  await records.devices.revoke('gate')
  expect(directory.isBound({ gatewayId: 'gate', deviceId: 'leaf' })).toBe(false)
})

test('fifty enrolments of one id at once make one device; the others learn nothing of its secret', async () => {
  const { records, directory } = await aDirectory()
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => directory.enrol(aDevice())))
  const enrolled = outcomes.filter((outcome) => outcome.status === 'fulfilled')
  expect(enrolled).toHaveLength(1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'device-already-registered' })
  }
  expect(directory.verifySecret('lamp-1', bytes(enrolled[0]!.value.secret))).toBe(true)
  expect(await records.devices.countByState()).toMatchObject({ registered: 1 })
})

test('a revoked device does not come back by enrolling', async () => {
  const { records, directory } = await aDirectory()
  await directory.enrol(aDevice())
  await records.devices.revoke('lamp-1')
  await expect(directory.enrol(aDevice())).rejects.toMatchObject({ code: 'device-already-registered' })
  expect(directory.find('lamp-1')?.state).toBe('revoked')
})

test('a burst of enrolments shares its commits', async () => {
  const { records, directory } = await aDirectory()
  let commits = 0
  const counted: typeof records = {
    ...records,
    transaction(work) {
      commits += 1
      return records.transaction(work)
    },
  }
  const burst = createDeviceDirectory({ records: counted })
  await burst.start()
  onTestFinished(() => burst.stop())
  const enrolled = await Promise.all(
    Array.from({ length: 5000 }, (_, index) => burst.enrol(aDevice({ id: `lamp-${index}` }))),
  )
  expect(commits).toBe(20)
  expect(burst.size).toBe(5000)
  // Both directories follow the one store.
  expect(directory.size).toBe(5000)
  for (const { device, secret } of enrolled) expect(burst.verifySecret(device.id, bytes(secret))).toBe(true)
})

test('a burst beyond the limit fails for those who ask, and for nobody else', async () => {
  const { directory } = await aDirectory({ deviceCountMax: 250 })
  await Promise.all(Array.from({ length: 250 }, (_, index) => directory.enrol(aDevice({ id: `lamp-${index}` }))))
  await expect(directory.enrol(aDevice({ id: 'late' }))).rejects.toMatchObject({ code: 'too-many-devices' })
  expect(directory.find('late')).toBeUndefined()
  expect(directory.size).toBe(250)
})

test('an id that is no topic level cannot be enrolled', async () => {
  const { directory } = await aDirectory()
  await expect(directory.enrol(aDevice({ id: 'a/b' }))).rejects.toMatchObject({ code: 'invalid-device' })
})
