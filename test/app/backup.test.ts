import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifyBackup } from '../../app/backup/manifest.ts'
import { restoreBackup } from '../../app/backup/restore.ts'
import { datedBackupName, prune, writeBackup } from '../../app/backup/write.ts'
import { layOut, openDataDir } from '../../app/data-dir.ts'

const nowMs = Date.parse('2026-01-31T02:30:00Z')
let root: string
let audited: { actor: string; action: string; detail?: Readonly<Record<string, unknown>> }[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'prahari-backup-'))
  audited = []
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Stores that copy a file each, or fail. */
function aSource({ recordsFault }: { recordsFault?: Error } = {}) {
  const dataDir = openDataDir(join(root, 'data'))
  writeFileSync(dataDir.jwtSecretPath, 'k'.repeat(48))
  writeFileSync(dataDir.recordsKeyPath, 'r'.repeat(64))
  mkdirSync(join(dataDir.evidenceDir, 'sos-1'), { recursive: true })
  writeFileSync(join(dataDir.evidenceDir, 'sos-1', 'photo'), 'p'.repeat(9))
  return {
    dataDir,
    version: '1.2.3',
    now: () => nowMs,
    timeSeries: {
      async backup(directory: string) {
        mkdirSync(directory)
        writeFileSync(join(directory, 'readings.duckdb'), 'columns')
        return { files: ['readings.duckdb'] }
      },
      stats: async () => ({
        engine: 'fake',
        version: '1',
        rows: { noise: 7 },
        bytesOnDisk: 7,
        oldestMs: 0,
        newestMs: 1,
        healthy: true,
      }),
    },
    records: {
      async backup(path: string) {
        if (recordsFault) throw recordsFault
        writeFileSync(path, 'rows')
        return 4
      },
      stats: async () => ({ engine: 'sqlite' as const, version: '3', bytesOnDisk: 4, rows: { devices: 3 } }),
      audit: {
        head: async () => ({ seq: audited.length, chain: 'c'.repeat(64) }),
        append: async (entry: (typeof audited)[number]) => {
          audited.push(entry)
          return { id: '1', seq: 1, atMs: 0, subject: undefined, detail: {}, ...entry }
        },
      },
    },
  }
}

async function aBackup(): Promise<string> {
  const directory = join(root, 'backup')
  await writeBackup(aSource(), directory)
  return directory
}

describe('a backup', () => {
  it('holds both stores, the signing key and a manifest that says what they are', async () => {
    const manifest = await verifyBackup(await aBackup())
    expect(manifest).toMatchObject({
      format: 1,
      version: '1.2.3',
      createdAt: '2026-01-31T02:30:00.000Z',
      rows: { noise: 7, devices: 3 },
    })
    expect(manifest.files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['evidence/sos-1/photo', 9],
      ['jwt-secret', 48],
      ['records-key', 64],
      ['records.db', 4],
      ['time-series/readings.duckdb', 7],
    ])
  })

  it('notes where the audit trail stood, and stands in it itself', async () => {
    const manifest = await verifyBackup(await aBackup())
    expect(manifest.auditHead).toEqual({ seq: 0, chain: 'c'.repeat(64) })
    expect(audited).toEqual([
      { actor: 'system', action: 'backup-made', detail: { directory: join(root, 'backup'), bytes: 132 } },
    ])
  })

  it('of a release that noted no head is still one', async () => {
    const directory = await aBackup()
    const path = join(directory, 'manifest.json')
    const { auditHead: _, ...older } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    writeFileSync(path, JSON.stringify(older))
    expect((await verifyBackup(directory)).auditHead).toBeUndefined()
  })

  it('does not write over anything', async () => {
    const directory = await aBackup()
    await expect(writeBackup(aSource(), directory)).rejects.toMatchObject({ code: 'backup-exists' })
  })

  it('leaves nothing behind when a store fails', async () => {
    const directory = join(root, 'backup')
    await expect(writeBackup(aSource({ recordsFault: new Error('disk full') }), directory)).rejects.toThrow('disk full')
    expect(readdirSync(root)).toEqual(['data'])
  })

  it.each([
    ['changed', (at: string) => writeFileSync(join(at, 'records.db'), 'r0ws'), 'records.db differs from its SHA-256'],
    ['cut short', (at: string) => writeFileSync(join(at, 'records.db'), 'ro'), 'records.db is not 4 bytes long'],
    ['taken away', (at: string) => rmSync(join(at, 'records.db')), 'records.db is missing'],
    ['added', (at: string) => writeFileSync(join(at, 'extra'), ''), 'extra is not in the manifest'],
  ])('is damaged when a file was %s', async (_what, damage, message) => {
    const directory = await aBackup()
    damage(directory)
    await expect(verifyBackup(directory)).rejects.toThrow(message)
  })

  it('of a newer release is not restored', async () => {
    const directory = await aBackup()
    const path = join(directory, 'manifest.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"format": 1', '"format": 2'))
    await expect(verifyBackup(directory)).rejects.toMatchObject({ code: 'backup-too-new' })
  })

  it.each(['../outside', '/etc/passwd', 'a/../../b'])('cannot name a file outside itself: %s', async (path) => {
    const directory = await aBackup()
    const manifestPath = join(directory, 'manifest.json')
    writeFileSync(manifestPath, readFileSync(manifestPath, 'utf8').replace('"records.db"', JSON.stringify(path)))
    await expect(verifyBackup(directory)).rejects.toMatchObject({ code: 'not-a-backup' })
  })
})

describe('a restore', () => {
  const options = async (force = false) => ({ from: await aBackup(), to: openDataDir(join(root, 'new')), force, nowMs })

  it('brings every file back, for the owner alone', async () => {
    const { to } = await options()
    await restoreBackup({ from: join(root, 'backup'), to, force: false, nowMs })
    expect(readFileSync(to.recordsPath, 'utf8')).toBe('rows')
    expect(readFileSync(join(to.timeSeriesDir, 'readings.duckdb'), 'utf8')).toBe('columns')
    expect(statSync(to.recordsPath).mode & 0o777).toBe(0o600)
    expect(existsSync(join(to.path, 'manifest.json'))).toBe(false)
  })

  it('refuses a directory that holds data', async () => {
    const to = await options()
    writeFileSync(to.to.recordsPath, 'mine')
    await expect(restoreBackup(to)).rejects.toMatchObject({ code: 'data-dir-not-empty' })
    expect(readFileSync(to.to.recordsPath, 'utf8')).toBe('mine')
  })

  it('moves what is there aside when forced', async () => {
    const forced = await options(true)
    writeFileSync(forced.to.recordsPath, 'mine')
    const { movedTo } = await restoreBackup(forced)
    expect(readFileSync(layOut(movedTo!).recordsPath, 'utf8')).toBe('mine')
    expect(readFileSync(forced.to.recordsPath, 'utf8')).toBe('rows')
  })

  it('touches nothing when the backup is damaged', async () => {
    const forced = await options(true)
    appendFileSync(join(forced.from, 'records.db'), 'x')
    writeFileSync(forced.to.recordsPath, 'mine')
    await expect(restoreBackup(forced)).rejects.toMatchObject({ code: 'backup-damaged' })
    expect(readdirSync(forced.to.path)).toEqual(['records.db'])
  })
})

describe('nightly backups', () => {
  it('keeps the newest and leaves other names alone', async () => {
    const days = [1, 2, 3, 4].map((day) => datedBackupName(nowMs - day * 86_400_000))
    for (const name of [...days, 'before-the-move', `${days[0]}.partial`]) mkdirSync(join(root, name))
    await prune({ directory: root, keepCount: 2 })
    expect(readdirSync(root).sort()).toEqual(['before-the-move', days[1], days[0], `${days[0]}.partial`].sort())
  })
})
