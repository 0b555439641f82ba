import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Aedes } from 'aedes'

export interface TestBroker {
  readonly url: string
  readonly port: number
  /** PUBLISH packets of clients in the order they came. */
  readonly received: {
    readonly clientId: string
    readonly topic: string
    readonly payload: Buffer
    readonly qos: number
  }[]
  /** Resolves once `received` satisfies a condition; looks again at every packet. */
  until(condition: () => boolean): Promise<void>
  /** Cuts every connection. */
  cut(): void
  stop(): Promise<void>
  readonly aedes: Aedes
}

/** A bare Aedes on a free port: a real broker that keeps what it was sent. */
export async function startTestBroker(): Promise<TestBroker> {
  const aedes = await Aedes.createBroker()
  const server = createServer(aedes.handle)
  const sockets = new Set<Socket>()
  const received: TestBroker['received'] = []
  const watchers = new Set<() => void>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  aedes.on('publish', (packet, client) => {
    if (!client) return
    received.push({
      clientId: client.id,
      topic: packet.topic,
      payload: Buffer.from(packet.payload as Buffer),
      qos: packet.qos,
    })
    for (const watcher of watchers) watcher()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    received,
    aedes,
    until: (condition) =>
      new Promise((resolve) => {
        const watcher = () => {
          if (!condition()) return
          watchers.delete(watcher)
          resolve()
        }
        watchers.add(watcher)
        watcher()
      }),
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await new Promise<void>((resolve) => aedes.close(() => resolve()))
    },
  }
}
