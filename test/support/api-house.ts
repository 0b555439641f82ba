import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { type Api, type ApiDeps, type ApiOptions, createApi } from '../../api/index.ts'
import { type Bus, createMemoryBus } from '../../contracts/bus.ts'
import type { BrokerControl } from '../../contracts/ports/broker.ts'
import type { TimeSeriesStore } from '../../contracts/ports/time-series.ts'
import { type Role, roles } from '../../contracts/roles.ts'
import { replayRule } from '../../ingest/rules/replay.ts'
import { createAccounts } from '../../people/index.ts'
import {
  createAlertDesk,
  createBroadcastDesk,
  createDispatch,
  createOutbox,
  createSosDesk,
  type SosDesk,
} from '../../safety/index.ts'
import { createDeviceDirectory, type OpenRecordsOptions, openDuckDbStore, openRecords } from '../../store/index.ts'
import { recordsKey } from '../store/records/fixture.ts'
import { anInbox, type Inbox } from './inbox.ts'
import { createMemoryIngest, type MemoryIngest } from './memory-ingest.ts'

/** A made-up Wednesday noon, so that tests can speak of times. */
export const noonMs = Date.UTC(2026, 0, 14, 12)

export const password = 'correct horse battery staple'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text read as JSON, or undefined. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose shape they are about to prove
  readonly body: any
}

export interface CallOptions {
  /** Signs in as the house's user of this role; no token when absent. */
  readonly as?: Role | undefined
  readonly token?: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is. */
  readonly raw?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** What the API stands on, and what stands beside it. */
interface HouseParts extends ApiDeps {
  readonly bus: Bus
  readonly sosDesk: SosDesk
}

export interface ApiHouse {
  readonly api: Api
  readonly url: string
  readonly deps: HouseParts
  readonly store: TimeSeriesStore
  readonly ingest: MemoryIngest
  readonly disconnected: { deviceId: string; cause: string }[]
  readonly clock: { nowMs: number }
  /** What was sent to people. */
  readonly inbox: Inbox
  /** Everything that was logged. */
  readonly logLines: Record<string, unknown>[]
  tokenOf(role: Role): string
  userIdOf(role: Role): string
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  close(): Promise<void>
}

export interface HouseOptions {
  readonly options?: Partial<ApiOptions>
  readonly records?: Partial<OpenRecordsOptions>
  readonly deps?: (deps: HouseParts) => Partial<ApiDeps>
}

/** A house of the running test's own. */
export async function anApiHouse(overrides: HouseOptions = {}): Promise<ApiHouse> {
  const house = await openApiHouse(overrides)
  onTestFinished(() => house.close())
  return house
}

/** One house for all tests of a block: for tables of refusals, which change nothing. */
export function shareHouse(open: () => Promise<ApiHouse>): () => ApiHouse {
  let house: ApiHouse | undefined
  beforeAll(async () => {
    house = await open()
  })
  afterAll(() => house?.close())
  return () => house!
}

/** The API on a real port over real stores in a directory of its own, with one user of every role signed in. */
export async function openApiHouse(overrides: HouseOptions = {}): Promise<ApiHouse> {
  const dir = await mkdtemp(join(tmpdir(), 'prahari-'))
  const undo: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })]
  const clock = { nowMs: noonMs }
  const now = () => clock.nowMs
  const logLines: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logLines.push(JSON.parse(line)) })
  const bus = createMemoryBus({
    onHandlerError: (error) => {
      throw error
    },
  })
  const recordsPath = join(dir, 'records.sqlite')
  const records = await openRecords({ path: recordsPath, key: recordsKey, bus, now, log, ...overrides.records })
  undo.push(() => records.close())
  const directory = createDeviceDirectory({ records })
  await directory.start()
  undo.push(() => directory.stop())
  const store = await openDuckDbStore({ path: join(dir, 'readings.duckdb') })
  undo.push(() => store.close())
  await store.recover()
  const inbox = anInbox()
  const accounts = createAccounts({ records, now, messenger: inbox, jwtSecret: 'test'.repeat(16), bcryptCost: 4 })
  const alertDesk = createAlertDesk({ records, bus, now, log })
  await alertDesk.start()
  undo.push(() => alertDesk.stop())
  const ingest = createMemoryIngest({ replayRule: (query) => replayRule(store, query) })
  const disconnected: { deviceId: string; cause: string }[] = []
  const broker: BrokerControl = {
    disconnect: (deviceId, cause) => void disconnected.push({ deviceId, cause }),
    isOnline: (deviceId) => deviceId.startsWith('online'),
    stats: () => ({
      connections: 3,
      connectionsMax: 100,
      publishesReceived: 7,
      throttled: 0,
      refusals: { 'packet-too-large': 2 },
    }),
  }
  const sosDesk = createSosDesk({
    records,
    bus,
    now,
    log,
    pins: { check: accounts.checkSosPin },
    ownerOf: (deviceId) => directory.find(deviceId)?.ownerId,
    evidenceDir: join(dir, 'evidence'),
  })
  const dispatch = createDispatch({ records, bus, now, log, sosDesk })
  await dispatch.start()
  undo.push(() => dispatch.stop())
  const usual: HouseParts = {
    options: {
      host: '127.0.0.1',
      port: 0,
      version: '1.2.3',
      cityMap: { type: 'FeatureCollection', features: [] },
      demo: true,
      checkAnswers: true,
      tempDir: dir,
      ...overrides.options,
    },
    records,
    accounts,
    alertDesk,
    sosDesk,
    ...dispatch,
    broadcastDesk: createBroadcastDesk({ records, bus, now, devices: directory, isOnline: broker.isOnline }),
    directory,
    readings: store,
    latest: ingest.latest,
    ingest: ingest.control,
    intake: ingest.intake,
    broker,
    messages: inbox,
    // Not started: nobody is told anything here.
    outbox: createOutbox({ records, bus, carriers: { phone: undefined, email: undefined }, now, random: () => 0, log }),
    bus,
    log,
    now,
  }
  const deps = { ...usual, ...overrides.deps?.(usual) }

  const users = new Map<Role, { id: string; token: string }>()
  for (const role of roles) {
    const email = `${role}@city.example`
    const { id } = await accounts.createUser({ email, password, name: `The ${role}`, role, by: 'system' })
    const { accessToken } = await accounts.signIn({ email, password, clientAddress: '192.0.2.1' })
    users.set(role, { id, token: accessToken })
  }

  const api = createApi(deps)
  await api.start()
  undo.push(() => api.stop())
  const url = `http://127.0.0.1:${api.port}`
  let closing: Promise<void> | undefined
  async function close() {
    for (const step of undo.reverse()) await step()
  }
  return {
    close() {
      closing ??= close()
      return closing
    },
    api,
    url,
    deps,
    store,
    ingest,
    disconnected,
    clock,
    inbox,
    logLines,
    tokenOf: (role) => users.get(role)!.token,
    userIdOf: (role) => users.get(role)!.id,
    async call(method, path, { as, token = as && users.get(as)!.token, body, raw, headers = {} } = {}) {
      const response = await fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(raw !== undefined && { body: raw as NonNullable<RequestInit['body']> }),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, body: parseJson(text) }
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
