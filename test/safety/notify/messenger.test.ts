import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../../contracts/errors.ts'
import type { Message, MessageChannel, MessageOutcome } from '../../../contracts/ports/messages.ts'
import { createMessenger, createSmtpChannel, createTwilioChannel, createWebhookChannel } from '../../../safety/index.ts'
import { aClock } from '../../store/records/fixture.ts'
import { aLog, aMessage, anHttpServer, email, phone, secretSubject, secretText, startMs, toEmail } from './fixture.ts'

const busy = new AppError('unavailable', 'channel-busy', 'later')
const unreachable = new AppError('unavailable', 'channel-unreachable', 'nobody there')
const refused = new AppError('unavailable', 'channel-refused', 'no such number')

interface Try {
  readonly message: Message
  readonly signal: AbortSignal
  end(error?: unknown): void
}

/** A channel whose every try ends when and how the test says. */
function aChannel(answer?: (tryNumber: number) => unknown) {
  const tries: Try[] = []
  const looks = new Set<() => void>()
  const channel: MessageChannel = {
    name: 'webhook',
    send: (message, signal) =>
      new Promise<void>((resolve, reject) => {
        const end = (error?: unknown) => (error === undefined ? resolve() : reject(error))
        tries.push({ message, signal, end })
        if (answer) end(answer(tries.length))
        for (const look of [...looks]) look()
      }),
  }
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (tries.length < count) return
        looks.delete(look)
        resolve()
      }
      looks.add(look)
      look()
    })
  return { channel, tries, until }
}

type Options = NonNullable<Parameters<typeof createMessenger>[0]['options']>

async function aMessenger(
  channel: MessageChannel,
  options: Options = {},
  forEmail: MessageChannel | undefined = channel,
) {
  const clock = aClock(startMs)
  const log = aLog()
  const channels = { phone: channel, email: forEmail }
  const messenger = createMessenger({
    channels,
    now: clock.now,
    log: log.log,
    options: { restsMs: [1, 1], ...options },
  })
  await messenger.start()
  onTestFinished(() => messenger.stop())
  const outcomes = () =>
    Object.fromEntries(Object.entries(messenger.stats().outcomes).filter(([, count]) => count > 0)) as Partial<
      Record<MessageOutcome, number>
    >
  return { messenger, clock, outcomes, ...log }
}

const deliver = (messenger: { deliver(message: Message): void }, count: number) => {
  for (let at = 1; at <= count; at++) messenger.deliver(aMessage({ id: `msg-${at}` }))
}

describe('the messenger', () => {
  it('sends a message, and says so without what is in it', async () => {
    const { channel, tries } = aChannel(() => undefined)
    const { messenger, until, outcomes, lines } = await aMessenger(channel)
    messenger.deliver(aMessage())
    expect(tries).toEqual([])
    await until('message sent')
    expect(tries.map(({ message }) => message)).toEqual([aMessage()])
    expect(outcomes()).toEqual({ sent: 1 })
    expect(lines).toMatchObject([{ channel: 'webhook', messageId: 'msg-1', tries: 1 }])
  })

  it.each([
    ['once', [busy], { sent: 1 }],
    ['twice', [unreachable, busy], { sent: 1 }],
    ['three times', [busy, unreachable, busy], { failed: 1 }],
  ])('tries again what may pass, and gives up after three: fails %s', async (_times, errors, expected) => {
    const { channel, tries } = aChannel((tryNumber) => errors[tryNumber - 1])
    const { messenger, until, outcomes } = await aMessenger(channel)
    messenger.deliver(aMessage())
    await until('sent' in expected ? 'message sent' : 'message not sent')
    expect(outcomes()).toEqual(expected)
    expect(tries.map(({ message }) => message.id)).toEqual(Array(Math.min(3, errors.length + 1)).fill('msg-1'))
  })

  it.each([
    ['a refusal', refused, 'channel-refused'],
    ['a defect', new TypeError(`cannot read ${secretText}`), 'unexpected'],
    ['a thrown text', `${phone} ${secretText}`, 'unexpected'],
  ])('does not try again after %s', async (_what, error, code) => {
    const { channel, tries } = aChannel(() => error)
    const { messenger, until, outcomes, lines } = await aMessenger(channel)
    messenger.deliver(aMessage())
    await until('message not sent')
    expect(tries).toHaveLength(1)
    expect(outcomes()).toEqual({ failed: 1 })
    expect(lines.at(-1)).toMatchObject({ channel: 'webhook', messageId: 'msg-1', code, outcome: 'failed' })
  })

  it('survives a channel that throws instead of rejecting', async () => {
    const channel: MessageChannel = {
      name: 'smtp',
      send() {
        throw busy
      },
    }
    const { messenger, until, outcomes } = await aMessenger(channel, { restsMs: [] })
    messenger.deliver(aMessage())
    await until('message not sent')
    expect(outcomes()).toEqual({ failed: 1 })
  })

  it('has no more on their way at once than it may, and the rest wait in order', async () => {
    const { channel, tries, until } = aChannel()
    const { messenger } = await aMessenger(channel, { sendingMax: 2 })
    deliver(messenger, 5)
    await until(2)
    expect(messenger.stats()).toMatchObject({ sending: 2, waiting: 3 })
    tries[1]!.end()
    await until(3)
    expect(tries.map(({ message }) => message.id)).toEqual(['msg-1', 'msg-2', 'msg-3'])
    expect(messenger.stats()).toMatchObject({ sending: 2, waiting: 2 })
    for (let at = 0; at < 5; at++) {
      await until(at + 1)
      tries[at]!.end()
    }
  })

  it('drops and counts what finds the queue full, says it once, and goes on', async () => {
    const { channel, tries, until: untilTries } = aChannel()
    const { messenger, outcomes, lines, until } = await aMessenger(channel, { sendingMax: 1, waitingMax: 2 })
    deliver(messenger, 1)
    await untilTries(1)
    deliver(messenger, 5)
    expect(messenger.stats()).toMatchObject({ sending: 1, waiting: 2 })
    expect(outcomes()).toEqual({ 'dropped-full': 3 })
    expect(lines).toMatchObject([{ msg: 'too many messages wait, more are dropped' }])
    for (let at = 0; at < 3; at++) {
      await untilTries(at + 1)
      tries[at]!.end()
    }
    await until('message sent', 3)
    deliver(messenger, 1)
    await untilTries(4)
    tries[3]!.end()
    await until('message sent', 4)
    expect(outcomes()).toEqual({ 'dropped-full': 3, sent: 4 })
  })

  it('counts those that rest before another try among those that wait', async () => {
    const { channel } = aChannel(() => busy)
    const { messenger, until, outcomes } = await aMessenger(channel, { restsMs: [100_000], waitingMax: 1 })
    messenger.deliver(aMessage())
    await until('message not sent, trying again')
    expect(messenger.stats()).toMatchObject({ waiting: 1, sending: 0 })
    messenger.deliver(aMessage({ id: 'msg-2' }))
    expect(outcomes()).toEqual({ 'dropped-full': 1 })
  })

  it('does not send what has expired while it waited', async () => {
    const { channel, tries, until: untilTries } = aChannel()
    const { messenger, clock, until, outcomes } = await aMessenger(channel, { sendingMax: 1 })
    deliver(messenger, 2)
    await untilTries(1)
    clock.advance(300_000)
    tries[0]!.end()
    await until('message not sent')
    expect(tries).toHaveLength(1)
    expect(outcomes()).toEqual({ sent: 1, expired: 1 })
  })

  it('does not rest past the moment a message expires', async () => {
    const { channel, tries } = aChannel(() => busy)
    const { messenger, until, outcomes, lines } = await aMessenger(channel, { restsMs: [5000] })
    messenger.deliver(aMessage({ expiresAtMs: startMs + 5000 }))
    await until('message not sent')
    expect(tries).toHaveLength(1)
    expect(outcomes()).toEqual({ expired: 1 })
    expect(lines.at(-1)).toMatchObject({ outcome: 'expired', code: 'channel-busy' })
  })

  it('takes its place back from a channel that answers neither the message nor the signal', async () => {
    const { channel, tries } = aChannel()
    const { messenger, until, outcomes } = await aMessenger(channel, { tryMsMax: 1, sendingMax: 1, restsMs: [1] })
    messenger.deliver(aMessage())
    await until('message not sent')
    expect(tries.map(({ signal }) => signal.aborted)).toEqual([true, true])
    expect(outcomes()).toEqual({ failed: 1 })
    expect(messenger.stats()).toMatchObject({ waiting: 0 })
    // Too late to matter, and not to be missed by anybody.
    for (const { end } of tries) end(new Error('after all'))
  })

  it('holds up text messages for no mail server that hangs', async () => {
    const hanging = aChannel()
    const working = aChannel(() => undefined)
    const { messenger, until } = await aMessenger(working.channel, { sendingMax: 1 }, hanging.channel)
    for (const id of ['a', 'b', 'c']) messenger.deliver(aMessage({ id, to: toEmail }))
    await hanging.until(1)
    deliver(messenger, 3)
    await until('message sent', 3)
    expect(messenger.stats()).toMatchObject({ sending: 1, waiting: 2 })
    hanging.tries[0]!.end(refused)
    await hanging.until(2)
    hanging.tries[1]!.end(refused)
    await hanging.until(3)
    hanging.tries[2]!.end(refused)
  })

  it('counts a message that no channel is there for, and throws at nobody', async () => {
    const log = aLog()
    const channels = { phone: aChannel().channel, email: undefined }
    const messenger = createMessenger({ channels, now: () => startMs, log: log.log })
    expect([messenger.canReach('email'), messenger.canReach('phone')]).toEqual([false, true])
    messenger.deliver(aMessage({ to: toEmail }))
    expect(messenger.stats().outcomes).toMatchObject({ 'no-channel': 1 })
    expect(log.lines).toMatchObject([{ messageId: 'msg-1', addressType: 'email' }])
  })

  it('sends nothing before it was started, and then what has come', async () => {
    const { channel, tries } = aChannel(() => undefined)
    const log = aLog()
    const messenger = createMessenger({
      channels: { phone: channel, email: undefined },
      now: () => startMs,
      log: log.log,
    })
    deliver(messenger, 2)
    expect(messenger.stats()).toMatchObject({ waiting: 2, sending: 0 })
    await messenger.start()
    await messenger.start()
    await log.until('message sent', 2)
    expect(tries).toHaveLength(2)
    await messenger.stop()
  })
})

describe('a stop of the messenger', () => {
  it('lets end what is on its way and drops what waits', async () => {
    const { channel, tries, until } = aChannel()
    const { messenger, outcomes, lines } = await aMessenger(channel, { sendingMax: 1 })
    deliver(messenger, 3)
    await until(1)
    const stopped = messenger.stop()
    expect(outcomes()).toEqual({ 'dropped-stop': 2 })
    tries[0]!.end()
    await stopped
    expect(outcomes()).toEqual({ 'dropped-stop': 2, sent: 1 })
    expect(messenger.stats()).toMatchObject({ waiting: 0, sending: 0 })
    expect(lines).toContainEqual(expect.objectContaining({ channel: 'webhook', dropped: 2 }))
    messenger.deliver(aMessage())
    expect(outcomes()).toEqual({ 'dropped-stop': 3, sent: 1 })
    await messenger.stop()
    expect(tries).toHaveLength(1)
  })

  it('does not wait for a rest, nor begins another try', async () => {
    const { channel, tries } = aChannel(() => busy)
    const { messenger, until, outcomes } = await aMessenger(channel, { restsMs: [100_000] })
    messenger.deliver(aMessage())
    await until('message not sent, trying again')
    await messenger.stop()
    expect(outcomes()).toEqual({ 'dropped-stop': 1 })
    expect(tries).toHaveLength(1)
  })

  it('gives up on what does not end in the time for it', async () => {
    const { channel, until } = aChannel()
    const { messenger, outcomes } = await aMessenger(channel, { stopMsMax: 1 })
    messenger.deliver(aMessage())
    await until(1)
    await messenger.stop()
    expect(outcomes()).toEqual({ 'dropped-stop': 1 })
  })

  it('may come before a start', async () => {
    const messenger = createMessenger({
      channels: { phone: undefined, email: undefined },
      now: () => 0,
      log: aLog().log,
    })
    await messenger.stop()
    await messenger.start()
  })
})

describe('the log', () => {
  const authToken = 'token-of-this-test'
  const password = 'password-of-this-test'
  const key = Buffer.from('a key of this test, thirty-two b').toString('base64')

  /** A server that repeats to everybody, in every protocol, what it was told. */
  async function anIndiscreetMailServer(): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write('220 mail ESMTP\r\n')
      socket.on('data', (chunk) => {
        const said = String(chunk).trim()
        socket.write(said.startsWith('RCPT') ? `550 ${said} ${secretText}\r\n` : '250 fine\r\n')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }

  it('holds no text, address or secret, whatever the other side answers', async () => {
    const http = await anHttpServer((response, { body, headers }) => {
      response.writeHead(body.includes('msg-2') ? 503 : 400, { 'x-said': headers.authorization ?? '' }).end(body)
    })
    const channels: MessageChannel[] = [
      createWebhookChannel({ url: `${http.url}/?key=${key}`, secret: `whsec_${key}`, now: Date.now }),
      createTwilioChannel({ baseUrl: http.url, accountSid: 'AC1', authToken, from: '+15005550006' }),
      createSmtpChannel({ url: `smtp://127.0.0.1:${await anIndiscreetMailServer()}`, from: 'no-reply@city.example' }),
      createSmtpChannel({
        url: `smtp://asha:${password}@127.0.0.1:${await anIndiscreetMailServer()}`,
        from: 'a@b.example',
      }),
    ]
    for (const channel of channels) {
      const { messenger, until, text } = await aMessenger(channel)
      const to = channel.name === 'smtp' ? toEmail : ({ type: 'phone', address: phone } as const)
      messenger.deliver(aMessage({ to }))
      messenger.deliver(aMessage({ to, id: 'msg-2' }))
      await until('message not sent', 2)
      expect(text()).toContain(channel.name)
      for (const kept of [secretText, secretSubject, email, phone, phone.slice(1), authToken, password, key]) {
        expect(text()).not.toContain(kept)
      }
    }
  })

  it('follows a message through a webhook that is down at first', async () => {
    let calls = 0
    const { url, received } = await anHttpServer((response) => {
      calls++
      if (calls === 1) response.destroy()
      else response.writeHead(calls === 2 ? 503 : 202).end()
    })
    const { messenger, until, outcomes } = await aMessenger(
      createWebhookChannel({ url, secret: `whsec_${key}`, now: Date.now }),
    )
    messenger.deliver(aMessage())
    await until('message sent')
    expect(outcomes()).toEqual({ sent: 1 })
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['msg-1', 'msg-1', 'msg-1'])
  })
})
