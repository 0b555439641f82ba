export { type AccessViolation, type Broker, type BrokerDeps, createBroker } from './broker.ts'
export { type BrokerLimits, type BrokerOptions, defaultLimits, type TlsOptions } from './options.ts'
export { type RefusalName, refusalNames } from './refusals.ts'
