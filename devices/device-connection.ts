import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { AppError } from '../contracts/errors.ts'
import { topics } from '../contracts/topics.ts'

export interface DeviceCredentials {
  readonly deviceId: string
  /** Absent where the server lets any device in (`open` enrolment). */
  readonly secret: string | undefined
}

export interface DeviceConnectionOptions {
  readonly url: string
  readonly credentials: DeviceCredentials
  /** False keeps the session, so that commands wait at the server while the device is away. */
  readonly cleanSession: boolean
  readonly reconnectAfterMs: number
  /** Called for every QoS 1 PUBLISH that leaves, resends included, with the very buffer that was handed to `publish`. */
  readonly onSend?: (payload: Uint8Array) => void
  readonly onClose?: () => void
  readonly onCommand?: (command: { readonly commandId: string; readonly payload: Uint8Array }) => void
}

/**
 * One device's MQTT connection as real firmware keeps it: QoS 1, everything unacknowledged is kept and sent again
 * after a reconnect, and a Last Will says that it went away.
 */
export interface DeviceConnection {
  /** Resolves with the first CONNACK. @throws AppError `mqtt-refused` when the server says no */
  open(): Promise<void>
  /**
   * Resolves when the server has acknowledged (QoS 1) or the bytes have left (QoS 0), across reconnects.
   * @throws AppError `device-closed` when the device is switched off first
   */
  publish(message: {
    readonly topic: string
    readonly payload: Buffer
    readonly qos: 0 | 1
    readonly retain?: boolean
  }): Promise<void>
  /** Cuts the line without a DISCONNECT, as a flat battery or a dead cell does; reconnects by itself. */
  drop(): void
  /** Resolves when connected, now or later. */
  whenConnected(): Promise<void>
  /** Resolves when the line next goes down. */
  whenClosed(): Promise<void>
  close(): Promise<void>
  readonly inFlightCount: number
  readonly connectCount: number
}

export function createDeviceConnection(options: DeviceConnectionOptions): DeviceConnection {
  const { deviceId, secret } = options.credentials
  /** Rejects whatever still waits when the device is switched off: the mqtt client itself would leave it waiting. */
  const waiting = new Set<(reason: AppError) => void>()
  const identities = createPayloadIdentities()
  let client: MqttClient | undefined
  let connectCount = 0

  const settings: IClientOptions = {
    clientId: deviceId,
    username: deviceId,
    ...(secret !== undefined && { password: secret }),
    protocolVersion: 4,
    clean: options.cleanSession,
    keepalive: 60,
    reconnectPeriod: options.reconnectAfterMs,
    connectTimeout: 20_000,
    manualConnect: true,
    will: { topic: topics.status(deviceId), payload: Buffer.from('{"online":false}'), qos: 1, retain: true },
  }

  /** Runs something that ends in a callback, or in the device being switched off. */
  const until = (begin: (client: MqttClient, done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      if (!client) {
        reject(new AppError('internal', 'device-not-open', `${deviceId} is not open`))
        return
      }
      waiting.add(reject)
      begin(client, (error) => {
        waiting.delete(reject)
        if (error) reject(error)
        else resolve()
      })
    })

  return {
    open() {
      const opening = connect(options.url, settings)
      client = opening
      opening.on('connect', () => {
        connectCount += 1
        if (options.onCommand) opening.subscribe(topics.commandsOf(deviceId), { qos: 1 })
      })
      opening.on('packetsend', (packet) => {
        if (packet.cmd !== 'publish' || packet.qos === 0) return
        const payload = identities.identify(packet.messageId!, packet.payload as Buffer)
        if (payload) options.onSend?.(payload)
      })
      opening.on('close', () => options.onClose?.())
      opening.on('message', (topic, payload) => {
        const [, , , , commandId, rest] = topic.split('/')
        if (commandId !== undefined && rest === undefined) options.onCommand?.({ commandId, payload })
      })
      return until((_client, done) => {
        opening.once('connect', () => done())
        // Errors after the first CONNACK are part of a device's life: the client reconnects and resends by itself.
        opening.on('error', (cause) => done(refusal(deviceId, cause)))
        opening.connect()
      })
    },
    publish({ topic, payload, qos, retain = false }) {
      return until((opened, done) => {
        if (qos === 1) identities.expect(payload)
        const before = opened.getLastMessageId()
        opened.publish(topic, payload, { qos, retain }, (error) => {
          identities.forget(payload)
          done(error)
        })
        const messageId = opened.getLastMessageId()
        if (qos === 1 && messageId !== before) identities.draw(payload, messageId)
      })
    },
    drop: () => client?.stream.destroy(),
    whenConnected: () => until((opened, done) => (opened.connected ? done() : opened.once('connect', () => done()))),
    whenClosed: () => until((opened, done) => opened.once('close', () => done())),
    async close() {
      const closing = client
      client = undefined
      const reason = new AppError('unavailable', 'device-closed', `${deviceId} was switched off`)
      for (const reject of waiting) reject(reason)
      waiting.clear()
      await closing?.endAsync(true)
    },
    get inFlightCount() {
      return waiting.size
    },
    get connectCount() {
      return connectCount
    },
  }
}

function refusal(deviceId: string, cause: Error): AppError {
  return new AppError('unavailable', 'mqtt-refused', `${deviceId} could not connect: ${cause.message}`, { cause })
}

/**
 * Tells which publish a packet on its way out belongs to. The mqtt client copies what it may have to send again, so a
 * resend is known by its packet identifier alone; the first send by the buffer, or, when there was no connection and
 * only a copy was kept, by the identifier that was drawn for it.
 */
function createPayloadIdentities() {
  const expected = new Map<Buffer, number | undefined>()
  const byMessageId = new Map<number, Buffer>()
  const bind = (payload: Buffer, messageId: number) => {
    expected.set(payload, messageId)
    byMessageId.set(messageId, payload)
  }
  return {
    expect: (payload: Buffer) => void expected.set(payload, undefined),
    /** The identifier that a publish was given, sent or not. */
    draw(payload: Buffer, messageId: number): void {
      if (expected.has(payload)) bind(payload, messageId)
    },
    identify(messageId: number, payload: Buffer): Buffer | undefined {
      if (expected.has(payload)) bind(payload, messageId)
      return byMessageId.get(messageId)
    },
    forget(payload: Buffer): void {
      const messageId = expected.get(payload)
      expected.delete(payload)
      if (messageId !== undefined && byMessageId.get(messageId) === payload) byMessageId.delete(messageId)
    },
  }
}
