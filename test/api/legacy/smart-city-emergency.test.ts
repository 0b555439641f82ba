import { describe, expect, it } from 'vitest'
import { anApiHouse } from '../../support/api-house.ts'

/** Emergencies as clients of Smart City call them: camelCase and snake_case are both taken. */
async function aHouseWithUnit() {
  const house = await anApiHouse()
  const { unitDesk } = house.deps
  const unit = await unitDesk.create({ unitNumber: 'A-3', kind: 'ambulance', capabilities: [], by: 'x' })
  await unitDesk.setState({ unitId: unit.id, state: 'available', by: 'x' })
  return { ...house, unitId: unit.id }
}

describe('Smart City, emergencies', () => {
  it.each([
    ['camelCase', { incidentType: 'medical', location: { latitude: 19, longitude: 72.8, address: 'Mill Lane' } }],
    ['snake_case', { incident_type: 'medical', latitude: 19, longitude: 72.8, address: 'Mill Lane' }],
  ])('POST /api/emergency/incidents in %s makes one, GET lists it', async (_, body) => {
    const { call } = await anApiHouse()
    const more = { severity: 'critical', title: 'Fall', description: 'On the stairs', reporter_mood: 'calm' }
    const made = await call('POST', '/api/emergency/incidents', { as: 'operator', body: { ...body, ...more } })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      type: 'medical',
      severity: 'critical',
      status: 'open',
      position: { latitude: 19, longitude: 72.8 },
      address: 'Mill Lane',
      description: 'Fall\nOn the stairs',
    })
    const { items } = (await call('GET', '/api/emergency/incidents', { as: 'operator' })).body
    expect(items.map(({ id }: { id: string }) => id)).toEqual([made.body.id])
  })

  it('GET /api/emergency/units lists units under both spellings', async () => {
    const { call } = await aHouseWithUnit()
    const { items } = (await call('GET', '/api/emergency/units', { as: 'operator' })).body
    expect(items).toMatchObject([{ unitNumber: 'A-3', unit_number: 'A-3', status: 'available' }])
  })

  it.each([
    ['incident_id', (caseId: string) => ({ incident_id: caseId })],
    ['incidentId', (caseId: string) => ({ incidentId: caseId })],
  ])('POST /api/emergency/units/:id/dispatch takes %s, and the id or the number of the unit', async (_, toBody) => {
    const { call, unitId } = await aHouseWithUnit()
    const made = await call('POST', '/api/emergency/incidents', { as: 'operator', body: { type: 'fire' } })
    for (const name of [unitId, 'A-3']) {
      const path = `/api/emergency/units/${name}/dispatch`
      const sent = await call('POST', path, { as: 'operator', body: toBody(made.body.id) })
      expect([sent.status, sent.body.unitNumber, sent.body.caseId]).toEqual([201, 'A-3', made.body.id])
      await call('POST', `/api/assignments/${sent.body.id}/release`, { as: 'operator' })
    }
    const nowhere = await call('POST', '/api/emergency/units/A-3/dispatch', { as: 'operator', body: {} })
    expect(nowhere.status).toBe(400)
  })

  it.each([
    ['a centre and a radius', { latitude: 19, longitude: 72.8, radius_km: 2 }],
    ['a centre and a radius in camelCase', { center: { latitude: 19, longitude: 72.8 }, radiusM: 2000 }],
    ['a polygon', { polygon: [townHallAt(0), townHallAt(0.1), { latitude: 19.1, longitude: 72.8 }] }],
    [
      'a polygon as GeoJSON has it',
      {
        polygon: [
          [72.8, 19],
          [72.9, 19],
          [72.8, 19.1],
        ],
      },
    ],
  ])('POST /api/emergency/alerts/broadcast takes %s', async (_, area) => {
    const { call } = await anApiHouse()
    const body = { message: 'Boil your water', severity: 'medium', ...area }
    const sent = await call('POST', '/api/emergency/alerts/broadcast', { as: 'operator', body })
    expect([sent.status, sent.body.text, sent.body.counts.devices]).toEqual([201, 'Boil your water', 0])
  })
})

function townHallAt(east: number) {
  return { latitude: 19, longitude: 72.8 + east }
}
