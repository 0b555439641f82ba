import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real brokers, stores and browsers share two cores; more workers only make each other late.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['{contracts,broker,ingest,store,safety,people,analytics,api,devices,app}/**/*.ts'],
    },
  },
})
