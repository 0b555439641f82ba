import { once } from 'node:events'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { hasOpenssl, makeCertificate, readCertificate, type Signing } from '../support/certificates.ts'
import { aDevice, aDirectory, openHouse } from './house.ts'
import { connectPacket, overStream, publish, returnCodeFor } from './raw-client.ts'

const hourMs = 3_600_000
/** Of certificates that are valid at any rate. */
const madeAtMs = Math.floor(Date.now() / 1000) * 1000 - hourMs

describe.runIf(hasOpenssl)('a client certificate', () => {
  async function openTlsHouse() {
    const directory = await aDirectory()
    const server = makeCertificate(directory, 'localhost')
    makeCertificate(directory, 'city-ca')
    makeCertificate(directory, 'other-ca')
    const house = await openHouse({
      devices: [aDevice('d1')],
      tls: { port: 0, ...server, clientCaPath: `${directory}/city-ca.crt` },
    })
    /** A device that has a certificate of its own; each call is one more connection of it. */
    const aHolder = (signing: Partial<Signing> = {}) => {
      const own = makeCertificate(directory, 'd1', { ca: 'city-ca', fromMs: madeAtMs, ...signing })
      const identity = readCertificate(own)
      return async (overrides: Parameters<typeof connectPacket>[1] = {}) => {
        const { cert: ca } = readCertificate(server)
        const port = house.broker.tlsPort!
        const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca, ...identity })
        const client = overStream(socket)
        await once(socket, 'secureConnect')
        const packet = connectPacket('d1', { username: undefined, password: undefined, ...overrides })
        return { client, returnCode: await returnCodeFor(client, packet) }
      }
    }
    return { house, aHolder }
  }

  it.each([
    ['that is valid', {}, 0],
    ['that has expired', { untilMs: madeAtMs + 1000 }, 5],
    ['that is not valid yet', { fromMs: madeAtMs + 3 * hourMs }, 5],
    ['that another CA made', { ca: 'other-ca' }, 5],
  ] as const)('%s is answered with %j and %i', async (_name, signing, expected) => {
    const { house, aHolder } = await openTlsHouse()
    const connect = aHolder(signing)
    expect((await connect()).returnCode).toBe(expected)
    // Nor does the right secret help beside it.
    const beside = await connect({ username: 'd1', password: Buffer.from('secret-of-d1') })
    expect(beside.returnCode).toBe(expected)
    expect(house.refused('client-certificate')).toBe(expected === 0 ? 0 : 2)
  })

  it.each([
    ['never rotated', undefined, 0],
    ['rotated before it was made', madeAtMs - 1, 0],
    ['rotated in the second it was made in', madeAtMs + 999, 0],
    ['rotated after it was made', madeAtMs + 1000, 5],
    ['rotated an hour later', madeAtMs + hourMs, 5],
  ] as const)('of a device whose credentials were %s', async (_name, credentialsSinceMs, expected) => {
    const { house, aHolder } = await openTlsHouse()
    house.change('d1', 'credentials-rotated', { credentialsSinceMs })
    const connect = aHolder()
    expect((await connect()).returnCode).toBe(expected)
    const beside = await connect({ username: 'd1', password: Buffer.from('secret-of-d1') })
    expect(beside.returnCode).toBe(expected)
    expect(house.refused('client-certificate')).toBe(expected === 0 ? 0 : 2)
  })

  it('ends with a rotation, on the connection that is open too; the next certificate is good', async () => {
    const { house, aHolder } = await openTlsHouse()
    const thief = aHolder()
    const { client } = await thief()
    client.send(publish('v1/devices/d1/telemetry/noise', '{}'))
    await client.next('puback')
    house.change('d1', 'credentials-rotated', { credentialsSinceMs: madeAtMs + hourMs / 2 })
    await client.closed
    expect((await thief()).returnCode).toBe(5)
    expect(await aHolder({ fromMs: madeAtMs + hourMs })().then(({ returnCode }) => returnCode)).toBe(0)
  })

  it('does not live on in a TLS session that is taken up again', async () => {
    const { house, aHolder } = await openTlsHouse()
    const { client } = await aHolder()()
    const session = (client.stream as TLSSocket).getSession()!
    const resume = async () => {
      const port = house.broker.tlsPort!
      const socket = connectTls({
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        session,
        rejectUnauthorized: false,
      })
      const resumed = overStream(socket)
      await once(socket, 'secureConnect')
      const packet = connectPacket('d1', { username: undefined, password: undefined })
      return { isReused: socket.isSessionReused(), returnCode: await returnCodeFor(resumed, packet) }
    }
    expect(await resume()).toEqual({ isReused: true, returnCode: 0 })
    house.change('d1', 'credentials-rotated', { credentialsSinceMs: madeAtMs + hourMs / 2 })
    expect(await resume()).toEqual({ isReused: true, returnCode: 5 })
  })

  it('of a revoked device is refused for being revoked', async () => {
    const { house, aHolder } = await openTlsHouse()
    house.change('d1', 'revoked', { state: 'revoked', credentialsSinceMs: madeAtMs + hourMs })
    expect((await aHolder()()).returnCode).toBe(5)
    expect(house.refused('device-not-allowed')).toBe(1)
  })

  it('of an old time means nothing to a device that comes with its secret alone', async () => {
    const { house } = await openTlsHouse()
    house.change('d1', 'credentials-rotated', { credentialsSinceMs: madeAtMs })
    const socket = connectTls({ host: '127.0.0.1', port: house.broker.tlsPort!, rejectUnauthorized: false })
    const client = overStream(socket)
    await once(socket, 'secureConnect')
    expect(await returnCodeFor(client, connectPacket('d1'))).toBe(0)
  })
})
