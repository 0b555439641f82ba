import { once } from 'node:events'
import type { Socket as TcpSocket } from 'node:net'
import { connect, type MqttClient } from 'mqtt'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { liveEvents } from '../../../contracts/live.ts'
import type { LatestReading } from '../../../contracts/ports/telemetry.ts'
import { aReading, startMs } from './builders.ts'
import { aLiveHouse, type LiveHouse, type Screen } from './live-house.ts'

/** The wire under a screen's WebSocket. Engine.IO does not show it. */
function wireOf(screen: Screen): TcpSocket {
  const engine = screen.socket.io.engine as unknown as { transport: { ws: { _socket: TcpSocket } } }
  return engine.transport.ws._socket
}

async function aFleet(house: LiveHouse, count: number): Promise<void> {
  const devices = Array.from({ length: count }, (_, at) => ({
    id: `air-${at}`,
    kinds: ['air-quality'],
    position: { latitude: 19 + at / 1e5, longitude: 72.8 },
    labels: {},
  }))
  await house.records.devices.registerMany(devices)
}

function everyDeviceReports(round: number, count: number): LatestReading[] {
  return Array.from({ length: count }, (_, at) =>
    aReading({
      deviceId: `air-${at}`,
      observedAtMs: startMs + round,
      values: { pm25: round + at / 1000, pm10: at, no2: at, o3: round, co: 0.25, co2: 400 + round },
    }),
  )
}

describe('a client that stops reading', () => {
  it('costs a bounded queue, slows nobody down, and catches up in one message when it reads again', async () => {
    const fleet = 900
    const queue = { packetsMax: 8, bytesMax: 100_000 }
    const house = await aLiveHouse({ stepEveryMs: 1, queue })
    await aFleet(house, fleet)
    const slow = await house.aScreenOf('operator')
    const quick = await house.aScreenOf('operator')
    const pm25Of = (screen: Screen) => screen.state.devices.get('air-7')?.latest['air-quality']?.values.pm25

    const wire = wireOf(slow)
    wire.pause()
    let round = 0
    // Until the buffers of both operating systems and ours are full.
    while (house.live.stats().withheld === 0) {
      house.pushReadings(everyDeviceReports(++round, fleet))
      await quick.until(() => pm25Of(quick) === round + 0.007)
    }
    const bytesBefore = house.live.stats().bytes
    const deltasBefore = quick.deltas.length
    const snapshotsBefore = house.live.stats().snapshots
    for (let more = 0; more < 50; more++) {
      house.pushReadings(everyDeviceReports(++round, fleet))
      await quick.until(() => pm25Of(quick) === round + 0.007)
    }
    expect(house.live.stats().behind).toBe(1)
    // All that was sent meanwhile went to the quick one: nothing is piling up for the other.
    const bytesToQuick = JSON.stringify(quick.deltas.slice(deltasBefore)).length
    expect(house.live.stats().bytes - bytesBefore).toBeLessThan(bytesToQuick * 1.1)

    const toldBefore = slow.deltas.length
    wire.resume()
    await slow.until(() => pm25Of(slow) === round + 0.007)
    expect(slow.gaps).toBe(0)
    expect(slow.state.devices).toEqual(quick.state.devices)
    const made = slow.deltas.slice(toldBefore).find((delta) => delta.seq - delta.fromSeq > 10)
    expect(made, 'one delta stands for all that was withheld').toBeDefined()
    expect(house.live.stats().snapshots).toBe(snapshotsBefore)
  })
})

describe('hostile input', () => {
  it.each<[string, string, unknown]>([
    ['no body', liveEvents.subscribe, undefined],
    ['null', liveEvents.subscribe, null],
    ['a string', liveEvents.subscribe, 'all of it'],
    ['a list', liveEvents.subscribe, [1, 2]],
    ['a viewport of text', liveEvents.subscribe, { viewport: 'everywhere' }],
    ['a viewport outside the globe', liveEvents.subscribe, { viewport: { west: -999, south: 0, east: 0, north: 1 } }],
    ['a viewport upside down', liveEvents.subscribe, { viewport: { west: 0, south: 2, east: 1, north: 1 } }],
    ['a viewport of nothing', liveEvents.subscribe, { viewport: { west: null, south: null, east: null, north: null } }],
    ['a negative number', liveEvents.subscribe, { resume: { epoch: 'x', seq: -1 } }],
    ['half a number', liveEvents.subscribe, { resume: { epoch: 'x', seq: 0.5 } }],
    ['an endless epoch', liveEvents.subscribe, { resume: { epoch: 'x'.repeat(100), seq: 1 } }],
    [
      'an area of 2^53 tiles',
      liveEvents.subscribe,
      {
        resume: {
          epoch: 'x',
          seq: 1,
          view: { area: { level: 99, x: 0, y: 0, width: 2 ** 53, height: 1 }, detail: 'full', focus: [] },
        },
      },
    ],
    ['too many devices in focus', liveEvents.subscribe, { focus: Array.from({ length: 17 }, (_, at) => `d-${at}`) }],
    ['a focus that is no device id', liveEvents.subscribe, { focus: ['../../etc/passwd'] }],
    ['a focus that is an object', liveEvents.viewport, { focus: [{ __proto__: null }] }],
    ['a token that is an object', liveEvents.authenticate, { token: { $gt: '' } }],
    ['no token', liveEvents.authenticate, {}],
  ])('%s is refused with a clear error', async (_case, event, body) => {
    const house = await aLiveHouse()
    const screen = house.screen({ token: (await house.aToken('operator')).token })
    const code = event === liveEvents.authenticate ? 'token-missing' : 'invalid-request'
    expect(await screen.request(event, body)).toEqual({ error: { code, message: expect.stringMatching(/\w/) } })
    expect(await screen.subscribe()).toMatchObject({ ok: true })
  })

  it('cannot reach a prototype', async () => {
    const house = await aLiveHouse()
    const screen = house.screen({ token: (await house.aToken('analyst')).token })
    const body = JSON.parse(
      '{"__proto__":{"seesSos":true},"constructor":{"prototype":{"seesSos":true}},"focus":["__proto__"]}',
    )
    expect(await screen.subscribe(body)).toMatchObject({ error: { code: 'invalid-request' } })
    expect(await screen.subscribe({ focus: ['constructor', 'toString'] })).toMatchObject({ ok: true })
    await screen.until(() => screen.snapshots.length === 1)
    expect(({} as Record<string, unknown>).seesSos).toBeUndefined()
    for (const event of ['__proto__', 'constructor', 'toString', 'live:snapshot']) screen.socket.emit(event, body)
    expect(await screen.subscribe()).toMatchObject({ ok: true })
  })

  it('a message without an acknowledgement is obeyed all the same', async () => {
    const house = await aLiveHouse()
    const screen = house.screen({ token: (await house.aToken('operator')).token })
    screen.socket.emit(liveEvents.subscribe, {})
    await screen.until(() => screen.snapshots.length === 1)
    screen.socket.emit(liveEvents.subscribe, 'nonsense')
    screen.socket.emit(liveEvents.subscribe)
    expect(await screen.request(liveEvents.viewport, {})).toEqual({ ok: true })
  })

  it('a message larger than any of ours ends the connection of its sender alone', async () => {
    const house = await aLiveHouse()
    const bystander = await house.aScreenOf('operator')
    const screen = await house.aScreenOf('operator')
    screen.socket.emit(liveEvents.subscribe, { focus: ['x'.repeat(20_000)] })
    expect(await screen.departure).toMatch(/transport/)
    expect(await bystander.request(liveEvents.viewport, {})).toEqual({ ok: true })
  })

  it('a flood of requests is refused, then cut off', async () => {
    const house = await aLiveHouse({ requestsPerS: 1, requestsBurst: 5, requestsRefusedMax: 20 })
    const screen = await house.aScreenOf('operator')
    const answers = await Promise.all(Array.from({ length: 10 }, () => screen.request(liveEvents.viewport, {})))
    expect(answers.filter((answer) => (answer as { ok?: true }).ok)).toHaveLength(4)
    expect(answers.at(-1)).toMatchObject({ error: { code: 'too-many-requests' } })
    for (let more = 0; more < 20; more++) screen.socket.emit('anything', more)
    expect(await screen.departure).toBe('io server disconnect')
    expect(house.live.stats().refusals['too-many-requests']).toBe(21)
  })

  it('asking for the whole city over and over is served with the steps', async () => {
    const house = await aLiveHouse({ stepEveryMs: 3_600_000, systemEveryMs: 3_600_000 })
    const screen = await house.aScreenOf('operator')
    for (let again = 0; again < 10; again++) expect(await screen.subscribe()).toMatchObject({ ok: true })
    expect(house.live.stats().snapshots).toBe(1)
  })

  it('a handshake that never ends is ended', async () => {
    const house = await aLiveHouse({ handshakeMsMax: 50 })
    const silent = io(`${house.url}/no-such-room`, { transports: ['websocket'], reconnection: false })
    onTestFinished(() => void silent.disconnect())
    const [error] = await once(silent as unknown as NodeJS.EventEmitter, 'connect_error')
    expect((error as Error).message).toBe('Invalid namespace')
    await expect.poll(() => house.live.stats().connections).toBe(0)
  })
})

describe('the HTTP server under it', () => {
  it('keeps its own answers and its MQTT over WebSocket', async () => {
    const house = await aLiveHouse()
    const mqttDoor = new WebSocketServer({ noServer: true })
    house.httpServer.on('upgrade', (request, socket, head) => {
      if (request.url === '/mqtt')
        mqttDoor.handleUpgrade(request, socket, head, (ws) => mqttDoor.emit('connection', ws))
    })
    const firstBytes = new Promise<Buffer>((resolve) => {
      mqttDoor.on('connection', (ws) => ws.once('message', (data: Buffer) => resolve(data)))
    })
    const client: MqttClient = connect(`${house.url.replace('http', 'ws')}/mqtt`, { reconnectPeriod: 0 })
    client.on('error', () => {})
    onTestFinished(() => void client.end(true))
    expect((await firstBytes)[0]).toBe(0x10)
    const screen = await house.aScreenOf('operator')
    expect(screen.snapshots).toHaveLength(1)
    expect(await (await fetch(house.url)).text()).toBe('hello')
  })
})
