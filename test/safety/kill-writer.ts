import { createMemoryBus } from '../../contracts/bus.ts'
import { createAlertDesk, createSosDesk } from '../../safety/index.ts'
import { openRecords } from '../../store/index.ts'
import { aPress, recordsKey, silentLog } from '../store/records/fixture.ts'
import { storyOf } from './kill-story.ts'

// Run by kill.test.ts as a process of its own: writes until it is killed, and says what was acknowledged.

const [path = '', round = ''] = process.argv.slice(2)
const bus = createMemoryBus({
  onHandlerError: (error) => {
    throw error
  },
})
const records = await openRecords({ path, key: recordsKey, bus, now: Date.now, log: silentLog })
const alerts = createAlertDesk({ records, bus, now: Date.now, log: silentLog })
const sos = createSosDesk({ records, bus, now: Date.now })
await alerts.start()

async function tellStory() {
  // From the start again each time, as a pipeline does that does not know how far it came.
  for (let step = 0; ; step++) {
    await alerts.apply(storyOf(step))
    process.stdout.write(`applied ${step}\n`)
  }
}

async function pressButtons() {
  for (let seq = 0; ; seq++) {
    await sos.press(aPress({ deviceId: `band-${round}-${seq % 50}`, seq, observedAtMs: seq }))
    process.stdout.write(`pressed ${seq}\n`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

await Promise.all([tellStory(), pressButtons()])
