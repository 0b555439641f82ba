import { fieldNames, type Kind } from '../../contracts/kinds/kind.ts'
import { topics } from '../../contracts/topics.ts'
import { between, type Random } from '../random.ts'
import { nothing, type Outcome, type Step } from './step.ts'

/** What a fault is made from: the device, its random stream, and its next good readings. */
export interface FaultContext {
  readonly deviceId: string
  readonly kind: Kind
  readonly random: Random
  /** A fresh reading with a time and a sequence number that were never used before. */
  readonly reading: () => Reading
  readonly startedAtMs: number
}
export type Reading = Record<string, number> & { readonly ts: number; readonly seq: number }

const minuteMs = 60_000
const dayMs = 86_400_000

/**
 * Every way in which devices in the field misbehave, with what a correct server makes of it, counted in readings.
 * @see docs/device-guide.md for the reasons of quarantine
 */
export const faults = {
  late: (c) => [publish(c, { ...c.reading(), ts: c.startedAtMs - lateness(c) }, { stored: 1 })],
  'sent-twice': (c) => {
    const reading = c.reading()
    return [publish(c, reading, { stored: 1 }), publish(c, reading, { duplicate: 1 })]
  },
  'doubled-in-a-batch': (c) => {
    const reading = c.reading()
    return [publish(c, [reading, reading], { stored: 1, duplicate: 1 })]
  },
  reordered: (c) => {
    const readings = [c.reading(), c.reading(), c.reading()]
    return readings.reverse().map((reading) => publish(c, reading, { stored: 1 }))
  },
  'batch-of-readings': (c) => [publish(c, Array.from({ length: 5 }, c.reading), { stored: 5 })],
  'senml-pack': (c) => [publish(c, senml(c), { stored: 1 })],
  'time-as-text': (c) => {
    const reading = c.reading()
    return [publish(c, { ...reading, ts: new Date(reading.ts).toISOString() }, { stored: 1 })]
  },
  'no-time': (c) => {
    const { ts: _ts, ...reading } = c.reading()
    // The server's clock dates it, so a resend would be another reading.
    return [{ ...publish(c, reading, { stored: 1 }), once: true }]
  },
  'clock-a-little-ahead': (c) => [publish(c, { ...c.reading(), ts: c.startedAtMs + minuteMs }, { stored: 1 })],
  'clock-an-hour-ahead': (c) => [publish(c, { ...c.reading(), ts: c.startedAtMs + 60 * minuteMs }, { quarantined: 1 })],
  'clock-reset': (c) => [publish(c, { ...c.reading(), ts: Math.floor(c.random() * dayMs) }, { quarantined: 1 })],
  'a-month-old': (c) => [publish(c, { ...c.reading(), ts: c.startedAtMs - 30 * dayMs }, { quarantined: 1 })],
  'time-is-nonsense': (c) => [publish(c, { ...c.reading(), ts: 'yesterday' }, { quarantined: 1 })],
  'sequence-is-nonsense': (c) => [publish(c, { ...c.reading(), seq: -1 }, { quarantined: 1 })],
  garbage: (c) => [raw(c, garbageBytes(c.random), { quarantined: 1 })],
  'cut-off': (c) => [raw(c, Buffer.from(JSON.stringify(c.reading()).slice(0, -4)), { quarantined: 1 })],
  'not-an-object': (c) => [publish(c, 'hello', { quarantined: 1 })],
  'wrong-type': (c) => [publish(c, { ...c.reading(), [firstField(c)]: 'high' }, { quarantined: 1 })],
  'out-of-range': (c) => [publish(c, outOfRange(c), { quarantined: 1 })],
  'no-field-of-its-kind': (c) => {
    const { ts, seq } = c.reading()
    return [publish(c, { ts, seq, colour: 5 }, { quarantined: 1 })]
  },
  'unknown-kind': (c) => [
    { ...publish(c, c.reading(), { quarantined: 1 }), topic: topics.telemetry(c.deviceId, 'teapot') },
  ],
  'one-bad-in-a-batch': (c) => [publish(c, [c.reading(), outOfRange(c), c.reading()], { stored: 2, quarantined: 1 })],
  'oversize-batch': (c) => [oversizeBatch(c)],
  'line-dropped': () => [{ type: 'drop', times: 1 }],
  'reconnect-storm': () => [{ type: 'drop', times: 5 }],
  trespass: (c) => [
    {
      type: 'trespass',
      topic: topics.telemetry(`${c.deviceId}-neighbour`, c.kind.id),
      payload: encode(c.reading()),
      expected: { ...nothing, rejected: 1 },
    },
  ],
} satisfies Record<string, (context: FaultContext) => Step[]>

export type FaultId = keyof typeof faults
export const faultIds = Object.keys(faults) as FaultId[]

export function publish(
  context: Pick<FaultContext, 'deviceId' | 'kind'>,
  body: unknown,
  expected: Partial<Outcome>,
): Step & { type: 'publish' } {
  return raw(context, encode(body), expected)
}

function raw(
  { deviceId, kind }: Pick<FaultContext, 'deviceId' | 'kind'>,
  payload: Buffer,
  expected: Partial<Outcome>,
): Step & { type: 'publish' } {
  return { type: 'publish', topic: topics.telemetry(deviceId, kind.id), payload, expected: { ...nothing, ...expected } }
}

function encode(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body))
}

/** Ten minutes to twenty hours. */
function lateness({ random }: FaultContext): number {
  return Math.floor(between(random, 10 * minuteMs, 20 * 60 * minuteMs))
}

/** Starts with a byte that no UTF-8 text contains, so that chance cannot make it a number. */
function garbageBytes(random: Random): Buffer {
  return Buffer.from([0xff, ...Array.from({ length: 1 + Math.floor(random() * 60) }, () => Math.floor(random() * 256))])
}

function firstField({ kind }: FaultContext): string {
  return fieldNames(kind)[0]!
}

function outOfRange(context: FaultContext): Record<string, number> {
  const name = firstField(context)
  return { ...context.reading(), [name]: context.kind.fields[name]!.max + 1 }
}

/** RFC 8428: one record per field under a common base time. The sequence number has no place in it, the time is its own. */
function senml(context: FaultContext): unknown[] {
  const { ts, seq, ...values } = context.reading()
  // Before all others, a millisecond apart: no other reading of this device can have the same time.
  const atS = (context.startedAtMs - dayMs - seq) / 1000
  return Object.entries(values).map(([name, value], index) =>
    index === 0 ? { bt: atS, n: name, v: value } : { n: name, v: value },
  )
}

/** As many readings as fit in a packet, far more than a server should take at once; it is one message, refused whole. */
function oversizeBatch(context: FaultContext): Step {
  const reading = { ts: context.reading().ts, [firstField(context)]: context.kind.fields[firstField(context)]!.min }
  return publish(
    context,
    Array.from({ length: 1100 }, () => reading),
    { quarantined: 1 },
  )
}
