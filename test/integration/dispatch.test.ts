import { expect, it } from 'vitest'
import { topics } from '../../contracts/topics.ts'
import { connectDevice, type SignedIn, signIn, startRealPrahari } from '../app/running-prahari.ts'
import { aTempDir } from '../support/temp-dir.ts'

/** Everything real: the broker, the stores, the desks, HTTP; only the city is empty. */
async function aServer(dataDir: string) {
  const prahari = await startRealPrahari(dataDir)
  return { ...prahari, api: await signIn(prahari.url) }
}

async function aUnit(api: SignedIn, unitNumber: string, deviceId?: string): Promise<string> {
  const { id } = await api.post<{ id: string }>('/api/units', { unitNumber, kind: 'patrol', deviceId })
  await api.post(`/api/units/${id}/state`, { state: 'available' })
  return id
}

/** Asks until it is so: what crosses the bus takes its time. */
async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (isSo(answer)) return answer
  }
}

it('a button is pressed, the nearest car is where its device says, is sent, and both are as they were after a restart', async () => {
  const dataDir = await aTempDir()
  const first = await aServer(dataDir)
  const button = await connectDevice(first.api, first.mqttUrl, 'band-1')
  const car = await connectDevice(first.api, first.mqttUrl, 'car-7')
  const unitId = await aUnit(first.api, 'P-7', 'car-7')
  await aUnit(first.api, 'P-8')
  await car.publishAsync(topics.location('car-7'), JSON.stringify({ latitude: 15.01, longitude: 88 }), { qos: 1 })
  await button.publishAsync(topics.sos('band-1'), JSON.stringify({ location: { latitude: 15, longitude: 88 } }), {
    qos: 1,
  })
  const { items } = await first.api.get<{ items: { id: string }[] }>('/api/sos/active')
  const sosId = items[0]!.id

  interface Advice {
    readonly candidates: readonly { readonly unit: { readonly id: string }; readonly distanceM: number }[]
    readonly excluded: readonly { readonly reasons: readonly { readonly code: string }[] }[]
  }
  const advice = await until(
    () => first.api.get<Advice>(`/api/sos/${sosId}/recommendation`),
    ({ candidates }) => candidates.length > 0,
  )
  expect(advice.candidates).toMatchObject([{ unit: { id: unitId } }])
  expect(advice.candidates[0]!.distanceM).toBeCloseTo(1112, -1)
  expect(advice.excluded.map(({ reasons }) => reasons.map(({ code }) => code))).toEqual([['no-position']])

  const assignment = await first.api.post<{ id: string }>(`/api/sos/${sosId}/assign`, { unitId })
  await first.stop()

  const second = await aServer(dataDir)
  const sos = await second.api.get<{ state: string }>(`/api/sos/${sosId}`)
  expect(sos.state).toBe('dispatched')
  const refused = second.api.post('/api/emergency/units/P-7/dispatch', { sos_id: sosId })
  await expect(refused).rejects.toThrow('unit-committed')
  expect(await second.api.post(`/api/assignments/${assignment.id}/on-scene`, {})).toMatchObject({ state: 'on-scene' })
  expect(await second.api.get(`/api/sos/${sosId}`)).toMatchObject({ state: 'on-scene' })
})

it('a broadcast reaches a device that listens to the city', async () => {
  const { api, mqttUrl } = await aServer(await aTempDir())
  const lamp = await connectDevice(api, mqttUrl, 'lamp-1')
  await lamp.subscribeAsync('v1/city/#', { qos: 1 })
  const heard = new Promise<[topic: string, payload: Buffer]>((resolve) => {
    lamp.once('message', (topic, payload) => resolve([topic, payload]))
  })
  const body = { message: 'Stay inside', latitude: 15, longitude: 88, radius: 500 }
  const sent = await api.post<{ id: string; counts: unknown }>('/api/emergency/alerts/broadcast', body)
  expect(sent.counts).toEqual({ devices: 1, devicesConnected: 1, people: 0 })
  const [topic, payload] = await heard
  expect(topic).toBe('v1/city/broadcasts')
  expect(JSON.parse(payload.toString())).toMatchObject({
    id: sent.id,
    text: 'Stay inside',
    severity: 'high',
    area: { type: 'circle', center: { latitude: 15, longitude: 88 }, radiusM: 500 },
  })
  const announced = await until(
    () => api.get<{ items: { announcedAt: string | null }[] }>('/api/broadcasts'),
    ({ items }) => items[0]!.announcedAt !== null,
  )
  expect(announced.items).toHaveLength(1)
})
