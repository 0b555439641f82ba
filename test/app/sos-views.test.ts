import { once } from 'node:events'
import { connectAsync } from 'mqtt'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createSosReads } from '../../app/sos-reads.ts'
import type { AuditEntryResource } from '../../contracts/http/audit.ts'
import { topics } from '../../contracts/topics.ts'
import { createSosDesk, type SosViewer } from '../../safety/index.ts'
import { aPress, silentLog, someRecords } from '../store/records/fixture.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { administrator, connectDevice, signIn, startRealPrahari, watchCity } from './running-prahari.ts'

it('who sees where an SOS is, on a screen or over MQTT, stands in the audit trail', async () => {
  const server = await startRealPrahari(await aTempDir())
  const api = await signIn(server.url)
  const device = await connectDevice(api, server.mqttUrl, 'band-1')
  const reader = await connectAsync(server.mqttUrl, { username: administrator.email, password: api.token })
  onTestFinished(() => reader.endAsync(true))
  await reader.subscribeAsync('v1/devices/+/sos', { qos: 1 })
  const screen = await watchCity(server.url, api.token)
  const heard = once(reader as never, 'message')
  await device.publishAsync(topics.sos('band-1'), '{"location":{"latitude":15.5,"longitude":88.5}}', { qos: 1 })
  await heard
  await screen.until(({ sos }) => sos.size === 1)
  const [sosId] = screen.state.sos.keys()

  const views = async () =>
    (await api.get<{ items: AuditEntryResource[] }>(`/api/audit?subject=sos:${sosId}&action=sos-location-viewed`)).items
  await vi.waitUntil(async () => (await views()).length === 2, { timeout: 10_000, interval: 20 })
  expect((await views()).map(({ detail }) => detail.over).sort()).toEqual(['live-feed', 'mqtt'])
  expect(JSON.stringify(await views())).not.toMatch(/15\.5|88\.5/)
})

it('what was read of a device is of its newest SOS, also of one from before this start', async () => {
  const { records, bus } = await someRecords()
  const sosDesk = createSosDesk({ records, bus, now: () => 0 })
  const { sos: before } = await sosDesk.press(aPress({ deviceId: 'band-1' }))
  const noted: [string, string][] = []
  const note = ({ userId }: SosViewer, sosId: string) => void noted.push([userId, sosId])
  const reads = createSosReads({ bus, sosDesk, note, log: silentLog })
  await reads.start()
  const asha = { userId: 'asha', sessionId: 's-1' }
  reads.noteRead({ ...asha, deviceId: 'band-1' })
  reads.noteRead({ ...asha, deviceId: 'nothing-like-it' })
  await vi.waitUntil(() => noted.length === 1)
  expect(noted).toEqual([['asha', before.id]])

  await sosDesk.resolve({ sosId: before.id, by: 'system' })
  const { sos: after } = await sosDesk.press(aPress({ deviceId: 'band-1', observedAtMs: 1, receivedAtMs: 1 }))
  reads.noteRead({ ...asha, deviceId: 'band-1' })
  expect(noted).toEqual([
    ['asha', before.id],
    ['asha', after.id],
  ])
  await reads.stop()
})
