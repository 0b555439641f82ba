import { type Bus, createMemoryBus } from '../contracts/bus.ts'
import type { Messenger } from '../contracts/ports/messages.ts'
import { createIngestClient, type IngestClient } from '../ingest/index.ts'
import { type Accounts, createAccounts } from '../people/index.ts'
import {
  type AlertDesk,
  createAlertDesk,
  createSosDesk,
  createSosViews,
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
import { createMessages } from './messages.ts'
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
  readonly sosViews: SosViews
  readonly ingest: IngestClient
  readonly accounts: Accounts
  readonly messages: Messenger
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
  const sosDesk = createSosDesk({ records, bus, now })
  const sosViews = createSosViews({ records, log })
  await lifecycle.start(sosViews)

  const ingest = createIngestClient({
    spawn: () => spawnIngest({ path: dataDir.timeSeriesPath }),
    rules: () => alertDesk.rules.all(),
    openAlerts: () => listOpenAlerts(records),
    sink: alertDesk,
    timeLimits: { aheadMsMax: config.ingest.timeAheadMaxMs, ageMsMax: config.ingest.timeAgeMaxMs },
    log,
  })
  await lifecycle.start(ingest)
  await lifecycle.open(
    'rules to ingest',
    () => bus.subscribe('rules-changed', ({ rules }) => ingest.control.setRules(rules)),
    (unsubscribe) => unsubscribe(),
  )

  const jwtSecret = config.jwtSecret ?? readOrDrawSecret(dataDir.jwtSecretPath)
  const messages = createMessages({ config, log, now })
  await lifecycle.start(messages)
  const { phoneRegions } = config
  const accounts = createAccounts({ records, now, messenger: messages, jwtSecret, phoneRegions })
  return { bus, records, directory, alertDesk, sosDesk, sosViews, ingest, accounts, messages }
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
