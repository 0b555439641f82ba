import { Worker, type WorkerOptions } from 'node:worker_threads'
import type { DuckDbOptions } from '../store/index.ts'

/** Starts the thread that holds the pipeline and the time-series store. */
export function spawnIngest(options: DuckDbOptions): Worker {
  const settings: WorkerOptions = { name: 'ingest', workerData: options }
  if (import.meta.url.endsWith('.js')) return new Worker(new URL('./ingest-worker.js', import.meta.url), settings)
  // From TypeScript (tests) the thread needs the loader first: Node 20 does not hand `--import` loaders down to it.
  const loader = import.meta.resolve('tsx/esm/api')
  const entry = new URL('./ingest-worker.ts', import.meta.url).href
  const bootstrap = `import('${loader}').then(({ register }) => { register(); return import('${entry}') })`
  return new Worker(bootstrap, { ...settings, eval: true })
}
