import { connect, type MqttClient } from 'mqtt'
import { io, type Socket } from 'socket.io-client'
import { type LiveDelta, liveEvents } from '../contracts/live.ts'
import { topics } from '../contracts/topics.ts'
import { createRandom } from '../devices/random.ts'

/**
 * Wearables that press and an operator who watches, in one process so that one clock times both ends, and in a
 * process of its own so that nothing else delays it. Each wearable presses once: a second press would join the first.
 */
export type ProbeCall =
  | {
      readonly call: 'open'
      readonly mqttPort: number
      readonly origin: string
      readonly token: string
      readonly wearables: readonly string[]
    }
  | { readonly call: 'press'; readonly perS: number; readonly seed: number; readonly waitMs: number }
  | { readonly call: 'close' }

export interface ProbeResult {
  /** Press to the operator's event, one per press that arrived. */
  readonly latenciesMs: readonly number[]
  /** Press to PUBACK. */
  readonly pubacksMs: readonly number[]
  readonly pressed: number
}

let wearables: MqttClient[] = []
let operator: Socket | undefined
const arrivedAtMs = new Map<string, number>()

async function open({ mqttPort, origin, token, wearables: ids }: ProbeCall & { call: 'open' }): Promise<void> {
  operator = io(origin, { auth: { token }, transports: ['websocket'] })
  operator.on(liveEvents.delta, ({ sos = [] }: LiveDelta) => {
    const atMs = performance.now()
    for (const { deviceId = '' } of sos) if (!arrivedAtMs.has(deviceId)) arrivedAtMs.set(deviceId, atMs)
  })
  await new Promise<void>((resolve, reject) => {
    operator!.once('connect', resolve)
    operator!.once('connect_error', reject)
  })
  const answer = (await operator.timeout(10_000).emitWithAck(liveEvents.subscribe, {})) as {
    ok?: true
    error?: { message: string }
  }
  if (!answer.ok) throw new Error(`the operator was refused: ${answer.error?.message}`)
  wearables = await Promise.all(ids.map((id) => connectWearable(mqttPort, id)))
}

async function connectWearable(port: number, id: string): Promise<MqttClient> {
  const options = { clientId: id, username: id, password: 'any', protocolVersion: 4, keepalive: 300 } as const
  const client = connect(`mqtt://127.0.0.1:${port}`, options)
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve())
    client.once('error', reject)
  })
  return client
}

async function press({ perS, seed, waitMs }: ProbeCall & { call: 'press' }): Promise<ProbeResult> {
  const random = createRandom(seed, 'presses')
  const pressedAtMs = new Map<string, number>()
  const pubacksMs: number[] = []
  const acknowledged: Promise<void>[] = []
  for (const wearable of wearables) {
    const id = wearable.options.clientId!
    // Uneven on purpose: presses in step with the server's batches would all be lucky, or all unlucky.
    await new Promise((resolve) => setTimeout(resolve, (2000 / perS) * random()))
    const payload = JSON.stringify({ ts: Date.now(), trigger: 'manual', batteryPct: 80 })
    const atMs = performance.now()
    pressedAtMs.set(id, atMs)
    acknowledged.push(
      wearable.publishAsync(topics.sos(id), payload, { qos: 1 }).then(() => {
        pubacksMs.push(performance.now() - atMs)
      }),
    )
  }
  const untilMs = performance.now() + waitMs
  while (pressedAtMs.size > countArrived(pressedAtMs) && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await Promise.race([Promise.all(acknowledged), new Promise((resolve) => setTimeout(resolve, waitMs))])
  const latenciesMs = [...pressedAtMs].flatMap(([id, atMs]) => {
    const arrived = arrivedAtMs.get(id)
    return arrived === undefined ? [] : [arrived - atMs]
  })
  return { latenciesMs, pubacksMs, pressed: pressedAtMs.size }
}

function countArrived(pressedAtMs: ReadonlyMap<string, number>): number {
  let count = 0
  for (const id of pressedAtMs.keys()) count += arrivedAtMs.has(id) ? 1 : 0
  return count
}

async function close(): Promise<void> {
  operator?.disconnect()
  await Promise.all(wearables.map((wearable) => wearable.endAsync(true)))
  wearables = []
  arrivedAtMs.clear()
}

async function perform(ask: ProbeCall): Promise<unknown> {
  if (ask.call === 'open') return open(ask)
  if (ask.call === 'press') return press(ask)
  return close()
}

process.on('message', (ask: ProbeCall) => {
  perform(ask).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failure: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
