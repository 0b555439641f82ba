import { describe, expect, it, vi } from 'vitest'
import { aCommand, aDevice, openHouse } from './house.ts'
import { publish, type RawClient, signIn, subscribe } from './raw-client.ts'

async function acknowledgeNext(client: RawClient) {
  const { messageId, topic, payload, qos } = await client.next('publish')
  client.send({ cmd: 'puback', messageId: messageId! })
  return { topic, qos, body: JSON.parse(payload.toString()) as Record<string, unknown> }
}

async function listen(client: RawClient, deviceId = 'd1', qos: 0 | 1 = 1) {
  client.send(subscribe(900, [`v1/devices/${deviceId}/commands/#`, qos]))
  await client.next('suback')
}

describe.each([true, false])('a command, with clean session %s', (clean) => {
  it('goes down at QoS 1 and counts as delivered by its PUBACK, not by being sent', async () => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1', { clean })
    await listen(client)
    house.queueCommand(aCommand('c1', 'd1', { body: { note: 'stay' } }))
    const sent = await client.next('publish')
    await client.settled()
    expect(house.commands.delivered).toEqual([])
    client.send({ cmd: 'puback', messageId: sent.messageId! })
    await vi.waitFor(() => expect(house.commands.delivered).toEqual(['c1']))
    expect(sent).toMatchObject({ topic: 'v1/devices/d1/commands/c1', qos: 1, retain: false })
    expect(JSON.parse(sent.payload.toString())).toEqual({
      id: 'c1',
      name: 'sos-received',
      body: { note: 'stay' },
      queuedAtMs: 1,
    })
  })

  it('waits for a device that is away and for one that has yet to subscribe', async () => {
    const house = await openHouse()
    house.queueCommand(aCommand('c1', 'd1'))
    const client = await signIn(house.broker.port, 'd1', { clean })
    house.queueCommand(aCommand('c2', 'd1'))
    expect((await client.settled()).map(({ cmd }) => cmd)).not.toContain('publish')
    await listen(client)
    const topics = [(await acknowledgeNext(client)).topic, (await acknowledgeNext(client)).topic]
    expect(topics).toEqual(['v1/devices/d1/commands/c1', 'v1/devices/d1/commands/c2'])
    await vi.waitFor(() => expect(house.commands.delivered.toSorted()).toEqual(['c1', 'c2']))
  })

  it('is sent again to a device that left without acknowledging it', async () => {
    const house = await openHouse()
    const first = await signIn(house.broker.port, 'd1', { clean })
    await listen(first)
    house.queueCommand(aCommand('c1', 'd1'))
    await first.next('publish')
    first.stream.destroy()
    await vi.waitFor(() => expect(house.broker.isOnline('d1')).toBe(false))

    const second = await signIn(house.broker.port, 'd1', { clean })
    if (clean) await listen(second)
    expect((await acknowledgeNext(second)).topic).toBe('v1/devices/d1/commands/c1')
    await vi.waitFor(() => expect(house.commands.delivered).toEqual(['c1']))
    // One copy was enough.
    expect((await second.settled()).filter(({ cmd }) => cmd === 'publish')).toHaveLength(1)
  })
})

describe('a lasting session', () => {
  it('gets its commands after a restart of the broker without subscribing again', async () => {
    const before = await openHouse()
    const first = await signIn(before.broker.port, 'd1', { clean: false })
    await listen(first)
    first.stream.destroy()
    await before.broker.stop()

    const after = await openHouse({ sessionsDir: before.sessionsDir })
    after.queueCommand(aCommand('c1', 'd1'))
    const second = await signIn(after.broker.port, 'd1', { clean: false })
    expect((await acknowledgeNext(second)).topic).toBe('v1/devices/d1/commands/c1')
    await vi.waitFor(() => expect(after.commands.delivered).toEqual(['c1']))
  })

  it('marks what it resends as such [MQTT-3.3.1-1]', async () => {
    const house = await openHouse()
    const first = await signIn(house.broker.port, 'd1', { clean: false })
    await listen(first)
    house.queueCommand(aCommand('c1', 'd1'))
    expect((await first.next('publish')).dup).toBe(false)
    first.stream.destroy()
    await vi.waitFor(() => expect(house.broker.isOnline('d1')).toBe(false))
    const second = await signIn(house.broker.port, 'd1', { clean: false })
    expect((await second.next('publish')).dup).toBe(true)
  })
})

describe('other ways of listening', () => {
  it('at QoS 0 brings the command at every connect until there is a result', async () => {
    const house = await openHouse()
    house.queueCommand(aCommand('c1', 'd1'))
    for (let i = 0; i < 2; i++) {
      const client = await signIn(house.broker.port, 'd1')
      await listen(client, 'd1', 0)
      expect((await client.next('publish')).qos).toBe(0)
      client.stream.destroy()
    }
    expect(house.commands.delivered).toEqual([])
  })

  it('ends with the subscription', async () => {
    const house = await openHouse()
    const client = await signIn(house.broker.port, 'd1')
    await listen(client)
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['v1/devices/d1/commands/#'] })
    await client.next('unsuback')
    house.queueCommand(aCommand('c1', 'd1'))
    expect((await client.settled()).map(({ cmd }) => cmd)).not.toContain('publish')
  })

  it('is open to the gateway of a device', async () => {
    const house = await openHouse({ devices: [aDevice('gw'), aDevice('a', { gatewayId: 'gw' })] })
    const gateway = await signIn(house.broker.port, 'gw')
    await listen(gateway, 'a')
    house.queueCommand(aCommand('c1', 'a'))
    expect((await acknowledgeNext(gateway)).topic).toBe('v1/devices/a/commands/c1')
    await vi.waitFor(() => expect(house.commands.delivered).toEqual(['c1']))
    // Once it is unbound the gateway hears no more of it.
    house.change('a', 'updated', { gatewayId: undefined })
    house.queueCommand(aCommand('c2', 'a'))
    await gateway.settled()
    expect((await gateway.settled()).filter(({ cmd }) => cmd === 'publish')).toHaveLength(1)
  })
})

describe('a result', () => {
  it('finishes the command before it is acknowledged', async () => {
    const house = await openHouse({ now: () => 77 })
    const client = await signIn(house.broker.port, 'd1')
    client.send(publish('v1/devices/d1/commands/c1/result', '{"status":"done","tookMs":12}'))
    await client.next('puback')
    expect(house.commands.finished).toEqual([
      { deviceId: 'd1', commandId: 'c1', atMs: 77, succeeded: true, result: { tookMs: 12 } },
    ])
  })

  it.each(['', 'no', '{}', '{"status":"maybe"}'])(
    'that cannot be read is acknowledged and counted: %j',
    async (payload) => {
      const house = await openHouse()
      const client = await signIn(house.broker.port, 'd1')
      client.send(publish('v1/devices/d1/commands/c1/result', payload))
      await client.next('puback')
      expect(house.refused('command-result-invalid')).toBe(1)
      expect(house.commands.finished).toEqual([])
    },
  )

  it('of a command that is not open is acknowledged and counted', async () => {
    const house = await openHouse()
    house.commands.queue.finish = async () => false
    const client = await signIn(house.broker.port, 'd1')
    client.send(publish('v1/devices/d1/commands/c1/result', '{"status":"done"}'))
    await client.next('puback')
    expect(house.refused('command-result-unknown')).toBe(1)
  })

  it('that cannot be stored is not acknowledged', async () => {
    const house = await openHouse()
    house.commands.queue.finish = () => Promise.reject(new Error('disk full'))
    const client = await signIn(house.broker.port, 'd1')
    client.send(publish('v1/devices/d1/commands/c1/result', '{"status":"done"}'))
    await client.closed
    expect(house.refused('store-unavailable')).toBe(1)
  })
})
