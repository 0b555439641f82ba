import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../app/config/config.ts'
import { AppError } from '../../../contracts/errors.ts'

const aSecret = 's3cret-that-must-not-be-seen-anywhere'

function read(env: Record<string, string>) {
  return readConfig({ env, workingDir: '/srv/prahari', isTerminal: false })
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
      demo: { seed: 1 },
      warnings: [],
    })
    expect(config.mqtt.tls).toBeUndefined()
    expect(config.jwtSecret).toBeUndefined()
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

  it.each(['DATABASE_URL', 'INFLUX_URL', 'REDIS_URL', 'PRAHARI_MQTT_UPSTREAM'])(
    'refuses %s, which would otherwise send data to a place that is not used',
    (name) => {
      expect(faultsOf({ [name]: 'x://y' })[name]).toMatch(/^cannot be used: .* not supported by this release/)
    },
  )

  it.each(['broker', 'api', 'broker,api', 'analytics'])('refuses the roles %s without a bus', (roles) => {
    expect(faultsOf({ PRAHARI_ROLES: roles }).PRAHARI_ROLES).toMatch(/needs REDIS_URL/)
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
    ['REDIS_URL', `redis://:${aSecret}@host`],
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
  const production = { NODE_ENV: 'production' }

  it('runs without the demo city and logs JSON', () => {
    const config = readConfig({ env: production, workingDir: '/', isTerminal: true })
    expect(config.demo).toBeUndefined()
    expect(config.log.format).toBe('json')
  })

  it.each([
    ['PRAHARI_DEMO', 'on'],
    ['PRAHARI_DEVICE_ENROLMENT', 'open'],
    ['PRAHARI_CORS_ORIGINS', '*'],
    ['OTP_DELIVERY', 'log'],
  ])('refuses %s=%s, which development accepts', (name, text) => {
    expect(faultsOf({ [name]: text })).toEqual({})
    expect(Object.keys(faultsOf({ ...production, [name]: text }))).toEqual([name])
  })

  it('accepts open enrolment that is acknowledged, with a warning', () => {
    const env = { ...production, PRAHARI_DEVICE_ENROLMENT: 'open', PRAHARI_OPEN_ENROLMENT_ACKNOWLEDGED: 'yes' }
    expect(read(env).warnings).toEqual(['enrolment is open: anyone who reaches the MQTT port may publish'])
  })
})
