export { createIngestClient, type IngestClient, type IngestClientDeps } from './client.ts'
export type { TimeLimits } from './observed-time.ts'
export { type IngestWorkerOptions, serveIngest } from './worker.ts'
