/** Everything that plays a device: the demo city, the simulator, and the load generator of the benchmarks. */
export {
  type CityMap,
  createDemoCity,
  createDemoFleet,
  type DemoCity,
  type DemoDevice,
  type DemoFleetOptions,
} from './demo-city/index.ts'
export { type SimulateOptions, type SimulateOutput, scenarioHelp, simulate } from './simulator/command.ts'
