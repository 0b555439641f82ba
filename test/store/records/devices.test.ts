import { expect, test } from 'vitest'
import { aDevice, someRecords, startMs } from './fixture.ts'

test('a registered device is given a secret of 256 bits, and the file holds only its hash', async () => {
  const { records } = await someRecords()
  const { device, secret } = await records.devices.register(
    aDevice({ name: 'Lamp', kinds: ['noise'], position: { latitude: 28.6, longitude: 77.2 }, labels: { ward: '7' } }),
  )
  expect(device).toEqual({
    id: 'lamp-1',
    name: 'Lamp',
    kinds: ['noise'],
    position: { latitude: 28.6, longitude: 77.2 },
    gatewayId: undefined,
    ownerId: undefined,
    ownedSinceMs: undefined,
    isPersonal: false,
    labels: { ward: '7' },
    state: 'registered',
    simulated: false,
    credentialsSinceMs: undefined,
    createdAtMs: startMs,
    updatedAtMs: startMs,
  })
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
  const [stored] = await records.devices.loadAll()
  expect(Buffer.from(stored!.secretHash).toString()).not.toContain(secret)
  expect(JSON.stringify(device)).not.toContain(secret)
})

test('an id is registered once', async () => {
  const { records } = await someRecords()
  await records.devices.register(aDevice())
  await expect(records.devices.register(aDevice({ name: 'Other' }))).rejects.toMatchObject({
    family: 'conflict',
    code: 'device-already-registered',
  })
  expect(await records.devices.get('lamp-1')).toMatchObject({ name: 'lamp-1' })
})

test('twenty registrations of one id at once make one device and nineteen conflicts', async () => {
  const { records } = await someRecords()
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => records.devices.register(aDevice())))
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
})

test('a bulk registration reports on every line and registers the good ones', async () => {
  const { records, listen } = await someRecords()
  const events = listen('device-changed')
  await records.devices.register(aDevice({ id: 'known' }))
  const report = await records.devices.registerMany([
    { id: 'fresh' },
    { id: 'known' },
    { id: 'has space' },
    'not an object',
    { id: 'fresh' },
    { id: 'fresh-2', position: { latitude: 91, longitude: 0 } },
    { id: 'fresh-3', gatewayId: 'known', kinds: ['weather'] },
  ])
  expect(report.map(({ line, outcome }) => [line, outcome])).toEqual([
    [1, 'created'],
    [2, 'already-registered'],
    [3, 'invalid'],
    [4, 'invalid'],
    [5, 'already-registered'],
    [6, 'invalid'],
    [7, 'created'],
  ])
  expect(report[5]).toMatchObject({ details: [{ path: 'position.latitude' }] })
  expect(events.map(({ device, change }) => [device.id, change])).toEqual([
    ['known', 'created'],
    ['fresh', 'created'],
    ['fresh-3', 'created'],
  ])
})

test('a thousand lines go in and come out in pages, by id', async () => {
  const { records } = await someRecords()
  const ids = Array.from({ length: 1000 }, (_, index) => `lamp-${String(index).padStart(4, '0')}`)
  const report = await records.devices.registerMany(ids.map((id) => ({ id })).reverse())
  expect(report.every(({ outcome }) => outcome === 'created')).toBe(true)
  expect(new Set(report.map((line) => (line.outcome === 'created' ? line.secret : ''))).size).toBe(1000)
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await records.devices.list({ limit: 300, cursor })
    seen.push(...page.items.map((device) => device.id))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  expect(seen).toEqual(ids)
})

test.each([
  [{ kind: 'noise' }, ['a', 'c']],
  [{ kind: 'nois' }, []],
  [{ state: 'revoked' as const }, ['b']],
  [{ gatewayId: 'gate' }, ['c']],
  [{ simulated: true }, ['d']],
  [{ search: 'HARBOUR' }, ['b']],
  [{ search: '100%' }, ['c']],
  [{ search: '_' }, []],
  [{ search: '\\' }, []],
  [{ kind: 'noise', search: 'c' }, ['c']],
])('listing by %j gives %j', async (filter, expected) => {
  const { records } = await someRecords()
  await records.devices.registerMany([
    { id: 'a', kinds: ['noise'] },
    { id: 'b', name: 'Old harbour' },
    { id: 'c', name: '100% full', kinds: ['weather', 'noise'], gatewayId: 'gate' },
    { id: 'gate' },
  ])
  await records.devices.registerMany([{ id: 'd' }], { simulated: true })
  await records.devices.revoke('b')
  const { items } = await records.devices.list({ limit: 100, ...filter })
  expect(items.map((device) => device.id)).toEqual(expected)
})

test('a patch changes what it names and takes away what is null', async () => {
  const { records, clock, listen } = await someRecords()
  await records.devices.register(aDevice({ id: 'gate' }))
  await records.devices.register(
    aDevice({ name: 'Lamp', kinds: ['noise'], position: { latitude: 1, longitude: 2 }, gatewayId: 'gate' }),
  )
  const events = listen('device-changed')
  clock.advance(1000)
  const device = await records.devices.patch('lamp-1', { position: null, gatewayId: null, labels: { ward: '9' } })
  expect(device).toMatchObject({
    name: 'Lamp',
    kinds: ['noise'],
    position: undefined,
    gatewayId: undefined,
    labels: { ward: '9' },
    createdAtMs: startMs,
    updatedAtMs: startMs + 1000,
  })
  expect(events).toEqual([{ device, change: 'updated' }])
  await expect(records.devices.patch('nobody', {})).rejects.toMatchObject({ code: 'device-not-found' })
})

test('a revoked device is let in again by a new secret, a decommissioned one never', async () => {
  const { records, listen } = await someRecords()
  const { secret } = await records.devices.register(aDevice())
  const events = listen('device-changed')
  expect(await records.devices.revoke('lamp-1')).toMatchObject({ state: 'revoked' })
  const rotated = await records.devices.rotateSecret('lamp-1')
  expect(rotated.device.state).toBe('registered')
  expect(rotated.secret).not.toBe(secret)
  await records.devices.decommission('lamp-1')
  await records.devices.decommission('lamp-1')
  for (const change of ['revoke', 'rotateSecret'] as const) {
    await expect(records.devices[change]('lamp-1')).rejects.toMatchObject({ code: 'device-decommissioned' })
  }
  await expect(records.devices.patch('lamp-1', { name: 'x' })).rejects.toMatchObject({ code: 'device-decommissioned' })
  expect(events.map(({ change }) => change)).toEqual(['revoked', 'credentials-rotated', 'decommissioned'])
  expect(await records.devices.countByState()).toEqual({ registered: 0, revoked: 0, decommissioned: 1 })
})

test('deleting frees the id and forgets the commands', async () => {
  const { records, listen } = await someRecords()
  await records.devices.register(aDevice())
  await records.commands.queue({ deviceId: 'lamp-1', name: 'blink', body: {} })
  const events = listen('device-changed')
  await records.devices.delete('lamp-1')
  expect(events).toMatchObject([{ change: 'deleted', device: { id: 'lamp-1' } }])
  expect((await records.stats()).rows).toMatchObject({ devices: 0, commands: 0 })
  await expect(records.devices.delete('lamp-1')).rejects.toMatchObject({ code: 'device-not-found' })
  await records.devices.register(aDevice())
})

test('beyond the limit lines are refused one by one, and known devices take no room', async () => {
  const { records, listen } = await someRecords({ deviceCountMax: 4 })
  await records.devices.registerMany([{ id: 'a' }, { id: 'b' }])
  const events = listen('device-changed')
  const report = await records.devices.registerMany(['a', 'c', 'c', 'd', 'e', 'b', 'e', 'f'].map((id) => ({ id })))
  expect(report.map(({ outcome }) => outcome)).toEqual([
    'already-registered',
    'created',
    'already-registered',
    'created',
    'too-many-devices',
    'already-registered',
    'too-many-devices',
    'too-many-devices',
  ])
  expect(events.map(({ device }) => device.id)).toEqual(['c', 'd'])
  await expect(records.devices.register(aDevice({ id: 'f' }))).rejects.toMatchObject({
    family: 'too-many',
    code: 'too-many-devices',
  })
})

test('what is registered in steps is told step by step, and is in the trail step by step', async () => {
  const { records } = await someRecords({ deviceCountMax: 300 })
  const lines = [{}, ...Array.from({ length: 400 }, (_, at) => ({ id: `lamp-${at}` }))]
  const steps: [number, number][] = []
  for await (const step of records.devices.registerInSteps(lines, { by: 'asha' })) {
    const { rows } = await records.stats()
    steps.push([step.length, rows.devices!])
  }
  expect(steps).toEqual([
    [1, 0],
    [250, 250],
    [150, 300],
  ])
  const { items } = await records.audit.list({ limit: 10 })
  expect(items.map(({ actor, action, detail }) => [actor, action, detail])).toEqual([
    ['asha', 'devices-registered', { created: 50, failed: 100 }],
    ['asha', 'devices-registered', { created: 250, failed: 0 }],
  ])
})

test('a demo city may derive its secrets, as long as they are long', async () => {
  const { records } = await someRecords()
  const secretFor = (deviceId: string) => `${deviceId}-`.repeat(8)
  const [line] = await records.devices.registerMany([{ id: 'demo-1' }], { simulated: true, secretFor })
  expect(line).toMatchObject({ outcome: 'created', secret: secretFor('demo-1') })
  await expect(records.devices.registerMany([{ id: 'demo-2' }], { secretFor: () => 'short' })).rejects.toThrow(
    RangeError,
  )
})
