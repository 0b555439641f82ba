import { createHmac } from 'node:crypto'
import type { LatestReadings } from '../contracts/ports/telemetry.ts'
import type { Service } from '../contracts/service.ts'
import { createDemoFleet, type DemoCity } from '../devices/index.ts'
import type { Records } from '../store/index.ts'
import type { Log } from './log.ts'

export interface DemoDeps {
  readonly city: DemoCity
  readonly seed: number
  /** From which every device's own secret follows, the same after a restart. */
  readonly secret: string
  readonly records: Records
  readonly latest: LatestReadings
  readonly mqttUrl: string
  readonly now: () => number
  readonly log: Log
}

/** The devices of the demo city: registered like any other, marked as simulated, and set reporting. */
export function createDemo({ city, seed, secret, records, latest, mqttUrl, now, log }: DemoDeps): Service {
  const secretFor = (deviceId: string) => createHmac('sha256', secret).update(deviceId).digest('base64url')
  let fleet: Service | undefined

  return {
    name: 'demo',
    async start() {
      const inputs = city.devices.map(({ kind: _kind, ...input }) => input)
      const lines = await records.devices.registerMany(inputs, { simulated: true, secretFor })
      const refused = lines.filter(({ outcome }) => outcome !== 'created' && outcome !== 'already-registered')
      if (refused.length > 0) log.error({ refused }, 'demo devices were refused')
      fleet = createDemoFleet({
        mqttUrl,
        devices: city.devices.map((device) => ({ device, secret: secretFor(device.id) })),
        seed,
        log,
        now,
        newestAtMs: (deviceId, kind) => latest.of(deviceId).find((reading) => reading.kind === kind)?.observedAtMs,
      })
      await fleet.start()
    },
    async stop() {
      await fleet?.stop()
      fleet = undefined
    },
  }
}
