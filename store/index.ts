// records
export type { AlertQuery, AlertSummary, TransitionProgress } from './records/alerts.ts'
export { createDeviceDirectory, type MemoryDeviceDirectory } from './records/device-directory.ts'
export type { DeviceLine } from './records/devices.ts'
export { createIdMaker } from './records/ids.ts'
export { type OpenRecordsOptions, openRecords } from './records/open-records.ts'
export type { Page, PageQuery } from './records/page.ts'
export type { Records, Repositories } from './records/records.ts'
export type { StoredRule } from './records/rules.ts'
export { drawSecret, hashSecret } from './records/secrets.ts'
export type { SosQuery } from './records/sos.ts'
export type { User, UserQuery } from './records/users.ts'
// time series
export { type DuckDbOptions, openDuckDbStore } from './time-series/duckdb-store.ts'
