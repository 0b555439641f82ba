import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { Server as SocketServer } from 'socket.io'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createWebSocketStream, WebSocket } from 'ws'
import { hasOpenssl, makeCertificate, readCertificate } from '../support/certificates.ts'
import { aDevice, aDirectory, openHouse } from './house.ts'
import { connectPacket, openSocket, overStream, publish, returnCodeFor, signIn } from './raw-client.ts'

const telemetry = 'v1/devices/d1/telemetry/noise'

describe('MQTT over WebSocket', () => {
  async function anHttpServer(): Promise<{ httpServer: Server; port: number }> {
    const httpServer = createServer((_request, response) => response.end('hello'))
    httpServer.listen(0, '127.0.0.1')
    await once(httpServer, 'listening')
    onTestFinished(() => {
      httpServer.closeAllConnections()
      httpServer.close()
    })
    return { httpServer, port: (httpServer.address() as AddressInfo).port }
  }

  async function aWebSocket(port: number, protocols: string[] = ['mqtt'], path = '/mqtt') {
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols)
    onTestFinished(() => webSocket.terminate())
    const answer = await Promise.race([
      once(webSocket, 'open').then(() => 'open' as const),
      once(webSocket, 'unexpected-response').then(([, { statusCode }]) => statusCode as number),
    ])
    return { webSocket, answer }
  }

  it('carries a reading and its acknowledgement', async () => {
    const { httpServer, port } = await anHttpServer()
    const house = await openHouse()
    house.broker.attachWebSocket(httpServer, '/mqtt')
    const { webSocket } = await aWebSocket(port)
    expect(webSocket.protocol).toBe('mqtt')
    const client = overStream(createWebSocketStream(webSocket))
    expect(await returnCodeFor(client, connectPacket('d1'))).toBe(0)
    client.send(publish(telemetry, '{"laeqDb":1}'))
    await client.next('puback')
    expect(house.telemetry.received).toHaveLength(1)
    await house.broker.stop()
    await client.closed
    expect(house.presenceOf('d1')).toEqual(['connect+', 'shutdown-'])
  })

  it('takes packets that are cut over several messages, and several in one', async () => {
    const { httpServer, port } = await anHttpServer()
    const house = await openHouse()
    house.broker.attachWebSocket(httpServer, '/mqtt')
    const client = overStream(createWebSocketStream((await aWebSocket(port)).webSocket))
    await returnCodeFor(client, connectPacket('d1'))
    const { generate } = await import('mqtt-packet')
    const bytes = Buffer.concat([1, 2, 3].map((messageId) => generate(publish(telemetry, '{}', { messageId }))))
    client.send(bytes.subarray(0, 5))
    client.send(bytes.subarray(5))
    for (let i = 0; i < 3; i++) await client.next('puback')
  })

  it('lives beside Socket.IO on one HTTP server, and keeps to its path', async () => {
    const { httpServer, port } = await anHttpServer()
    const sockets = new SocketServer(httpServer, { destroyUpgradeTimeout: 20 })
    onTestFinished(() => void sockets.close())
    const house = await openHouse()
    house.broker.attachWebSocket(httpServer, '/mqtt')
    const client = overStream(createWebSocketStream((await aWebSocket(port)).webSocket))
    await returnCodeFor(client, connectPacket('d1'))
    const dashboard = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
    onTestFinished(() => void dashboard.close())
    await new Promise((resolve) => dashboard.once('connect', () => resolve(undefined)))
    // Longer than Socket.IO waits before it drops an upgrade that nobody took.
    await vi.waitFor(async () => expect((await aWebSocketOutcome(port, '/elsewhere')).isDropped).toBe(true))
    await client.settled()
    expect(dashboard.connected).toBe(true)
  })

  async function aWebSocketOutcome(port: number, path: string) {
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}${path}`, ['mqtt'])
    const [error] = (await once(webSocket, 'error')) as [Error]
    return { isDropped: /hang up|ECONNRESET/.test(error.message) }
  }

  it.each([[[]], [['chat']]])('refuses the subprotocols %j [MQTT-6.0.0-3]', async (protocols) => {
    const { httpServer, port } = await anHttpServer()
    const house = await openHouse()
    house.broker.attachWebSocket(httpServer, '/mqtt')
    expect((await aWebSocket(port, protocols)).answer).toBe(400)
    expect(house.refused('protocol-error')).toBe(1)
  })

  it.each([
    ['a text message [MQTT-6.0.0-1]', 'hello', 'text-frame'],
    ['a message beyond the limit', Buffer.alloc(300_000), 'packet-too-large'],
  ] as const)('ends a connection for %s', async (_name, message, refusal) => {
    const { httpServer, port } = await anHttpServer()
    const house = await openHouse()
    house.broker.attachWebSocket(httpServer, '/mqtt')
    const { webSocket } = await aWebSocket(port)
    webSocket.on('error', () => {})
    webSocket.send(message)
    await once(webSocket, 'close')
    await vi.waitFor(() => expect(house.refused(refusal)).toBe(1))
  })

  it('refuses who comes before the broker has started or after it has stopped', async () => {
    const { httpServer, port } = await anHttpServer()
    const house = await openHouse()
    house.broker.attachWebSocket(httpServer, '/mqtt')
    await house.broker.stop()
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/mqtt`, ['mqtt'])
    webSocket.on('error', () => {})
    onTestFinished(() => webSocket.terminate())
    // Nobody takes the upgrade any more, so the server closes it or leaves it unanswered.
    expect(webSocket.readyState).not.toBe(WebSocket.OPEN)
  })
})

describe.runIf(hasOpenssl)('MQTT over TLS', () => {
  async function openTlsHouse() {
    const directory = await aDirectory()
    const server = makeCertificate(directory, 'localhost')
    const ca = makeCertificate(directory, 'city-ca')
    const house = await openHouse({
      devices: [aDevice('d1'), aDevice('d2'), aDevice('revoked', { state: 'revoked' })],
      tls: { port: 0, ...server, clientCaPath: ca.certPath },
      limits: { connectTimeoutMs: 2000 },
    })
    const connectAs = async (name?: string, signer?: string) => {
      const signing = signer === undefined ? undefined : { ca: signer }
      const own = name === undefined ? {} : readCertificate(makeCertificate(directory, name, signing))
      const socket = connectTls({
        host: '127.0.0.1',
        port: house.broker.tlsPort!,
        servername: 'localhost',
        ca: readFileSync(server.certPath),
        ...own,
      })
      const client = overStream(socket)
      await once(socket, 'secureConnect')
      return client
    }
    return { house, connectAs }
  }

  it('lets a device in with its secret, without a certificate', async () => {
    const { house, connectAs } = await openTlsHouse()
    const client = await connectAs()
    expect(await returnCodeFor(client, connectPacket('d1'))).toBe(0)
    client.send(publish(telemetry, '{}'))
    await client.next('puback')
    expect(house.telemetry.received).toHaveLength(1)
  })

  it.each([
    ['a certificate in the name of the device', 'd1', 'city-ca', {}, 0],
    ['that and the same username', 'd1', 'city-ca', { username: 'd1' }, 0],
    ['that and an open client id', 'd1', 'city-ca', { clientId: '' }, 0],
    ['a certificate and the name of another device', 'd1', 'city-ca', { username: 'd2', clientId: 'd2' }, 5],
    ['a certificate and the client id of another device', 'd1', 'city-ca', { clientId: 'd2' }, 2],
    ['a certificate of a revoked device', 'revoked', 'city-ca', { clientId: 'revoked' }, 5],
    ['a certificate of nobody', 'd9', 'city-ca', { clientId: 'd9' }, 5],
    [
      'a certificate that it signed itself, and the right secret',
      'd1',
      undefined,
      { username: 'd1', password: Buffer.from('secret-of-d1') },
      5,
    ],
  ] as const)('%s', async (_name, commonName, signer, overrides, returnCode) => {
    const { connectAs } = await openTlsHouse()
    const client = await connectAs(commonName, signer)
    const packet = connectPacket('d1', { username: undefined, password: undefined, ...overrides })
    expect(await returnCodeFor(client, packet)).toBe(returnCode)
  })

  it('counts a failed handshake and one that never ends, and stops in spite of it', async () => {
    const { house } = await openTlsHouse()
    const plain = connectTcp({ host: '127.0.0.1', port: house.broker.tlsPort! })
    plain.on('error', () => {})
    plain.write('this is not TLS')
    await vi.waitFor(() => expect(house.refused('tls-handshake')).toBe(1))
    const silent = connectTcp({ host: '127.0.0.1', port: house.broker.tlsPort! })
    silent.on('error', () => {})
    await once(silent, 'connect')
    const closed = once(silent, 'close')
    await house.broker.stop()
    await closed
  })

  it('refuses to start with files that are no certificate', async () => {
    const directory = await aDirectory()
    const certPath = join(directory, 'bad.crt')
    writeFileSync(certPath, 'no certificate')
    await expect(openHouse({ tls: { port: 0, certPath, keyPath: certPath } })).rejects.toMatchObject({
      code: 'tls-files-unusable',
    })
  })
})

describe('starting and stopping', () => {
  it('rejects when the port is taken and leaves nothing behind', async () => {
    const taken = createServer()
    taken.listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as AddressInfo
    const sessionsDir = await aDirectory()
    await expect(openHouse({ sessionsDir, port })).rejects.toMatchObject({ code: 'mqtt-listen-failed' })
    // The sessions are free again.
    const house = await openHouse({ sessionsDir })
    await signIn(house.broker.port, 'd1')
  })

  it('rejects when another broker has the sessions', async () => {
    const house = await openHouse()
    await expect(openHouse({ sessionsDir: house.sessionsDir })).rejects.toMatchObject({ code: 'sessions-unavailable' })
    await signIn(house.broker.port, 'd1')
  })

  it('stops twice as once, also before it has started, and closes every connection', async () => {
    const house = await openHouse()
    house.telemetry.hold()
    const client = await signIn(house.broker.port, 'd1')
    const silent = await openSocket(house.broker.port)
    client.send(publish(telemetry, '{}'))
    await vi.waitFor(() => expect(house.telemetry.received).toHaveLength(1))
    await Promise.all([house.broker.stop(), house.broker.stop()])
    await Promise.all([client.closed, silent.closed])
    expect(house.broker.stats().connections).toBe(0)
    // What settles after the end has nobody to tell.
    house.telemetry.release()
    expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack'])
  })
})
