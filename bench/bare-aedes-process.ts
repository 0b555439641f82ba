import { createServer } from 'node:net'
import { Aedes } from 'aedes'

/** Says its port over IPC and ends with its parent. */
const aedes = await Aedes.createBroker()
const server = createServer(aedes.handle)
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }))
process.on('disconnect', () => process.exit(0))
