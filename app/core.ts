import { type Bus, createMemoryBus } from '../contracts/bus.ts'
import type { Messenger } from '../contracts/ports/messages.ts'
import { createIngestClient, type IngestClient } from '../ingest/index.ts'
import { type Accounts, createAccounts } from '../people/index.ts'
import {
  type AlertDesk,
  createAlertDesk,
  createDispatch,
  createOutbox,
  createRuleWatch,
  createSosDesk,
  createSosViews,
  type Dispatch,
  enqueueSosNotices,
  type Outbox,
  type SosDesk,
  type SosViews,
} from '../safety/index.ts'
import {
  createDeviceDirectory,
  createStatusKeeper,
  type MemoryDeviceDirectory,
  openRecords,
  type Records,
} from '../store/index.ts'
import { type DataDir, readOrDrawSecret } from './data-dir.ts'
import { createCarriers, createMessages } from './messages.ts'
import type { PrahariDeps } from './prahari-deps.ts'
import { openWithRecordsKey } from './records-key.ts'
import { spawnIngest } from './spawn-ingest.ts'

/** What every role stands on: the stores, the desks, and the bus between them. */
export interface Core {
  readonly bus: Bus
  readonly records: Records
  readonly directory: MemoryDeviceDirectory
  readonly alertDesk: AlertDesk
  readonly sosDesk: SosDesk
  readonly dispatch: Dispatch
  readonly sosViews: SosViews
  readonly ingest: IngestClient
  readonly accounts: Accounts
  readonly messages: Messenger
  /** Not started: sockets have to be open first. */
  readonly outbox: Outbox
}

export async function startCore({ config, log, now, lifecycle }: PrahariDeps, dataDir: DataDir): Promise<Core> {
  const bus = createMemoryBus({
    onHandlerError: (error, channel) => log.error({ err: error, channel }, 'bus handler failed'),
  })
  const records = await lifecycle.open(
    'records',
    () =>
      openWithRecordsKey({ dataDir, configured: config.recordsKey }, (key) =>
        openRecords({ path: dataDir.recordsPath, key, bus, now, log }),
      ),
    (opened) => opened.close(),
  )
  const directory = createDeviceDirectory({ records })
  await lifecycle.start(directory)
  await lifecycle.start(createStatusKeeper({ records, bus, log }))

  const alertDesk = createAlertDesk({ records, bus, now, log })
  await lifecycle.start(alertDesk)
  const sosViews = createSosViews({ records, log })
  await lifecycle.start(sosViews)
  const ruleWatch = createRuleWatch({
    records,
    bus,
    devices: () => directory.all(),
    setRules: (rules) => ingest.control.setRules(rules),
    sink: alertDesk,
    now,
    log,
  })
  const ingest = createIngestClient({
    spawn: () => spawnIngest({ path: dataDir.timeSeriesPath }),
    rules: () => ruleWatch.rules(),
    openAlerts: () => listOpenAlerts(records),
    sink: alertDesk,
    timeLimits: { aheadMsMax: config.ingest.timeAheadMaxMs, ageMsMax: config.ingest.timeAgeMaxMs },
    log,
  })
  await lifecycle.start(ingest)
  await lifecycle.start(ruleWatch)

  const jwtSecret = config.jwtSecret ?? readOrDrawSecret(dataDir.jwtSecretPath)
  const carriers = createCarriers({ config, log, now })
  const messages = createMessages({ config, log, now }, carriers)
  await lifecycle.start(messages)
  const { phoneRegions } = config
  const accounts = createAccounts({ records, now, messenger: messages, jwtSecret, phoneRegions })

  const sosDesk = createSosDesk({
    records,
    bus,
    now,
    log,
    pins: { check: accounts.checkSosPin },
    clock: config.sos.clock,
    timeZone: config.timeZone,
    ownerOf: (deviceId) => directory.find(deviceId)?.ownerId,
    evidenceDir: dataDir.evidenceDir,
    duringStep: enqueueSosNotices,
  })
  await lifecycle.start(sosDesk)
  const dispatch = createDispatch({ records, bus, now, log, sosDesk })
  await lifecycle.start(dispatch)
  const outbox = createOutbox({ records, bus, carriers, now, random: Math.random, log })
  return { bus, records, directory, alertDesk, sosDesk, sosViews, dispatch, ingest, accounts, messages, outbox }
}

const alertsPerPage = 1000

/** Whatever the pipeline remembers, these are open: it must be able to clear them. */
async function listOpenAlerts(records: Records) {
  const open: { ruleId: string; deviceId: string; kind: string }[] = []
  let cursor: string | undefined
  do {
    const page = await records.alerts.list({ states: ['firing', 'acknowledged'], limit: alertsPerPage, cursor })
    for (const { ruleId, deviceId, kind } of page.items) open.push({ ruleId, deviceId, kind })
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return open
}
