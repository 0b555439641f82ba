import { describe, expect, it, vi } from 'vitest'
import { aDevice, openHouse } from './house.ts'
import { connectPacket, openSocket, publish, returnCodeFor, signIn } from './raw-client.ts'

const fleet = [aDevice('d1'), aDevice('revoked', { state: 'revoked' }), aDevice('gone', { state: 'decommissioned' })]

async function tryIn(port: number, overrides: Parameters<typeof connectPacket>[1], deviceId = 'd1') {
  const client = await openSocket(port)
  return returnCodeFor(client, connectPacket(deviceId, overrides))
}

describe('signing in with a secret', () => {
  it.each([
    ['the right secret', {}, 0, undefined],
    ['a wrong secret', { password: Buffer.from('guess') }, 4, 'bad-credentials'],
    ['no secret', { password: undefined }, 4, 'bad-credentials'],
    ['an empty secret', { password: Buffer.alloc(0) }, 4, 'bad-credentials'],
    ['no username', { username: undefined, password: undefined }, 4, 'bad-credentials'],
    ['a username that is no device id', { username: 'a/b', clientId: 'a/b' }, 4, 'bad-credentials'],
    ['a name that every object has', { username: 'constructor', clientId: 'constructor' }, 4, 'bad-credentials'],
    ['an unknown device', { username: 'd9', clientId: 'd9' }, 4, 'bad-credentials'],
    ['a revoked device', { username: 'revoked', clientId: 'revoked' }, 5, 'device-not-allowed'],
    ['a decommissioned device', { username: 'gone', clientId: 'gone' }, 5, 'device-not-allowed'],
    ["another device's client id", { clientId: 'd2' }, 2, 'client-id'],
    ['a client id below its own', { clientId: 'd1/debug' }, 2, 'client-id'],
  ] as const)('%s: %#', async (_name, overrides, returnCode, refusal) => {
    const house = await openHouse({ devices: fleet })
    expect(await tryIn(house.broker.port, overrides)).toBe(returnCode)
    if (refusal) expect(house.refused(refusal)).toBe(1)
    expect(house.broker.stats().connections).toBe(returnCode === 0 ? 1 : 0)
  })
})

describe('losing the right to be connected', () => {
  it.each([
    ['revoked', { state: 'revoked' }],
    ['credentials-rotated', {}],
    ['decommissioned', { state: 'decommissioned' }],
    ['deleted', {}],
  ] as const)('ends the open connection at once: %s', async (change, next) => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'd1')
    house.change('d1', change, next)
    client.send(publish('v1/devices/d1/telemetry/noise', '{}'))
    await client.closed
    expect(house.telemetry.received).toEqual([])
    await vi.waitFor(() => expect(house.presenceOf('d1')).toEqual(['connect+', 'revoked-']))
    expect(house.broker.isOnline('d1')).toBe(false)
  })

  it('leaves a connection alone whose device merely changed', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'd1')
    house.change('d1', 'updated', { name: 'North gate' })
    await client.settled()
    expect(house.broker.isOnline('d1')).toBe(true)
  })

  it('can be done by hand, and harmlessly for a device that is away', async () => {
    const house = await openHouse({ devices: fleet })
    const client = await signIn(house.broker.port, 'd1')
    house.broker.disconnect('d1', 'revoked')
    house.broker.disconnect('nobody', 'revoked')
    await client.closed
  })
})

describe('open enrolment', () => {
  it('enrols any well-formed client id at its first connect, once', async () => {
    const house = await openHouse({ devices: [], enrolment: 'open' })
    for (let i = 0; i < 2; i++) {
      expect(await tryIn(house.broker.port, { username: undefined, password: undefined }, 'new-1')).toBe(0)
    }
    expect([...house.devices.keys()]).toEqual(['new-1'])
  })

  it('enrols once when a new device connects twice at the same time', async () => {
    const house = await openHouse({ devices: [], enrolment: 'open' })
    const clients = await Promise.all([openSocket(house.broker.port), openSocket(house.broker.port)])
    for (const client of clients) client.send(connectPacket('new-1'))
    const codes = await Promise.all(clients.map(async (client) => (await client.next('connack')).returnCode))
    expect(codes).toEqual([0, 0])
    expect(house.devices.size).toBe(1)
  })

  it.each(['', 'a/b', '+', '-x', 'x'.repeat(65)])('refuses the client id %j', async (clientId) => {
    const house = await openHouse({ devices: [], enrolment: 'open' })
    expect(await tryIn(house.broker.port, { clientId, username: undefined, password: undefined })).toBe(4)
    expect(house.devices.size).toBe(0)
  })

  it('does not bring a revoked device back', async () => {
    const house = await openHouse({ devices: fleet, enrolment: 'open' })
    expect(await tryIn(house.broker.port, {}, 'revoked')).toBe(5)
  })
})

describe('enrolment with a provisioning key', () => {
  const withKey = (key: string) => ({ clientId: 'anything', username: 'enrol', password: Buffer.from(key) })

  async function openKeyHouse(uses: number) {
    const house = await openHouse({ devices: fleet, enrolment: 'key' })
    house.keys.set('k1', uses)
    return house
  }

  it('answers with an identity that works, to the client that asked alone', async () => {
    const house = await openKeyHouse(1)
    const client = await signIn(house.broker.port, 'x', withKey('k1'))
    client.send(publish('v1/enrol/request', '{"id":"new-1","name":"North gate","kinds":["noise"]}'))
    await client.next('puback')
    const { topic, payload, qos, retain } = await client.next('publish')
    expect({ topic, qos, retain }).toEqual({ topic: 'v1/enrol/response', qos: 1, retain: false })
    const answer = JSON.parse(payload.toString()) as { id: string; secret: string }
    expect(answer).toEqual({ id: 'new-1', secret: 'secret-of-new-1' })
    await signIn(house.broker.port, answer.id, { password: Buffer.from(answer.secret) })
    expect(house.enrolledBy.get('new-1')).toBe('id-of-k1')
    // The key had one use.
    expect(await tryIn(house.broker.port, withKey('k1'))).toBe(4)
  })

  it('enrols one device per connection', async () => {
    const house = await openKeyHouse(5)
    const client = await signIn(house.broker.port, 'x', withKey('k1'))
    client.send(publish('v1/enrol/request', '{"id":"new-1"}'))
    await client.next('publish')
    client.send(publish('v1/enrol/request', '{"id":"new-2"}', { messageId: 2 }))
    await client.closed
    expect(house.devices.has('new-2')).toBe(false)
    expect(house.refused('enrolment-refused')).toBe(1)
  })

  it('ends at once for a connection whose key is revoked', async () => {
    const house = await openKeyHouse(5)
    const client = await signIn(house.broker.port, 'x', withKey('k1'))
    house.closedKeyIds.add('id-of-k1')
    client.send(publish('v1/enrol/request', '{"id":"new-1"}'))
    const answer = JSON.parse((await client.next('publish')).payload.toString())
    expect(answer).toEqual({ id: 'new-1', error: 'provisioning-key-closed' })
    expect(house.devices.has('new-1')).toBe(false)
    expect(house.refused('enrolment-refused')).toBe(1)
  })

  it.each([
    ['{"id":"d1"}', { id: 'd1', error: 'device-already-registered' }],
    ['{"id":"a/b"}', { error: 'invalid-request' }],
    ['not json', { error: 'invalid-request' }],
  ])('answers %s with the reason', async (request, answer) => {
    const house = await openKeyHouse(1)
    const client = await signIn(house.broker.port, 'x', withKey('k1'))
    client.send(publish('v1/enrol/request', request))
    expect(JSON.parse((await client.next('publish')).payload.toString())).toEqual(answer)
    expect(house.refused('enrolment-refused')).toBe(1)
    // The one use of the key is not gone with it.
    await signIn(house.broker.port, 'x', withKey('k1'))
  })

  it.each([
    ['a wrong key', 'key', 'nope', 4],
    ['no key', 'key', '', 4],
    ['any key while enrolment is closed', 'closed', 'k1', 2],
  ] as const)('refuses %s', async (_name, enrolment, key, returnCode) => {
    const house = await openHouse({ devices: fleet, enrolment })
    house.keys.set('k1', 1)
    expect(await tryIn(house.broker.port, withKey(key))).toBe(returnCode)
  })

  it('gives an enrolling client nothing but the answer', async () => {
    const house = await openKeyHouse(2)
    // A client id that it must not get: the session of a device.
    const victim = await signIn(house.broker.port, 'd1')
    const client = await signIn(house.broker.port, 'x', { ...withKey('k1'), clientId: 'd1' })
    await victim.settled()
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [
        { topic: 'v1/city/#', qos: 0 },
        { topic: 'v1/enrol/response', qos: 1 },
      ],
    })
    expect((await client.next('suback')).granted).toEqual([128, 1])
    client.send(publish('v1/devices/d1/telemetry/noise', '{}', { messageId: 2 }))
    await client.closed
    expect(house.telemetry.received).toEqual([])
    expect(house.telemetry.rejected).toEqual([])
    expect(house.violations).toHaveLength(2)
  })
})
