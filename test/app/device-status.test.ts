import { expect, it } from 'vitest'
import { topics } from '../../contracts/topics.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { connectDevice, signIn, startRealPrahari } from './running-prahari.ts'

interface Answer {
  readonly status: { readonly batteryPct: number | null; readonly firmware: string | null } | null
}

it('what a device said of itself is there for operators, also after a restart', async () => {
  const dataDir = await aTempDir()
  const first = await startRealPrahari(dataDir)
  const api = await signIn(first.url)
  const device = await connectDevice(api, first.mqttUrl, 'lamp-17')
  await device.publishAsync(topics.status('lamp-17'), '{"online":true,"batteryPct":64,"firmware":"1.4.2"}', { qos: 1 })
  await device.publishAsync(topics.status('lamp-17'), '{"batteryPct":63}', { qos: 1 })
  await first.stop()

  const second = await startRealPrahari(dataDir)
  const again = await signIn(second.url)
  const { status } = await again.get<Answer>('/api/devices/lamp-17')
  expect(status).toMatchObject({ batteryPct: 63, firmware: '1.4.2' })
})
