import type { InboundTelemetry, TelemetryIntake } from '../contracts/ports/telemetry.ts'
import {
  createFrameArrays,
  createFrameBuilder,
  type FrameArrays,
  type FrameBuilder,
  type FrameSource,
  type FrameStray,
  type TelemetryFrame,
} from './frame.ts'

/** Two: one being made durable, one being prepared. More would only add to the wait. */
const framesUnderWayMax = 2
const spareArraysMax = 8
const settlesPerTurn = 512
/**
 * A commit costs the same for one message as for a hundred. Below `eagerCount` messages, frames leave at least this far
 * apart, which halves the work at ten thousand readings a second; a lone message still waits for nothing.
 */
const lingerMsDefault = 4
const eagerCount = 128

type Settle = (error?: Error) => void

export interface FrameSender {
  readonly intake: TelemetryIntake
  /** The other side is ready for frames. */
  open(): void
  flush(): void
  settled(frameId: number, arrays: FrameArrays, error: string | undefined): void
  /** The other side is gone and knows nothing any more. */
  failAll(error: Error): void
}

export interface FrameSenderDeps {
  readonly isKnownKind: (kindId: string) => boolean
  readonly send: (frame: TelemetryFrame, transfer: ArrayBuffer[]) => void
  readonly lingerMs?: number
}

/** What must be answered, and what must not be forgotten, should the frame fail. */
interface FrameUnderWay {
  readonly settles: readonly Settle[]
  readonly rejected: ReadonlyMap<string, number>
}

interface OpenFrame {
  readonly builder: FrameBuilder
  readonly settles: Settle[]
  readonly strays: FrameStray[]
}

/**
 * Gathers messages into frames. A frame leaves at the end of the event-loop turn while the other side has room, else it
 * fills until there is room: a lone message waits for nothing, a flood travels in full frames.
 */
export function createFrameSender(deps: FrameSenderDeps): FrameSender {
  const { isKnownKind, send, lingerMs = lingerMsDefault } = deps
  const underWay = new Map<number, FrameUnderWay>()
  const settling: { readonly settles: readonly Settle[]; readonly error: Error | undefined; from: number }[] = []
  const waiting: OpenFrame[] = []
  const spareArrays: FrameArrays[] = []
  let sourceNos = new Map<string, Map<string, number>>()
  let sourceCount = 0
  let newSources: FrameSource[] = []
  let rejected = new Map<string, number>()
  let frameId = 0
  let isOpen = false
  let isDispatchPlanned = false
  let sentAtMs = Number.NEGATIVE_INFINITY
  let isLingering = false
  let pendingCount = 0

  function sourceNoOf(deviceId: string, kindId: string): number {
    let ofDevice = sourceNos.get(deviceId)
    if (ofDevice === undefined) {
      ofDevice = new Map()
      sourceNos.set(deviceId, ofDevice)
    }
    const known = ofDevice.get(kindId)
    if (known !== undefined) return known
    if (!isKnownKind(kindId)) return -1
    const no = sourceCount++
    ofDevice.set(kindId, no)
    newSources.push({ no, deviceId, kindId })
    return no
  }

  function submit(message: InboundTelemetry, settle: Settle): void {
    const sourceNo = sourceNoOf(message.deviceId, message.kindId)
    const entry = { sourceNo, payload: message.payload, receivedAtMs: message.receivedAtMs }
    let frame = waiting.at(-1)
    if (frame === undefined || !frame.builder.add(entry)) {
      frame = { builder: createFrameBuilder(spareArrays.pop() ?? createFrameArrays()), settles: [], strays: [] }
      waiting.push(frame)
      frame.builder.add(entry)
    }
    if (sourceNo < 0) {
      frame.strays.push({ index: frame.settles.length, deviceId: message.deviceId, topic: message.topic })
    }
    frame.settles.push(settle)
    pendingCount++
    planDispatch()
  }

  function planDispatch(): void {
    if (isDispatchPlanned) return
    isDispatchPlanned = true
    setImmediate(() => {
      isDispatchPlanned = false
      dispatch()
    })
  }

  function lingered(): void {
    isLingering = false
    dispatch()
  }

  function dispatch(isUrgent = false): void {
    if (rejected.size > 0 && waiting.length === 0) {
      waiting.push({ builder: createFrameBuilder(spareArrays.pop() ?? createFrameArrays()), settles: [], strays: [] })
    }
    while (isOpen && waiting.length > 0 && underWay.size < framesUnderWayMax) {
      const waitMs = sentAtMs + lingerMs - performance.now()
      if (waitMs > 0 && waiting.length === 1 && waiting[0]!.builder.count < eagerCount && !isUrgent) {
        if (!isLingering) setTimeout(lingered, waitMs)
        isLingering = true
        return
      }
      sentAtMs = performance.now()
      const { builder, settles, strays } = waiting.shift()!
      const { bytes, payloadEnd, sourceNo, receivedAtMs } = builder.arrays
      const id = ++frameId
      underWay.set(id, { settles, rejected })
      send(
        {
          id,
          count: builder.count,
          bytes,
          payloadEnd,
          sourceNo,
          receivedAtMs,
          newSources,
          strays,
          rejected: Array.from(rejected, ([deviceId, count]) => ({ deviceId, count })),
        },
        [bytes.buffer, payloadEnd.buffer, sourceNo.buffer, receivedAtMs.buffer] as ArrayBuffer[],
      )
      newSources = []
      rejected = new Map()
    }
  }

  /** Nobody will send these again, so they wait for the next frame. */
  function countAgain(lost: ReadonlyMap<string, number>): void {
    for (const [deviceId, count] of lost) rejected.set(deviceId, (rejected.get(deviceId) ?? 0) + count)
    if (lost.size > 0) planDispatch()
  }

  /**
   * A slice per turn: two thousand acknowledgements at once would keep a panic press waiting for all of them.
   * Frames queue, because acknowledgements must leave in the order of the messages [MQTT-4.6.0-2].
   */
  function settleAll(settles: readonly Settle[], error: Error | undefined): void {
    if (settles.length === 0) return
    settling.push({ settles, error, from: 0 })
    if (settling.length === 1) settleSlice()
  }

  function settleSlice(): void {
    for (let left = settlesPerTurn; left > 0 && settling.length > 0; ) {
      const batch = settling[0]!
      const to = Math.min(batch.from + left, batch.settles.length)
      pendingCount -= to - batch.from
      left -= to - batch.from
      for (let i = batch.from; i < to; i++) batch.settles[i]!(batch.error)
      batch.from = to
      if (to === batch.settles.length) settling.shift()
    }
    if (settling.length > 0) setImmediate(settleSlice)
  }

  return {
    intake: {
      submit,
      countRejected(deviceId) {
        rejected.set(deviceId, (rejected.get(deviceId) ?? 0) + 1)
        planDispatch()
      },
      get pendingCount() {
        return pendingCount
      },
    },
    open() {
      isOpen = true
      dispatch()
    },
    flush: () => dispatch(true),
    settled(id, arrays, error) {
      const frame = underWay.get(id)
      underWay.delete(id)
      if (frame && error !== undefined) countAgain(frame.rejected)
      if (spareArrays.length < spareArraysMax) spareArrays.push(arrays)
      // The next frame leaves before this one's acknowledgements are written: the other thread need not wait for them.
      dispatch()
      if (frame) settleAll(frame.settles, error === undefined ? undefined : new Error(error))
    },
    failAll(error) {
      isOpen = false
      const failed = [...underWay.values(), ...waiting].map((frame) => frame.settles)
      for (const frame of underWay.values()) countAgain(frame.rejected)
      underWay.clear()
      waiting.length = 0
      // Numbers were given for a thread that is gone; the next one learns them anew.
      sourceNos = new Map()
      sourceCount = 0
      newSources = []
      for (const settles of failed) settleAll(settles, error)
    },
  }
}
