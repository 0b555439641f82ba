import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers, browsers and kills take as long as the machine makes them; this only ends what hangs.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // A poll waits for something that comes; how soon is the machine's affair.
    expect: { poll: { timeout: 20_000 } },
    // Real brokers, stores and browsers share two cores; more workers only make each other late.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['{contracts,broker,ingest,store,safety,people,analytics,api,devices,app}/**/*.ts'],
    },
  },
})
