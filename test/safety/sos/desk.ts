import type { SosPins } from '../../../contracts/ports/sos.ts'
import { createSosDesk } from '../../../safety/index.ts'
import { aDevice, aUser, silentLog, someRecords, startMs } from '../../store/records/fixture.ts'

/** PINs of the tests: everybody's is 1234, and 9999 under duress. */
export const pins: SosPins = {
  async check(_userId, pin) {
    if (pin === undefined) return 'missing'
    return pin === '1234' ? 'right' : pin === '9999' ? 'duress' : 'wrong'
  },
}

type DeskOptions = Partial<Parameters<typeof createSosDesk>[0]>

/** A desk over real records, and what it tells. It is not started: its clock is `desk.tick`. */
export async function anSosDesk(options: DeskOptions = {}) {
  const fixture = await someRecords()
  const { records, bus, clock, listen } = fixture
  const open = (again = records) =>
    createSosDesk({ records: again, bus, now: clock.now, log: silentLog, timeZone: 'UTC', ...options })
  return {
    ...fixture,
    desk: open(),
    reopen: open,
    pressed: listen('sos-pressed'),
    changed: listen('sos-changed'),
    positions: listen('sos-position'),
    commands: listen('command-queued'),
  }
}

/** Asha has a wearable, `band-1`, and an account. */
export async function aDeskWithAsha(options: DeskOptions & { readonly settings?: Record<string, unknown> } = {}) {
  const { settings, ...deskOptions } = options
  const house = await anSosDesk(deskOptions)
  const asha = await aUser(house.records, settings)
  await house.records.devices.register(aDevice({ id: 'band-1', ownerId: asha }))
  const call = (fields: Partial<Parameters<typeof house.desk.call>[0]> = {}) =>
    house.desk.call({
      source: 'app',
      ownerId: asha,
      actor: asha,
      trigger: 'manual',
      receivedAtMs: house.clock.now(),
      ...fields,
    })
  return { ...house, asha, call }
}

export { startMs }
