import { parentPort, workerData } from 'node:worker_threads'
import { serveIngest } from '../ingest/index.ts'
import { type DuckDbOptions, openDuckDbStore } from '../store/index.ts'

/** Entry of the thread that holds the pipeline and the time-series store. */
if (!parentPort) throw new Error('the ingest worker runs as a worker thread')
const options = workerData as DuckDbOptions
serveIngest({ port: parentPort, store: await openDuckDbStore(options), now: Date.now })
