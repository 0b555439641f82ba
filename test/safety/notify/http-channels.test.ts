import type { ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import type { MessageChannel } from '../../../contracts/ports/messages.ts'
import { createLogChannel, createTwilioChannel, createWebhookChannel } from '../../../safety/index.ts'
import {
  aClosedPort,
  aLog,
  aMessage,
  anHttpServer,
  email,
  failureOf,
  patience,
  phone,
  secretSubject,
  secretText,
  toEmail,
} from './fixture.ts'

const secret = `whsec_${Buffer.from('a key of this test, thirty-two b').toString('base64')}`
const authToken = 'token-of-this-test'

const aWebhook = (url: string) => createWebhookChannel({ url: `${url}/codes?city=1`, secret, now: Date.now })
const aTwilio = (baseUrl: string) =>
  createTwilioChannel({ baseUrl, accountSid: 'AC123', authToken, from: '+15005550006' })

const channels: [string, (url: string) => MessageChannel][] = [
  ['webhook', aWebhook],
  ['twilio', aTwilio],
]
const answerWith = (status: number, headers?: Record<string, string>) => (response: ServerResponse) =>
  void response.writeHead(status, headers).end('{"message":"no"}')

describe.each(channels)('the %s channel', (_name, createChannel) => {
  it.each([200, 201, 202, 204])('has sent when the answer is %i', async (status) => {
    const { url, received } = await anHttpServer(answerWith(status))
    await createChannel(url).send(aMessage(), patience())
    expect(received).toHaveLength(1)
  })

  it.each([
    [301, 'channel-refused'],
    [302, 'channel-refused'],
    [307, 'channel-refused'],
    [400, 'channel-refused'],
    [401, 'channel-refused'],
    [403, 'channel-refused'],
    [404, 'channel-refused'],
    [408, 'channel-busy'],
    [410, 'channel-refused'],
    [425, 'channel-busy'],
    [429, 'channel-busy'],
    [500, 'channel-busy'],
    [503, 'channel-busy'],
  ])('says of the answer %i: %s', async (status, code) => {
    const { url } = await anHttpServer(answerWith(status))
    expect(await failureOf(createChannel(url).send(aMessage(), patience()))).toEqual({
      code,
      message: expect.stringMatching(new RegExp(`HTTP ${status}$`)),
    })
  })

  it('never follows a redirect: the message is not for whoever answers there', async () => {
    const elsewhere = await anHttpServer(answerWith(200))
    const { url } = await anHttpServer(answerWith(307, { location: elsewhere.url }))
    await failureOf(createChannel(url).send(aMessage(), patience()))
    expect(elsewhere.received).toEqual([])
  })

  it('is unreachable where nobody listens', async () => {
    const channel = createChannel(`http://127.0.0.1:${await aClosedPort()}`)
    const { code, message } = await failureOf(channel.send(aMessage(), patience()))
    expect(code).toBe('channel-unreachable')
    expect(message).toMatch(/ECONNREFUSED$/)
  })

  it('is unreachable when the connection is cut instead of an answer', async () => {
    const { url } = await anHttpServer((response) => response.destroy())
    expect((await failureOf(createChannel(url).send(aMessage(), patience()))).code).toBe('channel-unreachable')
  })

  it('is unreachable when the answer is not HTTP', async () => {
    const { url } = await anHttpServer((response) => response.socket?.end('220 mail.example ESMTP\r\n'))
    expect((await failureOf(createChannel(url).send(aMessage(), patience()))).code).toBe('channel-unreachable')
  })

  it('gives up on an answer that does not come when it is told to', async () => {
    const controller = new AbortController()
    const { url } = await anHttpServer(() => controller.abort())
    expect(await failureOf(createChannel(url).send(aMessage(), controller.signal))).toEqual({
      code: 'channel-unreachable',
      message: expect.stringMatching(/no answer in time$/),
    })
  })

  it('does not even begin when it is too late already', async () => {
    const { url, received } = await anHttpServer(answerWith(200))
    expect((await failureOf(createChannel(url).send(aMessage(), AbortSignal.abort()))).code).toBe('channel-unreachable')
    expect(received).toEqual([])
  })

  it('waits for a slow answer', async () => {
    const { url } = await anHttpServer((response) => {
      response.writeHead(200)
      setImmediate(() => setImmediate(() => response.end('done')))
    })
    await createChannel(url).send(aMessage(), patience())
  })

  it.each([
    [200, undefined],
    [500, 'channel-busy'],
  ])('does not read an answer of %i that never ends', async (status, code) => {
    const { url } = await anHttpServer((response) => {
      response.writeHead(status)
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', pour)
      pour()
    })
    const sent = createChannel(url).send(aMessage(), patience())
    if (code) expect((await failureOf(sent)).code).toBe(code)
    else await sent
  })

  it('repeats nothing of the message nor of the answer in what it says', async () => {
    const { url } = await anHttpServer((response, { body }) => void response.writeHead(400).end(`${phone} ${body}`))
    const { message } = await failureOf(createChannel(url).send(aMessage(), patience()))
    for (const kept of [secretText, secretSubject, phone, phone.slice(1), secret, authToken]) {
      expect(message).not.toContain(kept)
    }
  })
})

describe('the webhook channel', () => {
  it('sends what a receiver of Standard Webhooks accepts as ours', async () => {
    const { url, received } = await anHttpServer(answerWith(204))
    await aWebhook(url).send(aMessage({ to: toEmail }), patience())
    const [{ method, path, headers, body }] = received as [(typeof received)[number]]
    expect({ method, path, type: headers['content-type'] }).toEqual({
      method: 'POST',
      path: '/codes?city=1',
      type: 'application/json',
    })
    expect(headers['webhook-id']).toBe('msg-1')
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({
      type: 'message.requested',
      data: {
        id: 'msg-1',
        to: { type: 'email', address: email },
        subject: secretSubject,
        text: secretText,
        expiresAt: '2026-01-14T12:05:00.000Z',
      },
    })
  })

  it('sends what a receiver with another key turns away', async () => {
    const { url, received } = await anHttpServer(answerWith(204))
    await aWebhook(url).send(aMessage(), patience())
    const other = new Webhook(`whsec_${Buffer.from('another key of thirty-two bytes!').toString('base64')}`)
    const headers = received[0]!.headers as Record<string, string>
    expect(() => other.verify(received[0]!.body, headers)).toThrow('No matching signature')
    expect(() => new Webhook(secret).verify(`${received[0]!.body} `, headers)).toThrow('No matching signature')
  })

  it('sends a repeat under the same id', async () => {
    const { url, received } = await anHttpServer(answerWith(503))
    const channel = aWebhook(url)
    await failureOf(channel.send(aMessage(), patience()))
    await failureOf(channel.send(aMessage(), patience()))
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['msg-1', 'msg-1'])
  })

  it('refuses an id that would be another header', async () => {
    const { url, received } = await anHttpServer(answerWith(204))
    const { code } = await failureOf(aWebhook(url).send(aMessage({ id: 'a\r\nx-evil: 1' }), patience()))
    expect(code).toBe('channel-refused')
    expect(received).toEqual([])
  })
})

describe('the twilio channel', () => {
  it('asks for a message as Twilio documents it', async () => {
    const { url, received } = await anHttpServer(answerWith(201))
    await aTwilio(`${url}/`).send(aMessage({ text: `a & b = ${secretText} ✓` }), patience())
    const [{ method, path, headers, body }] = received as [(typeof received)[number]]
    expect({ method, path, type: headers['content-type'], authorization: headers.authorization }).toEqual({
      method: 'POST',
      path: '/2010-04-01/Accounts/AC123/Messages.json',
      type: 'application/x-www-form-urlencoded',
      authorization: `Basic ${btoa(`AC123:${authToken}`)}`,
    })
    expect([...new URLSearchParams(body)]).toEqual([
      ['To', phone],
      ['From', '+15005550006'],
      ['Body', `a & b = ${secretText} ✓`],
    ])
  })

  it('names the number of Twilio’s error, and not its text', async () => {
    const body = JSON.stringify({ code: 21211, message: `Invalid 'To' Phone Number: ${phone}`, status: 400 })
    const { url } = await anHttpServer((response) => void response.writeHead(400).end(body))
    expect((await failureOf(aTwilio(url).send(aMessage(), patience()))).message).toBe(
      'twilio refuses the message: HTTP 400, Twilio error 21211',
    )
  })

  it.each(['9876543210', 'whatsapp:+919876543210', '+919876543210\r\n', email, '', '+0123456789'])(
    'refuses the address %j',
    async (address) => {
      const { url, received } = await anHttpServer(answerWith(201))
      const { code } = await failureOf(aTwilio(url).send(aMessage({ to: { type: 'phone', address } }), patience()))
      expect(code).toBe('channel-refused')
      expect(received).toEqual([])
    },
  )
})

describe('the log channel', () => {
  it('writes the whole message, for whoever develops', async () => {
    const { log, lines } = aLog()
    await createLogChannel({ log }).send(aMessage(), patience())
    expect(lines).toMatchObject([
      { level: 30, messageId: 'msg-1', to: phone, subject: secretSubject, text: secretText },
    ])
  })
})
