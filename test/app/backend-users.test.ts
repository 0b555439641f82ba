import { once } from 'node:events'
import { connectAsync } from 'mqtt'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createBackendUsers } from '../../app/backend-users.ts'
import { AppError } from '../../contracts/errors.ts'
import { topics } from '../../contracts/topics.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { administrator, connectDevice, signIn, startRealPrahari } from './running-prahari.ts'

describe('a backend user', () => {
  it('reads along over MQTT with an access token, until it signs out', async () => {
    const server = await startRealPrahari(await aTempDir())
    const api = await signIn(server.url)
    const device = await connectDevice(api, server.mqttUrl, 'lamp-17')
    const account = { username: administrator.email, password: api.token, reconnectPeriod: 0 }
    await expect(connectAsync(server.mqttUrl, { ...account, username: 'somebody@city.example' })).rejects.toThrow()

    const reader = await connectAsync(server.mqttUrl, account)
    onTestFinished(() => reader.endAsync(true))
    await reader.subscribeAsync(['v1/devices/+/telemetry/#', 'v1/devices/+/sos'], { qos: 1 })
    const heard: string[] = []
    reader.on('message', (topic) => heard.push(topic))
    await device.publishAsync(topics.telemetry('lamp-17', 'noise'), '{"laeqDb": 61.5}', { qos: 1 })
    await device.publishAsync(topics.sos('lamp-17'), '{}', { qos: 1 })
    await vi.waitFor(() => {
      expect(heard).toEqual([topics.telemetry('lamp-17', 'noise'), topics.sos('lamp-17')])
    })

    const closed = once(reader as never, 'close')
    await fetch(`${server.url}/api/auth/logout`, { method: 'POST', headers: { authorization: `Bearer ${api.token}` } })
    await closed
    await expect(connectAsync(server.mqttUrl, account)).rejects.toThrow()
  })

  const identity = {
    userId: 'u1',
    role: 'operator',
    sessionId: 's1',
    flatNumber: undefined,
    unitNumber: undefined,
    expiresAtMs: 1,
  } as const
  const accountsThat = (verify: () => Promise<typeof identity>) => ({
    verify,
    getUser: async () => ({ email: 'asha@city.example' }) as never,
  })

  it('is whoever the token says, under the e-mail address of the account alone', async () => {
    const users = createBackendUsers(accountsThat(async () => identity))
    expect(await users.verify({ email: 'Asha@City.example', token: 't' })).toEqual(identity)
    expect(await users.verify({ email: 'ravi@city.example', token: 't' })).toBeUndefined()
  })

  it('is told apart from a store that does not answer', async () => {
    const banned = createBackendUsers(
      accountsThat(() => Promise.reject(new AppError('forbidden', 'account-banned', 'banned'))),
    )
    expect(await banned.verify({ email: 'asha@city.example', token: 't' })).toBeUndefined()
    const broken = createBackendUsers(accountsThat(() => Promise.reject(new Error('disk full'))))
    await expect(broken.verify({ email: 'asha@city.example', token: 't' })).rejects.toThrow('disk full')
  })
})
