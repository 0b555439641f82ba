import type { AedesPublishPacket, Client, PublishPacket } from 'aedes'
import type { Logger } from 'pino'
import type { DeviceCommand } from '../contracts/device.ts'
import type { CommandQueue } from '../contracts/ports/devices.ts'
import { topics } from '../contracts/topics.ts'
import { commandIdOf, commandsDeviceId } from './access/subscribing.ts'
import { type Connection, connectionOf } from './connection.ts'
import { takeMessageId } from './wire/aedes-feed.ts'

export interface CommandDelivery {
  /** The connection reads these filters from now on: what waits for the devices they name is sent. */
  subscribed(connection: Connection, filters: readonly string[]): void
  unsubscribed(connection: Connection, filters: readonly string[]): void
  disconnected(connection: Connection): void
  queued(command: DeviceCommand): void
  /** Called for every message that is about to go down to a client. */
  forwarding(connection: Connection, packet: AedesPublishPacket): void
  acknowledged(client: Client, topic: string): void
}

export interface CommandDeliveryDeps {
  readonly commands: CommandQueue
  readonly publish: (packet: PublishPacket) => void
  readonly log: Logger
  readonly now: () => number
}

/** PUBACKs that are waited for on one connection; a command beyond them is sent again at the next connect. */
const forwardedMax = 1000

/**
 * Sends commands to devices that read them, at QoS 1, until the device acknowledged. The records store is what keeps a
 * command while its device is away; a command counts as delivered by its PUBACK, not by being sent.
 */
export function createCommandDelivery({ commands, publish, log, now }: CommandDeliveryDeps): CommandDelivery {
  const readers = new Map<string, Set<Connection>>()

  async function sendPending(deviceId: string, connection: Connection): Promise<void> {
    for (const command of await commands.pendingFor(deviceId)) {
      // Aedes resends what a lasting session had not acknowledged; those need no second copy.
      if (!connection.commandsSent.has(command.id) && !connection.client.closed) send(command)
    }
  }

  function send({ id, deviceId, name, body, queuedAtMs }: DeviceCommand): void {
    const payload = Buffer.from(JSON.stringify({ id, name, body, queuedAtMs }))
    publish({ cmd: 'publish', topic: topics.command(deviceId, id), payload, qos: 1, retain: false, dup: false })
  }

  function stopReading(connection: Connection, deviceId: string): void {
    const connections = readers.get(deviceId)
    connections?.delete(connection)
    if (connections?.size === 0) readers.delete(deviceId)
  }

  return {
    subscribed(connection, filters) {
      for (const filter of filters) {
        const deviceId = commandsDeviceId(filter)
        if (deviceId === undefined) continue
        connection.commandFilters.set(filter, deviceId)
        readers.set(deviceId, (readers.get(deviceId) ?? new Set()).add(connection))
        sendPending(deviceId, connection).catch((error: unknown) => {
          log.error({ err: error, deviceId }, 'commands could not be read; they are sent at the next connect')
        })
      }
    },
    unsubscribed(connection, filters) {
      for (const filter of filters) {
        const deviceId = connection.commandFilters.get(filter)
        connection.commandFilters.delete(filter)
        if (deviceId !== undefined && ![...connection.commandFilters.values()].includes(deviceId)) {
          stopReading(connection, deviceId)
        }
      }
    },
    disconnected(connection) {
      for (const deviceId of connection.commandFilters.values()) stopReading(connection, deviceId)
      connection.commandFilters.clear()
    },
    queued(command) {
      if (readers.has(command.deviceId)) send(command)
    },
    forwarding(connection, packet) {
      const commandId = commandIdOf(packet.topic)
      if (commandId === undefined) return
      connection.commandsSent.add(commandId)
      const { client, forwarded } = connection
      if (!client.clean || packet.qos === 0 || forwarded.size >= forwardedMax) return
      // Aedes keeps no track of what it sent to a session that ends with its connection; its PUBACK would name nothing.
      packet.messageId ??= takeMessageId(client)
      forwarded.set(packet.messageId, { ...toForwarded(packet), messageId: packet.messageId })
    },
    acknowledged(client, topic) {
      const commandId = commandIdOf(topic)
      if (commandId === undefined) return
      commands
        .markDelivered(commandId, now())
        .catch((error: unknown) => {
          log.error({ err: error, commandId }, 'delivery not recorded; the command is sent again at the next connect')
        })
        .finally(() => connectionOf(client).commandsSent.delete(commandId))
    },
  }
}

/** All that is asked of an acknowledged message is its topic. */
function toForwarded({ cmd, topic, retain }: AedesPublishPacket) {
  const payload = Buffer.alloc(0)
  return { cmd, topic, payload, qos: 1, retain, brokerId: undefined, brokerCounter: 0, clientId: undefined } as const
}
