import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { generate, type Packet, parser } from 'mqtt-packet'
import { describe, expect, it, vi } from 'vitest'
import type { RefusalName } from '../../broker/index.ts'
import { createFairTurn } from '../../broker/wire/fair-turn.ts'
import {
  frameLength,
  incomplete,
  isPublish,
  isReply,
  isSosPublish,
  malformed,
  protocolLevel,
} from '../../broker/wire/frames.ts'
import { createGate } from '../../broker/wire/gate.ts'
import { createHeldFrames } from '../../broker/wire/held-frames.ts'
import { createTokenBucket } from '../../broker/wire/token-bucket.ts'
import { connectPacket, publish } from './raw-client.ts'

const topic = fc.oneof(
  fc.constant('v1/devices/d1/sos'),
  fc.constant('/sos'),
  fc.constant('sos'),
  fc.constant('v1/devices/d1/telemetry/sos-test'),
  fc.string({ minLength: 1, maxLength: 80 }),
)
const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc
    .tuple(topic, fc.uint8Array({ maxLength: 300 }), fc.constantFrom(0, 1, 2), fc.integer({ min: 1, max: 65_535 }))
    .map(([name, payload, qos, messageId]) =>
      publish(name, Buffer.from(payload), { qos: qos as 0 | 1 | 2, messageId }),
    ),
  fc.constant<Packet>({ cmd: 'pingreq' }),
  fc.integer({ min: 1, max: 65_535 }).map((messageId): Packet => ({ cmd: 'puback', messageId })),
)
const packets = fc.array(packet, { minLength: 1, maxLength: 20 })

describe('frames', () => {
  it('end where the packet ends, and their sort is told from their first bytes', () => {
    fc.assert(
      fc.property(packet, fc.nat(50), (each, offset) => {
        const frame = generate(each)
        const bytes = Buffer.concat([Buffer.alloc(offset), frame, Buffer.from([0x30])])
        expect(frameLength(bytes, offset)).toBe(frame.length)
        expect(isPublish(bytes, offset)).toBe(each.cmd === 'publish')
        expect(isReply(bytes, offset)).toBe(each.cmd === 'puback' || each.cmd === 'pingreq')
        expect(isSosPublish(bytes, offset, frame.length)).toBe(each.cmd === 'publish' && each.topic.endsWith('/sos'))
      }),
    )
  })

  it('never look beyond their end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 40 }), (bytes) => {
        const length = frameLength(bytes, 0)
        expect(length === malformed || length === incomplete || length >= 2).toBe(true)
        if (length < 2 || length > bytes.length) return
        const own = bytes.slice(0, length)
        const followed = Buffer.concat([own, Buffer.from('/sos/sos/sos')])
        expect(isSosPublish(followed, 0, length)).toBe(isSosPublish(own, 0, length))
        expect(protocolLevel(followed, 0, length)).toBe(protocolLevel(own, 0, length))
      }),
    )
  })

  it('are known to be too long or malformed before their body arrives', () => {
    expect(frameLength(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]), 0)).toBe(268_435_455 + 5)
    expect(frameLength(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff]), 0)).toBe(malformed)
    expect(frameLength(Buffer.from([0x30, 0xff, 0xff, 0xff]), 0)).toBe(incomplete)
  })

  it('tell the version of a CONNECT, a bridge included', () => {
    const frame = generate(connectPacket('d1'))
    expect(protocolLevel(frame, 0, frame.length)).toBe(4)
    frame[8] = 0x84
    expect(protocolLevel(frame, 0, frame.length)).toBe(4)
  })
})

describe('held frames', () => {
  it('come out once each, in order, those picked out ahead of the others', () => {
    const step = fc.oneof(
      packets.map((list) => ({ type: 'push' as const, list })),
      fc.integer({ min: 1, max: 8 }).map((count) => ({ type: 'take' as const, count })),
      fc.integer({ min: 0, max: 4 }).map((count) => ({ type: 'extract' as const, count })),
    )
    const isPicked = (bytes: Buffer, at: number) => isReply(bytes, at)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const held = createHeldFrames()
        let pushed: Buffer[] = []
        const taken: Buffer[] = []
        const extracted: Buffer[] = []
        const takeAll = (count: number) => {
          const slice = held.take(count, isPublish)
          const frames = split(slice.bytes)
          expect(slice.frames).toBe(frames.length)
          expect(slice.matching).toBe(frames.filter((frame) => isPublish(frame, 0)).length)
          taken.push(...frames)
        }
        for (const next of steps) {
          if (next.type === 'push') {
            const frames = next.list.map((each) => generate(each))
            pushed = pushed.concat(frames)
            held.push(Buffer.concat(frames), 0, Buffer.concat(frames).length)
          } else if (next.type === 'take' && !held.isEmpty) takeAll(next.count)
          else if (next.type === 'extract') extracted.push(...held.extract(next.count, isPicked))
          const out = Buffer.concat([...taken, ...extracted]).length
          expect(held.bytes).toBe(Buffer.concat(pushed).length - out)
        }
        while (!held.isEmpty) takeAll(100)
        const isRegular = (frame: Buffer) => !isPicked(frame, 0)
        expect(taken.filter(isRegular)).toEqual(pushed.filter(isRegular))
        const picked = [...taken, ...extracted].filter((frame) => !isRegular(frame))
        expect(picked.map(hex).sort()).toEqual(
          pushed
            .filter((frame) => !isRegular(frame))
            .map(hex)
            .sort(),
        )
      }),
    )
  })
})

function split(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = frameLength(bytes, at)
    frames.push(bytes.subarray(at, at + length))
    at += length
  }
  return frames
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex')
}

/** A gate whose packets are handled when the test says so. */
function aGate(overrides: { framesPerTurn?: number; inFlightMax?: number; tokens?: number; bytesMax?: number } = {}) {
  const raw = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const parsed: Packet[] = []
  const refused: RefusalName[] = []
  const reader = parser()
  reader.on('packet', (each: Packet) => parsed.push(each))
  const state = { isCongested: false, isDrained: false, throttles: 0 }
  const turn = createFairTurn({ framesPerTurn: overrides.framesPerTurn ?? 1000, isIntakeFull: () => false })
  const gate = createGate({
    raw,
    limits: { packetBytesMax: 1024, inFlightMax: overrides.inFlightMax ?? 1000 },
    turn,
    hold: { bytes: 0, bytesMax: overrides.bytesMax ?? 1_000_000 },
    now: () => 0,
    parse: (bytes) => void reader.parse(bytes),
    isCongested: () => state.isCongested,
    refuse: (name) => {
      refused.push(name)
      gate.close()
    },
    onDrained: () => {
      state.isDrained = true
    },
    onThrottled: (isThrottled) => {
      if (isThrottled) state.throttles++
    },
  })
  const send = (bytes: Buffer) => raw.push(bytes)
  const open = async () => {
    send(generate(connectPacket('d1')))
    await vi.waitFor(() => expect(parsed).toHaveLength(1))
    gate.open(createTokenBucket({ ratePerS: 1, burst: overrides.tokens ?? 1000, nowMs: 0 }))
    gate.onHandled()
    parsed.length = 0
  }
  const names = () => parsed.map((each) => (each.cmd === 'publish' ? each.topic : each.cmd))
  return { raw, gate, turn, send, open, parsed, names, refused, state }
}

const reading = publish('v1/devices/d1/telemetry/noise', '{}', { qos: 0 })
const sos = publish('v1/devices/d1/sos', '{}', { qos: 1 })
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

describe('the gate', () => {
  it('lets every packet through once and in order, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(packets, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (list, cuts) => {
        const house = aGate({ framesPerTurn: 3 })
        await house.open()
        const bytes = Buffer.concat(list.map((each) => generate(each)))
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = cuts[i % cuts.length]!
          house.send(bytes.subarray(at, at + size))
          at += size
          if (i % 7 === 0) await turns(1)
        }
        await vi.waitFor(() => expect(house.parsed).toHaveLength(list.length), { interval: 1 })
        const regular = (each: Packet) => each.cmd === 'publish' && !each.topic.endsWith('/sos')
        const payloads = (all: readonly Packet[]) =>
          all.filter(regular).map((each) => Buffer.from((each as { payload: Buffer }).payload).toString('hex'))
        expect(payloads(house.parsed)).toEqual(payloads(list))
        house.turn.stop()
      }),
      { numRuns: 40 },
    )
  })

  it('lets nothing but CONNECT through before it is opened', async () => {
    const { gate, send, parsed, names } = aGate()
    send(Buffer.concat([connectPacket('d1'), reading, sos].map((each) => generate(each))))
    await turns(3)
    expect(names()).toEqual(['connect'])
    parsed.length = 0
    gate.open(createTokenBucket({ ratePerS: 0, burst: 1, nowMs: 0 }))
    gate.onHandled()
    await turns(1)
    expect(parsed).toHaveLength(2)
  })

  it('lets an SOS, a ping and an acknowledgement pass readings that are not settled', async () => {
    const { send, open, names } = aGate({ inFlightMax: 2 })
    await open()
    const frames = [
      reading,
      reading,
      reading,
      { cmd: 'pingreq' } as const,
      sos,
      { cmd: 'puback', messageId: 4 } as const,
    ]
    send(Buffer.concat(frames.map((each) => generate(each))))
    await turns(3)
    const telemetry = 'v1/devices/d1/telemetry/noise'
    expect(names()).toEqual([telemetry, telemetry, 'pingreq', 'v1/devices/d1/sos', 'puback'])
  })

  it('lets an SOS pass while the device is above its rate, at no cost to it', async () => {
    const { send, open, names, state } = aGate({ tokens: 1 })
    await open()
    send(Buffer.concat([reading, reading, sos, sos].map((each) => generate(each))))
    await turns(3)
    expect(names().slice(1)).toEqual(['v1/devices/d1/sos', 'v1/devices/d1/sos'])
    expect(state.throttles).toBe(1)
  })

  it('hands nothing but an SOS on while the peer does not read its acknowledgements', async () => {
    const { gate, send, open, names, state } = aGate()
    await open()
    state.isCongested = true
    send(Buffer.concat([reading, { cmd: 'pingreq' } as const, sos].map((each) => generate(each as Packet))))
    await turns(3)
    expect(names()).toEqual(['v1/devices/d1/sos'])
    state.isCongested = false
    gate.onDrain()
    expect(names()).toHaveLength(3)
  })

  it('spreads a flood of SOS over rounds, so that one stuck button does not stop the others', async () => {
    const { send, open, parsed } = aGate({ inFlightMax: 1 })
    await open()
    send(Buffer.concat([reading, ...Array.from({ length: 30 }, () => sos)].map((each) => generate(each))))
    await new Promise(process.nextTick)
    expect(parsed.length).toBeLessThan(30)
    await turns(4)
    expect(parsed).toHaveLength(31)
  })

  it('leaves the socket unread when it has read ahead enough, and reads on later', async () => {
    const { raw, gate, send, open, parsed } = aGate({ inFlightMax: 1 })
    await open()
    send(generate(reading))
    for (let i = 0; i < 60; i++) send(generate(reading))
    await turns(2)
    expect(raw.isPaused()).toBe(true)
    const late = generate(sos)
    send(late)
    for (let i = 0; i < 61; i++) {
      gate.onHandled()
      await turns(1)
    }
    expect(raw.isPaused()).toBe(false)
    expect(parsed.filter((each) => each.cmd === 'publish')).toHaveLength(62)
  })

  it('reads nothing ahead when all connections together hold too much', async () => {
    const { raw, send, open } = aGate({ inFlightMax: 1, bytesMax: 10 })
    await open()
    send(Buffer.concat([reading, reading].map((each) => generate(each))))
    await turns(2)
    expect(raw.isPaused()).toBe(true)
  })

  it('is drained when the peer has ended and everything is handled, not before', async () => {
    const { raw, gate, send, open, state } = aGate({ inFlightMax: 1 })
    await open()
    send(Buffer.concat([reading, reading].map((each) => generate(each))))
    raw.push(null)
    await turns(3)
    expect(state.isDrained).toBe(false)
    gate.onHandled()
    await turns(1)
    expect(state.isDrained).toBe(false)
    gate.onHandled()
    expect(state.isDrained).toBe(true)
  })
})
