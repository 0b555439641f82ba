import { createMemoryBus } from '../../../contracts/bus.ts'
import { createOutbox, createWebhookChannel } from '../../../safety/index.ts'
import { openRecords } from '../../../store/index.ts'
import { recordsKey, silentLog } from '../../store/records/fixture.ts'

// Run by outbox-kill.test.ts as a process of its own: puts notices in and sends them until it is killed, and says what
// has been committed; or, told so, only sends what is left, and ends.

const [path = '', url = '', secret = '', round = '', mode = ''] = process.argv.slice(2)
const bus = createMemoryBus({
  onHandlerError: (error) => {
    throw error
  },
})
const records = await openRecords({ path, key: recordsKey, bus, now: Date.now, log: silentLog })
const outbox = createOutbox({
  records,
  bus,
  carriers: { phone: createWebhookChannel({ url, secret, now: Date.now }), email: undefined },
  now: Date.now,
  random: Math.random,
  log: silentLog,
  options: { restMsFirst: 5, restMsMax: 5, lookEveryMs: 20 },
})
await outbox.start()

if (mode === 'drain') {
  for (;;) {
    const { queued, sending } = await outbox.stats()
    if (queued + sending === 0 && (await records.notices.unplanned(1)).length === 0) break
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await outbox.stop()
  // Not closed: that would delete the write-ahead log, of which the test's own process may still hold the index.
  process.exit(0)
} else {
  for (let number = 0; ; number++) {
    const name = `${round}-${number}`
    await records.notices.enqueue({
      key: `sos:${name}:raised`,
      thread: `sos:${name}`,
      urgency: 'sos',
      ends: false,
      tells: [{ to: { type: 'contacts', ownerId: mode }, subject: 'SOS', text: `sos ${name}` }],
    })
    process.stdout.write(`committed ${name}\n`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
