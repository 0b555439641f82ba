import { describe, expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../app/config/config.ts'
import { createMessages } from '../../app/messages.ts'
import { aLog, aMessage, anHttpServer, secretText, toEmail } from '../safety/notify/fixture.ts'
import { webhookSecret } from './config/production-env.ts'

async function messagesOf(env: Record<string, string>) {
  const config = readConfig({ env, workingDir: '/srv/prahari', isTerminal: false, serves: true })
  const log = aLog()
  const messages = createMessages({ config, log: log.log, now: Date.now })
  await messages.start()
  onTestFinished(() => messages.stop())
  const deliver = (message: Parameters<typeof aMessage>[0]) =>
    messages.deliver(aMessage({ expiresAtMs: Date.now() + 300_000, ...message }))
  return { messages, deliver, ...log }
}

describe('messages, as configured', () => {
  it('stand in the log when nothing is set', async () => {
    const { deliver, until, lines } = await messagesOf({})
    deliver({ id: 'to-phone' })
    deliver({ id: 'to-mail', to: toEmail })
    await until('message sent', 2)
    const said = lines.filter(({ text }) => text === secretText)
    expect(said.map(({ messageId }) => messageId)).toEqual(['to-phone', 'to-mail'])
  })

  it('go by webhook, both kinds, from one queue', async () => {
    const { url, received } = await anHttpServer((response) => void response.writeHead(204).end())
    const env = { OTP_DELIVERY: 'webhook', OTP_WEBHOOK_URL: `${url}/codes`, OTP_WEBHOOK_SECRET: webhookSecret }
    const { deliver, until, text } = await messagesOf(env)
    deliver({ id: 'to-phone' })
    deliver({ id: 'to-mail', to: toEmail })
    await until('message sent', 2)
    expect(received.map(({ headers }) => headers['webhook-id']).sort()).toEqual(['to-mail', 'to-phone'])
    expect(text()).not.toContain(secretText)
  })

  it('go by Twilio to phones, and nowhere where mail has no way', async () => {
    const { url, received } = await anHttpServer((response) => void response.writeHead(201).end())
    const env = {
      OTP_DELIVERY: 'twilio',
      TWILIO_ACCOUNT_SID: 'AC0123',
      TWILIO_AUTH_TOKEN: 'a token of this test',
      TWILIO_FROM: '+15005550006',
      TWILIO_BASE_URL: url,
    }
    const { messages, deliver, until } = await messagesOf(env)
    deliver({ id: 'to-phone' })
    await until('message sent')
    expect(received.map(({ path }) => path)).toEqual(['/2010-04-01/Accounts/AC0123/Messages.json'])
    const production = { ...env, NODE_ENV: 'production', PRAHARI_TLS_TERMINATION: 'proxy', PRAHARI_TRUST_PROXY: '1' }
    const alone = await messagesOf({ ...production, TWILIO_BASE_URL: '' })
    expect([messages.canReach('email'), alone.messages.canReach('email')]).toEqual([true, false])
    expect(alone.messages.canReach('phone')).toBe(true)
  })

  it('go by mail server where there is one', async () => {
    const { messages, deliver, until, lines } = await messagesOf({
      SMTP_URL: 'smtp://127.0.0.1:1',
      SMTP_FROM: 'no-reply@city.example',
    })
    expect(messages.canReach('email')).toBe(true)
    deliver({ to: toEmail })
    await until('message not sent, trying again')
    expect(lines[0]).toMatchObject({ channel: 'smtp', code: 'channel-unreachable' })
  })
})
