import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import type { RefusalName } from '../refusals.ts'
import type { Arrival } from './tcp.ts'

export interface WebSocketOptions {
  readonly httpServer: Server
  readonly path: string
  readonly messageBytesMax: number
  readonly onArrival: (arrival: Arrival) => void
  readonly onRefused: (name: RefusalName) => void
}

const subprotocols = ['mqtt', 'mqttv3.1']

/**
 * MQTT over WebSocket on one path of an HTTP server that others upgrade on as well: what is not ours is left alone.
 * @returns a function that takes the path away again
 * @see MQTT 3.1.1, section 6
 */
export function attachWebSocket(options: WebSocketOptions): () => void {
  const { httpServer, path, onRefused } = options
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: options.messageBytesMax,
    handleProtocols: (offered) => subprotocols.find((name) => offered.has(name)) ?? false,
  })

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url?.split('?')[0] !== path) return
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []
    if (!offered.some((name) => subprotocols.includes(name))) {
      // [MQTT-6.0.0-3]
      onRefused('protocol-error')
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    server.handleUpgrade(request, socket, head, (webSocket) => arrive(webSocket, request))
  }

  function arrive(webSocket: WebSocket, request: IncomingMessage): void {
    webSocket.on('message', (_data, isBinary) => {
      if (isBinary) return
      // [MQTT-6.0.0-1]
      onRefused('text-frame')
      webSocket.terminate()
    })
    const raw = createWebSocketStream(webSocket)
    options.onArrival({ raw, certificate: { type: 'none' }, remote: request.socket.remoteAddress ?? 'unknown' })
  }

  httpServer.on('upgrade', onUpgrade)
  return () => {
    httpServer.off('upgrade', onUpgrade)
    server.close()
  }
}
