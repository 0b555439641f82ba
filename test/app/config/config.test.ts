import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../app/config/config.ts'
import { AppError } from '../../../contracts/errors.ts'
import { production } from './production-env.ts'

const aSecret = 's3cret-that-must-not-be-seen-anywhere'

function read(env: Record<string, string>, serves = true) {
  return readConfig({ env, workingDir: '/srv/prahari', isTerminal: false, serves })
}

/** Faults by variable name; empty when the configuration is good. */
function faultsOf(env: Record<string, string>): Record<string, string> {
  try {
    read(env)
    return {}
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return Object.fromEntries(error.details.map(({ path, message }) => [path, message]))
  }
}

describe('the configuration', () => {
  it('needs nothing to be set', () => {
    const config = read({})
    expect(config).toMatchObject({
      isProduction: false,
      roles: ['broker', 'ingest', 'analytics', 'api'],
      dataDir: '/srv/prahari/data',
      http: { host: '127.0.0.1', port: 3000 },
      mqtt: { host: '127.0.0.1', port: 1883, webSocketPath: '/mqtt', packetBytesMax: 65_536 },
      devices: { enrolment: 'closed' },
      ingest: { timeAheadMaxMs: 300_000, timeAgeMaxMs: 604_800_000 },
      messages: { phone: { channel: 'log' }, email: { channel: 'log' } },
      otpBypass: false,
      demo: { seed: 1 },
      warnings: [],
    })
    expect(config.mqtt.tls).toBeUndefined()
    expect(config.jwtSecret).toBeUndefined()
    expect(config.redisUrl).toBeUndefined()
  })

  it('takes empty variables as unset, as compose files pass them', () => {
    expect(read({ PRAHARI_HTTP_PORT: '', DATABASE_URL: '', PRAHARI_JWT_SECRET: '  ' }).http.port).toBe(3000)
  })

  it.each([
    ['PRAHARI_HTTP_PORT', 'abc', 'must be a whole number from 0 to 65535 (it is "abc")'],
    ['PRAHARI_HTTP_PORT', '65536', 'must be a whole number from 0 to 65535 (it is "65536")'],
    ['PRAHARI_MQTT_PORT', '1e3', 'must be a whole number from 0 to 65535 (it is "1e3")'],
    ['PRAHARI_MQTT_PORT', '-1', 'must be a whole number from 0 to 65535 (it is "-1")'],
    ['PRAHARI_MQTT_PORT', '3000', 'is the same port as PRAHARI_HTTP_PORT'],
    ['PRAHARI_ROLES', 'broker,kitchen', 'must be one of broker, ingest, analytics, api (it is "broker,kitchen")'],
    ['PRAHARI_DEVICE_ENROLMENT', 'Open', 'must be one of closed, key, open (it is "Open")'],
    ['PRAHARI_MQTT_WS_PATH', 'mqtt', 'must be a path such as /mqtt (it is "mqtt")'],
    ['PRAHARI_MQTT_WS_PATH', '/api/mqtt', 'is a path that the HTTP server uses itself'],
    ['PRAHARI_DEMO', 'true', 'must be one of on, off (it is "true")'],
    ['PRAHARI_ADMIN_EMAIL', 'root', 'must be an e-mail address (it is "root")'],
    ['PRAHARI_TILE_URL', 'https://tiles/x', 'must be a URL with {z}, {x}, {y} (it is "https://tiles/x")'],
    ['PRAHARI_TLS_CERT', 'a.pem', 'is not a readable file (it is "a.pem")'],
    ['PRAHARI_MQTTS_PORT', '3000', 'is the same port as PRAHARI_HTTP_PORT'],
    ['PRAHARI_READINGS_KEEP_DAYS', '0', 'must be a whole number from 1 to 36500 (it is "0")'],
    ['PRAHARI_OTP_BYPASS', 'yes', 'must be one of on, off (it is "yes")'],
    ['PRAHARI_TLS_TERMINATION', 'self', 'must be one of proxy (it is "self")'],
    ['OTP_DELIVERY', 'pigeon', 'must be one of log, webhook, twilio (it is "pigeon")'],
    ['PRAHARI_HTPP_PORT', '1', 'is not a variable; did you mean PRAHARI_HTTP_PORT?'],
    ['PRAHARI_COLOUR_OF_TEA', '1', 'is not a variable'],
  ])('refuses %s=%s', (name, text, message) => {
    expect(faultsOf({ [name]: text })[name]).toBe(message)
  })

  it('reports every fault at once', () => {
    const faults = faultsOf({ PRAHARI_HTTP_PORT: 'x', PRAHARI_MQTTS_PORT: '8883', DATABASE_URL: 'postgres://h/d' })
    expect(Object.keys(faults).sort()).toEqual([
      'DATABASE_URL',
      'PRAHARI_HTTP_PORT',
      'PRAHARI_TLS_CERT',
      'PRAHARI_TLS_KEY',
    ])
  })

  it.each(['DATABASE_URL', 'INFLUX_URL', 'PRAHARI_MQTT_UPSTREAM'])(
    'refuses %s, which would otherwise send data to a place that is not used',
    (name) => {
      expect(faultsOf({ [name]: 'x://y' })[name]).toMatch(/^cannot be used: .* not supported by this release/)
    },
  )

  it.each(['broker', 'api', 'broker,api', 'analytics'])('refuses the roles %s without a bus', (roles) => {
    expect(faultsOf({ PRAHARI_ROLES: roles }).PRAHARI_ROLES).toMatch(/needs a bus between processes/)
  })

  it.each(['ingest', 'broker, ingest', 'ingest,api', 'broker,ingest,analytics,api'])(
    'accepts the roles %s',
    (roles) => {
      expect(faultsOf({ PRAHARI_ROLES: roles })).toEqual({})
    },
  )

  it.each([
    ['PRAHARI_JWT_SECRET', aSecret.slice(0, 20)],
    ['PRAHARI_ADMIN_PASSWORD', aSecret.slice(0, 8)],
    ['DATABASE_URL', `postgres://user:${aSecret}@host/db`],
    ['REDIS_URL', `http://:${aSecret}@host`],
    ['SMTP_URL', `http://asha:${aSecret}@host`],
    ['OTP_WEBHOOK_URL', `ftp://host/${aSecret}`],
    ['OTP_WEBHOOK_SECRET', aSecret],
  ])('never shows the text of %s', (name, text) => {
    let shown = ''
    try {
      read({ [name]: text, PRAHARI_HTTP_PORT: 'x' })
    } catch (error) {
      shown = `${(error as AppError).message} ${JSON.stringify((error as AppError).details)} ${String(error)}`
    }
    expect(shown).toContain(name)
    expect(shown).not.toContain(text)
    expect(shown).not.toContain(aSecret.slice(0, 8))
  })

  it('warns of variables that are known and do nothing yet', () => {
    expect(read({ GEMINI_API_KEY: 'k' }).warnings).toEqual([
      'GEMINI_API_KEY has no effect: this release makes no explanations',
    ])
  })
})

describe('production', () => {
  it('runs without the demo city and logs JSON', () => {
    const config = readConfig({ env: production, workingDir: '/', isTerminal: true, serves: true })
    expect(config.demo).toBeUndefined()
    expect(config.log.format).toBe('json')
    expect(config.http.proxyHops).toBe(1)
  })

  it('needs a way for codes and a word on HTTPS before it serves', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual({
      OTP_DELIVERY: 'must be set in production, to webhook or twilio',
      PRAHARI_TLS_TERMINATION: 'must be set in production: `proxy` says that a reverse proxy in front speaks HTTPS',
    })
  })

  it('needs neither where it only collects, nor for a command that serves nobody', () => {
    expect(faultsOf({ NODE_ENV: 'production', PRAHARI_ROLES: 'broker,ingest' })).toEqual({})
    expect(read({ NODE_ENV: 'production' }, false).messages).toEqual({ phone: undefined, email: undefined })
  })

  it.each([
    ['PRAHARI_DEMO', 'on'],
    ['PRAHARI_DEVICE_ENROLMENT', 'open'],
    ['PRAHARI_CORS_ORIGINS', '*'],
    ['OTP_DELIVERY', 'log'],
    ['OTP_WEBHOOK_URL', 'http://codes.example/'],
    ['TWILIO_BASE_URL', 'http://127.0.0.1:9000'],
  ])('refuses %s=%s, which development accepts', (name, text) => {
    expect(faultsOf({ ...production, NODE_ENV: '', [name]: text })).toEqual({})
    expect(Object.keys(faultsOf({ ...production, [name]: text }))).toEqual([name])
  })

  it.each([
    ['PRAHARI_ADMIN_PASSWORD', 'Password@1234'],
    ['PRAHARI_JWT_SECRET', 'your-256-bit-secret-key-change-this'],
    ['PRAHARI_RECORDS_KEY', 'changeme'.repeat(4)],
    ['PRAHARI_METRICS_TOKEN', 'metrics-token-123456'],
    ['OTP_WEBHOOK_SECRET', `whsec_${btoa('changeme'.repeat(4))}`],
    ['OTP_WEBHOOK_SECRET', `whsec_${'A'.repeat(44)}`],
  ])('refuses a %s that anybody would try, and does not repeat it', (name, text) => {
    expect(faultsOf({ ...production, NODE_ENV: '', [name]: text })).toEqual({})
    expect(faultsOf({ ...production, [name]: text })).toEqual({
      [name]: 'must not be an example or easy to guess in production; `openssl rand -base64 32` draws one',
    })
  })

  it.each([
    ['PRAHARI_ADMIN_PASSWORD', 'kerosene-otters-march'],
    ['PRAHARI_JWT_SECRET', 'm2Yb7k0Qw9tR4xLcV1nJ8sHfZ6uDpEgA'],
    ['PRAHARI_RECORDS_KEY', '9f86d081884c7d659a2feaa0c55ad015'],
    ['PRAHARI_METRICS_TOKEN', 'q8Rz-1nVb-7tKw-3xMd'],
  ])('accepts a %s that was drawn for it', (name, text) => {
    expect(faultsOf({ ...production, [name]: text })).toEqual({})
  })

  it('tells of one fault per variable, the nearest one', () => {
    expect(faultsOf({ ...production, OTP_DELIVERY: 'pigeon' }).OTP_DELIVERY).toMatch(/^must be one of/)
  })

  it('accepts open enrolment that is acknowledged, with a warning', () => {
    const env = { ...production, PRAHARI_DEVICE_ENROLMENT: 'open', PRAHARI_OPEN_ENROLMENT_ACKNOWLEDGED: 'yes' }
    expect(read(env).warnings).toEqual(['enrolment is open: anyone who reaches the MQTT port may publish'])
  })
})
