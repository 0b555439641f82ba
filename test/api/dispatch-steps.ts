import { type ApiHouse, type CallOptions, noonMs } from '../support/api-house.ts'

type Step = readonly [route: string, path: string, status: number, options?: CallOptions]

const townHall = { latitude: 19, longitude: 72.8 }

/** Units, incidents and broadcasts, from the first call to the end, for the test that walks every route. */
export async function listDispatchSteps({ deps }: ApiHouse): Promise<readonly Step[]> {
  const { unitDesk, incidentDesk, dispatchDesk, sosDesk } = deps
  const by = 'operator-1'
  const onDuty = async (unitNumber: string) => {
    const unit = await unitDesk.create({ unitNumber, kind: 'patrol', capabilities: [], by })
    await unitDesk.reportPosition({ unitId: unit.id, position: townHall, atMs: noonMs })
    return unitDesk.setState({ unitId: unit.id, state: 'available', by })
  }
  const reported = () => incidentDesk.report({ type: 'fire', severity: 'high', position: townHall, by })
  const [first, second, third, , fifth] = await Promise.all(['D-1', 'D-2', 'D-3', 'D-4', 'D-5'].map(onDuty))
  const incident = await reported()
  const other = await reported()
  const ref = { caseType: 'incident', caseId: incident.id } as const
  const { id: going } = await dispatchDesk.assign({ case: ref, unit: { unitId: first!.id }, by })
  const { id: declining } = await dispatchDesk.assign({ case: ref, unit: { unitId: second!.id }, by })
  const { sos } = await sosDesk.press({
    deviceId: 'aq-1',
    receivedAtMs: noonMs,
    observedAtMs: noonMs,
    seq: undefined,
    trigger: 'manual',
    location: townHall,
    batteryPct: undefined,
  })
  const incidents = '/api/emergency/incidents'
  const circle = { type: 'circle', center: { latitude: 28.6, longitude: 77.2 }, radiusM: 500 }
  return [
    ['GET /api/units', '/api/units?state=available,off-duty&kind=patrol', 200],
    ['POST /api/units', '/api/units', 201, { body: { unitNumber: 'A-1', kind: 'ambulance', deviceId: 'aq-3' } }],
    ['GET /api/units/:id', `/api/units/${fifth!.id}`, 200],
    ['PATCH /api/units/:id', `/api/units/${fifth!.id}`, 200, { body: { capabilities: ['ladder'], deviceId: null } }],
    ['POST /api/units/:id/state', `/api/units/${fifth!.id}/state`, 200, { body: { state: 'off-duty' } }],
    ['POST /api/units/:id/position', `/api/units/${fifth!.id}/position`, 200, { body: townHall }],
    ['DELETE /api/units/:id', `/api/units/${fifth!.id}`, 204],
    ['GET /api/emergency/units', '/api/emergency/units', 200],
    ['GET /api/sos/:id/recommendation', `/api/sos/${sos.id}/recommendation?needs=first-aid,ladder`, 200],
    ['POST /api/sos/:id/assign', `/api/sos/${sos.id}/assign`, 201, { body: { unitNumber: 'D-3' } }],
    ['GET /api/sos/:id/assignments', `/api/sos/${sos.id}/assignments`, 200],
    ['POST /api/assign-officer/', '/api/assign-officer/', 201, { body: { sos_id: sos.id, unit_number: 'D-4' } }],
    ['GET /api/assignments', `/api/assignments?caseType=sos&caseId=${sos.id}&open&limit=5`, 200],
    ['GET /api/me/assignments', '/api/me/assignments', 200],
    ['POST /api/assignments/:id/decline', `/api/assignments/${declining}/decline`, 200, { body: { reason: 'flat' } }],
    ['POST /api/assignments/:id/confirm', `/api/assignments/${going}/confirm`, 200],
    ['POST /api/assignments/:id/en-route', `/api/assignments/${going}/en-route`, 200],
    ['POST /api/assignments/:id/on-scene', `/api/assignments/${going}/on-scene`, 200],
    ['POST /api/assignments/:id/complete', `/api/assignments/${going}/complete`, 200],
    ['GET /api/emergency/incidents', `${incidents}?state=open,dispatched&type=fire&severity=high`, 200],
    ['POST /api/emergency/incidents', incidents, 201, { body: { type: 'accident', position: townHall } }],
    ['GET /api/emergency/incidents/:id', `${incidents}/${incident.id}`, 200],
    ['POST /api/emergency/incidents/:id/notes', `${incidents}/${incident.id}/notes`, 201, { body: { note: 'smoke' } }],
    ['GET /api/emergency/incidents/:id/recommendation', `${incidents}/${other.id}/recommendation`, 200],
    [
      'POST /api/emergency/incidents/:id/assign',
      `${incidents}/${other.id}/assign`,
      201,
      { body: { unitId: second!.id } },
    ],
    ['GET /api/emergency/incidents/:id/assignments', `${incidents}/${other.id}/assignments`, 200],
    [
      'POST /api/emergency/units/:id/dispatch',
      `/api/emergency/units/${first!.unitNumber}/dispatch`,
      201,
      { body: { incident_id: other.id } },
    ],
    [
      'POST /api/assignments/:id/release',
      `/api/assignments/${await openOf(third!.unitNumber)}/release`,
      200,
      { body: { reason: 'sent elsewhere' } },
    ],
    [
      'POST /api/emergency/incidents/:id/resolve',
      `${incidents}/${incident.id}/resolve`,
      200,
      { body: { note: 'out' } },
    ],
    ['POST /api/broadcasts/preview', '/api/broadcasts/preview', 200, { body: { area: circle } }],
    ['POST /api/broadcasts', '/api/broadcasts', 201, { body: { area: circle, text: 'Stay inside', severity: 'high' } }],
    [
      'POST /api/emergency/alerts/broadcast',
      '/api/emergency/alerts/broadcast',
      201,
      { body: { message: 'Stay inside', latitude: 28.6, longitude: 77.2, radius_km: 1 } },
    ],
    ['GET /api/broadcasts', '/api/broadcasts', 200],
  ]

  /** Assigned here, so that there is something to take back. */
  async function openOf(unitNumber: string): Promise<string> {
    const { id } = await onDuty(`${unitNumber}-2`)
    return (await dispatchDesk.assign({ case: ref, unit: { unitId: id }, by })).id
  }
}
