import { type ApiHouse, type CallOptions, noonMs, password } from '../support/api-house.ts'

type Step = readonly [route: string, path: string, status: number, options?: CallOptions]

const here = { latitude: 19.076, longitude: 72.8777 }

/** An SOS from the call to its end, for the test that walks every route. */
export async function listSosSteps({ deps, userIdOf }: ApiHouse): Promise<readonly Step[]> {
  const { sosDesk } = deps
  const call = (role: Parameters<typeof userIdOf>[0]) =>
    sosDesk.call({
      source: 'app',
      ownerId: userIdOf(role),
      actor: userIdOf(role),
      trigger: 'manual',
      receivedAtMs: noonMs,
      location: here,
    })
  const nobodys = () =>
    sosDesk.call({ source: 'anonymous', actor: 'anonymous', trigger: 'voice', receivedAtMs: noonMs, location: here })
  const [{ sos }, { sos: other }, { sos: third }] = [await call('officer'), await nobodys(), await nobodys()]
  const by = userIdOf('officer')
  const { share, token } = await sosDesk.share({ sosId: sos.id, by, expiresInS: 600 })
  const content = (async function* () {
    yield Buffer.from('not really a photo')
  })()
  const evidence = await sosDesk.addEvidence({ sosId: sos.id, by, mediaType: 'image/jpeg', content })
  const at = (path: string) => `/api/sos/${sos.id}/${path}`
  const as = 'officer'
  const jpeg = { raw: 'another', headers: { 'Content-Type': 'image/jpeg' } }
  return [
    ['POST /api/sos/trigger', '/api/sos/trigger', 201, { as: 'analyst', body: { alertType: 'shake', location: here } }],
    ['GET /api/sos/active', '/api/sos/active?limit=1', 200],
    ['GET /api/sos/history', '/api/sos/history', 200],
    ['GET /api/sos/', '/api/sos/', 200],
    ['POST /api/sos/:id/update-location', at('update-location'), 200, { as, body: here }],
    ['POST /api/sos/:id/check-in', at('check-in'), 200, { as }],
    ['GET /api/sos/:id/trail', at('trail'), 200],
    ['POST /api/sos/:id/evidence', at('evidence'), 201, { as, ...jpeg }],
    ['GET /api/sos/:id/evidence', at('evidence'), 200],
    ['GET /api/sos/:id/evidence/:evidenceId', at(`evidence/${evidence.id}`), 200],
    ['POST /api/sos/:id/share', at('share'), 201, { as, body: { expiresInS: 600 } }],
    ['GET /api/share/:token', `/api/share/${token}`, 200],
    ['DELETE /api/sos/:id/share/:shareId', at(`share/${share.id}`), 204, { as }],
    ['POST /api/sos/:id/acknowledge', at('acknowledge'), 200, { body: { note: 'mine' } }],
    ['POST /api/sos/:id/notes', at('notes'), 200, { body: { note: 'gate is locked' } }],
    ['POST /api/sos/:id/merge', `/api/sos/${other.id}/merge`, 200, { body: { into: sos.id } }],
    ['POST /api/sos/:id/status', at('status'), 200, { body: { status: 'resolved', outcome: 'founded' } }],
    ['GET /api/sos/:id', `/api/sos/${sos.id}`, 200],
    ['POST /api/create-sos/', '/api/create-sos/', 201, { as: 'analyst', body: { ...here, name: 'Meena' } }],
    ['POST /api/update-location/', '/api/update-location/', 200, { body: { room_id: third.roomId, ...here } }],
    ['POST /api/resolve-sos/:id/', `/api/resolve-sos/${third.id}/`, 200],
    ['POST /api/sos/cancel/:id', `/api/sos/cancel/${(await call('super_admin')).sos.id}`, 200, { as: 'super_admin' }],
    ['PUT /api/users/sos-pins', '/api/users/sos-pins', 200, { as, body: { password, cancelPin: '1234' } }],
    ['GET /api/users/sos-pins', '/api/users/sos-pins', 200, { as }],
  ]
}
