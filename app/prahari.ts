import { join } from 'node:path'
import { type Api, createApi } from '../api/index.ts'
import { createLiveFeed } from '../api/live/index.ts'
import { type Broker, type BrokerDeps, createBroker } from '../broker/index.ts'
import { AppError } from '../contracts/errors.ts'
import { createDemoCity, type DemoCity } from '../devices/index.ts'
import { createBroadcastCarrier, createBroadcastDesk } from '../safety/index.ts'
import { reachableHost } from './address.ts'
import { createBackendUsers } from './backend-users.ts'
import { writeBackup } from './backup/write.ts'
import { readCityMap } from './city-map.ts'
import type { ControlActions } from './control/actions.ts'
import { createControlServer } from './control/server.ts'
import { type Core, startCore } from './core.ts'
import { type DataDir, openDataDir, readOrDrawSecret } from './data-dir.ts'
import { createDemo } from './demo.ts'
import { createJobs, type Jobs } from './jobs.ts'
import type { PrahariDeps } from './prahari-deps.ts'
import { resetPassword } from './reset-password.ts'
import { createSosReads } from './sos-reads.ts'
import { listUpkeepJobs } from './upkeep.ts'
import { projectRoot, version } from './version.ts'
import { createViolationAudit } from './violation-audit.ts'

/** A server that runs. */
export interface Prahari {
  /** Undefined without the api role. */
  readonly url: string | undefined
  /** Undefined without the broker role. */
  readonly mqttUrl: string | undefined
  /** The password only when it was drawn at this start. */
  readonly administrator: { readonly created: boolean; readonly email: string; readonly password: string | undefined }
  readonly demo: { readonly deviceCount: number } | undefined
  readonly jobs: Jobs
}

/** Starts everything; `lifecycle.stop` ends it in reverse. What fails to start leaves nothing running. */
export async function startPrahari(deps: PrahariDeps): Promise<Prahari> {
  try {
    return await startInOrder(deps)
  } catch (error) {
    await deps.lifecycle.stop().catch((stopError: unknown) => deps.log.error({ err: stopError }, 'rollback incomplete'))
    throw error
  }
}

async function startInOrder(deps: PrahariDeps): Promise<Prahari> {
  const { config, log, now, lifecycle } = deps
  const dataDir = openDataDir(config.dataDir)
  const running: Running = { startedAtMs: now(), core: undefined, url: undefined }
  const control = createControlServer({ dataDir: dataDir.path, actions: controlActions(running, dataDir, now), log })
  await lifecycle.open('claim on the data directory', control.claim, control.release)

  const core = await startCore(deps, dataDir)
  running.core = core
  const administrator = await core.accounts.ensureAdministrator(config.admin)

  const backUp = (directory: string) => writeBackup(backupSource(core, dataDir, now), directory)
  const upkeep = listUpkeepJobs({ config, records: core.records, timeSeries: core.ingest.upkeep, backUp })
  const jobs = createJobs({ jobs: upkeep, now, log })
  const city = config.demo && createDemoCity(config.demo.seed)
  const { url, mqttUrl } = await startFront(deps, { core, dataDir, city, jobs })
  running.url = url
  // Last, and first to stop: what is put in while the doors are closed waits on disk.
  await lifecycle.start(core.outbox)
  await lifecycle.start(jobs)

  if (city && config.demo && mqttUrl) {
    const { records, ingest } = core
    const secret = readOrDrawSecret(dataDir.demoSecretPath)
    await lifecycle.start(
      createDemo({ city, seed: config.demo.seed, secret, records, latest: ingest.latest, mqttUrl, now, log }),
    )
  }
  return { url, mqttUrl, administrator, demo: city && { deviceCount: city.devices.length }, jobs }
}

interface FrontParts {
  readonly core: Core
  readonly dataDir: DataDir
  readonly city: DemoCity | undefined
  readonly jobs: Jobs
}

/** The two doors: HTTP with the live feed, and MQTT. The broker opens last, when all it needs stands. */
async function startFront({ config, log, now, lifecycle }: PrahariDeps, { core, dataDir, city, jobs }: FrontParts) {
  const { roles, http, mqtt } = config
  const { bus, sosDesk, sosViews } = core
  const sosReads = createSosReads({ bus, sosDesk, note: sosViews.over('mqtt'), log })
  await lifecycle.start(sosReads)
  const { noteRead: onSosRead } = sosReads
  const broker = roles.includes('broker')
    ? createPrahariBroker({ config, log, now, onSosRead }, core, dataDir)
    : undefined
  let api: Api | undefined
  if (roles.includes('api')) {
    const { ingest, dispatch, directory: devices, records } = core
    const isOnline = broker?.isOnline
    const broadcastDesk = createBroadcastDesk({ records, bus, now, devices, isOnline })
    const shared = {
      ...core,
      ...dispatch,
      broadcastDesk,
      latest: ingest.latest,
      ingest: ingest.control,
      broker,
      jobs,
      log,
      now,
    }
    const live = createLiveFeed({ ...shared, options: { proxyHops: http.proxyHops } })
    api = createApi({
      ...shared,
      live,
      readings: ingest.readings,
      intake: ingest.intake,
      options: {
        host: http.host,
        port: http.port,
        version,
        dashboardDir: join(projectRoot, 'dist', 'dashboard'),
        cityMap: { ...(http.cityMapPath || !city ? readCityMap(http.cityMapPath) : city.map) },
        demo: city !== undefined,
        tileUrl: http.tileUrl,
        mqttWebSocketPath: broker && mqtt.webSocketPath,
        corsOrigins: http.corsOrigins,
        proxyHops: http.proxyHops,
        redisUrl: config.redisUrl,
        otpBypass: config.otpBypass,
        metricsToken: http.metricsToken,
      },
    })
    broker?.attachWebSocket(api.httpServer, mqtt.webSocketPath)
    core.outbox.attachSockets(live)
    await lifecycle.start(live)
    await lifecycle.start(api)
  }
  if (broker) {
    await lifecycle.start(broker)
    await lifecycle.start(createBroadcastCarrier({ ...core, announcer: broker, now, log }))
  }
  return {
    url: api && `http://${reachableHost(http.host)}:${api.port}`,
    mqttUrl: broker && `mqtt://${reachableHost(mqtt.host)}:${broker.port}`,
  }
}

function createPrahariBroker(
  { config, log, now, onSosRead }: Pick<PrahariDeps, 'config' | 'log' | 'now'> & Pick<BrokerDeps, 'onSosRead'>,
  { ingest, sosDesk, directory, records, bus, accounts }: Core,
  dataDir: DataDir,
): Broker {
  const { mqtt, devices } = config
  return createBroker({
    options: {
      host: mqtt.host,
      port: mqtt.port,
      tls: mqtt.tls,
      sessionsDir: dataDir.brokerDir,
      enrolment: devices.enrolment,
      limits: {
        connectionsMax: mqtt.connectionsMax,
        packetBytesMax: mqtt.packetBytesMax,
        ratePerSMax: devices.ratePerSMax,
        burstMax: devices.burstMax,
      },
    },
    intake: ingest.intake,
    sos: sosDesk,
    devices: directory,
    commands: records.commands,
    users: createBackendUsers(accounts),
    bus,
    log,
    now,
    onViolation: createViolationAudit({ audit: records.audit, log }),
    onSosRead,
  })
}

/** What the command line's questions are answered from; filled while the server starts. */
interface Running {
  readonly startedAtMs: number
  core: Core | undefined
  url: string | undefined
}

function controlActions(running: Running, dataDir: DataDir, now: () => number): ControlActions {
  const coreOf = (): Core => {
    if (running.core) return running.core
    throw new AppError('unavailable', 'server-starting', 'the server is still starting; try again in a moment')
  }
  return {
    status: async () => ({ pid: process.pid, version, startedAtMs: running.startedAtMs, url: running.url }),
    backup: async ({ directory }) => writeBackup(backupSource(coreOf(), dataDir, now), directory),
    resetPassword: async ({ email }) => resetPassword({ ...coreOf(), email }),
    auditVerify: async ({ expect }, { progress, signal }) =>
      coreOf().records.audit.verify({ expect, onProgress: progress, signal }),
  }
}

function backupSource({ records, ingest }: Core, dataDir: DataDir, now: () => number) {
  const timeSeries = { backup: ingest.upkeep.backup, stats: ingest.readings.stats }
  return { dataDir, records, timeSeries, version, now }
}
