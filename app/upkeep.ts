import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TimeSeriesUpkeep } from '../contracts/ports/time-series.ts'
import type { Records } from '../store/index.ts'
import { formatAuditHead } from './audit-head.ts'
import { datedBackupName, prune } from './backup/write.ts'
import type { Config } from './config/config.ts'
import type { Job } from './jobs.ts'

export interface UpkeepDeps {
  readonly config: Pick<Config, 'keep' | 'backup'>
  readonly records: Pick<Records, 'retain'> & { readonly audit: Pick<Records['audit'], 'head'> }
  readonly timeSeries: Pick<TimeSeriesUpkeep, 'rollUp' | 'retain' | 'trimQuarantine'>
  readonly backUp: (directory: string) => Promise<{ readonly files: readonly { readonly bytes: number }[] }>
}

const commandsKeepDays = 30
const sessionsKeepDays = 30
/** Longer than the longest period over which sends are counted. */
const codesKeepDays = 2
/** Who was told, where and in what words: long enough to look into what went wrong. */
const noticesKeepDays = 30
const quarantineBytesMax = 1024 ** 3

/** What the clock does: roll-ups by day, care and copies by night. */
export function listUpkeepJobs({ config, records, timeSeries, backUp }: UpkeepDeps): Job[] {
  const { backup, keep } = config
  const jobs: Job[] = [
    { name: 'roll-up', schedule: '*/5 * * * *', run: (nowMs) => timeSeries.rollUp(nowMs) },
    {
      // Often: a device that sends nothing but garbage, as fast as it may, fills gigabytes in an hour.
      name: 'quarantine',
      schedule: '2-59/5 * * * *',
      run: () => timeSeries.trimQuarantine({ rowsMax: keep.quarantineRowsMax, bytesMax: quarantineBytesMax }),
    },
    {
      name: 'retention',
      schedule: '30 1 * * *',
      async run(nowMs) {
        const { alertsKeepDays, auditKeepDays, sosPositionsKeepDays, quarantineRowsMax: _, ...readingsKeep } = keep
        const removed = await timeSeries.retain({ nowMs, ...readingsKeep })
        const rows = await records.retain({
          nowMs,
          alertsKeepDays,
          auditKeepDays,
          sosPositionsKeepDays,
          commandsKeepDays,
          sessionsKeepDays,
          codesKeepDays,
          noticesKeepDays,
        })
        // In the log, so that it is noted where nobody who can change the records can change it.
        const auditHead = formatAuditHead(await records.audit.head())
        return { removed: { ...removed, ...rows }, auditHead }
      },
    },
  ]
  if (backup) {
    jobs.push({
      name: 'backup',
      schedule: '30 2 * * *',
      async run(nowMs) {
        await mkdir(backup.directory, { recursive: true, mode: 0o700 })
        const { files } = await backUp(join(backup.directory, datedBackupName(nowMs)))
        await prune(backup)
        return { bytes: files.reduce((sum, file) => sum + file.bytes, 0) }
      },
    })
  }
  return jobs
}
