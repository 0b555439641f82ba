import { once } from 'node:events'
import { connectAsync } from 'mqtt'
import { io } from 'socket.io-client'
import { expect, it, onTestFinished } from 'vitest'
import type { NoticeResource } from '../../contracts/http/notice.ts'
import type { SocketNotice } from '../../contracts/ports/outbox.ts'
import { signIn, startRealPrahari } from '../app/running-prahari.ts'
import { anHttpServer } from '../safety/notify/fixture.ts'
import { webhookSecret } from '../safety/notify/outbox-house.ts'
import { aTempDir } from '../support/temp-dir.ts'

const email = 'ravi@city.example'
const password = 'a password of an operator'
const json = { 'content-type': 'application/json' }

it('a press of a wearable is told to the contact who agreed and to the operator who looks on', async () => {
  const texts: string[] = []
  const waiting = new Set<() => void>()
  const webhook = await anHttpServer((response, { body }) => {
    texts.push(JSON.parse(body).data.text)
    response.writeHead(204).end()
    for (const look of [...waiting]) look()
  })
  const received = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const look = () => {
        const text = texts.find((one) => pattern.test(one))
        if (text === undefined) return
        waiting.delete(look)
        resolve(text)
      }
      waiting.add(look)
      look()
    })
  const { url, mqttUrl } = await startRealPrahari(await aTempDir(), {
    OTP_DELIVERY: 'webhook',
    OTP_WEBHOOK_URL: webhook.url,
    OTP_WEBHOOK_SECRET: webhookSecret,
  })
  const admin = await signIn(url)
  const { id: ownerId } = await admin.get<{ id: string }>('/api/auth/profile')
  await admin.post('/api/auth/register', { name: 'Ravi', email, password, role: 'operator' })

  const put = await fetch(`${url}/api/users/contacts`, {
    method: 'PUT',
    headers: { ...json, authorization: `Bearer ${admin.token}` },
    body: JSON.stringify([{ name: 'Meera', phone: '9876543210' }]),
  })
  const { contacts } = (await put.json()) as { contacts: { id: string }[] }
  const [code] = /\b\d{6}\b/.exec(await received(/give them this code/)) ?? []
  await admin.post(`/api/users/contacts/${contacts[0]!.id}/consent`, { code })

  const login = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ email, password }),
  })
  const { accessToken: token } = (await login.json()) as { accessToken: string }
  const dashboard = io(url, { auth: { token }, transports: ['websocket'], reconnection: false, forceNew: true })
  onTestFinished(() => void dashboard.close())
  await once(dashboard as never, 'connect')
  const told = new Promise<SocketNotice>((resolve) => {
    dashboard.on('notice', (notice: SocketNotice, reply: (answer: unknown) => void) => {
      reply({ shown: true })
      resolve(notice)
    })
  })

  const { secret } = await admin.post<{ secret: string }>('/api/devices', { id: 'band-1', kinds: [], ownerId })
  const band = await connectAsync(mqttUrl, {
    clientId: 'band-1',
    username: 'band-1',
    password: secret,
    reconnectPeriod: 0,
  })
  onTestFinished(() => band.endAsync(true))
  await band.publishAsync(
    'v1/devices/band-1/sos',
    JSON.stringify({ location: { latitude: 28.6139, longitude: 77.209 } }),
    {
      qos: 1,
    },
  )

  const notice = await told
  expect(notice).toMatchObject({ urgency: 'sos', subject: expect.stringMatching(/^SOS from /) })
  expect(await received(/raised an SOS at \d\d:\d\d UTC/)).not.toMatch(/28\.6|77\.2/)
  const path = `/api/notices?eventKey=${encodeURIComponent(notice.eventKey)}`
  for (;;) {
    const { items } = await admin.get<{ items: NoticeResource[] }>(path)
    const isTold = (type: string) => items.some((row) => row.recipient.type === type && row.isTold)
    if (isTold('user') && isTold('contact')) break
  }
  // Told by the dashboard, so nobody's phone had to ring.
  expect(texts.filter((text) => /^SOS from/.test(text))).toEqual([])
})
