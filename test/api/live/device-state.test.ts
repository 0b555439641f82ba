import { describe, expect, it } from 'vitest'
import { type DeviceFacts, deriveDeviceState } from '../../../api/live/device-state.ts'
import type { LiveDeviceState } from '../../../contracts/live.ts'

const nothingKnown: DeviceFacts = {
  nowMs: 1000,
  online: false,
  wasOnline: false,
  hasOpenAlert: false,
  expectsReadings: true,
  silentFromMs: undefined,
}
const fresh = { silentFromMs: 1001 }
const silent = { silentFromMs: 1000 }

describe('the state of a device on the map', () => {
  it.each<[string, Partial<DeviceFacts>, LiveDeviceState]>([
    ['nothing was ever heard of it', {}, 'never-seen'],
    ['a wearable nobody has switched on', { expectsReadings: false }, 'never-seen'],
    ['connected, and sending', { online: true, wasOnline: true, ...fresh }, 'ok'],
    ['sending through a gateway or over HTTP', { ...fresh }, 'ok'],
    ['gone a moment ago, its readings still fresh', { wasOnline: true, ...fresh }, 'ok'],
    ['a wearable that is connected', { online: true, wasOnline: true, expectsReadings: false }, 'ok'],
    ['connected, but not a word yet', { online: true, wasOnline: true }, 'no-data'],
    ['connected, but silent for too long', { online: true, wasOnline: true, ...silent }, 'no-data'],
    ['a wearable that was connected', { wasOnline: true, expectsReadings: false }, 'offline'],
    ['gone and silent', { wasOnline: true, ...silent }, 'offline'],
    ['readings from before this server started', { ...silent }, 'offline'],
    ['an alert while it sends', { online: true, wasOnline: true, hasOpenAlert: true, ...fresh }, 'alert'],
    ['an alert about its silence', { hasOpenAlert: true, ...silent }, 'alert'],
    ['an alert while it is gone', { wasOnline: true, hasOpenAlert: true, ...silent }, 'alert'],
  ])('%s', (_case, facts, state) => {
    expect(deriveDeviceState({ ...nothingKnown, ...facts })).toBe(state)
  })
})
