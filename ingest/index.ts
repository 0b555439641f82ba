export { createIngestClient, type IngestClient, type IngestClientDeps } from './client.ts'
export { defaultTimeLimits, type TimeLimits } from './observed-time.ts'
export { createPipeline, type Pipeline } from './pipeline.ts'
export { type IngestWorkerOptions, serveIngest } from './worker.ts'
