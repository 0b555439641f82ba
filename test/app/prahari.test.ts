import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { restoreBackup } from '../../app/backup/restore.ts'
import { askServer } from '../../app/control/client.ts'
import { createControlServer } from '../../app/control/server.ts'
import { openDataDir } from '../../app/data-dir.ts'
import { backUpOffline } from '../../app/offline.ts'
import { topics } from '../../contracts/topics.ts'
import { aTempDir } from '../support/temp-dir.ts'
import { connectDevice, type SignedIn, signIn, startRealPrahari, watchCity } from './running-prahari.ts'

interface Ledger {
  readonly items: readonly { readonly stored: number; readonly received: number; readonly balanced: boolean }[]
}
interface Readings {
  readonly series: readonly { readonly field: string; readonly points: readonly { readonly value: number }[] }[]
}

const noise = topics.telemetry('lamp-17', 'noise')

async function laeqOf(api: SignedIn): Promise<readonly number[]> {
  const { series } = await api.get<Readings>('/api/devices/lamp-17/readings?kind=noise&field=laeqDb')
  return series.flatMap(({ points }) => points.map(({ value }) => value))
}

async function ledgerOf(api: SignedIn) {
  const { items } = await api.get<Ledger>('/api/system/ledger?deviceId=lamp-17')
  return items[0]
}

describe('the whole of Prahari', () => {
  it('takes a reading over MQTT, serves it, shows it live, and has it after a restart', async () => {
    const dataDir = await aTempDir()
    const first = await startRealPrahari(dataDir)
    const api = await signIn(first.url)
    const device = await connectDevice(api, first.mqttUrl, 'lamp-17')
    const city = await watchCity(first.url, api.token)

    await device.publishAsync(noise, '{"laeqDb": 61.5}', { qos: 1 })
    await city.until(({ devices }) => devices.get('lamp-17')?.latest.noise?.values.laeqDb === 61.5)
    expect(await laeqOf(api)).toEqual([61.5])
    await first.stop()

    const second = await startRealPrahari(dataDir)
    const again = await signIn(second.url)
    expect(await laeqOf(again)).toEqual([61.5])
    expect(await ledgerOf(again)).toMatchObject({ received: 1, stored: 1, balanced: true })
    const cityAgain = await watchCity(second.url, again.token)
    await cityAgain.until(({ devices }) => devices.get('lamp-17')?.latest.noise?.values.laeqDb === 61.5)
    expect(cityAgain.state.epoch).not.toBe(city.state.epoch)
  })

  it('shows a press to operators and keeps it', async () => {
    const server = await startRealPrahari(await aTempDir())
    const api = await signIn(server.url)
    const device = await connectDevice(api, server.mqttUrl, 'lamp-17')
    const city = await watchCity(server.url, api.token)
    await device.publishAsync(topics.sos('lamp-17'), '{"trigger":"shake","batteryPct":40}', { qos: 1 })
    await city.until(({ sos }) =>
      [...sos.values()].some((record) => record.deviceId === 'lamp-17' && record.trigger === 'shake'),
    )
  })

  it('raises an alert from a rule that an operator changed while it ran', async () => {
    const server = await startRealPrahari(await aTempDir())
    const api = await signIn(server.url)
    const device = await connectDevice(api, server.mqttUrl, 'lamp-17')
    const city = await watchCity(server.url, api.token)
    await api.post('/api/alert-rules', {
      name: 'Too loud for a library',
      severity: 'high',
      condition: { type: 'above', kind: 'noise', field: 'laeqDb', raise: 40, clear: 35, holdS: 0 },
    })
    await device.publishAsync(noise, '{"laeqDb": 45}', { qos: 1 })
    await city.until(({ alerts }) => [...alerts.values()].some((alert) => alert.ruleName === 'Too loud for a library'))
  })

  it('serves MQTT over WebSocket on the HTTP port', async () => {
    const server = await startRealPrahari(await aTempDir())
    const api = await signIn(server.url)
    const device = await connectDevice(api, `${server.url.replace('http', 'ws')}/mqtt`, 'lamp-17')
    await device.publishAsync(noise, '{"laeqDb": 50}', { qos: 1 })
    expect(await ledgerOf(api)).toMatchObject({ stored: 1 })
  })

  it('runs the demo city, marked as simulated, and knows its devices again after a restart', async () => {
    const dataDir = await aTempDir()
    const demo = { PRAHARI_DEMO: 'on' }
    const first = await startRealPrahari(dataDir, demo)
    expect(first.demo?.deviceCount).toBeGreaterThan(100)
    const api = await signIn(first.url)
    const city = await watchCity(first.url, api.token)
    const reporting = ({ devices }: typeof city.state) =>
      [...devices.values()].filter(({ online }) => online).length > 100
    await city.until(reporting)
    expect([...city.state.devices.values()].every(({ simulated }) => simulated)).toBe(true)
    await first.stop()

    const second = await startRealPrahari(dataDir, demo)
    const again = await watchCity(second.url, (await signIn(second.url)).token)
    await again.until(reporting)
  })

  it('refuses a data directory that another server uses, and leaves that one alone', async () => {
    const dataDir = await aTempDir()
    const server = await startRealPrahari(dataDir)
    await expect(startRealPrahari(dataDir)).rejects.toMatchObject({ code: 'data-dir-in-use' })
    expect(await askServer(dataDir, 'status', {})).toMatchObject({ url: server.url })
    await signIn(server.url)
  })

  it('gives everything back when a port is taken', async () => {
    const [firstDir, secondDir] = [await aTempDir(), await aTempDir()]
    const first = await startRealPrahari(firstDir)
    const port = new URL(first.mqttUrl).port
    await expect(startRealPrahari(secondDir, { PRAHARI_MQTT_PORT: port })).rejects.toThrow(/EADDRINUSE/)
    await startRealPrahari(secondDir)
  })

  it('gives everything back when something between its parts is wrong', async () => {
    const dataDir = await aTempDir()
    const map = join(dataDir, 'map.json')
    writeFileSync(map, '{"type":"Feature"}')
    await expect(startRealPrahari(dataDir, { PRAHARI_CITY_MAP: map })).rejects.toMatchObject({ code: 'bad-city-map' })
    expect(await askServer(dataDir, 'status', {})).toBeUndefined()
    writeFileSync(map, '{"type":"FeatureCollection","features":[]}')
    await startRealPrahari(dataDir, { PRAHARI_CITY_MAP: map })
  })

  it('collects without an API, for another start to look at', async () => {
    const dataDir = await aTempDir()
    const collecting = await startRealPrahari(dataDir, {
      PRAHARI_ROLES: 'broker,ingest',
      PRAHARI_DEVICE_ENROLMENT: 'open',
    })
    expect(collecting.url).toBeUndefined()
    const device = await connectAsync(collecting.mqttUrl, {
      clientId: 'lamp-17',
      username: 'lamp-17',
      reconnectPeriod: 0,
    })
    await device.publishAsync(noise, '{"laeqDb": 33}', { qos: 1 })
    await device.endAsync(true)
    await collecting.stop()
    const looking = await startRealPrahari(dataDir, { PRAHARI_ROLES: 'ingest,api' })
    expect(looking.mqttUrl).toBeUndefined()
    expect(await laeqOf(await signIn(looking.url))).toEqual([33])
  })
})

describe('the jobs by the clock', () => {
  it('bring roll-ups up to date and delete what is old, each recorded', async () => {
    const server = await startRealPrahari(await aTempDir())
    expect(await server.jobs.runNow('roll-up')).toBe(true)
    expect(await server.jobs.runNow('quarantine')).toBe(true)
    expect(await server.jobs.runNow('retention')).toBe(true)
    expect(server.jobs.records()).toMatchObject([
      { name: 'roll-up', lastOutcome: 'ok' },
      { name: 'quarantine', lastOutcome: 'ok' },
      { name: 'retention', lastOutcome: 'ok' },
    ])
    const stats = await (await signIn(server.url)).get<{ jobs: unknown[] }>('/api/system/stats')
    expect(stats.jobs).toMatchObject([
      { name: 'roll-up', runs: 1, failures: 0, lastOutcome: 'ok' },
      { name: 'quarantine', runs: 1, failures: 0, lastOutcome: 'ok' },
      { name: 'retention', runs: 1, failures: 0, lastOutcome: 'ok' },
    ])
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(
      /^prahari_job_runs_total\{job="retention"\} 1$/m,
    )
  })

  it('back up every night when told where', async () => {
    const backups = await aTempDir()
    const server = await startRealPrahari(await aTempDir(), { PRAHARI_BACKUP_DIR: backups })
    await server.jobs.runNow('backup')
    expect(server.jobs.records().at(-1)).toMatchObject({ name: 'backup', lastOutcome: 'ok' })
  })
})

describe('a backup of a running server', () => {
  it('taken amid writes and restored elsewhere holds everything acknowledged before it began, and adds up', async () => {
    const [dataDir, backupsDir, elsewhere] = [await aTempDir(), await aTempDir(), await aTempDir()]
    const server = await startRealPrahari(dataDir)
    const api = await signIn(server.url)
    const device = await connectDevice(api, server.mqttUrl, 'lamp-17')
    const startMs = Date.now() - 3_600_000
    const publish = (at: number) =>
      device.publishAsync(noise, JSON.stringify({ ts: startMs + at, laeqDb: 50 + (at % 10) }), { qos: 1 })
    for (let at = 0; at < 200; at++) await publish(at)

    let isBackedUp = false
    const writing = (async () => {
      let at = 200
      for (; !isBackedUp; at++) await publish(at)
      return at
    })()
    const directory = join(backupsDir, 'copy')
    const manifest = await askServer(dataDir, 'backup', { directory })
    isBackedUp = true
    const written = await writing
    expect(manifest?.files.map(({ path }) => path)).toEqual([
      'jwt-secret',
      'records-key',
      'records.db',
      'time-series/time-series.duckdb',
    ])
    await server.stop()

    await restoreBackup({ from: directory, to: openDataDir(elsewhere), force: false, nowMs: Date.now() })
    const restored = await startRealPrahari(elsewhere)
    const again = await signIn(restored.url)
    const line = await ledgerOf(again)
    expect(line).toMatchObject({ balanced: true })
    expect(line?.stored).toBe(line?.received)
    expect(line?.stored).toBeGreaterThanOrEqual(200)
    expect(line?.stored).toBeLessThanOrEqual(written)
    const { rowsRead } = await again.get<{ rowsRead: number }>(
      '/api/devices/lamp-17/readings?kind=noise&aggregate=raw&maxPoints=5000',
    )
    expect(rowsRead).toBe(line?.stored)
    // The same tokens open the door: the signing key came along.
    const profile = await fetch(`${restored.url}/api/auth/profile`, {
      headers: { authorization: `Bearer ${api.token}` },
    })
    expect(await profile.json()).toMatchObject({ email: 'asha@city.example' })
  })

  it('is the same without a server', async () => {
    const [dataDir, backupsDir] = [await aTempDir(), await aTempDir()]
    const server = await startRealPrahari(dataDir)
    await connectDevice(await signIn(server.url), server.mqttUrl, 'lamp-17')
    await server.stop()
    const manifest = await backUpOffline({ dataDir, recordsKey: undefined }, join(backupsDir, 'copy'))
    expect(manifest.rows).toMatchObject({ devices: 1, users: 1, noise: 0 })
    expect(existsSync(join(backupsDir, 'copy', 'manifest.json'))).toBe(true)
  })

  it('waits for a command that works on the data directory', async () => {
    const dataDir = await aTempDir()
    const busy = () => Promise.reject(new Error('not asked for'))
    const status = async () => ({ pid: 7, version: '1', startedAtMs: 0, url: undefined })
    const claim = createControlServer({
      dataDir,
      actions: { status, backup: busy, resetPassword: busy, auditVerify: busy },
      log: { warn: () => undefined },
    })
    await claim.claim()
    await expect(startRealPrahari(dataDir)).rejects.toThrow(/process 7/)
    await claim.release()
  })
})

describe('an administrator who forgot the password', () => {
  it('gets a new one from the running server, and the old one and its sessions end', async () => {
    const dataDir = await aTempDir()
    const server = await startRealPrahari(dataDir)
    const { token } = await signIn(server.url)
    const answer = await askServer(dataDir, 'resetPassword', { email: 'Asha@City.Example' })
    const profile = await fetch(`${server.url}/api/auth/profile`, { headers: { authorization: `Bearer ${token}` } })
    expect(profile.status).toBe(401)
    await expect(signIn(server.url)).rejects.toThrow(/401/)
    const body = JSON.stringify({ email: 'asha@city.example', password: answer?.password })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${server.url}/api/auth/login`, { method: 'POST', headers, body })).status).toBe(200)
  })

  it('is told when nobody signs in with that address', async () => {
    const dataDir = await aTempDir()
    await startRealPrahari(dataDir)
    await expect(askServer(dataDir, 'resetPassword', { email: 'nobody@city.example' })).rejects.toMatchObject({
      code: 'user-not-found',
    })
  })
})
