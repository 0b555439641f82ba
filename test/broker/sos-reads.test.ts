import { expect, it } from 'vitest'
import type { Role } from '../../contracts/roles.ts'
import { aDevice, openHouse } from './house.ts'
import { connectPacket, publish, type RawClient, signIn, subscribe } from './raw-client.ts'

type House = Awaited<ReturnType<typeof openHouse>>

async function readAs(house: House, role: Role, ...filters: readonly string[]): Promise<RawClient> {
  const expiresAtMs = Date.now() + 3_600_000
  house.users.set(`${role}@city.example token`, { userId: role, sessionId: `${role}'s`, role, expiresAtMs })
  const credentials = { username: `${role}@city.example`, password: Buffer.from('token') }
  const client = await signIn(house.broker.port, '', connectPacket('', credentials))
  client.send(subscribe(1, ...filters.map((filter) => [filter, 1] as const)))
  await client.next('suback')
  return client
}

async function say(device: RawClient, topic: string): Promise<void> {
  device.send(publish(topic, '{}'))
  await device.next('puback')
}

const everySos = 'v1/devices/+/sos'

it('every backend user who is sent an SOS is told of, and no other message and nobody else', async () => {
  const devices = [aDevice('d1'), aDevice('gw'), aDevice('behind', { gatewayId: 'gw' })]
  const house = await openHouse({ devices })
  const operator = await readAs(house, 'operator', everySos, 'v1/devices/d1/sos', 'v1/devices/+/telemetry/#')
  const officer = await readAs(house, 'officer', 'v1/devices/behind/sos')
  await readAs(house, 'analyst', everySos, 'v1/devices/+/telemetry/#')
  const device = await signIn(house.broker.port, 'd1')
  await say(device, 'v1/devices/d1/telemetry/noise')
  await say(device, 'v1/devices/d1/sos')
  await say(await signIn(house.broker.port, 'gw'), 'v1/gateways/gw/devices/behind/sos')
  for (const client of [operator, officer]) await client.next('publish')
  const reads = house.sosReads.map(({ userId, sessionId, deviceId }) => `${userId} in ${sessionId} of ${deviceId}`)
  expect(reads.sort()).toEqual([
    "officer in officer's of behind",
    "operator in operator's of behind",
    "operator in operator's of d1",
  ])
})

it('who has no room for an SOS has not read it', async () => {
  const house = await openHouse({ limits: { readerUnacknowledgedMax: 1 } })
  const reader = await readAs(house, 'operator', everySos)
  const device = await signIn(house.broker.port, 'd1')
  reader.stream.pause()
  for (let presses = 0; presses < 4; presses++) await say(device, 'v1/devices/d1/sos')
  expect(house.sosReads).toHaveLength(2)
  expect(house.refused('reader-behind')).toBe(2)
})
