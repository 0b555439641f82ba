import { TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import type { Route } from '../../api/http/route.ts'
import { type Answer, type ApiHouse, anApiHouse, type CallOptions, noonMs, password } from '../support/api-house.ts'
import { putInStore } from '../support/readings.ts'
import { listDispatchSteps } from './dispatch-steps.ts'
import { listSosSteps } from './sos-steps.ts'

/** A house in which every route has something to answer. */
async function aFurnishedHouse(): Promise<ApiHouse> {
  const house = await anApiHouse()
  const { deps, store, ingest } = house
  for (const id of ['aq-1', 'aq-2', 'aq-3']) {
    await deps.records.devices.register({
      id,
      kinds: ['air-quality'],
      labels: { street: 'Mill Lane' },
      position: { latitude: 28.6, longitude: 77.2 },
    })
  }
  await putInStore(
    store,
    'air-quality',
    Array.from({ length: 50 }, (_, i) => ({
      deviceId: 'aq-1',
      atMs: noonMs - i * 60_000,
      values: { pm25: i, co2: 430 },
    })),
    [
      {
        id: 1,
        deviceId: 'aq-1',
        topic: 'v1/devices/aq-1/telemetry/air-quality',
        reason: 'unparseable',
        field: undefined,
        receivedAtMs: noonMs,
        payload: Buffer.from('{"pm25":'),
      },
    ],
  )
  ingest.setLatest([
    {
      deviceId: 'aq-1',
      kind: 'air-quality',
      observedAtMs: noonMs,
      receivedAtMs: noonMs + 250,
      seq: undefined,
      timeSource: 'device',
      values: { pm25: 0, co2: 430 },
    },
  ])
  ingest.ledger.push({
    deviceId: 'aq-1',
    received: 51,
    stored: 50,
    duplicate: 0,
    quarantined: 1,
    rejected: 0,
    late: 3,
    lastReceivedAtMs: noonMs,
  })
  return house
}

/** Raises an alert the way the pipeline would. */
async function raiseAlert({ deps }: ApiHouse, deviceId: string): Promise<string> {
  const [rule] = await deps.alertDesk.rules.all()
  const { id: ruleId, condition } = rule!
  await deps.alertDesk.apply([{ type: 'raise', ruleId, deviceId, kind: condition.kind, atMs: noonMs, value: 99 }])
  const { items } = await deps.alertDesk.list({ limit: 1 })
  return items[0]!.id
}

/** @param before what the step before was answered: codes, tokens and secrets are in it */
type StepOptions = CallOptions | ((before: Answer) => CallOptions)
type Step = readonly [route: string, path: string, status: number, options?: StepOptions]

/** Accounts, from registration to erasure. Each step may use what the one before was told. */
async function listAccountSteps({ deps, inbox, clock, userIdOf, tokenOf }: ApiHouse): Promise<readonly Step[]> {
  const phone = '9876543210'
  const codeTo = (address: string) => () => inbox.codeTo(address)
  const [toPriya, toPhone] = [codeTo('priya@example.com'), codeTo(`+91${phone}`)]
  const priya = { name: 'Priya', email: 'priya@example.com', password: 'password123' }
  const citizen = await deps.accounts.verify(tokenOf('citizen'))
  await deps.accounts.changeProfile(citizen, { phone: '9876500000', currentPassword: password })
  for (const type of ['email', 'phone'] as const) {
    await deps.accounts.sendVerification(citizen, type, { clientAddress: '127.0.0.1' })
  }
  const signIn = { email: 'citizen@city.example', password, clientAddress: '192.0.2.9' }
  const { sessionId } = await deps.accounts.verify((await deps.accounts.signIn(signIn)).accessToken)
  const contacts = [{ name: 'Ravi', email: 'ravi@example.com' }]
  const [contact] = await deps.accounts.putContacts(await deps.accounts.verify(tokenOf('admin')), contacts)
  const contactId = contact!.id
  const guard = `/api/users/${userIdOf('security_guard')}`
  const anyone = { as: undefined }
  return [
    ['POST /api/auth/register', '/api/auth/register', 201, { ...anyone, body: priya }],
    ['POST /api/auth/register', '/api/auth/register', 201, { body: { ...priya, email: 'r@example.com' } }],
    ['POST /api/auth/forgot-password', '/api/auth/forgot-password', 202, { ...anyone, body: { email: priya.email } }],
    [
      'POST /api/auth/reset-password',
      '/api/auth/reset-password',
      204,
      () => ({ ...anyone, body: { email: priya.email, code: toPriya(), password: 'password456' } }),
    ],
    ['POST /auth/phone-login', '/auth/phone-login', 200, { ...anyone, body: { phone_number: phone } }],
    [
      'POST /auth/verify-otp',
      '/auth/verify-otp',
      200,
      () => ({ ...anyone, body: { phone_number: phone, otp: toPhone() } }),
    ],
    [
      'POST /auth/register',
      '/auth/register',
      201,
      { ...anyone, body: { phone_number: phone, full_name: 'Meera', flat_number: 'B-204' } },
    ],
    ['POST /api/auth/otp', '/api/auth/otp', 202, { ...anyone, body: { phone } }],
    ['POST /api/auth/otp/verify', '/api/auth/otp/verify', 200, () => ({ ...anyone, body: { phone, code: toPhone() } })],
    ['GET /auth/profile', '/auth/profile', 200, { as: 'resident' }],
    ['POST /auth/users/', '/auth/users/', 201, { ...anyone, body: { username: 'unit7', password: 'password123' } }],
    [
      'POST /auth/token/login/',
      '/auth/token/login/',
      200,
      { ...anyone, body: { username: 'unit7', password: 'password123' } },
    ],
    ['POST /auth/token/logout/', '/auth/token/logout/', 204, ({ body }) => ({ token: body.auth_token })],
    ['GET /api/users/profile', '/api/users/profile', 200, { as: 'citizen' }],
    ['PUT /api/users/profile', '/api/users/profile', 200, { as: 'citizen', body: { city: 'Pune' } }],
    ['PUT /api/auth/profile', '/api/auth/profile', 200, { as: 'citizen', body: { preferences: { theme: 'dark' } } }],
    [
      'POST /api/auth/verify-email',
      '/api/auth/verify-email',
      200,
      () => ({ as: 'citizen', body: { code: inbox.codeTo('citizen@city.example') } }),
    ],
    [
      'POST /api/auth/verify-phone',
      '/api/auth/verify-phone',
      200,
      () => ({ as: 'citizen', body: { otp: inbox.codeTo('+919876500000') } }),
    ],
    ['GET /api/auth/sessions', '/api/auth/sessions', 200, { as: 'citizen' }],
    ['DELETE /api/auth/sessions/:id', `/api/auth/sessions/${sessionId}`, 204, { as: 'citizen' }],
    ['DELETE /api/auth/sessions', '/api/auth/sessions', 204, { as: 'citizen' }],
    [
      'POST /api/auth/change-password',
      '/api/auth/change-password',
      204,
      { as: 'citizen', body: { currentPassword: password, newPassword: 'another one' } },
    ],
    ['POST /api/auth/second-factor', '/api/auth/second-factor', 201, { as: 'operator', body: { password } }],
    [
      'POST /api/auth/second-factor/confirm',
      '/api/auth/second-factor/confirm',
      200,
      ({ body: { secret } }) => ({
        as: 'operator',
        body: { code: new TOTP({ secret }).generate({ timestamp: clock.nowMs }) },
      }),
    ],
    [
      'DELETE /api/auth/second-factor',
      '/api/auth/second-factor',
      204,
      ({ body: { recoveryCodes } }) => ({ as: 'operator', body: { code: recoveryCodes[0] } }),
    ],
    ['PUT /api/users/contacts', '/api/users/contacts', 200, { as: 'citizen', body: [{ name: 'Ravi', phone }] }],
    ['GET /api/users/contacts', '/api/users/contacts', 200, { as: 'citizen' }],
    [
      'POST /api/users/contacts/:id/consent',
      `/api/users/contacts/${contactId}/consent`,
      200,
      () => ({ as: 'admin', body: { code: inbox.codeTo('ravi@example.com') } }),
    ],
    ['GET /api/users/export', '/api/users/export', 200, { as: 'citizen' }],
    ['DELETE /api/users/me', '/api/users/me', 204, { as: 'resident', body: { password } }],
    ['GET /api/users', '/api/users?role=security_guard&search=guard', 200],
    ['GET /api/users/:id', guard, 200],
    ['PATCH /api/users/:id', guard, 200, { body: { role: 'officer', unitNumber: '7' } }],
    ['DELETE /api/users/:id/second-factor', `${guard}/second-factor`, 204],
    ['DELETE /api/users/:id/sessions', `${guard}/sessions`, 204],
    ['GET /api/staff', '/api/staff', 200],
  ]
}

describe('every route', () => {
  it('answers as it says', async () => {
    const house = await aFurnishedHouse()
    const { api, call, deps } = house
    const [first, second] = [await raiseAlert(house, 'aq-1'), await raiseAlert(house, 'aq-2')]
    const email = 'admin@city.example'
    const { refreshToken } = await deps.accounts.signIn({ email, password, clientAddress: '192.0.2.1' })
    const rule = { name: 'Foul air', severity: 'high', condition: aCondition }
    const { id: ruleId } = await deps.alertDesk.rules.create({ input: rule, by: house.userIdOf('admin') })

    const ago = (ms: number) => new Date(noonMs - ms).toISOString()
    const silence = await deps.alertDesk.silences.create({
      match: { deviceId: 'aq-2' },
      period: { fromMs: noonMs, untilMs: noonMs + 60_000 },
      reason: 'works',
      by: house.userIdOf('operator'),
    })
    const { provisioningKey } = await deps.records.provisioningKeys.create({ name: 'Ward 8', quota: 1 })
    const keyId = provisioningKey.id

    const steps: readonly Step[] = [
      ['POST /api/auth/login', '/api/auth/login', 200, { body: { email, password } }],
      ['POST /api/auth/refresh', '/api/auth/refresh', 200, { body: { refreshToken } }],
      ['GET /api/auth/profile', '/api/auth/profile', 200],
      ...(await listAccountSteps(house)),
      ['GET /api/devices', '/api/devices?limit=2', 200],
      ['POST /api/devices', '/api/devices', 201, { body: { id: 'new-1' } }],
      ['POST /api/devices/bulk', '/api/devices/bulk', 200, { body: [{ id: 'new-2' }, { id: 'aq-1' }, { id: '' }, 7] }],
      ['GET /api/devices/:id', '/api/devices/aq-1', 200],
      ['PATCH /api/devices/:id', '/api/devices/aq-1', 200, { body: { name: 'Mill Lane', position: null } }],
      ['POST /api/devices/:id/credentials', '/api/devices/aq-1/credentials', 201],
      ['POST /api/devices/:id/commands', '/api/devices/aq-1/commands', 201, { body: { name: 'reboot' } }],
      ['GET /api/devices/:id/commands', '/api/devices/aq-1/commands', 200],
      ['POST /api/devices/:id/revoke', '/api/devices/new-1/revoke', 200],
      ['POST /api/devices/:id/decommission', '/api/devices/new-1/decommission', 200],
      ['DELETE /api/devices/:id', '/api/devices/new-1', 204],
      ['GET /api/devices/:id/readings', '/api/devices/aq-1/readings', 200],
      ['GET /api/devices/:id/readings', '/api/devices/aq-1/readings?aggregate=mean&maxPoints=10&field=pm25', 200],
      ['POST /api/provisioning-keys', '/api/provisioning-keys', 201, { body: { name: 'Ward 7', quota: 5 } }],
      ['GET /api/provisioning-keys', '/api/provisioning-keys', 200],
      ['POST /api/provisioning-keys/:id/revoke', `/api/provisioning-keys/${keyId}/revoke`, 200],
      ['GET /api/kinds', '/api/kinds', 200],
      ['GET /api/readings/latest', '/api/readings/latest', 200],
      ['GET /api/readings/area', '/api/readings/area?kind=air-quality&bbox=77,28,78,29', 200],
      ['GET /api/readings/export', '/api/readings/export?kind=air-quality', 200],
      ['POST /api/readings', '/api/readings', 200, { body: { deviceId: 'aq-1', kind: 'air-quality', pm25: 1 } }],
      ['GET /api/alerts', '/api/alerts?state=firing,acknowledged&severity=high,medium,critical,low', 200],
      ['GET /api/alerts/summary', '/api/alerts/summary', 200],
      ['GET /api/alerts/:id', `/api/alerts/${first}`, 200],
      ['POST /api/alerts/:id/acknowledge', `/api/alerts/${first}/acknowledge`, 200],
      ['POST /api/alerts/:id/assign', `/api/alerts/${first}/assign`, 200, { body: { note: 'mine' } }],
      ['POST /api/alerts/:id/comment', `/api/alerts/${first}/comment`, 200, { body: { note: 'on my way' } }],
      ['POST /api/alerts/:id/resolve', `/api/alerts/${second}/resolve`, 200, { body: { note: 'false alarm' } }],
      ['GET /api/alert-storms', '/api/alert-storms', 200],
      ['POST /api/alerts/:id/silence', `/api/alerts/${first}/silence`, 200, { body: { durationS: 60, reason: 'x' } }],
      [
        'POST /api/silences',
        '/api/silences',
        201,
        { body: { match: { kind: 'noise' }, durationS: 60, reason: 'fair' } },
      ],
      ['GET /api/silences', '/api/silences?all', 200],
      ['DELETE /api/silences/:id', `/api/silences/${silence.id}`, 200],
      ['GET /api/alert-rules', '/api/alert-rules', 200],
      ['POST /api/alert-rules', '/api/alert-rules', 201, { body: rule }],
      ['GET /api/alert-rules/:id', `/api/alert-rules/${ruleId}`, 200],
      ['PATCH /api/alert-rules/:id', `/api/alert-rules/${ruleId}`, 200, { body: { enabled: false } }],
      ['POST /api/alert-rules/test', '/api/alert-rules/test', 200, { body: { rule, from: ago(86_400_000) } }],
      [
        'POST /api/alert-rules/:id/test',
        `/api/alert-rules/${ruleId}/test`,
        200,
        { body: { from: ago(3_600_000), to: ago(0) } },
      ],
      ['DELETE /api/alert-rules/:id', `/api/alert-rules/${ruleId}`, 204],
      ['GET /api/notices', '/api/notices?thread=sos:s1', 200],
      ...(await listDispatchSteps(house)),
      ...(await listSosSteps(house)),
      ['GET /api/quarantine', '/api/quarantine', 200],
      ['GET /api/quarantine/:id', '/api/quarantine/1', 200],
      ['POST /api/quarantine/replay', '/api/quarantine/replay', 200, { body: { reason: 'unknown-kind' } }],
      ['DELETE /api/quarantine', '/api/quarantine?ids=1', 200],
      ['GET /api/city/config', '/api/city/config', 200],
      ['GET /api/city/map', '/api/city/map', 200],
      ['GET /api/audit', '/api/audit?action=user-*&limit=5', 200],
      ['GET /health', '/health', 200],
      ['GET /api/health', '/api/health?ready', 200],
      ['GET /api/system/ledger', '/api/system/ledger', 200],
      ['GET /api/system/stats', '/api/system/stats', 200],
      ['GET /metrics', '/metrics', 200],
      ['GET /api/openapi.json', '/api/openapi.json', 200],
      ['GET /api/docs', '/api/docs', 200],
      ['POST /api/auth/logout', '/api/auth/logout', 204],
    ]

    const routes = new Map(api.routes.map((route) => [nameOf(route), route]))
    let answer: Answer | undefined
    for (const [name, path, status, given] of steps) {
      const route = routes.get(name)!
      const options = typeof given === 'function' ? given(answer!) : given
      answer = await call(name.split(' ')[0]!, path, { as: 'admin', ...options })
      expect(answer.status, `${name}: ${answer.text.slice(0, 300)}`).toBe(status)
      expect(status, name).toBe(route.answer.status ?? 200)
      checkContent(route, answer.text, answer.headers.get('content-type'))
    }
    expect(new Set(steps.map(([name]) => name))).toEqual(new Set(routes.keys()))
  })

  it('would be caught if it did not', async () => {
    const { call, logLines } = await anApiHouse({
      deps: ({ ingest }) => ({ ingest: { ...ingest, stats: () => ({ ...ingest.stats(), surprise: 1 }) } }),
    })
    expect((await call('GET', '/api/system/stats', { as: 'admin' })).status).toBe(500)
    expect(JSON.stringify(logLines)).toContain('does not answer as it says')
  })
})

const aCondition = { type: 'above', kind: 'air-quality', field: 'pm25', raise: 80, clear: 60, holdS: 60 }

function nameOf({ method, path }: Route): string {
  return `${method.toUpperCase()} ${path}`
}

function checkContent(route: Route, text: string, contentType: string | null): void {
  const { schema, media } = route.answer
  if (schema !== undefined) {
    const result = schema.safeParse(JSON.parse(text))
    expect(result.error?.issues ?? [], nameOf(route)).toEqual([])
    expect(contentType).toBe('application/json; charset=utf-8')
  } else if (media !== undefined) {
    expect(media, nameOf(route)).toContain(contentType!.split(';')[0])
    expect(text.length, nameOf(route)).toBeGreaterThan(0)
  } else expect(text, nameOf(route)).toBe('')
}
