import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createFairTurn } from '../../broker/wire/fair-turn.ts'
import { createOutbound } from '../../broker/wire/outbound.ts'
import { createTokenBucket, refill, waitForTokensMs, widen } from '../../broker/wire/token-bucket.ts'

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

describe('the turn', () => {
  it('serves those who wait round robin and bounds every round', async () => {
    const turn = createFairTurn({ framesPerTurn: 4, isIntakeFull: () => false })
    const served: string[] = []
    const perRound = new Map<number, number>()
    const aWaiter = (name: string, frames: number) => {
      let left = frames
      const waiter = {
        takeTurn() {
          const take = Math.min(left, 2, turn.allowance())
          if (take > 0) turn.spend(take)
          left -= take
          perRound.set(turn.round, (perRound.get(turn.round) ?? 0) + take)
          served.push(name)
          if (left > 0) turn.queue(waiter)
        },
      }
      return waiter
    }
    for (const name of ['a', 'b', 'c']) turn.queue(aWaiter(name, 6))
    await turns(8)
    expect(served).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c'])
    expect(Math.max(...perRound.values())).toBeLessThanOrEqual(4)
  })

  it('lets nobody pass those who wait', () => {
    const turn = createFairTurn({ framesPerTurn: 4, isIntakeFull: () => false })
    turn.queue({ takeTurn() {} })
    expect(turn.allowance()).toBe(0)
    turn.stop()
  })
})

describe('a token bucket', () => {
  it('never holds more than its burst nor grants more than burst and rate together', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.array(fc.tuple(fc.integer({ min: -50, max: 5000 }), fc.integer({ min: 0, max: 50 }))),
        (ratePerS, burst, steps) => {
          const bucket = createTokenBucket({ ratePerS, burst, nowMs: 0 })
          let nowMs = 0
          let latestMs = 0
          let spent = 0
          for (const [elapsedMs, wanted] of steps) {
            nowMs += elapsedMs
            // A clock that is set back and forth again must not mint tokens: only new time counts.
            latestMs += Math.max(0, elapsedMs)
            refill(bucket, nowMs)
            expect(bucket.tokens).toBeLessThanOrEqual(burst)
            const taken = Math.min(wanted, Math.floor(bucket.tokens))
            bucket.tokens -= taken
            spent += taken
          }
          expect(spent).toBeLessThanOrEqual(burst + (latestMs / 1000) * ratePerS + 1e-6)
        },
      ),
    )
  })

  it('says how long to wait', () => {
    const bucket = createTokenBucket({ ratePerS: 10, burst: 5, nowMs: 0 })
    bucket.tokens = 0
    expect(waitForTokensMs(bucket, 1)).toBe(100)
    refill(bucket, 100)
    expect(waitForTokensMs(bucket, 1)).toBe(0)
  })

  it('without a limit stays without one', () => {
    const bucket = createTokenBucket({ ratePerS: 0, burst: 1, nowMs: 0 })
    widen(bucket, { ratePerS: 1, burst: 1 })
    bucket.tokens -= 1_000_000
    refill(bucket, 1)
    expect(bucket.tokens).toBe(Infinity)
  })
})

describe('what goes out', () => {
  const aPeer = (highWaterMark: number) => {
    const writes: Buffer[] = []
    let release: (() => void) | undefined
    const raw = new Duplex({
      read() {},
      writableHighWaterMark: highWaterMark,
      write(chunk: Buffer, _encoding, done) {
        writes.push(chunk)
        if (chunk.length < highWaterMark) done()
        else release = done
      },
    })
    return { raw, writes, read: () => release?.() }
  }

  it('gathers small writes into one and keeps their order with large ones', async () => {
    const { raw, writes } = aPeer(1_000_000)
    const stream = createOutbound({ raw, drainTimeoutMs: 1000, onDrain: () => {} })
    const sent: Buffer[] = []
    for (const size of [1, 1, 2, 300, 800, 5000, 1, 2]) {
      sent.push(Buffer.alloc(size, size % 251))
      stream.write(sent.at(-1))
    }
    await new Promise(setImmediate)
    expect(Buffer.concat(writes)).toEqual(Buffer.concat(sent))
    expect(writes.map((each) => each.length)).toEqual([304, 800, 5000, 3])
  })

  it('says when the peer does not read, and when it reads again', async () => {
    const { raw, read } = aPeer(4)
    let drains = 0
    const stream = createOutbound({ raw, drainTimeoutMs: 60_000, onDrain: () => drains++ })
    stream.write(Buffer.alloc(8))
    await new Promise(setImmediate)
    expect(stream.isCongested).toBe(true)
    expect(stream.write(Buffer.alloc(1))).toBe(false)
    read()
    await vi.waitFor(() => expect(drains).toBe(1))
    expect(stream.isCongested).toBe(false)
    stream.destroy()
  })

  it('ends a peer that does not read for too long', async () => {
    const { raw } = aPeer(4)
    const stream = createOutbound({ raw, drainTimeoutMs: 20, onDrain: () => {} })
    const fault = new Promise<Error>((resolve) => stream.once('error', resolve))
    stream.write(Buffer.alloc(8))
    expect(await fault).toMatchObject({ code: 'slow-reader' })
    expect(raw.destroyed).toBe(true)
  })

  it('lets its last words out before it closes', async () => {
    const { raw, writes } = aPeer(1_000_000)
    const stream = createOutbound({ raw, drainTimeoutMs: 1000, onDrain: () => {} })
    stream.write(Buffer.from('bye'))
    stream.destroy()
    await vi.waitFor(() => expect(raw.destroyed).toBe(true))
    expect(Buffer.concat(writes).toString()).toBe('bye')
  })
})
