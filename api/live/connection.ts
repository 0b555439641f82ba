import type { Socket } from 'socket.io'
import type { Packet } from './packet.ts'

/** How much may wait in memory for one socket before the feed stops feeding it. */
export interface QueueLimits {
  readonly packetsMax: number
  readonly bytesMax: number
}

/** What the feed sees of a client: a line that takes packets, and how full it is. */
export interface Connection {
  /** True when all that was ever sent has been handed to the operating system. */
  isIdle(): boolean
  hasRoom(limits: QueueLimits): boolean
  send(packet: Packet): void
}

/** The fields of an Engine.IO connection that tell how much is waiting; the first is not in its types. */
interface EngineQueue {
  readonly writeBuffer: readonly { readonly data?: string | Uint8Array }[]
  readonly transport: { readonly writable: boolean }
}

/**
 * Engine.IO hands a batch to the transport and is `writable` again when the operating system has taken all of it;
 * meanwhile packets gather in `writeBuffer`. Bounding that buffer bounds what a client that stops reading can cost:
 * the batch on its way plus the limits.
 */
export function toConnection(socket: Socket): Connection {
  // The connection is the same for the life of the socket; its transport is not (polling becomes WebSocket).
  const engine = socket.conn as unknown as EngineQueue
  return {
    isIdle: () => engine.transport.writable && engine.writeBuffer.length === 0,
    hasRoom({ packetsMax, bytesMax }) {
      const { writeBuffer } = engine
      if (writeBuffer.length >= packetsMax) return false
      let bytes = 0
      for (const { data } of writeBuffer) bytes += data?.length ?? 0
      return bytes < bytesMax
    },
    send({ text, frame }) {
      // What Socket.IO's own adapter does for a room; over long polling the text is used.
      const options = { compress: false, wsPreEncodedFrame: frame }
      socket.conn.write(text, options)
    },
  }
}
