import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { describe, expect, it, onTestFinished } from 'vitest'
import { topics } from '../../contracts/topics.ts'
import { hasOpenssl, makeCertificate, readCertificate } from '../support/certificates.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { type RunningPrahari, type SignedIn, signIn, startRealPrahari } from './running-prahari.ts'

const hourMs = 3_600_000

async function aFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function connect(url: string, id: string, options: IClientOptions): Promise<MqttClient> {
  const client = await connectAsync(url, { clientId: id, reconnectPeriod: 0, rejectUnauthorized: false, ...options })
  client.on('error', () => {})
  onTestFinished(() => client.endAsync(true).then(() => undefined))
  return client
}

const endOf = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()))

const withSecret = (id: string, secret: string): IClientOptions => ({ username: id, password: secret })

async function register(api: SignedIn, device: Record<string, unknown> & { readonly id: string }): Promise<string> {
  return (await api.post<{ secret: string }>('/api/devices', device)).secret
}

async function say(client: MqttClient, topic: string): Promise<void> {
  await client.publishAsync(topic, '{"laeqDb": 50}', { qos: 1 })
}

async function send(server: RunningPrahari, { token }: SignedIn, method: string, path: string, body?: unknown) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const { status } = await fetch(`${server.url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  expect(status, `${method} ${path}`).toBeLessThan(300)
}

const changes = [
  ['rotated', 'POST', '/credentials'],
  ['revoked', 'POST', '/revoke'],
  ['decommissioned', 'POST', '/decommission'],
  ['deleted', 'DELETE', ''],
] as const

/** A device on an open connection loses it with each change, and does not come back with what it had. */
async function expectConnectionsToEnd(
  server: RunningPrahari,
  api: SignedIn,
  come: (id: string, secret: string) => Promise<MqttClient>,
): Promise<void> {
  for (const [change, method, path] of changes) {
    const id = `to-be-${change}`
    const secret = await register(api, { id })
    const device = await come(id, secret)
    const bystanderId = `beside-${change}`
    const bystander = await come(bystanderId, await register(api, { id: bystanderId }))
    await say(device, topics.telemetry(id, 'noise'))
    const closed = endOf(device)
    await send(server, api, method, `/api/devices/${id}${path}`)
    await closed
    await expect(come(id, secret), change).rejects.toThrow(
      /^Connection refused: (Bad username or password|Not authorized)$/,
    )
    await say(bystander, topics.telemetry(bystanderId, 'noise'))
  }
}

describe('an open connection ends when its device is rotated, revoked, decommissioned or deleted', () => {
  it('over TCP', async () => {
    const server = await startRealPrahari(await aTempDir())
    const api = await signIn(server.url)
    await expectConnectionsToEnd(server, api, (id, secret) => connect(server.mqttUrl, id, withSecret(id, secret)))
    const { secret } = await api.post<{ secret: string }>('/api/devices/to-be-revoked/credentials', {})
    await connect(server.mqttUrl, 'to-be-revoked', withSecret('to-be-revoked', secret))
  })

  it('over WebSocket', async () => {
    const server = await startRealPrahari(await aTempDir())
    const url = `${server.url.replace('http', 'ws')}/mqtt`
    await expectConnectionsToEnd(server, await signIn(server.url), (id, secret) =>
      connect(url, id, withSecret(id, secret)),
    )
  })

  describe.runIf(hasOpenssl)('over TLS', () => {
    async function startWithTls() {
      const directory = await aTempDir()
      const tls = makeCertificate(directory, 'localhost')
      const ca = makeCertificate(directory, 'city-ca')
      const port = await aFreePort()
      const server = await startRealPrahari(directory, {
        PRAHARI_MQTTS_PORT: String(port),
        PRAHARI_TLS_CERT: tls.certPath,
        PRAHARI_TLS_KEY: tls.keyPath,
        PRAHARI_TLS_CLIENT_CA: ca.certPath,
      })
      const issue = (id: string, fromMs: number) =>
        readCertificate(makeCertificate(directory, id, { ca: 'city-ca', fromMs }))
      return { server, api: await signIn(server.url), url: `mqtts://127.0.0.1:${port}`, issue }
    }

    it('with a secret', async () => {
      const { server, api, url } = await startWithTls()
      await expectConnectionsToEnd(server, api, (id, secret) => connect(url, id, withSecret(id, secret)))
    })

    it('with a certificate, which is worth nothing after it; the next one is', async () => {
      const { server, api, url, issue } = await startWithTls()
      // As every device keeps its certificate, one is made the first time it comes.
      const kept = new Map<string, IClientOptions>()
      await expectConnectionsToEnd(server, api, (id) => {
        const own = kept.get(id) ?? issue(id, Date.now() - hourMs)
        kept.set(id, own)
        return connect(url, id, own)
      })
      await expect(connect(url, 'to-be-rotated', kept.get('to-be-rotated')!)).rejects.toThrow()
      await connect(url, 'to-be-rotated', issue('to-be-rotated', Date.now()))
    })
  })
})

describe('a gateway', () => {
  it('stops speaking for a device at once when the device is bound to nobody, or to another', async () => {
    const server = await startRealPrahari(await aTempDir())
    const api = await signIn(server.url)
    const secret = await register(api, { id: 'gate' })
    await register(api, { id: 'other-gate' })
    for (const gatewayId of [null, 'other-gate']) {
      const id = `leaf-${gatewayId}`
      await register(api, { id, gatewayId: 'gate' })
      const gateway = await connect(server.mqttUrl, 'gate', withSecret('gate', secret))
      const topic = topics.throughGateway('gate', topics.telemetry(id, 'noise'))
      await say(gateway, topic)
      await gateway.publishAsync(topics.throughGateway('gate', topics.status(id)), '{"online":true}', { qos: 1 })
      expect(await api.get(`/api/devices/${id}`)).toMatchObject({ online: true })
      await send(server, api, 'PATCH', `/api/devices/${id}`, { gatewayId })
      expect(await api.get(`/api/devices/${id}`)).toMatchObject({ gatewayId, online: false })
      const closed = endOf(gateway)
      gateway.publish(topic, '{"laeqDb": 50}', { qos: 1 }, () => {})
      await closed
      const { items } = await api.get<{ items: object[] }>(`/api/system/ledger?deviceId=${id}`)
      expect(items).toMatchObject([{ received: 1, stored: 1 }])
    }
  })
})

describe('a device without an identity', () => {
  it.each([
    ['is used up', 1],
    ['the API ended', 2],
  ] as const)('enrols itself with a key that the API made, and not with one that %s', async (end, quota) => {
    const server = await startRealPrahari(await aTempDir(), { PRAHARI_DEVICE_ENROLMENT: 'key' })
    const api = await signIn(server.url)
    const { key, provisioningKey } = await api.post<{ key: string; provisioningKey: { id: string } }>(
      '/api/provisioning-keys',
      { name: 'Ward 7', quota },
    )
    const ask = async (client: MqttClient, id: string) => {
      const answered = new Promise<Buffer>((resolve) => client.once('message', (_topic, payload) => resolve(payload)))
      await client.publishAsync(topics.enrolRequest, JSON.stringify({ id, kinds: ['noise'] }), { qos: 1 })
      return JSON.parse((await answered).toString()) as { secret?: string; error?: string }
    }
    const newcomer = () => connect(server.mqttUrl, 'anything', { username: 'enrol', password: key })
    const [first, second] = [await newcomer(), await newcomer()]
    const { secret } = await ask(first, 'noise-17')
    await connect(server.mqttUrl, 'noise-17', withSecret('noise-17', secret!))
    if (end === 'the API ended') {
      await (await newcomer()).endAsync()
      await send(server, api, 'POST', `/api/provisioning-keys/${provisioningKey.id}/revoke`)
    }
    await expect(newcomer()).rejects.toThrow()
    expect(await ask(second, 'noise-18')).toEqual({ id: 'noise-18', error: 'provisioning-key-closed' })
    const { items } = await api.get<{ items: { id: string }[] }>('/api/devices')
    expect(items.map(({ id }) => id)).toEqual(['noise-17'])
  })
})
