import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seeded } from '../../support/seeded.ts'
import { createSimulatedCity, expectSamePicture } from './simulated-city.ts'

/** Small limits, so that a short run meets all of them; a slice of nothing lets events in between any two viewers. */
const options = {
  stepEveryMs: 100,
  sliceMsMax: 0,
  devicesInFullMax: 12,
  log: { eventsMax: 12, bytesMax: 8000 },
  queue: { packetsMax: 3, bytesMax: 20_000 },
  urgentQueue: { packetsMax: 5, bytesMax: 40_000 },
  alertsAtOnceMax: 2,
  sosAtOnceMax: 2,
}
const seeds = Array.from({ length: 80 }, (_, at) => at + 1)
const actionsPerRun = 400

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

async function run(seed: number) {
  const random = seeded(seed)
  const errors: unknown[] = []
  const simulated = createSimulatedCity(options, (error) => errors.push(error))
  for (let action = 0; action < actionsPerRun; action++) {
    simulated.act(random)
    // Sometimes one timer only: the next action then falls into the middle of telling the viewers.
    const pace = random()
    if (pace < 0.5) await vi.advanceTimersToNextTimerAsync()
    else if (pace < 0.75) await vi.advanceTimersByTimeAsync(Math.floor(random() * 150))
  }
  for (let round = 0; round < 5; round++) {
    if (round === 3) simulated.openPages()
    simulated.settle()
    await vi.advanceTimersByTimeAsync(1000)
  }
  simulated.settle()
  simulated.feed.stop()
  expect(errors).toEqual([])
  return simulated
}

describe('viewers on bad lines', () => {
  it.each(seeds)('end with the very picture of the city, without a gap (seed %i)', async (seed) => {
    const simulated = await run(seed)
    for (const client of simulated.clients) {
      expectSamePicture(client, simulated)
      expect([...client.placesNoted].sort()).toEqual([...client.placesSent].sort())
      expect(client.line.packetsMax).toBeLessThanOrEqual(options.urgentQueue.packetsMax)
    }
  })

  it('were resumed, caught up, passed over and started anew in those runs', async () => {
    const totals = { resumed: 0, snapshots: 0, coalesced: 0, withheld: 0, placesSeen: 0 }
    for (const seed of seeds.slice(0, 20)) {
      const { clients, feed } = await run(seed)
      const stats = feed.stats()
      totals.resumed += clients.reduce((sum, client) => sum + client.resumedCount, 0)
      totals.placesSeen += clients.reduce((sum, client) => sum + client.placesNoted.size, 0)
      totals.snapshots += stats.snapshots - clients.length
      totals.coalesced += stats.coalesced
      totals.withheld += stats.withheld
    }
    for (const [name, count] of Object.entries(totals)) expect(count, name).toBeGreaterThan(20)
  })
})
