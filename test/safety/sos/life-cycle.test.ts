import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOpenSos, type SosState, sosStates } from '../../../contracts/sos.ts'
import { assertMayBecome, mayBecome, sosFollowing } from '../../../safety/sos/life-cycle.ts'
import { aDeskWithAsha, pins } from './desk.ts'

test('what may follow what, written out', () => {
  const arrows = sosStates.flatMap((from) => sosFollowing[from].map((to) => `${from} > ${to}`))
  expect(arrows).toEqual([
    'countdown > active',
    'countdown > cancelled',
    'active > acknowledged',
    'active > dispatched',
    'active > on-scene',
    'active > resolved',
    'active > cancelled',
    'acknowledged > dispatched',
    'acknowledged > on-scene',
    'acknowledged > resolved',
    'acknowledged > cancelled',
    'dispatched > acknowledged',
    'dispatched > on-scene',
    'dispatched > resolved',
    'dispatched > cancelled',
    'on-scene > resolved',
    'on-scene > cancelled',
  ])
})

test('an illegal transition is a conflict that names both states', () => {
  for (const from of sosStates)
    for (const to of sosStates) {
      if (mayBecome(from, to)) expect(() => assertMayBecome({ id: 'x', state: from }, to)).not.toThrow()
      else {
        const details = [
          { path: 'from', message: from },
          { path: 'to', message: to },
        ]
        const error = { family: 'conflict', code: 'sos-illegal-transition', details }
        expect(() => assertMayBecome({ id: 'x', state: from }, to)).toThrow(expect.objectContaining(error))
      }
    }
})

const step = fc.constantFrom(
  'press',
  'call',
  'cancel',
  'wrong-pin',
  'duress',
  'acknowledge',
  'dispatch',
  'arrive',
  'resolve',
  'note',
  'check-in',
  'wait',
)

test('whatever is done in whatever order, it stays within the table, and the history adds up to the state', async () => {
  const expected = new Set(['sos-illegal-transition', 'sos-closed', 'wrong-sos-pin'])
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.constantFrom(0, 10), async (steps, sosCountdownS) => {
      const { desk, records, clock, call, asha } = await aDeskWithAsha({
        pins,
        settings: { preferences: { sosCountdownS } },
      })
      let sosId = (await call()).sos.id
      for (const name of steps) {
        clock.advance(1500)
        const by = 'ravi'
        const doing: Record<typeof name, () => Promise<unknown>> = {
          press: async () => {
            const press = { deviceId: 'band-1', receivedAtMs: clock.now(), observedAtMs: clock.now() }
            const more = { seq: undefined, trigger: 'manual', location: undefined, batteryPct: 50 } as const
            sosId = (await desk.press({ ...press, ...more })).sos.id
          },
          call: async () => {
            sosId = (await call()).sos.id
          },
          cancel: () => desk.cancel({ sosId, by: asha, pin: '1234' }),
          'wrong-pin': () => desk.cancel({ sosId, by: asha, pin: '0000' }),
          duress: () => desk.cancel({ sosId, by: asha, pin: '9999' }),
          acknowledge: () => desk.acknowledge({ sosId, by }),
          dispatch: () => desk.setStatus({ sosId, by, to: 'dispatched' }),
          arrive: () => desk.setStatus({ sosId, by, to: 'on-scene' }),
          resolve: () => desk.resolve({ sosId, by, outcome: 'founded' }),
          note: () => desk.note({ sosId, by, note: 'called back' }),
          'check-in': () => desk.checkIn({ sosId, by }),
          wait: async () => {
            clock.advance(400_000)
            await desk.tick()
          },
        }
        await doing[name]().catch((error: { code?: string }) => {
          if (!expected.has(error.code ?? '')) throw error
        })
      }
      const { items } = await records.sos.list({ limit: 100 })
      // One person, one open SOS.
      expect(items.filter(isOpenSos).length).toBeLessThanOrEqual(1)
      for (const sos of items) {
        let state: SosState | undefined
        for (const entry of await records.sos.timeline(sos.id)) {
          if (entry.toState === undefined) continue
          expect(entry.fromState).toBe(state)
          if (state !== undefined) expect(mayBecome(state, entry.toState), `${state} > ${entry.toState}`).toBe(true)
          state = entry.toState
        }
        expect(state).toBe(sos.state)
        const presses = (await records.sos.timeline(sos.id)).filter(({ action }) => action === 'pressed')
        expect(presses).toHaveLength(sos.pressCount)
      }
      await records.close()
    }),
    { numRuns: 25 },
  )
}, 60_000)
