import { expect, it } from 'vitest'
import { createCityState } from '../../../api/live/city-state.ts'
import { anSos, startMs } from './builders.ts'

const aCity = () => createCityState({ now: () => startMs, latestOf: () => [], isOnline: () => false })

it('a countdown is shown to nobody, also when it is taken back', () => {
  const city = aCity()
  expect(city.putSos(anSos({ state: 'countdown' }))).toBe(false)
  expect(city.putSos(anSos({ state: 'cancelled' }))).toBe(false)
  expect(city.activeSos.size).toBe(0)
})

it.each(['active', 'acknowledged', 'dispatched', 'on-scene'] as const)('%s is shown', (state) => {
  const city = aCity()
  expect(city.putSos(anSos({ state }))).toBe(true)
  expect(city.activeSos.get('sos-1')?.state).toBe(state)
})

it.each(['resolved', 'cancelled'] as const)('%s ends it, once, and what is older does not bring it back', (state) => {
  const city = aCity()
  city.putSos(anSos({ updatedAtMs: startMs }))
  expect(city.putSos(anSos({ state, updatedAtMs: startMs + 1 }))).toBe(true)
  expect(city.activeSos.size).toBe(0)
  expect(city.putSos(anSos({ state, updatedAtMs: startMs + 1 }))).toBe(false)
})
