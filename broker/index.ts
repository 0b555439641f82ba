export type { AccessViolation } from './access/violations.ts'
export { type Broker, createBroker } from './broker.ts'
export { type BrokerLimits, type BrokerOptions, defaultLimits } from './options.ts'
export { type RefusalName, refusalNames } from './refusals.ts'
