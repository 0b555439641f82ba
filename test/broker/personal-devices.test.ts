import { describe, expect, it } from 'vitest'
import { may } from '../../contracts/access.ts'
import { type Role, roles } from '../../contracts/roles.ts'
import { aDevice, openHouse } from './house.ts'
import { connectPacket, publish, type RawClient, signIn, subscribe } from './raw-client.ts'

const watching = roles.filter((role) => may(role, 'live.watch'))
const locating: readonly Role[] = ['officer', 'operator', 'admin', 'super_admin']

async function openStaffedHouse() {
  const house = await openHouse({
    devices: [
      aDevice('lamp'),
      aDevice('band', { isPersonal: true }),
      aDevice('gw'),
      aDevice('tag', { isPersonal: true, gatewayId: 'gw' }),
    ],
  })
  for (const role of watching) {
    const user = { userId: role, sessionId: role, role, expiresAtMs: Date.now() + 3_600_000 }
    house.users.set(`${role}@city.example token`, user)
  }
  return house
}

async function readAs({ broker }: { broker: { port: number } }, role: Role, ...filters: string[]): Promise<RawClient> {
  const login = { username: `${role}@city.example`, password: Buffer.from('token') }
  const client = await signIn(broker.port, '', connectPacket('', login))
  client.send(subscribe(1, ...filters.map((filter) => [filter, 1] as const)))
  expect((await client.next('suback')).granted).toEqual(filters.map(() => 1))
  return client
}

const place = '{"latitude":12.97,"longitude":77.59}'

async function say(device: RawClient, ...topics: string[]): Promise<void> {
  for (const topic of topics) {
    device.send(publish(topic, place))
    await device.next('puback')
  }
}

async function heardBy(reader: RawClient): Promise<string[]> {
  const heard = await reader.settled()
  return heard.flatMap((packet) => (packet.cmd === 'publish' ? [packet.topic] : []))
}

describe('where a person’s device is', () => {
  it.each(watching)('is told over MQTT to those who may see an SOS: %s', async (role) => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, role, 'v1/devices/+/location', 'v1/devices/band/location')
    await say(await signIn(house.broker.port, 'band'), 'v1/devices/band/location')
    await say(await signIn(house.broker.port, 'gw'), 'v1/gateways/gw/devices/tag/location')
    await say(await signIn(house.broker.port, 'lamp'), 'v1/devices/lamp/location')
    const all = ['v1/devices/band/location', 'v1/devices/tag/location', 'v1/devices/lamp/location']
    expect(await heardBy(reader)).toEqual(locating.includes(role) ? all : ['v1/devices/lamp/location'])
  })

  it('is not told either as a kind of reading that is called so', async () => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'analyst', 'v1/devices/+/telemetry/#')
    const band = await signIn(house.broker.port, 'band')
    await say(band, 'v1/devices/band/telemetry/location', 'v1/devices/band/telemetry/noise')
    expect(await heardBy(reader)).toEqual(['v1/devices/band/telemetry/noise'])
  })

  it('is a secret from the moment it becomes a person’s, also without an owner, and none when it is the city’s again', async () => {
    const house = await openStaffedHouse()
    const reader = await readAs(house, 'analyst', 'v1/devices/+/location')
    const lamp = await signIn(house.broker.port, 'lamp')
    house.change('lamp', 'updated', { ownerId: 'asha', isPersonal: true })
    await say(lamp, 'v1/devices/lamp/location')
    expect(await heardBy(reader)).toEqual([])
    house.change('lamp', 'updated', { ownerId: undefined })
    await say(lamp, 'v1/devices/lamp/location')
    expect(await heardBy(reader)).toEqual([])
    house.change('lamp', 'updated', { isPersonal: false })
    await say(lamp, 'v1/devices/lamp/location')
    expect(await heardBy(reader)).toEqual(['v1/devices/lamp/location'])
  })
})
