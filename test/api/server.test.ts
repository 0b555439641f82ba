import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createStoppableServer } from '../../api/http/server.ts'

async function anUpgradeTo(path: string, handle: (path: string, answer: () => void) => void) {
  const { httpServer, stop } = createStoppableServer((_request, response) => response.end(), { upgradeGraceMs: 50 })
  onTestFinished(stop)
  httpServer.on('upgrade', (request, socket) =>
    handle(request.url!, () => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')),
  )
  httpServer.listen(0, '127.0.0.1')
  await once(httpServer, 'listening')
  const client = connect((httpServer.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void client.destroy())
  client.resume().write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  return client
}

it('cuts a request to upgrade on a path that nobody serves', async () => {
  const client = await anUpgradeTo('/nowhere', () => undefined)
  await once(client, 'close')
})

it('leaves one alone that somebody answered', async () => {
  const client = await anUpgradeTo('/served', (_path, answer) => answer())
  await once(client, 'data')
  const ended = await Promise.race([once(client, 'close'), new Promise((resolve) => setTimeout(resolve, 150, 'open'))])
  expect(ended).toBe('open')
})
