import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
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
