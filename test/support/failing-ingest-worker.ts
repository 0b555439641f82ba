import { parentPort, workerData } from 'node:worker_threads'
import { serveIngest } from '../../ingest/index.ts'
import { openDuckDbStore } from '../../store/index.ts'

/** Entry of an ingest thread whose disk is full: its store is real until the commit that fails. */
const { path, failAt, isLasting } = workerData as { path: string; failAt: number; isLasting: boolean }
const store = await openDuckDbStore({ path })
let commits = 0
let hasFailed = false

function failing(): never {
  hasFailed = true
  throw new Error('no room on the disk')
}

serveIngest({
  port: parentPort!,
  now: Date.now,
  store: {
    ...store,
    commit: async (batch) => (++commits === failAt ? failing() : store.commit(batch)),
    recover: async () => (hasFailed && isLasting ? failing() : store.recover()),
  },
})
