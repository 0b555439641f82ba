import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { createPacket } from '../../../api/live/packet.ts'

it.each([1, 124, 125, 126, 65_534, 65_535, 65_536, 200_000])(
  'a packet of %i characters is read by a WebSocket as it was written',
  async (length) => {
    const server = createServer()
    const door = new WebSocketServer({ server })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      for (const client of door.clients) client.terminate()
      server.close()
    })
    const arrived = once(door, 'connection')
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const [serverSide] = (await arrived) as [WebSocket & { _socket: Socket }]
    const packets = ['x'.repeat(length), 'दिल्ली'.repeat(length / 6), '{}'].map(createPacket)
    const received: string[] = []
    client.on('message', (data) => received.push(String(data)))
    for (const { frame } of packets) for (const bytes of frame) serverSide._socket.write(bytes)
    await expect.poll(() => received.length).toBe(3)
    expect(received).toEqual(packets.map(({ text }) => `4${text}`))
  },
)
