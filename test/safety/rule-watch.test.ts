import { expect, onTestFinished, test } from 'vitest'
import type { WatchedRule } from '../../contracts/alert.ts'
import { createRuleWatch } from '../../safety/index.ts'
import { createDeviceDirectory } from '../../store/index.ts'
import { silentLog } from '../store/records/fixture.ts'
import { anAlertDesk, aRaise } from './fixture.ts'

const center = { latitude: 28.6, longitude: 77.2 }
const far = { latitude: 28.7, longitude: 77.2 }
const input = {
  name: 'Loud at the hospital',
  severity: 'medium',
  condition: {
    type: 'above',
    kind: 'noise',
    field: 'laeqDb',
    raise: 60,
    clear: 55,
    holdS: 0,
    area: { type: 'circle', center, radiusM: 500 },
  },
}

async function aRuleWatch() {
  const fixture = await anAlertDesk()
  const { records, bus, clock, desk } = fixture
  const directory = createDeviceDirectory({ records })
  await directory.start()
  const told: (readonly WatchedRule[])[] = []
  const watch = createRuleWatch({
    records,
    bus,
    devices: () => directory.all(),
    setRules: (rules) => told.push(rules),
    sink: desk,
    now: clock.now,
    log: silentLog,
    lookIntervalMs: 3_600_000,
  })
  await watch.start()
  onTestFinished(() => watch.stop())
  const register = (id: string, position: typeof center | undefined, ownerId?: string) =>
    records.devices.register({ id, kinds: [], labels: {}, position, ownerId })
  return { ...fixture, watch, register, told }
}

test('names the devices that stand in the area of a rule, and none that is a personal one', async () => {
  const { watch, register, desk, told, records } = await aRuleWatch()
  const owner = await records.users.create({ email: 'a@city.example', name: 'A', role: 'citizen' })
  await register('ear-1', center)
  await register('ear-2', far)
  await register('ear-3', undefined)
  await register('ear-4', center, owner.id)
  const { id } = await desk.rules.create({ input, by: 'asha' })
  const scopeOf = (rules: readonly WatchedRule[] | undefined) => rules?.find((rule) => rule.id === id)?.deviceIds
  expect(scopeOf(told.at(-1))).toEqual(['ear-1'])
  await records.devices.patch('ear-2', { position: center })
  await watch.look()
  expect(scopeOf(told.at(-1))).toEqual(['ear-1', 'ear-2'])
  expect(scopeOf(await watch.rules())).toEqual(['ear-1', 'ear-2'])
  // Without its owner it may still be worn.
  await records.devices.patch('ear-4', { ownerId: null, position: center })
  await watch.look()
  expect(scopeOf(await watch.rules())).toEqual(['ear-1', 'ear-2'])
  await records.devices.patch('ear-4', { isPersonal: false })
  await watch.look()
  expect(scopeOf(await watch.rules())).toEqual(['ear-1', 'ear-2', 'ear-4'])
})

test('ends the alert of a device that has left the area, and of no other', async () => {
  const { watch, register, desk, records, openAlerts, clock } = await aRuleWatch()
  await register('ear-1', center)
  await register('ear-2', center)
  const { id: ruleId } = await desk.rules.create({ input, by: 'asha' })
  await desk.apply(['ear-1', 'ear-2'].map((deviceId) => aRaise(0, { ruleId, deviceId, kind: 'noise' })))
  clock.advance(60_000)
  await watch.look()
  expect(await openAlerts()).toHaveLength(2)
  await records.devices.patch('ear-1', { position: far })
  await watch.look()
  expect((await openAlerts()).map(({ deviceId }) => deviceId)).toEqual(['ear-2'])
})
