import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'

/** How long requests under way may take to end when we stop. */
const stopGraceMs = 5000
/** How long whoever serves a path may take to answer a request to upgrade; no answer means that nobody serves it. */
const upgradeGraceMsDefault = 10_000

export interface StoppableServer {
  readonly httpServer: Server
  /** Takes no more, lets requests under way end, then cuts what is left: idle connections and WebSockets. */
  stop(): Promise<void>
}

export function createStoppableServer(
  listener: RequestListener,
  { upgradeGraceMs = upgradeGraceMsDefault }: { readonly upgradeGraceMs?: number } = {},
): StoppableServer {
  // A client that sends its request a byte at a time holds a socket, not the server.
  const limits = { headersTimeout: 15_000, requestTimeout: 60_000, keepAliveTimeout: 65_000, maxHeaderSize: 16 * 1024 }
  const httpServer = createServer(limits, listener)
  const sockets = new Set<Socket>()
  let underWayCount = 0
  let onQuiet: (() => void) | undefined

  httpServer.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  httpServer.on('upgrade', (request) => {
    const { socket } = request
    const answeredBytes = socket.bytesWritten
    setTimeout(() => {
      if (socket.bytesWritten === answeredBytes) socket.destroy()
    }, upgradeGraceMs).unref()
  })
  httpServer.on('request', (_request, response) => {
    underWayCount += 1
    response.once('close', () => {
      underWayCount -= 1
      if (underWayCount === 0) onQuiet?.()
    })
  })

  async function waitUntilQuiet(): Promise<void> {
    if (underWayCount === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, stopGraceMs)
      onQuiet = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    httpServer,
    async stop() {
      if (!httpServer.listening) return
      const closed = once(httpServer, 'close')
      httpServer.close()
      await waitUntilQuiet()
      // The server counts a WebSocket as open until its client leaves; ours does not wait for that.
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
