import { describe, expect, it } from 'vitest'
import type { Route } from '../../api/http/route.ts'
import { socketAccess } from '../../contracts/access.ts'
import { type Role, roles } from '../../contracts/roles.ts'
import { topics } from '../../contracts/topics.ts'
import { aLiveHouse } from '../api/live/live-house.ts'
import { aDevice, openHouse } from '../broker/house.ts'
import { connectPacket, openSocket, publish, type RawClient, signIn, subscribe } from '../broker/raw-client.ts'
import { anApiHouse, openApiHouse, password, shareHouse } from '../support/api-house.ts'

/**
 * Who may do what, written out by hand, over every way in: a change of the access table shows here before it shows in the
 * city, and a route, event or topic that is not in these tables fails.
 *
 * C citizen, R resident, G security guard, F officer, O operator, N analyst, A admin, S super admin; a small letter for
 * what is their own; * anybody, also without a token.
 */
const letters: Readonly<Record<string, Role>> = {
  C: 'citizen',
  R: 'resident',
  G: 'security_guard',
  F: 'officer',
  O: 'operator',
  N: 'analyst',
  A: 'admin',
  S: 'super_admin',
}
const letterOf = Object.fromEntries(Object.entries(letters).map(([letter, role]) => [role, letter])) as Record<
  Role,
  string
>
const isIn = (who: string, role: Role | undefined) =>
  who === '*' || (role !== undefined && who.toUpperCase().includes(letterOf[role]))

const everybody = 'CRGFONAS'

const routes: Readonly<Record<string, string>> = {
  'POST /api/auth/register': '*',
  'POST /api/auth/login': '*',
  'POST /api/auth/otp': '*',
  'POST /api/auth/otp/verify': '*',
  'POST /api/auth/refresh': '*',
  'POST /api/auth/forgot-password': '*',
  'POST /api/auth/reset-password': '*',
  'POST /api/auth/logout': everybody,
  'GET /api/auth/profile': everybody,
  'PUT /api/auth/profile': everybody,
  'GET /api/users/profile': everybody,
  'PUT /api/users/profile': everybody,
  'POST /api/auth/change-password': everybody,
  'POST /api/auth/verify-email': everybody,
  'POST /api/auth/verify-phone': everybody,
  'GET /api/auth/sessions': everybody,
  'DELETE /api/auth/sessions': everybody,
  'DELETE /api/auth/sessions/:id': everybody,
  'POST /api/auth/second-factor': 'ONAS',
  'POST /api/auth/second-factor/confirm': 'ONAS',
  'DELETE /api/auth/second-factor': everybody,
  'POST /auth/phone-login': '*',
  'POST /auth/verify-otp': '*',
  'POST /auth/register': '*',
  'GET /auth/profile': everybody,
  'POST /auth/users/': '*',
  'POST /auth/token/login/': '*',
  'POST /auth/token/logout/': everybody,
  'GET /api/users/export': everybody,
  'DELETE /api/users/me': everybody,
  'GET /api/users/contacts': everybody,
  'PUT /api/users/contacts': everybody,
  'POST /api/users/contacts/:id/consent': everybody,
  'GET /api/users': 'AS',
  'GET /api/users/:id': 'AS',
  'PATCH /api/users/:id': 'AS',
  'DELETE /api/users/:id/sessions': 'AS',
  'DELETE /api/users/:id/second-factor': 'AS',
  'GET /api/staff': 'FONAS',
  'GET /api/audit': 'AS',
  'GET /api/devices': 'crgfONAS',
  'POST /api/devices': 'AS',
  'POST /api/devices/bulk': 'AS',
  'GET /api/devices/:id': 'crgfONAS',
  'PATCH /api/devices/:id': 'AS',
  'DELETE /api/devices/:id': 'AS',
  'POST /api/devices/:id/credentials': 'AS',
  'POST /api/devices/:id/revoke': 'AS',
  'POST /api/devices/:id/decommission': 'AS',
  'POST /api/devices/:id/commands': 'OAS',
  'GET /api/devices/:id/commands': 'ONAS',
  'GET /api/devices/:id/readings': 'crgfONAS',
  'GET /api/provisioning-keys': 'AS',
  'POST /api/provisioning-keys': 'AS',
  'POST /api/provisioning-keys/:id/revoke': 'AS',
  'GET /api/kinds': everybody,
  'GET /api/readings/latest': 'ONAS',
  'GET /api/readings/export': 'ONAS',
  'GET /api/readings/area': 'ONAS',
  'POST /api/readings': 'OAS',
  'GET /api/notices': 'OAS',
  'GET /api/alerts': 'ONAS',
  'GET /api/alerts/summary': 'ONAS',
  'GET /api/alerts/:id': 'ONAS',
  'POST /api/alerts/:id/acknowledge': 'OAS',
  'POST /api/alerts/:id/assign': 'OAS',
  'POST /api/alerts/:id/comment': 'OAS',
  'POST /api/alerts/:id/resolve': 'OAS',
  'POST /api/alerts/:id/silence': 'OAS',
  'GET /api/silences': 'ONAS',
  'POST /api/silences': 'OAS',
  'DELETE /api/silences/:id': 'OAS',
  'GET /api/alert-storms': 'ONAS',
  'GET /api/alert-rules': 'ONAS',
  'POST /api/alert-rules': 'AS',
  'GET /api/alert-rules/:id': 'ONAS',
  'PATCH /api/alert-rules/:id': 'AS',
  'POST /api/alert-rules/test': 'AS',
  'POST /api/alert-rules/:id/test': 'AS',
  'DELETE /api/alert-rules/:id': 'AS',
  'GET /api/units': 'FONAS',
  'POST /api/units': 'AS',
  'GET /api/units/:id': 'FONAS',
  'PATCH /api/units/:id': 'AS',
  'DELETE /api/units/:id': 'AS',
  'POST /api/units/:id/state': 'fOAS',
  'POST /api/units/:id/position': 'fOAS',
  'GET /api/sos/:id/recommendation': 'OAS',
  'GET /api/sos/:id/assignments': 'FONAS',
  'POST /api/sos/:id/assign': 'OAS',
  'POST /api/assign-officer/': 'OAS',
  'GET /api/assignments': 'FONAS',
  'GET /api/me/assignments': 'fOAS',
  'POST /api/assignments/:id/confirm': 'fOAS',
  'POST /api/assignments/:id/decline': 'fOAS',
  'POST /api/assignments/:id/en-route': 'fOAS',
  'POST /api/assignments/:id/on-scene': 'fOAS',
  'POST /api/assignments/:id/complete': 'fOAS',
  'POST /api/assignments/:id/release': 'OAS',
  'GET /api/emergency/incidents': 'FONAS',
  'POST /api/emergency/incidents': 'GFOAS',
  'GET /api/emergency/incidents/:id': 'FONAS',
  'POST /api/emergency/incidents/:id/notes': 'OAS',
  'POST /api/emergency/incidents/:id/resolve': 'OAS',
  'GET /api/emergency/incidents/:id/recommendation': 'OAS',
  'GET /api/emergency/incidents/:id/assignments': 'FONAS',
  'POST /api/emergency/incidents/:id/assign': 'OAS',
  'GET /api/emergency/units': 'FONAS',
  'POST /api/emergency/units/:id/dispatch': 'OAS',
  'GET /api/broadcasts': 'FONAS',
  'POST /api/broadcasts': 'OAS',
  'POST /api/broadcasts/preview': 'OAS',
  'POST /api/emergency/alerts/broadcast': 'OAS',
  'POST /api/sos/trigger': everybody,
  'POST /api/sos/cancel/:id': 'crgFOnAS',
  'GET /api/sos/active': 'crgFOnAS',
  'GET /api/sos/history': 'crgFOnAS',
  'GET /api/sos/:id': 'crgFOnAS',
  'GET /api/sos/:id/trail': 'crgFOnAS',
  'POST /api/sos/:id/update-location': 'crgFOnAS',
  'POST /api/sos/:id/check-in': 'crgFOnAS',
  'POST /api/sos/:id/acknowledge': 'FOAS',
  'POST /api/sos/:id/status': 'FOAS',
  'POST /api/sos/:id/notes': 'FOAS',
  'POST /api/sos/:id/merge': 'FOAS',
  'POST /api/sos/:id/evidence': 'crgFOnAS',
  'GET /api/sos/:id/evidence': 'crgFOnAS',
  'GET /api/sos/:id/evidence/:evidenceId': 'crgFOnAS',
  'POST /api/sos/:id/share': 'crgFOnAS',
  'DELETE /api/sos/:id/share/:shareId': 'crgFOnAS',
  'GET /api/share/:token': '*',
  'GET /api/sos/': 'crgFOnAS',
  'POST /api/create-sos/': '*',
  'POST /api/update-location/': '*',
  'POST /api/resolve-sos/:id/': 'FOAS',
  'GET /api/users/sos-pins': everybody,
  'PUT /api/users/sos-pins': everybody,
  'GET /api/quarantine': 'ONAS',
  'GET /api/quarantine/:id': 'ONAS',
  'POST /api/quarantine/replay': 'OAS',
  'DELETE /api/quarantine': 'AS',
  'GET /api/city/config': '*',
  'GET /api/city/map': everybody,
  'GET /health': '*',
  'GET /api/health': '*',
  'GET /api/system/ledger': 'ONAS',
  'GET /api/system/stats': 'ONAS',
  'GET /metrics': 'AS',
  'GET /api/openapi.json': '*',
  'GET /api/docs': '*',
}

const nameOf = ({ method, path }: Route) => `${method.toUpperCase()} ${path}`

// Behind a proxy, so that /metrics is not open for being local.
const headers = { 'X-Forwarded-For': '198.51.100.7' }
const unlimited = { windowS: 60, requestsMax: 1_000_000 }

describe('over HTTP', () => {
  const house = shareHouse(() => openApiHouse({ options: { rateLimits: { sensitive: unlimited, usual: unlimited } } }))

  it('every route is in the table', () => {
    expect(house().api.routes.map(nameOf).sort()).toEqual(Object.keys(routes).sort())
  })

  it('the roles of the table are let in and nobody else', async () => {
    const { api, call, deps } = house()
    const wrong: string[] = []
    // Those that end the session they are called with come last, each with a session of its own.
    const endsSession = ({ path }: Route) => /logout/.test(path)
    for (const route of [...api.routes].sort((a, b) => Number(endsSession(a)) - Number(endsSession(b)))) {
      const who = routes[nameOf(route)] ?? ''
      const path = route.path.replace(':id', 'nothing-1')
      for (const role of [undefined, ...roles]) {
        const fresh = role !== undefined && endsSession(route)
        const email = `${role}@city.example`
        const clientAddress = '192.0.2.1'
        const token = fresh ? (await deps.accounts.signIn({ email, password, clientAddress })).accessToken : undefined
        const { status, body } = await call(route.method.toUpperCase(), path, {
          ...(token === undefined ? { as: role } : { token }),
          headers,
        })
        const isForbidden = status === 403 && [body?.error?.code, body?.code].includes('forbidden')
        // An empty body, an unknown id: what comes after the door may be any other answer, but not a fault of ours.
        const isRight = isIn(who, role)
          ? !isForbidden && (status !== 401 || who === '*') && status < 500
          : role === undefined
            ? status === 401
            : isForbidden
        if (!isRight) wrong.push(`${nameOf(route)} as ${role ?? 'nobody'}: ${status} ${body?.error?.code}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('a token that nobody gave opens nothing', async () => {
    const { api, call } = house()
    const gated = api.routes.filter(({ access }) => access !== 'anyone')
    expect(gated.length).toBeGreaterThan(40)
    for (const token of [
      'x',
      'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwicm9sZSI6InN1cGVyX2FkbWluIn0.',
      'a.b.c',
      'y'.repeat(43),
    ]) {
      for (const { method, path } of gated) {
        const answer = await call(method.toUpperCase(), path.replace(':id', 'x'), { token, headers })
        expect(answer.status, `${method} ${path}`).toBe(401)
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      }
    }
  })

  it('a device of somebody’s own is not there for others, whatever is asked of it', async () => {
    const { call, deps, userIdOf } = await anApiHouse()
    await deps.records.devices.register({ id: 'band-1', kinds: ['noise'], labels: {}, ownerId: userIdOf('citizen') })
    const narrowed = Object.entries(routes).filter(([name, who]) => /[a-z]/.test(who) && /devices\/:id/.test(name))
    expect(narrowed.length).toBeGreaterThan(1)
    for (const [name] of narrowed) {
      const [method, path] = name.split(' ') as [string, string]
      const at = `${path.replace(':id', 'band-1')}${path.endsWith('readings') ? '?kind=noise' : ''}`
      expect((await call(method, at, { as: 'citizen' })).status, `${name} by its owner`).toBe(200)
      expect((await call(method, at, { as: 'resident' })).status, `${name} by another`).toBe(404)
      expect((await call(method, at, { as: 'operator' })).status, `${name} by an operator`).toBe(200)
    }
  })
})

type Body = object | ((token: string, roomIdOfOwn: string) => object)
const events: Readonly<Record<string, { readonly who: string; readonly body: Body }>> = {
  'live:subscribe': { who: 'FONAS', body: {} },
  'live:viewport': { who: 'FONAS', body: { viewport: null } },
  'live:authenticate': { who: everybody, body: (token) => ({ token }) },
  join: { who: everybody, body: {} },
  join_emergency: { who: 'FOAS', body: {} },
  sos_triggered: { who: everybody, body: {} },
  location_update: { who: 'crgFOnAS', body: { location: { latitude: 19.07, longitude: 72.87 } } },
  join_sos_room: { who: 'crgFOnAS', body: (_token, roomId) => ({ room_id: roomId }) },
  join_officer_room: { who: 'fOAS', body: { unit_number: 'U1' } },
  join_sos_channel: { who: 'FOAS', body: {} },
  join_location_tracking_channel: { who: 'FONAS', body: {} },
  join_room: { who: 'FONAS', body: { room: 'emergency_monitoring' } },
  subscribe_alerts: { who: 'FONAS', body: { severity_levels: ['high'], modules: ['emergency'] } },
}

describe('over Socket.IO', () => {
  it('every event is in the table', () => {
    expect(Object.keys(socketAccess).sort()).toEqual(Object.keys(events).sort())
  })

  it('nobody comes in without a token, and no role that may send nothing', async () => {
    const house = await aLiveHouse()
    for (const token of [undefined, '', 'x', 'a.b.c', 'y'.repeat(43)]) {
      expect(['token-missing', 'invalid-token', 'session-ended']).toContain(await house.screen({ token }).arrival)
    }
    for (const role of roles) {
      const { token } = await house.aToken(role)
      const mayAny = Object.values(events).some(({ who }) => isIn(who, role))
      expect(await house.screen({ token }).arrival, role).toBe(mayAny ? 'connected' : 'forbidden')
    }
  })

  it('the roles of the table are answered, and an event that is not there is not', async () => {
    const house = await aLiveHouse()
    for (const role of roles) {
      const { token, userId } = await house.aToken(role)
      await house.records.users.update(userId, { unitNumber: 'U1' })
      const { sos } = await house.sosDesk.call({
        source: 'app',
        ownerId: userId,
        actor: userId,
        trigger: 'manual',
        receivedAtMs: house.clock.nowMs,
      })
      const screen = house.screen({ token })
      if ((await screen.arrival) !== 'connected') continue
      for (const [event, { who, body }] of Object.entries(events)) {
        const request = typeof body === 'function' ? body(token, sos.roomId) : body
        const answer = (await screen.request(event, request)) as { ok?: boolean; error?: { code: string } }
        expect(answer.error?.code ?? 'ok', `${event} as ${role}`).toBe(isIn(who, role) ? 'ok' : 'forbidden')
      }
      for (const event of ['join_all', 'request_real_time_data', 'toString', '__proto__', 'disconnecting']) {
        const reply = screen.socket.timeout(50).emitWithAck(event, { room: 'emergency' })
        await expect(reply, `${event} as ${role}`).rejects.toThrow()
      }
    }
  })
})

/** Each purpose of the topic tree: who may publish, and which users may read it of every device. */
const mqtt: Readonly<
  Record<
    keyof typeof topics,
    { readonly topic: string; readonly own: boolean; readonly bound: boolean; readonly read: string }
  >
> = {
  telemetry: { topic: topics.telemetry('d1', 'noise'), own: true, bound: true, read: 'FONAS' },
  sos: { topic: topics.sos('d1'), own: true, bound: true, read: 'FOAS' },
  location: { topic: topics.location('d1'), own: true, bound: true, read: 'FONAS' },
  status: { topic: topics.status('d1'), own: true, bound: true, read: 'FONAS' },
  command: { topic: topics.command('d1', 'c1'), own: false, bound: false, read: '' },
  commandResult: { topic: topics.commandResult('d1', 'c1'), own: true, bound: true, read: '' },
  commandsOf: { topic: topics.commandsOf('d1').replace('#', 'x/y'), own: false, bound: false, read: '' },
  throughGateway: { topic: topics.throughGateway('g2', topics.sos('d1')), own: false, bound: false, read: '' },
  enrolRequest: { topic: topics.enrolRequest, own: false, bound: false, read: '' },
  enrolResponse: { topic: topics.enrolResponse, own: false, bound: false, read: '' },
  city: { topic: topics.city.replace('#', 'weather'), own: false, bound: false, read: 'FONAS' },
  broadcasts: { topic: topics.broadcasts, own: false, bound: false, read: 'FONAS' },
}

async function aCityOfDevices() {
  const devices = [aDevice('d1', { gatewayId: 'g1' }), aDevice('d2'), aDevice('g1'), aDevice('g2')]
  const house = await openHouse({ devices, enrolment: 'key' })
  house.keys.set('key', 100)
  const expiresAtMs = Date.now() + 3_600_000
  for (const role of roles) {
    house.users.set(`${role}@city.example token`, { userId: role, sessionId: `s-${role}`, role, expiresAtMs })
  }
  return house
}

/** @returns whether the broker took it; it ends the connection of who may not */
async function publishes(client: RawClient, topic: string): Promise<boolean> {
  client.send(publish(topic, '{}'))
  return Promise.race([client.next('puback').then(() => true), client.closed.then(() => false)]).catch(() => false)
}

async function reads(client: RawClient, filter: string): Promise<boolean> {
  client.send(subscribe(1, [filter, 1]))
  return (await client.next('suback')).granted[0] === 1
}

describe('over MQTT', () => {
  it('every purpose of the topic tree is in the table', () => {
    expect(Object.keys(mqtt).sort()).toEqual(Object.keys(topics).sort())
  })

  it('nobody without an identity says or hears anything', async () => {
    const { broker } = await aCityOfDevices()
    for (const { topic } of Object.values(mqtt)) {
      const client = await openSocket(broker.port)
      expect(await publishes(client, topic), topic).toBe(false)
    }
  })

  it.each([
    ['the device itself', 'd1', 'own'],
    ['another device', 'd2', 'none'],
  ] as const)('%s publishes what the table says', async (_, id, column) => {
    const { broker } = await aCityOfDevices()
    for (const [purpose, row] of Object.entries(mqtt)) {
      const client = await signIn(broker.port, id)
      expect(await publishes(client, row.topic), purpose).toBe(column === 'own' && row.own)
      client.stream.destroy()
    }
  })

  it.each([
    ['the gateway it is bound to', 'g1', true],
    ['another gateway', 'g2', false],
  ] as const)('%s speaks for a device as the table says', async (_, id, isBound) => {
    const { broker } = await aCityOfDevices()
    for (const [purpose, row] of Object.entries(mqtt)) {
      if (!row.topic.startsWith('v1/devices/')) continue
      const client = await signIn(broker.port, id)
      const topic = topics.throughGateway(id, row.topic)
      expect(await publishes(client, topic), purpose).toBe(isBound && row.bound)
      client.stream.destroy()
    }
  })

  it('who comes with a provisioning key may ask for an identity, and for nothing else', async () => {
    const { broker } = await aCityOfDevices()
    for (const [purpose, row] of Object.entries(mqtt)) {
      const client = await signIn(
        broker.port,
        '',
        connectPacket('', { username: 'enrol', password: Buffer.from('key') }),
      )
      expect(await publishes(client, row.topic), purpose).toBe(purpose === 'enrolRequest')
      client.stream.destroy()
    }
  })

  it('a device hears its own commands and the city, nothing else', async () => {
    const { broker } = await aCityOfDevices()
    const heard: string[] = []
    for (const [purpose, { topic }] of Object.entries(mqtt)) {
      const client = await signIn(broker.port, 'd1')
      if (await reads(client, topic)) heard.push(purpose)
      client.stream.destroy()
    }
    expect(heard.sort()).toEqual(['broadcasts', 'city', 'command', 'commandResult', 'commandsOf'])
    const other = await signIn(broker.port, 'd2')
    expect(await reads(other, topics.commandsOf('d1'))).toBe(false)
  })

  it('users read what the table says of every device, by role, and publish nothing', async () => {
    const { broker } = await aCityOfDevices()
    for (const role of roles) {
      const as = connectPacket('', { username: `${role}@city.example`, password: Buffer.from('token') })
      if (!isIn('FONAS', role)) {
        const client = await openSocket(broker.port)
        client.send(as)
        expect((await client.next('connack')).returnCode, role).toBe(5)
        continue
      }
      for (const [purpose, { topic, read }] of Object.entries(mqtt)) {
        const client = await signIn(broker.port, '', as)
        const filter = topic.replace('/d1/', '/+/')
        expect(await reads(client, filter), `${purpose} as ${role}`).toBe(isIn(read, role))
        expect(await publishes(client, topic), `${purpose} published by ${role}`).toBe(false)
      }
    }
  })
})
