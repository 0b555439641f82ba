import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { TelemetryFrame } from '../../ingest/frame.ts'
import { createFrameSender } from '../../ingest/frame-sender.ts'

function aSender(lingerMs = 0) {
  const sent: TelemetryFrame[] = []
  const settled: number[] = []
  const sender = createFrameSender({
    isKnownKind: (kindId) => kindId === 'noise',
    send: (frame) => sent.push(frame),
    lingerMs,
  })
  let submitted = 0
  return {
    sender,
    sent,
    settled,
    submit(count: number, kindId = 'noise') {
      for (let i = 0; i < count; i++) {
        const no = submitted++
        const message = { deviceId: 'n-1', kindId, topic: 't', payload: Buffer.from('{}'), receivedAtMs: no }
        sender.intake.submit(message, (error) => settled.push(error ? -no : no))
      }
    },
    answer(frame: TelemetryFrame, error?: string) {
      sender.settled(frame.id, frame as never, error)
    },
  }
}

describe('frames on their way', () => {
  it('settle in the order of the messages, though slice by slice and frame after frame', async () => {
    const { sender, sent, settled, submit, answer } = aSender()
    sender.open()
    submit(2000)
    await nextTurn()
    submit(2000)
    await nextTurn()
    expect(sent.map((frame) => frame.count)).toEqual([2000, 2000])
    answer(sent[0]!)
    answer(sent[1]!)
    expect(settled.length, 'not all in one turn').toBeLessThan(4000)
    while (settled.length < 4000) await nextTurn()
    expect(settled).toEqual(Array.from({ length: 4000 }, (_, i) => i))
    expect(sender.intake.pendingCount).toBe(0)
  })

  it('are never more than two, and what waits leaves together', async () => {
    const { sender, sent, submit, answer } = aSender()
    sender.open()
    for (let turn = 0; turn < 6; turn++) {
      submit(10)
      await nextTurn()
    }
    expect(sent.map((frame) => frame.count)).toEqual([10, 10])
    answer(sent[0]!)
    expect(sent.map((frame) => frame.count)).toEqual([10, 10, 40])
  })

  it('let a lone message go at once and gather what follows close behind, unless it is many', async () => {
    const { sender, sent, submit } = aSender(60_000)
    sender.open()
    submit(1)
    await nextTurn()
    submit(3)
    await nextTurn()
    expect(sent.map((frame) => frame.count)).toEqual([1])
    submit(125)
    await nextTurn()
    expect(sent.map((frame) => frame.count)).toEqual([1, 128])
  })

  it('leave when the pause is over, or when asked to', async () => {
    const { sender, sent, submit } = aSender(20)
    sender.open()
    submit(1)
    await nextTurn()
    submit(1)
    await expect.poll(() => sent.length).toBe(2)
    sender.settled(sent[0]!.id, sent[0] as never, undefined)
    submit(1)
    sender.flush()
    expect(sent.length).toBe(3)
  })

  it('name a source once, and spell out what is of no kind', async () => {
    const { sender, sent, submit } = aSender()
    sender.open()
    submit(2)
    submit(1, 'no-such-kind')
    await nextTurn()
    submit(1)
    await nextTurn()
    expect(sent.map((frame) => frame.newSources.length)).toEqual([1, 0])
    expect([...sent[0]!.sourceNo.subarray(0, 3)]).toEqual([0, 0, -1])
    expect(sent[0]!.strays).toEqual([{ index: 2, deviceId: 'n-1', topic: 't' }])
  })

  it('carry what was rejected again when they fail', async () => {
    const { sender, sent, answer } = aSender()
    sender.open()
    sender.intake.countRejected('n-1')
    sender.intake.countRejected('n-1')
    await nextTurn()
    sender.intake.countRejected('n-2')
    answer(sent[0]!, 'disk full')
    await expect.poll(() => sent.length).toBe(2)
    expect(sent[1]!.rejected.toSorted((a, b) => a.count - b.count)).toEqual([
      { deviceId: 'n-2', count: 1 },
      { deviceId: 'n-1', count: 2 },
    ])
    sender.failAll(new Error('gone'))
    sender.open()
    await expect.poll(() => sent.length).toBe(3)
    expect(sent[2]!.rejected.length).toBe(2)
  })

  it('are all refused when the other side is gone, and numbered anew for the next', async () => {
    const { sender, sent, settled, submit } = aSender()
    sender.open()
    submit(1)
    await nextTurn()
    submit(2)
    sender.failAll(new Error('gone'))
    while (settled.length < 3) await nextTurn()
    expect(settled).toEqual([-0, -1, -2])
    sender.open()
    submit(1)
    await nextTurn()
    expect(sent.at(-1)!.newSources.length).toBe(1)
  })
})
