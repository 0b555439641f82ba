import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../app/config/config.ts'
import { AppError } from '../../../contracts/errors.ts'
import { production, webhookSecret } from './production-env.ts'

const read = (env: Record<string, string>) =>
  readConfig({ env, workingDir: '/srv/prahari', isTerminal: false, serves: true })

function faultsOf(env: Record<string, string>): string[] {
  try {
    read(env)
    return []
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.details.map(({ path, message }) => `${path} ${message}`)
  }
}

const byWebhook = {
  OTP_DELIVERY: 'webhook',
  OTP_WEBHOOK_URL: 'https://codes.example',
  OTP_WEBHOOK_SECRET: webhookSecret,
}
const byTwilio = {
  OTP_DELIVERY: 'twilio',
  TWILIO_ACCOUNT_SID: 'AC0123',
  TWILIO_AUTH_TOKEN: 'a token of this test',
  TWILIO_FROM: '+15005550006',
}
const byMail = { SMTP_URL: 'smtps://asha:p%40ss@mail.example:465', SMTP_FROM: 'City <no-reply@city.example>' }
const inProduction = { ...production, OTP_DELIVERY: '', OTP_WEBHOOK_URL: '', OTP_WEBHOOK_SECRET: '' }

const log = { channel: 'log' }
const webhook = { channel: 'webhook', url: 'https://codes.example', secret: webhookSecret }
const twilio = {
  channel: 'twilio',
  baseUrl: 'https://api.twilio.com',
  accountSid: 'AC0123',
  authToken: 'a token of this test',
  from: '+15005550006',
}
const smtp = { channel: 'smtp', url: byMail.SMTP_URL, from: byMail.SMTP_FROM }

describe('the way to people', () => {
  it.each([
    ['the log, in development', {}, log, log],
    ['the log, where it is named', { OTP_DELIVERY: 'log' }, log, log],
    ['a webhook for both', byWebhook, webhook, webhook],
    ['Twilio for phones, the log for mail, in development', byTwilio, twilio, log],
    ['the log for phones, a mail server for mail', byMail, log, smtp],
    ['a webhook for phones, a mail server for mail', { ...byWebhook, ...byMail }, webhook, smtp],
    ['Twilio for phones, a mail server for mail', { ...byTwilio, ...byMail }, twilio, smtp],
    ['a webhook for both, in production', { ...inProduction, ...byWebhook }, webhook, webhook],
    ['Twilio alone, in production', { ...inProduction, ...byTwilio }, twilio, undefined],
    ['Twilio and a mail server, in production', { ...inProduction, ...byTwilio, ...byMail }, twilio, smtp],
  ])('is %s', (_what, env, phone, email) => {
    expect(read(env).messages).toEqual({ phone, email })
  })

  it.each([
    ['OTP_WEBHOOK_URL must be set, OTP_DELIVERY=webhook needs it', { ...byWebhook, OTP_WEBHOOK_URL: '' }],
    ['OTP_WEBHOOK_SECRET must be set, OTP_DELIVERY=webhook needs it', { ...byWebhook, OTP_WEBHOOK_SECRET: '' }],
    ['TWILIO_ACCOUNT_SID must be set, OTP_DELIVERY=twilio needs it', { ...byTwilio, TWILIO_ACCOUNT_SID: '' }],
    ['TWILIO_AUTH_TOKEN must be set, OTP_DELIVERY=twilio needs it', { ...byTwilio, TWILIO_AUTH_TOKEN: '' }],
    ['TWILIO_FROM must be set, OTP_DELIVERY=twilio needs it', { ...byTwilio, TWILIO_FROM: '' }],
    ['SMTP_FROM must be set, SMTP_URL needs it', { ...byMail, SMTP_FROM: '' }],
    [
      'PRAHARI_TRUST_PROXY must be 1 or more with a proxy in front: every client would look like the proxy',
      { PRAHARI_TLS_TERMINATION: 'proxy' },
    ],
  ])('is incomplete: %s', (fault, env) => {
    expect(faultsOf(env)).toEqual([fault])
  })

  it.each([
    ['OTP_WEBHOOK_URL', 'codes.example'],
    ['OTP_WEBHOOK_URL', 'ftp://codes.example/'],
    ['OTP_WEBHOOK_URL', 'https://asha:pass@codes.example/'],
    ['OTP_WEBHOOK_URL', 'https://codes.example/#part'],
    ['OTP_WEBHOOK_URL', 'https://'],
    ['OTP_WEBHOOK_SECRET', 'q2mD0Yb7kQw9tR4xLcV1nJ8sHfZ6uDpEgA3oXyTzB5I='],
    ['OTP_WEBHOOK_SECRET', 'whsec_'],
    ['OTP_WEBHOOK_SECRET', 'whsec_c2hvcnQ='],
    ['OTP_WEBHOOK_SECRET', 'whsec_q2mD0Yb7kQw9tR4xLcV1nJ8sHfZ6uDpEgA3oXyTzB5I'],
    ['OTP_WEBHOOK_SECRET', `whsec_${'q2mD'.repeat(23)}`],
    ['TWILIO_ACCOUNT_SID', 'SK0123'],
    ['TWILIO_ACCOUNT_SID', 'AC01/../23'],
    ['TWILIO_FROM', '5005550006x-long'],
    ['TWILIO_BASE_URL', 'https://api.twilio.com/2010-04-01'],
    ['TWILIO_BASE_URL', 'api.twilio.com'],
    ['SMTP_URL', 'mail.example:465'],
    ['SMTP_URL', 'https://mail.example'],
    ['SMTP_URL', 'smtp://mail.example/?tls.rejectUnauthorized=false'],
    ['SMTP_URL', 'smtp://asha:100%@mail.example'],
    ['SMTP_FROM', 'no-reply'],
    ['SMTP_FROM', 'City, Dept <no-reply@city.example>'],
    ['SMTP_FROM', 'a@city.example, b@city.example'],
    ['SMTP_FROM', 'City <a@city.example>\r\nBcc: <b@city.example>'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'http://localhost:6379'],
  ])('is not %s=%j', (name, text) => {
    const faults = faultsOf({ [name]: text })
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name} must be `))])
  })

  it('says once of a secret that it is none', () => {
    expect(faultsOf({ ...byWebhook, OTP_WEBHOOK_SECRET: 'hush' })).toEqual([
      expect.stringMatching(/^OTP_WEBHOOK_SECRET must be whsec_ and/),
    ])
  })

  it.each([
    ['SMTP_URL', 'smtp://localhost'],
    ['SMTP_URL', 'smtps://[::1]:465/'],
    ['REDIS_URL', 'redis://localhost:6379/3'],
    ['REDIS_URL', 'rediss://user:pass@cache.example:6380/0?family=6'],
    ['SMTP_FROM', 'no-reply@city.example'],
    ['TWILIO_FROM', 'Prahari'],
    ['OTP_WEBHOOK_URL', 'https://hooks.example/services/T0/B0?key=1'],
  ])('may be %s=%s', (name, text) => {
    expect(faultsOf({ SMTP_FROM: 'a@city.example', [name]: text })).toEqual([])
  })

  it('warns of what is set and not used', () => {
    const { OTP_DELIVERY: _, ...unused } = byWebhook
    expect(read({ ...unused, SMTP_FROM: 'a@city.example' }).warnings).toEqual([
      'OTP_WEBHOOK_URL has no effect without OTP_DELIVERY=webhook',
      'OTP_WEBHOOK_SECRET has no effect without OTP_DELIVERY=webhook',
      'SMTP_FROM has no effect without SMTP_URL',
    ])
  })

  it('warns that e-mail goes nowhere', () => {
    expect(read({ ...inProduction, ...byTwilio }).warnings).toEqual(['no e-mail can be sent: SMTP_URL is not set'])
    expect(read({ ...inProduction, ...byTwilio, ...byMail }).warnings).toEqual([])
  })

  it('warns that codes are not asked for', () => {
    const config = read({ NODE_ENV: 'development', PRAHARI_OTP_BYPASS: 'on' })
    expect(config.otpBypass).toBe(true)
    expect(config.warnings).toEqual(['any phone number signs in without a code: PRAHARI_OTP_BYPASS'])
  })
})
