import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { errorAnswerSchema } from '../../contracts/http/common.ts'
import {
  type Answer,
  type ApiHouse,
  anApiHouse,
  type CallOptions,
  openApiHouse,
  shareHouse,
} from '../support/api-house.ts'

interface Case {
  readonly it: string
  readonly method?: string
  readonly path: string
  readonly options?: CallOptions
  readonly status: number
  readonly code: string
}

const json = { 'Content-Type': 'application/json' }
const asAdmin = { as: 'admin' } as const

const cases: readonly Case[] = [
  { it: 'an unknown path', path: '/api/nothing', status: 404, code: 'unknown-path' },
  { it: 'an unknown path, signed in', path: '/api/devices/a/b/c', options: asAdmin, status: 404, code: 'unknown-path' },
  { it: 'a wrong method', method: 'PUT', path: '/api/devices', status: 405, code: 'method-not-allowed' },
  {
    it: 'a path that is no URL encoding',
    path: '/api/devices/%E0%A4%A',
    options: asAdmin,
    status: 400,
    code: 'bad-request',
  },
  { it: 'no token', path: '/api/devices', status: 401, code: 'token-required' },
  {
    it: 'a token of another scheme',
    path: '/api/devices',
    options: { headers: { Authorization: 'Basic YTpi' } },
    status: 401,
    code: 'token-required',
  },
  { it: 'too low a role', path: '/api/alerts', options: { as: 'citizen' }, status: 403, code: 'forbidden' },
  {
    it: 'JSON that breaks off',
    method: 'POST',
    path: '/api/auth/login',
    options: { raw: '{"email":', headers: json },
    status: 400,
    code: 'invalid-json',
  },
  {
    it: 'JSON that is no object',
    method: 'POST',
    path: '/api/auth/login',
    options: { raw: '"hello"', headers: json },
    status: 400,
    code: 'invalid-json',
  },
  { it: 'an empty body', method: 'POST', path: '/api/auth/login', status: 400, code: 'invalid-request' },
  {
    it: 'a body of another type',
    method: 'POST',
    path: '/api/auth/login',
    options: { raw: '<a/>', headers: { 'Content-Type': 'text/xml' } },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    it: 'an encoding nobody knows',
    method: 'POST',
    path: '/api/auth/login',
    options: { raw: '{}', headers: { ...json, 'Content-Encoding': 'zz' } },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    it: 'a charset nobody knows',
    method: 'POST',
    path: '/api/auth/login',
    options: { raw: '{}', headers: { 'Content-Type': 'application/json; charset=klingon' } },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    it: 'a body that is too large',
    method: 'POST',
    path: '/api/auth/login',
    options: { raw: `{"email":"${'x'.repeat(300_000)}"}`, headers: json },
    status: 413,
    code: 'body-too-large',
  },
  {
    it: 'a compressed bomb',
    method: 'POST',
    path: '/api/auth/login',
    options: { raw: gzipBomb(), headers: { ...json, 'Content-Encoding': 'gzip' } },
    status: 413,
    code: 'body-too-large',
  },
  {
    it: 'a cursor that is none',
    path: '/api/devices?cursor=%00%ff',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'a cursor of another list',
    path: `/api/readings/latest?cursor=${encode({ a: 1 })}`,
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'a limit beyond the bound',
    path: '/api/devices?limit=100000',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'a parameter that does not exist',
    method: 'DELETE',
    path: '/api/quarantine?reson=unparseable&all',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'a parameter given twice',
    path: '/api/devices?kind=noise&kind=weather',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'a time that is none',
    path: '/api/quarantine?from=yesterday',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'a box upside down',
    path: '/api/readings/latest?bbox=0,10,1,5',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'a box off the globe',
    path: '/api/readings/latest?bbox=0,0,1,91',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'an id with a slash in it',
    path: '/api/devices/..%2F..%2Fetc',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  {
    it: 'an id with a line break in it',
    path: '/api/devices/a%0d%0aSet-Cookie:x',
    options: asAdmin,
    status: 400,
    code: 'invalid-request',
  },
  { it: 'an id with a NUL in it', path: '/api/alerts/a%00b', options: asAdmin, status: 400, code: 'invalid-request' },
  { it: 'an id of SQL', path: "/api/devices/x'%20OR%201=1--", options: asAdmin, status: 400, code: 'invalid-request' },
  { it: 'a number that is none', path: '/api/quarantine/1e3', options: asAdmin, status: 400, code: 'invalid-request' },
  { it: 'a device nobody knows', path: '/api/devices/nobody', options: asAdmin, status: 404, code: 'device-not-found' },
  { it: 'an alert nobody knows', path: '/api/alerts/nothing', options: asAdmin, status: 404, code: 'alert-not-found' },
  {
    it: 'a rule nobody knows',
    path: '/api/alert-rules/nothing',
    options: asAdmin,
    status: 404,
    code: 'rule-not-found',
  },
  {
    it: 'a message nobody knows',
    path: '/api/quarantine/4711',
    options: asAdmin,
    status: 404,
    code: 'message-not-found',
  },
]

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function gzipBomb(): Uint8Array {
  return gzipSync(Buffer.alloc(20 * 1024 * 1024, 0x20))
}

function expectError(answer: Answer, status: number, code: string): void {
  expect(answer.body?.error?.code, answer.text).toBe(code)
  expect(answer.status).toBe(status)
  expect(errorAnswerSchema.strict().safeParse(answer.body).success, answer.text).toBe(true)
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]{8,64}$/)
  expect(answer.headers.get('cache-control')).toBe('no-store')
}

describe('every failure has the one shape:', () => {
  const house = shareHouse(openApiHouse)

  it.each(cases)('$it', async ({ method = 'GET', path, options, status, code }) => {
    expectError(await house().call(method, path, options), status, code)
  })

  it('says which methods a path answers to', async () => {
    const { call } = await anApiHouse()
    const refused = await call('PUT', '/api/devices')
    expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST')
    const asked = await call('OPTIONS', '/api/devices')
    expect([asked.status, asked.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST'])
  })

  it('says where the request does not fit, and says so of a bounded number of places', async () => {
    const { call } = await anApiHouse()
    const one = await call('POST', '/api/devices', {
      as: 'admin',
      body: { id: 'a b', position: { latitude: 91, longitude: 0 } },
    })
    expect(one.body.error.details.map(({ path }: { path: string }) => path)).toEqual([
      'body.id',
      'body.position.latitude',
    ])
    const many = Array.from({ length: 1000 }, () => ({ deviceId: '', kind: '' }))
    const flood = await call('POST', '/api/readings', { as: 'admin', body: many })
    expect(flood.status).toBe(400)
    expect(flood.body.error.details.length).toBeLessThanOrEqual(50)
  })
})

describe('a fault of ours', () => {
  async function aBrokenHouse(error: unknown): Promise<ApiHouse> {
    return anApiHouse({
      deps: ({ ingest }) => ({ ingest: { ...ingest, ledgerTotals: () => Promise.reject(error) } }),
    })
  }

  it('is told without its inside, and found in the log by its request', async () => {
    const house = await aBrokenHouse(new Error('SELECT secret FROM /var/lib/db failed'))
    const answer = await house.call('GET', '/api/system/ledger?deviceId=hidden-1', { as: 'admin' })
    expectError(answer, 500, 'internal')
    expect(answer.text).not.toMatch(/SELECT|secret|\/var/)
    const id = answer.headers.get('x-request-id')!
    expect(answer.body.error.message).toContain(id)
    const logged = house.logLines.filter((line) => line.requestId === id && line.msg === 'request failed')
    expect(logged).toMatchObject([{ method: 'GET', path: '/api/system/ledger' }])
    expect(JSON.stringify(logged)).not.toContain('hidden-1')
  })

  it.each([undefined, 'text', null, { status: 200 }])('may be thrown as anything: %j', async (thrown) => {
    const { call } = await aBrokenHouse(thrown)
    expectError(await call('GET', '/api/system/ledger', { as: 'admin' }), 500, 'internal')
  })
})

describe('hostile headers and bodies', () => {
  it('keep a harmless request id and replace any other', async () => {
    const { call } = await anApiHouse()
    const kept = await call('GET', '/health', { headers: { 'X-Request-Id': 'trace-0123456789' } })
    expect(kept.headers.get('x-request-id')).toBe('trace-0123456789')
    for (const hostile of ['short', 'x'.repeat(65), '<script>alert(1)</script>', 'a b c d e f g h']) {
      const { headers } = await call('GET', '/health', { headers: { 'X-Request-Id': hostile } })
      expect(headers.get('x-request-id')).not.toBe(hostile)
    }
  })

  it('cannot reach the prototype of anything', async () => {
    const { call } = await anApiHouse()
    const polluted = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"id":"pp-1"}'
    const created = await call('POST', '/api/devices', { as: 'admin', raw: polluted, headers: json })
    expect(created.status).toBe(201)
    const labels = '{"id":"pp-2","labels":{"__proto__":"polluted","toString":"x"}}'
    const labelled = await call('POST', '/api/devices', { as: 'admin', raw: labels, headers: json })
    expect(labelled.status).toBeOneOf([201, 400])
    await call('GET', '/api/devices?__proto__[polluted]=1&constructor=1', { as: 'admin' })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(String({})).toBe('[object Object]')
  })

  it('are cut off at the HTTP parser without harm to the next request', async () => {
    const { api, call } = await anApiHouse()
    const answers = await Promise.all(
      ['GET / HTTP/1.1\r\n\r\n', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'y'.repeat(20_000)}\r\n\r\n`, '\0\0\0\r\n\r\n'].map(
        (bytes) => sendRaw(api.port, bytes),
      ),
    )
    expect(answers.map((answer) => answer.split(' ')[1])).toEqual(['400', '431', '400'])
    expect((await call('GET', '/health')).status).toBe(200)
  })
})

function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let answer = ''
    socket.on('data', (piece) => {
      answer += piece.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
