import { expect, onTestFinished, test } from 'vitest'
import { createDeviceDirectory, type Records } from '../../../store/index.ts'
import { aDevice, someRecords, startMs } from './fixture.ts'

const home = { latitude: 28.6, longitude: 77.2 }

function aPerson({ users }: Records, name: string) {
  return users.create({ email: `${name}@city.example`, name, role: 'citizen' })
}

async function aFamily() {
  const fixture = await someRecords()
  const [asha, ravi] = [await aPerson(fixture.records, 'asha'), await aPerson(fixture.records, 'ravi')]
  return { ...fixture, asha: asha.id, ravi: ravi.id }
}

test('a device belongs to a person, in the list, in the directory and after a restart', async () => {
  const { records, asha, open } = await aFamily()
  const directory = createDeviceDirectory({ records })
  await directory.start()
  await records.devices.registerMany([{ id: 'band-1', ownerId: asha }, { id: 'band-2' }, { id: 'lamp-1' }])
  await records.devices.patch('band-2', { ownerId: asha })
  const { items } = await records.devices.list({ limit: 10, ownerId: asha })
  expect(items.map(({ id, ownerId }) => [id, ownerId])).toEqual([
    ['band-1', asha],
    ['band-2', asha],
  ])
  expect(directory.find('band-2')?.ownerId).toBe(asha)
  await records.close()
  const again = await open()
  onTestFinished(() => again.close())
  expect(await again.devices.get('band-1')).toMatchObject({ ownerId: asha })
})

test('an owner or a gateway that is not there is refused, line by line', async () => {
  const { records, asha, ravi } = await aFamily()
  await records.users.update(ravi, { state: 'erased' })
  await records.devices.registerMany([{ id: 'gone' }, { id: 'revoked' }])
  await records.devices.decommission('gone')
  await records.devices.revoke('revoked')
  const report = await records.devices.registerMany([
    { id: 'leaf-1', gatewayId: 'gate' },
    { id: 'gate', ownerId: asha },
    { id: 'leaf-2', gatewayId: 'nowhere' },
    { id: 'leaf-3', gatewayId: 'gone' },
    { id: 'leaf-4', gatewayId: 'revoked' },
    { id: 'band-1', ownerId: 'nobody' },
    { id: 'band-2', ownerId: ravi },
    { id: 'loop', gatewayId: 'loop' },
    { id: 'bad-gate', ownerId: 'nobody' },
    { id: 'leaf-5', gatewayId: 'bad-gate' },
  ])
  expect(report.map((line) => [line.line, line.outcome])).toEqual([
    [1, 'created'],
    [2, 'created'],
    [3, 'gateway-not-found'],
    [4, 'gateway-not-found'],
    [5, 'created'],
    [6, 'owner-not-found'],
    [7, 'owner-not-found'],
    [8, 'gateway-not-found'],
    [9, 'owner-not-found'],
    [10, 'gateway-not-found'],
  ])
  expect(await records.devices.countByState()).toMatchObject({ registered: 3 })
})

test('of several lines with one id the first counts, also when it is a gateway', async () => {
  const { records, asha } = await aFamily()
  const report = await records.devices.registerMany([
    { id: 'leaf', gatewayId: 'gate' },
    { id: 'leaf', name: 'second' },
    { id: 'gate', ownerId: asha },
    { id: 'gate', name: 'second' },
  ])
  expect(report.map(({ outcome }) => outcome)).toEqual([
    'created',
    'already-registered',
    'created',
    'already-registered',
  ])
  expect(await records.devices.get('gate')).toMatchObject({ ownerId: asha })
})

test.each([
  ['an owner that nobody is', { ownerId: 'nobody' }, 'owner-not-found'],
  ['a gateway that is not there', { gatewayId: 'nowhere' }, 'gateway-not-found'],
  ['itself as its gateway', { gatewayId: 'lamp-1' }, 'gateway-is-itself'],
] as const)('a patch to %s is refused and changes nothing', async (_, patch, code) => {
  const { records, listen } = await aFamily()
  await records.devices.register(aDevice())
  const events = listen('device-changed')
  await expect(records.devices.patch('lamp-1', { name: 'changed', ...patch })).rejects.toMatchObject({
    family: 'invalid',
    code,
  })
  expect(await records.devices.get('lamp-1')).toMatchObject({ name: 'lamp-1' })
  expect(events).toEqual([])
})

test('registering with an owner that nobody is, says so', async () => {
  const { records } = await aFamily()
  await expect(records.devices.register(aDevice({ ownerId: 'nobody' }))).rejects.toMatchObject({
    code: 'owner-not-found',
    details: [{ path: 'ownerId' }],
  })
})

test('a banned person keeps the devices, and may be given one', async () => {
  const { records, asha } = await aFamily()
  await records.users.update(asha, { state: 'banned' })
  await records.devices.register(aDevice({ ownerId: asha }))
  expect(await records.devices.get('lamp-1')).toMatchObject({ ownerId: asha, state: 'registered' })
})

test.each([
  ['to another person', { to: 'ravi' }, undefined],
  ['to nobody', { to: null }, undefined],
  ['with a new position', { to: 'ravi', position: { latitude: 1, longitude: 2 } }, { latitude: 1, longitude: 2 }],
  ['to the same person', { to: 'asha' }, home],
  ['not at all', {}, home],
] as const)('a device that passes on %s is not where the one before was', async (_, given, expected) => {
  const { records, ...people } = await aFamily()
  await records.devices.register(aDevice({ ownerId: people.asha, position: home }))
  const { to, position } = given as { to?: 'asha' | 'ravi' | null; position?: typeof home }
  const ownerId = to === undefined || to === null ? to : people[to]
  const patch = { name: 'new', ...(ownerId !== undefined && { ownerId }), ...(position && { position }) }
  expect((await records.devices.patch('lamp-1', patch)).position).toEqual(expected)
})

test('a device that becomes a person’s keeps its position, name and labels', async () => {
  const { records, asha } = await aFamily()
  const kept = { name: 'Lamp', labels: { ward: '7' }, position: home }
  await records.devices.register(aDevice(kept))
  expect(await records.devices.patch('lamp-1', { ownerId: asha })).toMatchObject({ ownerId: asha, ...kept })
})

test.each([
  ['another person', 'ravi', {}, { name: 'lamp-1', labels: {} }],
  ['nobody', null, {}, { name: 'lamp-1', labels: {} }],
  ['another person, with a new name', 'ravi', { name: 'Band' }, { name: 'Band', labels: {} }],
  ['another person, with new labels', 'ravi', { labels: { size: 'S' } }, { name: 'lamp-1', labels: { size: 'S' } }],
] as const)('a device that passes on to %s does not tell of the one before', async (_, to, given, expected) => {
  const { records, ...people } = await aFamily()
  await records.devices.register(
    aDevice({ ownerId: people.asha, name: 'Asha’s band', labels: { wearer: 'Asha' }, position: home }),
  )
  const device = await records.devices.patch('lamp-1', { ownerId: to && people[to], ...given })
  expect(device).toMatchObject({ ...expected, position: undefined })
})

test('a device is its owner’s from the moment it was given to them, whatever else changes', async () => {
  const { records, clock, asha, ravi } = await aFamily()
  const { device } = await records.devices.register(aDevice({ ownerId: asha }))
  expect(device.ownedSinceMs).toBe(startMs)
  clock.advance(1000)
  for (const patch of [{ name: 'Band' }, { ownerId: asha }]) {
    expect((await records.devices.patch('lamp-1', patch)).ownedSinceMs).toBe(startMs)
  }
  expect((await records.devices.patch('lamp-1', { ownerId: ravi })).ownedSinceMs).toBe(startMs + 1000)
  expect((await records.devices.patch('lamp-1', { ownerId: null })).ownedSinceMs).toBeUndefined()
  clock.advance(1000)
  expect((await records.devices.patch('lamp-1', { ownerId: asha })).ownedSinceMs).toBe(startMs + 2000)
  await records.devices.releaseAllOf(asha)
  expect((await records.devices.get('lamp-1'))?.ownedSinceMs).toBeUndefined()
})

test.each([
  ['an owner at registration', false],
  ['an owner later on', true],
])('a device that had %s stays a personal one until it is said to be the city’s', async (_, isLater) => {
  const { records, asha, open } = await aFamily()
  await records.devices.register(aDevice(isLater ? {} : { ownerId: asha }))
  if (isLater) {
    expect((await records.devices.get('lamp-1'))?.isPersonal).toBe(false)
    await records.devices.patch('lamp-1', { ownerId: asha })
  }
  expect((await records.devices.get('lamp-1'))?.isPersonal).toBe(true)
  await expect(records.devices.patch('lamp-1', { isPersonal: false })).rejects.toMatchObject({
    family: 'conflict',
    code: 'device-has-owner',
  })
  expect((await records.devices.patch('lamp-1', { ownerId: null, position: home })).isPersonal).toBe(true)
  await records.close()
  const { devices, ...again } = await open()
  onTestFinished(() => again.close())
  expect(await devices.get('lamp-1')).toMatchObject({ ownerId: undefined, isPersonal: true })
  expect((await devices.patch('lamp-1', { isPersonal: false })).isPersonal).toBe(false)
  expect((await devices.patch('lamp-1', { ownerId: asha })).isPersonal).toBe(true)
  expect((await devices.patch('lamp-1', { ownerId: null, isPersonal: false })).isPersonal).toBe(false)
})

test('releasing takes the owner and what may tell of the person from all devices, and from nobody else’s', async () => {
  const { records, asha, ravi, listen, clock } = await aFamily()
  const personal = { name: 'Asha’s band', labels: { wearer: 'Asha' }, position: home }
  await records.devices.registerMany([
    { id: 'band-1', ownerId: asha, ...personal },
    { id: 'band-2', ownerId: asha, ...personal },
    { id: 'band-3', ownerId: ravi, ...personal },
  ])
  const events = listen('device-changed')
  clock.advance(1000)
  const released = await records.transaction(async ({ devices, users }) => {
    await users.update(asha, { state: 'erased' })
    return devices.releaseAllOf(asha)
  })
  expect(released).toBe(2)
  const blank = {
    ownerId: undefined,
    labels: {},
    position: undefined,
    state: 'registered',
    isPersonal: true,
    updatedAtMs: startMs + 1000,
  }
  expect(events).toMatchObject([
    { change: 'updated', device: { id: 'band-1', name: 'band-1', ...blank } },
    { change: 'updated', device: { id: 'band-2', name: 'band-2', ...blank } },
  ])
  expect(await records.devices.get('band-3')).toMatchObject({ ownerId: ravi, ...personal })
  expect(await records.devices.releaseAllOf(asha)).toBe(0)
})

test('credentials count from their last rotation or revocation', async () => {
  const { records, clock } = await aFamily()
  await records.devices.register(aDevice())
  clock.advance(1000)
  expect((await records.devices.patch('lamp-1', { name: 'x' })).credentialsSinceMs).toBeUndefined()
  expect((await records.devices.revoke('lamp-1')).credentialsSinceMs).toBe(startMs + 1000)
  clock.advance(1000)
  expect((await records.devices.rotateSecret('lamp-1')).device.credentialsSinceMs).toBe(startMs + 2000)
  const [entry] = await records.devices.loadAll()
  expect(entry?.device.credentialsSinceMs).toBe(startMs + 2000)
})

test('whoever comes next under the id of a gateway that was deleted speaks for nobody', async () => {
  const { records, listen } = await aFamily()
  const directory = createDeviceDirectory({ records })
  await directory.start()
  await records.devices.registerMany([{ id: 'gate' }, { id: 'leaf', gatewayId: 'gate' }])
  const events = listen('device-changed')
  await records.devices.delete('gate')
  expect(events).toMatchObject([
    { change: 'deleted', device: { id: 'gate' } },
    { change: 'updated', device: { id: 'leaf', gatewayId: undefined } },
  ])
  await records.devices.register(aDevice({ id: 'gate' }))
  expect(directory.isBound({ gatewayId: 'gate', deviceId: 'leaf' })).toBe(false)
})

test.each([
  [32, 'created'],
  [33, 'invalid'],
])('%i labels are %s', async (count, outcome) => {
  const { records } = await someRecords()
  const labels = Object.fromEntries(Array.from({ length: count }, (_, at) => [`label ${at}`, 'x']))
  expect(await records.devices.registerMany([{ id: 'lamp-1', labels }])).toMatchObject([{ outcome }])
})
