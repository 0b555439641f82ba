/** Everything that plays a device: the demo city, the simulator, and the load generator of the benchmarks. */
export { createDemoCity, createDemoFleet, type DemoCity } from './demo-city/index.ts'
export { scenarioHelp, simulate } from './simulator/command.ts'
