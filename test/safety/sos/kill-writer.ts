import { createMemoryBus } from '../../../contracts/bus.ts'
import { openRecords } from '../../../store/index.ts'
import { recordsKey, silentLog, startMs } from '../../store/records/fixture.ts'
import { aStory, type KillPoint, type KillStep } from './kill-story.ts'

// Run by kill.test.ts as a process of its own: takes one step, and dies at one point of it.

const [path = '', step, point] = process.argv.slice(2) as [string, KillStep, KillPoint]
let isArmed = false
const die = () => {
  if (isArmed) process.kill(process.pid, 'SIGKILL')
}
const bus = createMemoryBus({
  onHandlerError: (error) => {
    throw error
  },
})
const records = await openRecords({ path, key: recordsKey, bus, now: () => startMs, log: silentLog })
const duringStep = async () => {
  if (point === 'before-commit') die()
}
// The commit is done, and whoever is told of it first never hears the end of it.
const transactions = point === 'before-fan-out' ? dyingAfterCommit() : records
const story = aStory({ records: transactions, bus, duringStep })
await story.prepare(step)
if (point === 'before-acknowledgement') {
  bus.subscribe('sos-pressed', die)
  bus.subscribe('sos-changed', die)
}
isArmed = true
await story.take(step)
process.stdout.write('acknowledged\n')

function dyingAfterCommit(): typeof records {
  const thenDie =
    (run: typeof records.transaction): typeof records.transaction =>
    async (work) => {
      const result = await run(work)
      die()
      return result
    }
  return { ...records, transaction: thenDie(records.transaction), urgently: thenDie(records.urgently) }
}
