/** The import rules of ARCHITECTURE.md, as data. Folder -> folders it may import (besides itself). */
const mayImport = {
  contracts: [],
  broker: ['contracts'],
  ingest: ['contracts', 'store'],
  store: ['contracts'],
  safety: ['contracts', 'store'],
  people: ['contracts', 'store'],
  analytics: ['contracts', 'store'],
  api: ['contracts', 'store', 'safety', 'people', 'analytics'],
  devices: ['contracts'],
  dashboard: ['contracts'],
}
const folders = [...Object.keys(mayImport), 'app', 'bench', 'test']

/** Library -> the only folder (or file) that may know it. */
const knownOnlyBy = {
  aedes: '^broker/',
  'aedes-persistence(-level)?': '^broker/',
  'classic-level': '^broker/',
  '@duckdb/.*': '^store/',
  libsql: '^store/',
  kysely: '^store/',
  express: '^api/',
  'socket\\.io': '^api/',
  helmet: '^api/',
  'express-rate-limit': '^api/',
  'proxy-addr': '^api/',
  ioredis: '^api/http/redis-counts\\.ts$',
  'rate-limit-redis': '^api/http/redis-counts\\.ts$',
  'prom-client': '^api/',
  jose: '^people/',
  '@node-rs/bcrypt.*': '^people/',
  'mqtt-packet': '^broker/',
  mqtt: '^devices/',
  nodemailer: '^safety/',
  uqr: '^dashboard/',
  commander: '^app/',
  'node-cron': '^app/',
}

module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(([folder, allowed]) => ({
      name: `${folder}-imports`,
      comment: `${folder}/ may import only ${['itself', ...allowed].join(', ')}`,
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: `^(${folders.filter((f) => f !== folder && !allowed.includes(f)).join('|')})/` },
    })),
    {
      name: 'store-through-index',
      comment: 'the store is used through store/index.ts alone',
      severity: 'error',
      from: { path: '^(ingest|safety|people|analytics|api|app)/' },
      to: { path: '^store/', pathNot: '^store/index\\.ts$' },
    },
    {
      name: 'contracts-know-only-zod',
      severity: 'error',
      from: { path: '^contracts/' },
      to: { path: 'node_modules', pathNot: 'node_modules/zod/' },
    },
    {
      name: 'contracts-do-no-io',
      severity: 'error',
      from: { path: '^contracts/' },
      to: { dependencyTypes: ['core'] },
    },
    ...Object.entries(knownOnlyBy).map(([library, owner]) => ({
      name: `only-${owner.replace(/[^a-z]/g, '')}-knows-${library.replace(/[^a-z.-]/g, '')}`,
      severity: 'error',
      from: { pathNot: `${owner}|^(test|bench)/` },
      to: { path: `node_modules/${library}/` },
    })),
    {
      name: 'runs-without-dev-dependencies',
      comment: 'a release is installed without devDependencies',
      severity: 'error',
      from: {
        path: '^(contracts|broker|ingest|store|safety|people|analytics|api|devices|app|bench)/',
        pathNot: '^bench/.*-process\\.ts$',
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], dynamic: false },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
