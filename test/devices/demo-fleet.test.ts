import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findKind } from '../../contracts/kinds/index.ts'
import { fieldValuesSchema } from '../../contracts/kinds/kind.ts'
import { parseUpTopic, topics } from '../../contracts/topics.ts'
import { behaviourOf, smokeEpisode } from '../../devices/demo-city/behaviour.ts'
import { createDemoCity, createDemoFleet, type DemoDevice } from '../../devices/demo-city/index.ts'
import { startTestBroker, type TestBroker } from './test-broker.ts'

const log = { info: () => undefined, warn: () => undefined }
const city = createDemoCity(1)
const oneOfEachKind = [...new Map(city.devices.map((device) => [device.kind, device])).values()].map(
  (device): DemoDevice => city.devices.find((other) => other.kind === device.kind && !behaviourOf(other.id).isAway)!,
)
/** A moment at which no device with a story is away. */
const nowMs = Date.UTC(2026, 0, 15, 9, 20)

let broker: TestBroker
beforeEach(async () => {
  broker = await startTestBroker()
})
afterEach(() => broker.stop())

function aFleet(
  devices: readonly DemoDevice[],
  more: { historyH?: number; newestAtMs?: () => number; clock?: () => number },
) {
  return createDemoFleet({
    mqttUrl: broker.url,
    devices: devices.map((device) => ({ device, secret: 'secret' })),
    seed: 1,
    log,
    now: more.clock ?? (() => nowMs),
    historyH: more.historyH,
    newestAtMs: more.newestAtMs,
  })
}

function readingsOf(deviceId: string): Record<string, number>[] {
  return broker.received
    .filter(({ topic }) => topic.startsWith(`v1/devices/${deviceId}/telemetry/`))
    .flatMap(({ payload }) => [JSON.parse(payload.toString())].flat() as Record<string, number>[])
}

describe('the demo fleet', () => {
  it('sends its history oldest first, on a grid, valid for its kind, and not into the future', async () => {
    const fleet = aFleet(oneOfEachKind, { historyH: 2 })
    await fleet.start()
    const expected = (device: DemoDevice) => 7200 / findKind(device.kind)!.reportEveryS
    await broker.until(() => oneOfEachKind.every((device) => readingsOf(device.id).length >= expected(device) - 1))
    await fleet.stop()
    for (const device of oneOfEachKind) {
      const kind = findKind(device.kind)!
      const readings = readingsOf(device.id)
      const times = readings.map(({ ts }) => ts!)
      expect(times, device.id).toEqual([...new Set(times)].sort((a, b) => a - b))
      expect(times.at(-1)).toBeLessThanOrEqual(nowMs)
      expect(times[0]).toBeGreaterThan(nowMs - 7_200_000)
      for (const { ts: _ts, ...values } of readings)
        expect(fieldValuesSchema(kind).safeParse(values).success).toBe(true)
      for (let at = 1; at < times.length; at++) expect((times[at]! - times[0]!) % (kind.reportEveryS * 1000)).toBe(0)
    }
  })

  it('publishes only to topics that are its own', async () => {
    const fleet = aFleet(oneOfEachKind, { historyH: 1 })
    await fleet.start()
    await broker.until(() => oneOfEachKind.every((device) => readingsOf(device.id).length > 0))
    await fleet.stop()
    for (const { clientId, topic } of broker.received) {
      const route = parseUpTopic(topic)?.route
      expect(route && 'deviceId' in route && route.deviceId).toBe(clientId)
    }
  })

  it('sends nothing the server already has', async () => {
    const device = oneOfEachKind[0]!
    const fleet = aFleet([device], { historyH: 6, newestAtMs: () => nowMs - 60_000 })
    await fleet.start()
    await broker.until(() => readingsOf(device.id).length >= 1)
    await fleet.stop()
    expect(Math.min(...readingsOf(device.id).map(({ ts }) => ts!))).toBeGreaterThan(nowMs - 60_000)
  })

  it('goes on reporting as time passes', async () => {
    const device = oneOfEachKind[0]!
    let atMs = nowMs
    const fleet = aFleet([device], { historyH: 0, clock: () => atMs })
    await fleet.start()
    await broker.until(() => broker.received.some(({ topic }) => topic === topics.status(device.id)))
    const moving = setInterval(() => {
      atMs += findKind(device.kind)!.reportEveryS * 1000
    }, 20)
    await broker.until(() => readingsOf(device.id).length >= 3)
    clearInterval(moving)
    await fleet.stop()
  })

  it('answers a command with its result', async () => {
    const device = oneOfEachKind[0]!
    const fleet = aFleet([device], { historyH: 0 })
    broker.aedes.on('subscribe', () =>
      broker.aedes.publish(
        { cmd: 'publish', dup: false, retain: false, qos: 1, topic: topics.command(device.id, 'c1'), payload: '{}' },
        () => undefined,
      ),
    )
    await fleet.start()
    await broker.until(() => broker.received.some(({ topic }) => topic === topics.commandResult(device.id, 'c1')))
    await fleet.stop()
  })

  it('leaves without a DISCONNECT where its story says so, and comes back', async () => {
    const device = city.devices.find(({ id }) => behaviourOf(id).isAway)!
    let atMs = Date.UTC(2026, 0, 15, 9, 10)
    const connected: string[] = []
    const left: string[] = []
    broker.aedes.on('client', (client) => connected.push(client.id))
    broker.aedes.on('clientDisconnect', (client) => left.push(client.id))
    const fleet = aFleet([device], { historyH: 0, clock: () => atMs })
    await fleet.start()
    await broker.until(() => connected.length === 1 && broker.received.length > 0)
    atMs = Date.UTC(2026, 0, 15, 9, 50)
    await broker.until(() => broker.received.some(({ payload }) => payload.toString() === '{"online":false}'))
    atMs = Date.UTC(2026, 0, 15, 10, 5)
    await broker.until(() => broker.received.filter(({ payload }) => payload.includes('"online":true')).length === 2)
    await fleet.stop()
    expect(left[0]).toBe(device.id)
  })

  it('stops while it cannot reach the server', async () => {
    const fleet = aFleet(oneOfEachKind, { historyH: 24 })
    await fleet.start()
    await broker.until(() => broker.received.length > 0)
    broker.cut()
    await fleet.stop()
    await fleet.stop()
  })
})

describe('the stories of the demo city', () => {
  const everyMinute = Array.from({ length: 24 * 60 }, (_none, minute) => nowMs + minute * 60_000)

  it('raises and clears the PM2.5 threshold once per smoke episode', () => {
    const threshold = findKind('air-quality')!.thresholds.find(({ field }) => field === 'pm25')!
    const levels = everyMinute.map((atMs) => smokeEpisode.shape!({ pm25: 12, pm10: 20 }, atMs).pm25!)
    expect(levels.some((level) => level > threshold.raiseAbove!)).toBe(true)
    expect(levels.some((level) => level < threshold.clearBelow!)).toBe(true)
    const longest = longestRun(levels.map((level) => level > threshold.raiseAbove!))
    expect(longest * 60).toBeGreaterThan(threshold.holdS)
  })

  it.each(city.devices.filter(({ id }) => behaviourOf(id).shape).map((device) => [device.id, device] as const))(
    '%s stays within its kind’s ranges through its story',
    (id, device) => {
      const kind = findKind(device.kind)!
      const highest = Object.fromEntries(
        Object.entries(kind.fields).map(([name, { min, max }]) => [name, min + (max - min) / 3]),
      )
      for (const atMs of everyMinute) {
        expect(fieldValuesSchema(kind).safeParse(behaviourOf(id).shape!(highest, atMs)).success).toBe(true)
      }
    },
  )
})

function longestRun(flags: readonly boolean[]): number {
  let longest = 0
  let run = 0
  for (const flag of flags) {
    run = flag ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}
