import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type BusChannel, createMemoryBus } from '../../../contracts/bus.ts'
import type { DeviceInput } from '../../../contracts/device.ts'
import type { BusEvents } from '../../../contracts/events.ts'
import type { SosPress } from '../../../contracts/sos.ts'
import { type OpenRecordsOptions, openRecords, type Records } from '../../../store/index.ts'
import { aTempDir } from '../../support/temp-dir.ts'

export const startMs = Date.UTC(2026, 0, 5, 8)
/** A records key of the tests. */
export const recordsKey = 'the records key of the tests, 32+'
export const silentLog = { info() {}, warn() {}, error() {} }

/** A clock that stands still until it is moved. */
export function aClock(atMs = startMs) {
  const clock = {
    atMs,
    now: () => clock.atMs,
    advance: (byMs: number) => {
      clock.atMs += byMs
    },
  }
  return clock
}

/** A bus, and a way to collect what is published on it. */
export function aBus() {
  const bus = createMemoryBus({
    onHandlerError: (error) => {
      throw error
    },
  })
  function listen<C extends BusChannel>(channel: C): BusEvents[C][] {
    const events: BusEvents[C][] = []
    bus.subscribe(channel, (event) => events.push(event))
    return events
  }
  return { bus, listen }
}

/** Real records in a file of the test's own. */
export async function someRecords(options: Partial<OpenRecordsOptions> = {}) {
  const path = options.path ?? join(await aTempDir(), 'records.sqlite')
  const clock = aClock()
  const { bus, listen } = aBus()
  const open = (): Promise<Records> =>
    openRecords({ path, key: recordsKey, bus, now: clock.now, log: silentLog, ...options })
  const records = await open()
  onTestFinished(() => records.close())
  return { path, clock, bus, listen, records, open }
}

export function aDevice(input: Partial<DeviceInput> = {}): DeviceInput {
  return { id: 'lamp-1', kinds: [], labels: {}, ...input }
}

type NewSession = Parameters<Records['sessions']['create']>[0]

export function aSession(session: Partial<NewSession> & Pick<NewSession, 'userId' | 'refreshHash'>): NewSession {
  return {
    tokenHash: `token of ${session.refreshHash}`,
    client: { address: '192.0.2.1', network: '192.0.2.1', userAgent: undefined },
    expiresAtMs: startMs + 30 * 86_400_000,
    perUserMax: 9,
    ...session,
  }
}

export function aPress(press: Partial<SosPress> = {}): SosPress {
  return {
    deviceId: 'band-1',
    receivedAtMs: startMs,
    observedAtMs: startMs,
    seq: undefined,
    trigger: 'manual',
    location: undefined,
    batteryPct: undefined,
    ...press,
  }
}

/** @returns the id of a citizen */
export async function aUser(
  { users }: Pick<Records, 'users'>,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const { id } = await users.create({ username: `citizen-${userCount++}`, name: 'Asha Rao', role: 'citizen' })
  await users.update(id, { settings, phone: null })
  return id
}
let userCount = 0
